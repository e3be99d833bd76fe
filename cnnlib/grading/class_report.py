"""What a class has done: a table of all notebooks, and a page of its mistakes."""

from __future__ import annotations

import csv
import html
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from cnnlib.checks.exercises import exercises
from cnnlib.checks.report import NOT_WRITTEN, PASSED, marked_up
from cnnlib.drawing import palette

from .grader import Result

_SHOWN = 5  # mistakes of an exercise
_STYLE = f"""\
body {{ max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: {palette.INK};
  font: 1.15rem/1.5 system-ui, sans-serif; background: {palette.PAPER} }}
h2 {{ margin: 2rem 0 0.3rem }} h2 code {{ font-size: 1.1em }}
.bar {{ display: flex; height: 1.2rem; border: 1px solid {palette.MUTED} }}
.passed {{ background: {palette.GREEN} }} .wrong {{ background: {palette.ORANGE} }}
li {{ margin: 0.5rem 0 }}
"""


def write_csv(results: Sequence[Result], path: Path) -> None:
    """One row a notebook: its name, passed, of how many, each exercise, and a note."""
    names = [name for name in exercises() if any(name in r.status for r in results)]
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["notebook", "passed", "of", *names, "note"])
        for result in results:
            states = [result.status.get(name, "") for name in names]
            counts = [result.passed, len(result.status)]
            table.writerow([_cell(result.notebook), *counts, *states, result.note])


def _cell(text: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@" else text


def write_page(results: Sequence[Result], path: Path) -> None:
    """The most frequent mistakes of each exercise, without names, to be projected."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">',
        f"<title>What the class has done</title><style>{_STYLE}</style>",
        f"<h1>What the class has done</h1><p>{len(results)} notebooks.</p>",
    ]
    for name in exercises():
        states = [r.status[name] for r in results if name in r.status]
        if states:
            mistakes = Counter(r.mistakes[name] for r in results if name in r.mistakes)
            parts += _exercise(name, Counter(states), mistakes)
    path.write_text("\n".join(parts) + "</html>\n", encoding="utf-8")


def _exercise(name: str, states: Counter, mistakes: Counter) -> list[str]:
    total = states.total()
    passed, unwritten = states[PASSED], states[NOT_WRITTEN]
    wrong = total - passed - unwritten
    bars = "".join(
        f'<div class="{kind}" style="width:{100 * n / total:.4g}%"></div>'
        for kind, n in (("passed", passed), ("wrong", wrong))
    )
    words = f"{passed} right, {wrong} wrong, {unwritten} not written yet"
    items = "".join(
        f"<li><b>{n} ×</b> {marked_up(says)}</li>"
        for says, n in mistakes.most_common(_SHOWN)
    )
    return [
        f"<h2><code>{html.escape(name)}</code></h2>",
        f'<div class="bar" role="img" aria-label="{words}">{bars}</div>',
        f"<p>{words}</p>",
        f"<ul>{items}</ul>" if items else "",
    ]
