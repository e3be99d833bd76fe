"""What a check says: in words, and in a notebook with pictures and hints."""

from __future__ import annotations

import html
from dataclasses import dataclass

import numpy as np

from cnnlib.drawing import palette
from cnnlib.drawing.format import number

PASSED, WRONG, NOT_WRITTEN = "passed", "wrong", "not written yet"
_COLORS = {PASSED: palette.GREEN, WRONG: palette.VERMILLION, NOT_WRITTEN: palette.MUTED}
_SIGNS = {PASSED: "✓", WRONG: "✗", NOT_WRITTEN: "○"}
_LARGEST = 8  # rows and columns of an array that is shown as a picture
_SLICES = 4  # matrices of an array that are shown beside each other


@dataclass(frozen=True)
class Example:
    """One call that went wrong: named arguments, and both results as plain values."""

    arguments: dict[str, object]
    expected: object
    received: object  # a plain value, or an exception in words
    wrong: np.ndarray | None = None  # which entries differ, where shapes agree


@dataclass(frozen=True)
class Report:
    """The result of a check.

    ``passed``: is the answer right? ``message``: what was shown, in words. ``status``
    is "passed", "wrong" or "not written yet", ``diagnosis`` the sentence that names
    the mistake (empty unless wrong).
    """

    exercise: str
    status: str
    message: str
    diagnosis: str = ""
    example: Example | None = None
    hints: tuple[str, ...] = ()
    shown_hints: int = 0
    printed: str = ""  # what the function printed meanwhile

    @property
    def passed(self) -> bool:
        return self.status == PASSED

    def __repr__(self) -> str:
        return f"<{self.exercise}: {self.status}>"

    def _ipython_display_(self) -> None:
        """Nothing: ``check`` has shown it already."""

    def to_html(self) -> str:
        """The same for a notebook: sentences, an example in pictures, folded hints."""
        color = _COLORS[self.status]
        heading = "not right yet" if self.status == WRONG else self.status
        body = [
            f'<div style="border-left:6px solid {color};padding:2px 0 2px 14px;'
            'max-width:900px;line-height:1.5">',
            f"<b>{_SIGNS[self.status]} {html.escape(self.exercise)}: {heading}</b>",
        ]
        said = self.diagnosis or self.message.removeprefix(f"{self.exercise}: ")
        said = said.removeprefix(f"{NOT_WRITTEN}. ")
        body.append(f"<div>{marked_up(said)}</div>")
        if self.example:
            body.append(_example_html(self.example))
        if self.printed:
            printed = html.escape(self.printed)
            body.append(
                "<details><summary>What it printed</summary>"
                f"<pre>{printed}</pre></details>"
            )
        body.append(_hints_html(self.hints, self.shown_hints))
        return "".join(body) + "</div>"


def marked_up(text: str) -> str:
    """Escaped, with `code` in a code element."""
    parts = html.escape(text, quote=False).split("`")
    return "".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(parts))


def _hints_html(hints: tuple[str, ...], shown: int) -> str:
    """The first ``shown`` hints open, the others one inside the other, folded."""
    n = len(hints)
    opened = "".join(
        f"<div><b>Hint {i + 1} of {n}.</b> {marked_up(hints[i])}</div>"
        for i in range(min(shown, n))
    )
    folded = ""
    for i in reversed(range(shown, n)):
        folded = (
            f"<details><summary>Hint {i + 1} of {n}</summary>"
            f"<div>{marked_up(hints[i])}</div>{folded}</details>"
        )
    return opened + folded


def _example_html(example: Example) -> str:
    arguments = "".join(
        _value_html(name, value, "kernel" if name in ("kernel", "weight") else "input")
        for name, value in example.arguments.items()
    )
    wrong = example.wrong
    results = _value_html("expected", example.expected, "output", wrong)
    results += _value_html("received", example.received, "plain", wrong, mark=True)
    row = "display:flex;flex-wrap:wrap;gap:18px;align-items:flex-end;margin:8px 0"
    return f'<div style="{row}">{arguments}</div><div style="{row}">{results}</div>'


def _value_html(name: str, value, role: str, wrong=None, mark: bool = False) -> str:
    """Small matrices as pictures, with the wrong cells marked; else words."""
    small = isinstance(value, np.ndarray) and value.ndim and value.size > 0
    if not small or max(value.shape[-2:]) > _LARGEST:
        words = html.escape(told(value))
        return f"<div>{html.escape(name)}: <code>{words}</code></div>"
    from cnnlib import figures  # matplotlib, which words do not need

    if wrong is not None and wrong.shape != value.shape:
        wrong = None
    pictures = []
    for place in _slices(value, wrong):
        title = f"{name}[{', '.join(map(str, place))}]" if place else name
        marked = wrong[place] if mark and wrong is not None else None
        numbers = np.round(value[place].astype(float), 3)
        pictures.append(figures.matrix(numbers, role, title, marked=marked).html)
    return "".join(pictures)


def _slices(value: np.ndarray, wrong) -> list[tuple[int, ...]]:
    """The leading indices of the matrices to show: all of a few, or a wrong one."""
    places = list(np.ndindex(*value.shape[:-2]))
    if len(places) <= _SLICES:
        return places
    if wrong is not None:
        return [tuple(int(i) for i in np.argwhere(wrong)[0][:-2])]
    return places[:1]


def told(value, most: int = 40) -> str:
    """A plain value in words: short arrays with their numbers, long ones by shape."""
    if isinstance(value, np.ndarray):
        if value.size > most:
            return f"an array of shape {shape_words(value.shape)}"
        if value.ndim == 0:
            return (
                str(value.item()) if value.dtype.kind == "b" else number(value.item())
            )
        return "[" + ", ".join(told(part, most) for part in value) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(told(part, most) for part in value) + ")"
    return str(value)


def shape_words(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
