"""Does the network of 1998 reach the paper's error on MNIST?

    python -m benchmarks.lenet5_1998 [--epochs 20]

LeCun, Bottou, Bengio and Haffner (1998), section III.B: 0.95 % of the test images are
wrong, and 0.8 % with distorted images added to the training set. Both trainings run
through the command line, as anybody would start them. Learning rate, weight decay and
distortions were chosen by the error on the last 10,000 training images, held out for
that.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import measuring, mnist
from cnnlib import facts

TRAININGS = {  # name: (options beside the recipe's, the paper's error in percent)
    "without distortions": (
        ["--no-augment", "--weight-decay", "0.1"],
        facts.LENET5_1998_ERROR.value,
    ),
    "with distortions": (["--augment"], facts.LENET5_1998_ERROR_DISTORTED.value),
}


def train(more: list[str], root: str, epochs: int | None, seed: int) -> dict:
    """The history of ``python -m cnnlib train lenet5_1998``."""
    command = [
        sys.executable,
        "-m",
        "cnnlib",
        "train",
        "lenet5_1998",
        "--data",
        "mnist",
    ]
    command += ["--precision", "float32", "--seed", str(seed), *more]
    if epochs:
        command += ["--epochs", str(epochs)]
    with tempfile.TemporaryDirectory() as out:
        where = {**os.environ, "CNNLIB_DATA": root}
        subprocess.run([*command, "--out", out], check=True, env=where)
        return json.loads((Path(out) / "history.json").read_text(encoding="utf-8"))


def errors(history: dict) -> list[float]:
    """Percent of the test images that were wrong after each epoch."""
    return [100 * (1 - record["test_accuracy"]) for record in history["records"]]


def row(name: str, history: dict, paper: float) -> list:
    settings, wrong = history["settings"], errors(history)
    seconds = sum(record["seconds"] for record in history["records"])
    return [
        name,
        f"{wrong[-1]:.2f}",
        f"{paper:g}",
        settings["seed"],
        len(wrong),
        f"{settings['lr']:g}",
        f"{settings['weight_decay']:g}",
        settings["augment"] or "none",
        f"{seconds:.0f}",
    ]


def main(arguments=None) -> None:
    parser = measuring.options(__doc__, repeat=1)
    parser.add_argument("--epochs", type=int, help="the recipe's unless told")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    root, what = mnist.root(options.tiny)
    epochs = 1 if options.tiny else options.epochs
    histories = {
        name: train(more, root, epochs, options.seed)
        for name, (more, _) in TRAININGS.items()
    }
    table = {
        "title": "LeNet-5 of 1998, 60,000 parameters, after the last epoch",
        "columns": [
            "training", "error, %", "paper, %", "seed", "epochs", "lr",
            "weight decay", "distortions", "seconds",
        ],
        "rows": [row(n, histories[n], paper) for n, (_, paper) in TRAININGS.items()],
        "notes": [f"On {what}; AdamW, one cycle, batches of 64."],
    }  # fmt: skip
    chart = {
        "kind": "lines",
        "title": "The network of 1998 on MNIST's test set",
        "x": "epoch",
        "y": "error (%)",
        "logy": True,
        "lines": {
            name: [[epoch, wrong] for epoch, wrong in enumerate(errors(history), 1)]
            for name, history in histories.items()
        },
    }
    question = "Does the network of 1998 reach the paper's error?"
    content = {"question": question, "tables": [table], "charts": [chart]}
    measuring.write("lenet5_1998", content, options, device="cpu")


if __name__ == "__main__":
    main()
