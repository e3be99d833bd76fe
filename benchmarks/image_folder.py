"""What does a folder of images cost from the cache, beside torchvision's ImageFolder?

    python -m benchmarks.image_folder [--folder FOLDER] [--workers 2] [--repeat 5]

FOLDER holds train/<class>/* and test/<class>/*, pictures of one size; by default
CIFAR-10 as 60,000 JPEGs where it is found, else as many of noise. Decoding it to a
new cache takes turns with one pass of ImageFolder and PyTorch's DataLoader; then, batch
by batch, an epoch's data takes turns with LeNet-5's steps.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pooch
import torch
import torch.nn.functional as F
from PIL import Image

from benchmarks import measuring
from cnnlib import data, models, runtime

BATCH = 128


def jpegs(tiny: bool) -> tuple[Path, str]:
    """A folder of small JPEGs in ten classes, and what to call its content."""
    found = {row[0]: row[1] for row in data.available()}["cifar10"]
    if found and not tiny and (Path(found) / "train").is_dir():
        return Path(found), "CIFAR-10's JPEGs"
    folder = Path(tempfile.mkdtemp(prefix="cnnlib-noise-"))
    random = np.random.default_rng(0)
    for part, count in (("train", 5000), ("test", 1000)):
        for name in "abcdefghij":
            (folder / part / name).mkdir(parents=True)
            for i in range(count // 100 if tiny else count):
                pixels = random.integers(0, 256, (32, 32, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / part / name / f"{i}.jpg")
    return folder, "JPEGs of noise"


def image_folder_pass(folder: Path, workers: int) -> None:
    """Every picture once, as PyTorch's tutorials read them."""
    import torchvision

    parts = [
        torchvision.datasets.ImageFolder(
            folder / part, torchvision.transforms.ToTensor()
        )
        for part in ("train", "test")
    ]
    both = torch.utils.data.ConcatDataset(parts)
    for _ in torch.utils.data.DataLoader(both, BATCH, num_workers=workers):
        pass


def build(folder: Path, cache: Path) -> None:
    """Decode the folder to an empty cache."""
    shutil.rmtree(cache / "folders", ignore_errors=True)
    data.load(folder)


def stepper(train: data.ImageSet) -> Callable[[torch.Tensor, torch.Tensor], None]:
    """One step of LeNet-5, as ``training.fit`` makes it."""
    C, H, _ = train.image_shape
    model = models.LeNet5(len(train.classes), in_channels=C, image_size=H)
    model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)

    def step(images, labels):
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def epoch(train: data.ImageSet) -> tuple[float, float]:
    """Seconds of an epoch that its batches took to come, and to be computed on."""
    step, coming, computing = stepper(train), 0.0, 0.0
    batches = train.batches(BATCH, shuffle=True)
    step(*next(batches))  # the first step pays for what the others reuse
    while True:
        start = time.perf_counter()
        batch = next(batches, None)
        middle = time.perf_counter()
        if batch is None:
            return coming, computing
        step(*batch)
        coming += middle - start
        computing += time.perf_counter() - middle


def decoding(folder: Path, cache: Path, workers: int, repeat: int) -> list[list[str]]:
    """Rows: ImageFolder's pass, building the cache, loading from it."""
    theirs, ours, again = [], [], []
    for _ in range(repeat):
        theirs.append(measuring.seconds(image_folder_pass, folder, workers))
        ours.append(measuring.seconds(build, folder, cache))
        again.append(measuring.seconds(data.load, folder))
    return [
        [
            what,
            measuring.told(measuring.spread(times)),
            measuring.told(measuring.ratio(theirs, times), 1),
            goal,
        ]
        for what, times, goal in (
            (f"ImageFolder and DataLoader, {workers} workers, one pass", theirs, ""),
            ("decoding to the cache, once", ours, "at least 1.5"),
            ("loading from the cache, every other time", again, ""),
        )
    ]


def epochs(folder: Path, repeat: int) -> list[list[str]]:
    """Rows: what data and computing take, mapped from the file and in memory."""
    mapped, _ = data.load(folder)
    copied = replace(mapped, images=mapped.images.clone())
    rows = []
    for where, train in {"on disk, mapped": mapped, "in memory": copied}.items():
        coming, computing = zip(*(epoch(train) for _ in range(repeat)), strict=True)
        parts = [measuring.told(measuring.spread([*t])) for t in (coming, computing)]
        share = measuring.told(measuring.ratio([*coming], [*computing]), 3)
        rows.append([where, *parts, share, "below 0.1"])
    return rows


def main(arguments=None) -> None:
    parser = measuring.options(__doc__, repeat=3)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args(arguments)
    repeat = 1 if options.tiny else options.repeat
    torch.set_num_threads(options.threads)
    runtime.reuse_freed_memory()
    folder, what = (
        (options.folder, str(options.folder)) if options.folder else jpegs(options.tiny)
    )
    with tempfile.TemporaryDirectory() as cache:
        pooch.os_cache = lambda name: Path(cache)  # the user's own is left alone
        passes = {
            "title": "Decoding a folder of images",
            "columns": ["way", "seconds", "times as fast", "goal"],
            "rows": decoding(folder, Path(cache), options.workers, repeat),
            "notes": [f"On {what}, which lie in the system's file cache."],
        }
        costs = {
            "title": "An epoch's data beside LeNet-5's computing",
            "columns": ["images", "data, s", "LeNet-5, s", "data / LeNet-5", "goal"],
            "rows": epochs(folder, repeat),
            "notes": [f"On {what}; batches of {BATCH} in a new random order."],
        }
    question = "What does a folder of images cost from the cache, beside ImageFolder?"
    content = {"question": question, "tables": [passes, costs], "charts": []}
    measuring.write("image_folder", content, options)


if __name__ == "__main__":
    main()
