"""Grade a folder of notebooks: workers compute, this process compares."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from cnnlib.checks.diagnosis import judge
from cnnlib.checks.exercises import exercises
from cnnlib.checks.report import PASSED, WRONG
from cnnlib.checks.trial import Trial

from .confinement import missing
from .submission import read
from .transport import decoded_answer, encoded

MEMORY = 1 << 30  # bytes beyond what PyTorch takes
SECONDS = 120  # for a whole notebook, by the clock and of the processor
CELL_SECONDS = 5.0  # for one cell that defines functions
_ENDED = "The notebook's process ended before this exercise."
_LARGEST_REPLY = 60_000_000  # characters

START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    "from cnnlib.grading.worker import main; main()"
)


@dataclass
class Result:
    """One notebook's row: the status and the diagnosis of each of its exercises."""

    notebook: str
    status: dict[str, str] = field(default_factory=dict)
    mistakes: dict[str, str] = field(default_factory=dict)
    note: str = ""

    @property
    def passed(self) -> int:
        return sum(status == PASSED for status in self.status.values())


def grade(
    folder: str | Path,
    *,
    confined: bool = True,
    jobs: int | None = None,
    seconds: int = SECONDS,
    seed: int | None = None,
    progress: Callable[[Result], None] = lambda result: None,
) -> list[Result]:
    """Grade every notebook in ``folder`` and the folders in it.

    Each runs in a process of its own, at most ``seconds`` long, ``jobs`` of them side
    by side (half of the processors). The cases are drawn anew with each call unless
    ``seed`` is given. ``progress`` is called with each result.

    Raises ValueError when there is no notebook, RuntimeError when this machine cannot
    confine a process and ``confined`` is not False.
    """
    paths = sorted(
        path
        for path in Path(folder).rglob("*.ipynb")
        if ".ipynb_checkpoints" not in path.parts
    )
    if not paths:
        raise ValueError(f"folder: {str(folder)!r} holds no notebooks")
    if confined and missing():
        raise RuntimeError(
            f"submissions cannot be confined here: {missing()}. With confined=False "
            "(--unconfined) they run with all of your rights."
        )
    seed = secrets.randbelow(2**31) if seed is None else seed
    trials = {name: Trial.of(e, seed) for name, e in exercises().items()}

    def computed(path: Path) -> tuple[list[str], dict, str]:
        try:
            submission = read(path)
            answers, note = _computed(submission, trials, confined, seconds)
        except (OSError, ValueError) as error:
            return [], {}, f"not graded: {error}"
        return submission.exercises, answers, note

    # The threads only wait for workers. Comparing redirects standard output and seeds
    # generators, which belong to all threads: it stays in this one.
    results = []
    with ThreadPoolExecutor(jobs or max((os.cpu_count() or 2) // 2, 1)) as pool:
        for path, found in zip(paths, pool.map(computed, paths), strict=True):
            results.append(_compared(str(path.relative_to(folder)), trials, *found))
            progress(results[-1])
    return results


def _compared(
    name: str, trials: dict, names: list[str], answers: dict, note: str
) -> Result:
    """A row: what each exercise's answer is worth."""
    result = Result(name, note=note)
    for exercise in names:
        status, diagnosis = WRONG, _ENDED
        if exercise in answers:
            try:
                report = judge(trials[exercise], answers[exercise])
                status, diagnosis = report.status, report.diagnosis
            except Exception as error:  # a forged reply; it costs this exercise
                diagnosis = f"Its result is strange ({error})."
        result.status[exercise] = status
        if status == WRONG:
            result.mistakes[exercise] = diagnosis
    return result


def _computed(submission, trials, confined: bool, seconds: int) -> tuple[dict, str]:
    """What the worker saw of each exercise, and what happened to it if it died."""
    job = {
        "cells": submission.cells,
        "exercises": {
            name: {
                "cases": encoded(trials[name].cases),
                "probe": trials[name].exercise.probe,
                "shortcuts": trials[name].exercise.shortcuts,
                "random": trials[name].exercise.random,
            }
            for name in submission.exercises
        },
        "confined": confined,
        "memory": MEMORY,
        "seconds": seconds,
        "cell_seconds": CELL_SECONDS,
    }
    threads = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
    with tempfile.TemporaryDirectory() as empty, tempfile.TemporaryFile("w+") as reply:
        worker = subprocess.Popen(
            [sys.executable, "-I", "-c", START, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=reply,
            stderr=subprocess.DEVNULL,
            cwd=empty,
            env={"PATH": os.defpath, "HOME": empty, **threads},
            start_new_session=True,
            text=True,
        )
        note = ""
        try:
            worker.communicate(json.dumps(job), timeout=seconds + 10)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
            note = f"stopped after {seconds} s"
        if worker.returncode and not note:
            note = f"its process ended with status {worker.returncode}"
        reply.seek(0)
        answers = dict(_read_reply(reply.read(_LARGEST_REPLY), submission.exercises))
    return answers, note


def _read_reply(text: str, known: list[str]) -> Iterator[tuple]:
    """The lines of a reply that have the expected form; others are left out."""
    for line in text.splitlines():
        try:
            ((name, fields),) = json.loads(line).items()
            if name in known:
                yield name, decoded_answer(fields)
        except Exception:  # forged: it may be anything
            continue
