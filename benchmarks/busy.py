"""How fast does a network train on a machine that does other things too?

    python -m benchmarks.busy [--repeat 7]

OpenMP's threads wait for each other by spinning, which takes the cores from whatever
else runs, and from the thread that is waited for. OMP_WAIT_POLICY and GOMP_SPINCOUNT
say how long they spin. Each setting trains LeNet-5 in a fresh process, in turns, beside
0, 1 and 2 processes that compute without end.
"""

import os
import subprocess
import sys
from contextlib import contextmanager

from benchmarks import measuring

SETTINGS = {
    "nothing set": {},
    "OMP_WAIT_POLICY=PASSIVE": {"OMP_WAIT_POLICY": "PASSIVE"},
    "GOMP_SPINCOUNT=1000": {"GOMP_SPINCOUNT": "1000"},
    "one thread": {"OMP_NUM_THREADS": "1"},
}
CODE = """
import time
import torch
from cnnlib import models
torch.manual_seed(0)
model = models.LeNet5()
images, labels = torch.randn(128, 1, 28, 28), torch.randint(0, 10, (128,))
optimizer = torch.optim.AdamW(model.parameters())
def step():
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(model(images), labels).backward()
    optimizer.step()
for _ in range(3):
    step()
start, steps = time.perf_counter(), 0
while time.perf_counter() - start < {seconds}:
    step()
    steps += 1
print(1000 * (time.perf_counter() - start) / steps)
"""


@contextmanager
def busy(count: int):
    """So many other processes compute meanwhile."""
    command = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(command) for _ in range(count)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def step_time(setting: dict[str, str], seconds: float) -> float:
    """Milliseconds of a step in a fresh process, a mean over some seconds."""
    known = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "OMP_NUM_THREADS")
    plain = {name: value for name, value in os.environ.items() if name not in known}
    command = [sys.executable, "-c", CODE.format(seconds=seconds)]
    done = subprocess.run(
        command, env=plain | setting, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


def main(arguments=None) -> None:
    options = measuring.options(__doc__, repeat=7).parse_args(arguments)
    repeat, seconds = (1, 0.1) if options.tiny else (options.repeat, 3)
    rows = []
    for count in (0,) if options.tiny else (0, 1, 2):
        times = {name: [] for name in SETTINGS}
        with busy(count):
            for _ in range(repeat):
                for name, setting in SETTINGS.items():
                    times[name].append(step_time(setting, seconds))
        best = [min(turn) for turn in zip(*times.values(), strict=True)]
        for name, milliseconds in times.items():
            spread = measuring.told(measuring.spread(milliseconds), 1)
            ratio = measuring.told(measuring.ratio(milliseconds, best))
            rows.append([count, name, spread, ratio])
    table = {
        "title": "A step of LeNet-5, batch size 128, beside other processes",
        "columns": ["busy processes", "setting", "milliseconds", "× the best"],
        "rows": rows,
        "notes": ["The best is that of each round, so luck counts as well."],
    }
    question = "How fast does a network train beside other programs?"
    content = {"question": question, "tables": [table], "charts": []}
    measuring.write("busy", content, options, "cpu")


if __name__ == "__main__":
    main()
