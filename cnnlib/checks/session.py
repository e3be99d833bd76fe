"""``check`` and ``progress``: what a notebook calls, and what this session has seen."""

from __future__ import annotations

import dataclasses
import difflib
import json
import sys
from collections.abc import Callable
from pathlib import Path

from .calls import observe_any_precision
from .diagnosis import judge
from .exercise import Exercise
from .exercises import NOTEBOOKS, exercises, names_of
from .report import NOT_WRITTEN, PASSED, WRONG, Report
from .trial import Trial


class Session:
    """What has been checked since the kernel started."""

    def __init__(self):
        self.tries: dict[str, int] = {}  # wrong answers: they decide on the hints
        self.results: dict[str, str] = {}  # exercise -> the status of its latest check

    def check(self, function: Callable) -> Report:
        """Try an exercise's function, say what is wrong with it; returns a Report.

        The exercise is found by the function's name. The function is called on small
        random cases (float64; odd, non-square and tiny sizes); a wrong answer is
        compared with the mistakes that are known. Each wrong try opens one more hint.
        Nothing is raised for a wrong answer, so that a notebook runs on.

        Raises TypeError when ``function`` cannot be called, ValueError when no exercise
        has its name.
        """
        exercise = find(function)
        trial = Trial.of(exercise)
        warm_up(trial)
        answer = observe_any_precision(
            function,
            trial.cases,
            exercise.try_out(),
            shortcuts=exercise.shortcuts,
            random=exercise.random,
        )
        tries = self.tries.get(exercise.name, 0)
        report = judge(trial, answer, tries + 1)
        report = dataclasses.replace(report, printed=answer.printed)
        self.results[exercise.name] = report.status
        self.tries[exercise.name] = tries + (report.status == WRONG)
        show(report.to_html(), report.message)
        return report

    def progress(self, folder: str | Path = ".") -> None:
        """Show which exercises of this notebook are done; write a report to hand in.

        The notebook is the one whose exercises were checked. The report,
        ``exercises_<notebook>.json`` in ``folder``, is written once anything has been
        answered.
        """
        seen = [exercises()[name].notebook for name in self.results]
        if not seen:
            show("<p>No exercise has been checked yet.</p>", "Nothing checked yet.")
            return
        notebook = max(set(seen), key=seen.count)
        status = {n: self.results.get(n, NOT_WRITTEN) for n in names_of(notebook)}
        done = sum(s == PASSED for s in status.values())
        title = f"{done} of {len(status)} exercises done"
        note = ""
        if set(status.values()) != {NOT_WRITTEN}:
            note = self._write(Path(folder), notebook, status)
        signs = {PASSED: "✓", WRONG: "✗", NOT_WRITTEN: "○"}
        rows = "".join(
            f"<li>{signs[s]} <code>{n}</code>: {s}</li>" for n, s in status.items()
        )
        lines = [title, *(f"{signs[s]} {n}: {s}" for n, s in status.items()), note]
        page = f'<p><b>{title}</b></p><ul style="list-style:none">{rows}</ul>'
        show(f"{page}<p>{note}</p>", "\n".join(lines))

    def _write(self, folder: Path, notebook: str, status: dict[str, str]) -> str:
        path = folder / f"exercises_{NOTEBOOKS[notebook]}.json"
        content = {
            "notebook": NOTEBOOKS[notebook],
            "exercises": {
                name: {"status": s, "wrong tries": self.tries.get(name, 0)}
                for name, s in status.items()
            },
        }
        try:
            path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            return f"No report could be written ({error.strerror})."
        return f"Written to {path.name}."


def find(function: Callable) -> Exercise:
    """The exercise with a function's name."""
    if not callable(function):
        kind = type(function).__name__
        raise TypeError(
            f"function: expected the exercise's function itself, as in "
            f"check(cross_correlate), but got a {kind}"
        )
    name = getattr(function, "__name__", type(function).__name__)
    known = exercises()
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        meant = f"; did you mean {near[0]}?" if near else f": {', '.join(known)}"
        raise ValueError(f"function: no exercise is called {name!r}{meant}")
    return known[name]


def warm_up(trial: Trial) -> None:
    """Import what a first optimizer step would import on the answer's time."""
    if trial.exercise.probe == "training_steps":
        import torch

        weight = torch.nn.Parameter(torch.zeros(1))
        weight.grad = torch.zeros(1)
        torch.optim.SGD([weight], lr=0.1).step()


def show(html: str, text: str) -> None:
    """Into the notebook's output, or to the terminal."""
    if "IPython" in sys.modules:
        from IPython import get_ipython
        from IPython.display import display

        if get_ipython() is not None:
            display({"text/html": html, "text/plain": text}, raw=True)
            return
    print(text)


_session = Session()
check, progress = _session.check, _session.progress
