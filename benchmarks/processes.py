"""Do two processes train faster than one on the same machine?

    python -m benchmarks.processes [--repeat 3]

The same training by the command line: one process with all threads, then two under
torchrun with half of the threads each (or, on GPUs, with one GPU each). The time is
that of the epochs, which history.json tells, without starting and loading.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from benchmarks import measuring, mnist

PROCESSES = (1, 2)


def train(root: str, processes: int, threads: int, model: str, batch_size: int):
    """(seconds an epoch, last training loss) of a training by so many processes."""
    with tempfile.TemporaryDirectory() as out:
        words = ["train", model, "--data", "mnist", "--epochs", "2", "--out", out]
        words += ["--batch-size", str(batch_size), "--precision", "float32"]
        start = [sys.executable, "-m"]
        if processes > 1:
            start += ["torch.distributed.run", "--standalone"]
            start += [f"--nproc-per-node={processes}", "-m"]
        each = str(max(1, threads // processes))
        set_for_all = {"CNNLIB_DATA": root, "OMP_NUM_THREADS": each}
        subprocess.run(
            [*start, "cnnlib", *words],
            env=os.environ | set_for_all,
            check=True,
            capture_output=True,
        )
        history = json.loads((Path(out) / "history.json").read_text())
    last = history["records"][-1]  # the first epoch pays for what the others reuse
    return last["seconds"], last["train_loss"]


def main(arguments=None) -> None:
    parser = measuring.options(__doc__, repeat=3)
    parser.add_argument("--model", default="lenet5")
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=[128, 1024])
    options = parser.parse_args(arguments)
    root, what = mnist.root(options.tiny)
    gpus = torch.cuda.device_count()
    rows, values = [], {}
    for batch_size in options.batch_sizes[:1] if options.tiny else options.batch_sizes:
        runs = {n: [] for n in PROCESSES}
        for _ in range(1 if options.tiny else options.repeat):
            for n, seen in runs.items():
                found = train(root, n, options.threads, options.model, batch_size)
                seen.append(found)
        one = [seconds for seconds, _ in runs[1]]
        for n, seen in runs.items():
            seconds, losses = zip(*seen, strict=True)
            ratio = measuring.ratio([*seconds], one)
            values[f"{n} process{'es' * (n > 1)}, batch {batch_size}"] = ratio
            median = measuring.told(measuring.spread([*seconds]))
            rows.append(
                [batch_size, n, median, measuring.told(ratio), f"{losses[0]:.4f}"]
            )
    table = {
        "title": f"An epoch of {options.model} by one and by two processes",
        "columns": ["batch", "processes", "seconds", "× one process", "training loss"],
        "rows": rows,
        "notes": [
            f"On {what}; {options.threads} threads in all"
            + (f", {gpus} GPUs." if gpus else ". The loss must be the same for both.")
        ],
    }
    chart = {
        "kind": "bars",
        "title": "Time of an epoch, one process = 1",
        "values": values,
        "unit": "×",
    }
    question = "Do two processes train faster than one?"
    content = {"question": question, "tables": [table], "charts": [chart]}
    measuring.write("processes", content, options)


if __name__ == "__main__":
    main()
