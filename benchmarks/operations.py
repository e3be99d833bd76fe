"""How long cnnlib.functional takes, beside torch.nn.functional.

    python -m benchmarks.operations [--threads 2] [--repeat 30] [--only conv2d]

Each row is one operation, forward and backward, on a layer of LeNet (batch 64) or
AlexNet (batch 16). The two libraries take turns, so that what else the machine does
meets both; goal is the largest ratio that we accept.
"""

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
import torch.nn.functional as reference
from torch import Tensor

from benchmarks import measuring
from cnnlib import functional as ours

Case = tuple[str, str, float, Callable[..., Tensor]]


def random(*shape: int, trained: bool = True) -> Tensor:
    return torch.randn(shape).requires_grad_(trained)


def cases() -> Iterator[Case]:
    """(operation, layer, goal, what to do with one of the two libraries)."""
    for layer, input, weight, stride, padding, goal in (
        (
            "LeNet conv1: 1 to 6, 5x5, at 28x28",
            (64, 1, 28, 28),
            (6, 1, 5, 5),
            1,
            2,
            2.5,
        ),
        (
            "LeNet conv2: 6 to 16, 5x5, at 14x14",
            (64, 6, 14, 14),
            (16, 6, 5, 5),
            1,
            0,
            2.5,
        ),
        (
            "AlexNet conv1: 3 to 96, 11x11, stride 4, at 224x224",
            (16, 3, 224, 224),
            (96, 3, 11, 11),
            4,
            0,
            3,
        ),
        (
            "AlexNet conv2: 96 to 256, 5x5, at 26x26",
            (16, 96, 26, 26),
            (256, 96, 5, 5),
            1,
            2,
            3,
        ),
    ):
        w, b = random(*weight), random(weight[0])
        for trained, name in ((False, layer), (True, layer + ", input's gradient too")):
            x = random(*input, trained=trained)
            yield (
                "conv2d",
                name,
                goal,
                lambda F, x=x, w=w, b=b, s=stride, p=padding: F.conv2d(x, w, b, s, p),
            )
    for layer, shape, size in (
        ("LeNet: 2x2 at 28x28", (64, 6, 28, 28), 2),
        ("LeNet: 2x2 at 10x10", (64, 16, 10, 10), 2),
        ("AlexNet: 3x3, stride 2, at 54x54", (16, 96, 54, 54), 3),
        ("AlexNet: 3x3, stride 2, at 26x26", (16, 256, 26, 26), 3),
    ):
        x = random(*shape)
        yield "max_pool2d", layer, 3, lambda F, x=x, k=size: F.max_pool2d(x, k, 2)
        yield "avg_pool2d", layer, 3, lambda F, x=x, k=size: F.avg_pool2d(x, k, 2)
    x, target = random(64, 10), torch.arange(64) % 10
    image = random(16, 96, 26, 26)
    yield "cross_entropy", "LeNet: 10 classes", 0, lambda F: F.cross_entropy(x, target)
    yield "relu", "AlexNet: 96 maps of 26x26", 0, lambda F: F.relu(image)
    yield (
        "local_response_norm",
        "AlexNet: 5 of 96 maps of 26x26",
        0,
        lambda F: F.local_response_norm(image, 5),
    )


def seconds(run: Callable[..., Tensor], library) -> float:
    """Time of one call, forward and backward."""
    start = time.perf_counter()
    output = run(library)
    output.backward(torch.ones_like(output))
    return time.perf_counter() - start


def compare(run: Callable[..., Tensor], repeat: int) -> tuple[list, list]:
    """The seconds of PyTorch's turns and of ours."""
    for library in (reference, ours):  # the first call pays for what later ones reuse
        seconds(run, library)
    turns = [(seconds(run, reference), seconds(run, ours)) for _ in range(repeat)]
    theirs, mine = zip(*turns, strict=True)
    return [*theirs], [*mine]


def main(arguments=None) -> None:
    parser = measuring.options(__doc__, repeat=30)
    parser.add_argument("--only", default="", help="operations whose name holds this")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    repeat = 1 if options.tiny else options.repeat
    rows, values = [], {}
    for operation, layer, goal, run in cases():
        if options.only not in operation or (options.tiny and "AlexNet" in layer):
            continue
        theirs, mine = compare(run, repeat)
        ratio = measuring.ratio(mine, theirs)
        values[f"{operation}, {layer}"] = ratio
        medians = [f"{1000 * statistics.median(times):.2f}" for times in (theirs, mine)]
        rows.append([operation, layer, *medians, measuring.told(ratio), goal or ""])
    table = {
        "title": "Forward and backward, cnnlib.functional beside torch.nn.functional",
        "columns": ["operation", "layer", "torch, ms", "cnnlib, ms", "ratio", "goal"],
        "rows": rows,
    }
    chart = {
        "kind": "bars",
        "title": "Time of cnnlib.functional, torch = 1",
        "values": values,
        "unit": "×",
    }
    question = "How long do the operations from scratch take, beside PyTorch's?"
    content = {"question": question, "tables": [table], "charts": [chart]}
    if options.only:  # a part must not take the place of the whole
        options.results = Path(tempfile.mkdtemp())
    measuring.write("operations", content, options, "cpu")


if __name__ == "__main__":
    main()
