"""The process that runs one submission. It computes, and knows no answers.

It gets its job as JSON on standard input, gives up its rights, runs the cells, tries
each exercise, and writes a line of JSON for each to standard output.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import sysconfig
import types
from pathlib import Path

import numpy as np
import torch

import cnnlib
from cnnlib.checks import calls
from cnnlib.checks.limits import run_limited
from cnnlib.checks.probes import PROBES

from .confinement import confine
from .transport import decoded, encoded_answer


def main() -> None:
    job = json.loads(sys.stdin.read())
    results = os.fdopen(os.dup(1), "w")
    sys.stdin.close()
    torch.set_num_threads(1)
    warm_up()
    if job["confined"]:
        confine(readable(), job["memory"], job["seconds"])
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(None):
        namespace = run(job["cells"], job["cell_seconds"])
        for name, exercise in job["exercises"].items():
            answer = observe(namespace.get(name), exercise)
            results.write(json.dumps({name: encoded_answer(answer)}) + "\n")
            results.flush()
    os._exit(0)  # threads that could not be ended are left behind


def warm_up() -> None:
    """Load what torch and Python load late, while files can still be read."""
    weight = torch.nn.Parameter(torch.zeros(2, 2))
    (weight @ torch.ones(2, 2)).sum().backward()
    torch.optim.SGD([weight], lr=0.1).step()
    torch.nn.functional.conv2d(torch.ones(1, 1, 3, 3), torch.ones(1, 1, 2, 2))
    np.random.default_rng().random()
    for probe in PROBES.values():  # what each imports when it is first used
        with contextlib.suppress(Exception):
            probe(lambda *case: torch.zeros(1), *[torch.ones(2, 3)] * 5)


def readable() -> list[Path]:
    """Python, its libraries, and this package without the exercises' answers."""
    package = Path(cnnlib.__file__).parent
    paths = sysconfig.get_paths()
    folders = {Path(paths[k]) for k in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {Path(p) for p in sys.path if p and Path(p) != package.parent}
    folders |= {package, Path("/usr"), Path("/lib"), Path("/lib64"), Path("/dev/null")}
    answers = package / "checks" / "exercises"
    return [p for f in sorted(folders) if f.exists() for p in excluding(f, answers)]


def excluding(folder: Path, hidden: Path) -> list[Path]:
    """The largest parts of a folder that do not contain ``hidden``."""
    if not hidden.is_relative_to(folder):
        return [folder]
    if folder == hidden:
        return []
    return [part for child in folder.iterdir() for part in excluding(child, hidden)]


def run(cells: list[str], seconds: float) -> dict:
    """Execute the cells one after the other; a cell that fails does not stop them."""
    namespace = {"__name__": "__main__", "torch": torch, "nn": torch.nn, "np": np}
    namespace["F"] = torch.nn.functional
    sys.modules["cnnlib.checks"] = _silent_checks()
    for i, source in enumerate(cells):
        with contextlib.suppress(Exception, SystemExit, KeyboardInterrupt):
            code = compile(source, f"<cell {i + 1}>", "exec")
            run_limited(lambda code=code: exec(code, namespace), seconds)
    return namespace


def _silent_checks() -> types.ModuleType:
    """What a notebook imports of cnnlib.checks, without effect."""
    module = types.ModuleType("cnnlib.checks")
    for name in ("check", "predict", "progress"):
        setattr(module, name, lambda *args, **kwargs: None)
    return module


def observe(function, exercise: dict) -> calls.Answer:
    if not callable(function):
        return calls.Answer(stub=True)
    try:
        return calls.observe_any_precision(
            function,
            decoded(exercise["cases"]),
            PROBES[exercise["probe"]],
            shortcuts=exercise["shortcuts"],
            random=exercise["random"],
        )
    except Exception as error:  # a strange object in a function's place
        outcome = calls.Outcome(error=type(error).__name__, message=str(error)[:200])
        return calls.Answer(outcomes=[outcome])
