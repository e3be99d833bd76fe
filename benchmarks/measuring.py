"""How every benchmark measures: side by side, taking turns, medians with spread.

Each way of doing something is a contestant in a process of its own, so that none
profits from what another has set or loaded, and only one computes at a time. They take
turns, so that what else the machine does meets all of them; compared are the ratios
within a round, of which the median and the middle half are reported.
"""

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
Turn = Callable[[], float]  # does the work once, returns its seconds


def options(doc: str, repeat: int) -> argparse.ArgumentParser:
    """The options that all benchmarks have."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--repeat", type=int, default=repeat, help="rounds of turns")
    parser.add_argument("--tiny", action="store_true", help="only see that it runs")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder for JSON")
    return parser


def take_turns(
    makers: dict[str, Callable[..., Turn]], repeat: int, threads: int, **settings
) -> tuple[dict[str, list[float]], dict[str, str]]:
    """Seconds of each contestant's turns, and why others could not take part.

    ``makers[name](**settings)``, called in a process of its own, prepares the work and
    returns what does it once. The first turn of each is not counted. Who fails there,
    because a package is not installed, for example, does not take part.
    """
    with contestants(makers, threads, **settings) as everybody:
        for contestant in everybody.values():
            contestant.start(warm=True)
        absent = {n: one.complaint for n, one in everybody.items() if one.complaint}
        present = {n: one for n, one in everybody.items() if not one.complaint}
        times = {name: [] for name in present}
        for _ in range(repeat):
            for name, contestant in present.items():
                times[name].append(contestant.turn())
    return times, absent


@contextmanager
def contestants(makers: dict[str, Callable], threads: int, **settings):
    """{name: Contestant}, each still to be started; all are ended on leaving."""
    made = {name: Contestant(make, threads, settings) for name, make in makers.items()}
    try:
        yield made
    finally:
        for contestant in made.values():
            contestant.leave()


class Contestant:
    """A process that does its work once for each ``turn()``, and rests in between."""

    def __init__(self, make, threads: int, settings: dict):
        context = multiprocessing.get_context("spawn")
        self.pipe, self.other = context.Pipe()
        arguments = (self.other, make, threads, settings)
        self.process = context.Process(target=_serve, args=arguments)
        self.complaint = ""

    def start(self, warm: bool) -> None:
        """Prepare; with ``warm``, do a turn that does not count."""
        self.process.start()
        self.other.close()
        self.pipe.send(warm)
        self.complaint = self.pipe.recv()

    def turn(self):
        """What the turn returns: its seconds, as a rule."""
        self.pipe.send("go")
        return self.pipe.recv()

    def leave(self) -> None:
        """End the process, which stops when nobody listens any more."""
        self.pipe.close()
        if self.process.pid is not None:
            self.process.join()


def _serve(pipe, make, threads: int, settings: dict) -> None:
    """The contestant's process: ready, then a turn for each word from the pipe."""
    import torch

    torch.set_num_threads(threads)
    warm = pipe.recv()
    try:
        turn = make(**settings)
        if warm:
            turn()
    except Exception as error:
        pipe.send(f"{type(error).__name__}: {' '.join(str(error).split())[:200]}")
        return
    pipe.send("")
    while True:
        try:
            pipe.recv()
        except EOFError:
            return
        pipe.send(turn())


def seconds(work: Callable, *args) -> float:
    """Wall time of one call."""
    start = time.perf_counter()
    work(*args)
    return time.perf_counter() - start


def ratio(times: list[float], base: list[float]) -> dict[str, float]:
    """How many times ``base`` ``times`` is, round by round: median and middle half."""
    return spread([a / b for a, b in zip(times, base, strict=True)])


def spread(values: list[float]) -> dict[str, float]:
    """Median and the quartiles around it."""
    if len(values) == 1:
        values = values * 2
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return {"median": middle, "low": low, "high": high}


def told(value: dict[str, float], digits: int = 2) -> str:
    """A spread in words: "1.04 (1.03 to 1.06)"."""
    low, high = (f"{value[end]:.{digits}f}" for end in ("low", "high"))
    return f"{value['median']:.{digits}f} ({low} to {high})"


def machine(threads: int, device: str) -> dict[str, str | int]:
    """What the numbers were measured on."""
    import torch

    gpu = torch.cuda.get_device_name(device) if device == "cuda" else None
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
        "threads": threads,
        "capability": torch.backends.cpu.get_cpu_capability(),
        "device": gpu or device,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "system": platform.system(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":")[1].strip() for line in lines if "model name" in line]
    return names[0] if names else platform.machine()


def write(name: str, content: dict, options, device: str | None = None) -> Path:
    """Keep a benchmark's content as JSON, with the machine; the report reads it.

    content: ``question``, one sentence; ``tables``, each with ``title``, ``columns``,
             ``rows`` and perhaps ``notes``; ``charts``, as ``report.draw`` takes them
    device:  where it computed, ``runtime.device()`` unless told; what a GPU measured
             is kept beside what the processor did
    """
    from benchmarks.report import markdown
    from cnnlib import runtime

    device = device or runtime.device().type
    content = {"name": name, "machine": machine(options.threads, device), **content}
    options.results.mkdir(parents=True, exist_ok=True)
    stem = name if device == "cpu" else f"{name}-{device}"
    path = options.results / f"{stem}.json"
    text = json.dumps(content, indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
    print(markdown(content))
    return path
