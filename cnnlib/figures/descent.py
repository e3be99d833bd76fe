"""p on its way to y, while gradient descent moves the logits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnnlib.drawing import palette
from cnnlib.drawing.format import listed, number
from cnnlib.drawing.motion import Film
from cnnlib.drawing.picture import Picture
from cnnlib.drawing.svg import TYPE, Canvas, text_width

MOST_CLASSES = 10
HIGH = 220.0  # CSS pixels: a probability of 1
ROOM = 700.0  # CSS pixels: the bars and the curve of the loss
APART = 110.0
ROW = 42.0


def descend(
    logits: Sequence[float], target: int, lr: float, steps: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """p (S + 1, K) and y (K,) while each step takes lr * (p - y) off the ``logits``.

    S is the largest of ``steps``. Raises ValueError when ``target`` is not a class or a
    step is below 0.
    """
    z = np.array(logits, dtype=float)
    if z.ndim != 1 or not 0 <= target < len(z):
        raise ValueError(
            f"target is {target}, logits have shape {z.shape}: expected a class of (K,)"
        )
    if not len(steps) or min(steps) < 0:
        raise ValueError(f"steps is {tuple(steps)}, expected step numbers of 0 or more")
    y, path = np.eye(len(z))[target], []
    for _ in range(max(steps) + 1):
        p = np.exp(z - z.max())
        path.append(p / p.sum())
        z = z - lr * (path[-1] - y)
    return np.array(path), y


def animate_gradient_descent_on_p(
    logits: Sequence[float],
    target: int,
    *,
    lr: float = 1.0,
    steps: Sequence[int] = (0, 1, 2, 3, 5, 10, 20, 50),
    classes: Sequence[str] | None = None,
    seconds: float = 1.5,
) -> Picture:
    """Softmax's p moves towards the one-hot y; p, y, p - y and the loss written out.

    Each step of gradient descent takes lr * (p - y), the cross-entropy's gradient, off
    the ``logits`` (K,), K at most 10. Those of ``steps`` are shown, each for
    ``seconds``; the first picture is the last step, with an outline where p began.
    Raises ValueError when ``target`` is not a class or a step is below 0.
    """
    path, y = descend(logits, target, lr, steps)
    K = len(y)
    if K > MOST_CLASSES:
        raise ValueError(f"logits has {K} classes, more than {MOST_CLASSES} to draw")
    classes = [str(c) for c in (range(K) if classes is None else classes)]
    if len(classes) != K:
        raise ValueError(f"classes has {len(classes)} names for {K} logits")
    shown = sorted(set(steps))
    frames = [shown[-1], *shown]
    canvas = Canvas()
    film = Film(canvas, len(frames), seconds, "give fewer steps")
    _Chart(canvas, path, y, classes, target).draw(film, frames)
    told = [f"{path[step][target]:.2f} at step {step}" for step in shown]
    return canvas.picture(
        "Animation: gradient descent pushes p towards y, with p, y, p \u2212 y and the "
        f"loss at each step. The probability of class {classes[target]} is "
        f"{listed(told)}; the loss falls from {_loss(path[0], target):.3f} to "
        f"{_loss(path[shown[-1]], target):.3f}."
    )


def _loss(p: np.ndarray, target: int) -> float:
    return float(-np.log(p[target]))


class _Chart:
    """Bars of p above a table of p, y and p - y; the loss beside them.

    The bars stand on the height 0, from which SVG scales them.
    """

    def __init__(self, canvas: Canvas, path, y, classes, target: int):
        self.canvas, self.path, self.y = canvas, path, y
        self.classes, self.target = classes, target
        longest = max(map(len, classes))
        self.column = max(96.0, min(130.0, text_width("0" * (longest + 1), TYPE)))
        self.column = min(self.column, (ROOM - 190) / len(y))
        # The longest number, "−0.70", and the longest name fit into their columns.
        self.size = min(TYPE, 0.92 * self.column / text_width("00000", 1))
        self.name_size = max(
            11, min(TYPE, 0.85 * self.column / text_width("0" * longest, 1))
        )
        self.right = self.column * len(y)
        self.left, self.wide = self.right + APART, min(300.0, ROOM - self.right)

    def draw(self, film: Film, frames: list[int]) -> None:
        """What stands still, the bars that move, and the numbers of each step."""
        self._axis()
        for k in range(len(self.y)):
            self._bar(film, frames, k)
        self._curve(film, frames)
        for n, step in enumerate(frames):
            with self.canvas.group(**film.only(n)):
                self._numbers(step)

    def _axis(self) -> None:
        for share in (0, 0.5, 1):
            y = -share * HIGH
            look = {"stroke": palette.FAINT, "stroke_width": 1.5}
            self.canvas.line(0, y, self.right, y, **look)
            self.canvas.text(-12, y, number(share), TYPE, palette.MUTED, "end")
        for k, name in enumerate(self.classes):
            x = (k + 0.5) * self.column
            self.canvas.text(x, 22, name, self.name_size, font_weight="bold")
        rows = {
            "p": palette.OUTPUT_INK,
            "y": palette.INK,
            "p \u2212 y": palette.WINDOW_INK,
        }
        for row, (name, ink) in enumerate(rows.items()):
            self.canvas.text(-12, self._row(row) + ROW / 2, name, TYPE, ink, "end")
        truth = [[number(value) for value in self.y]]
        with self.canvas.group(stroke=palette.MUTED, stroke_width=1.5):
            for row in range(3):
                for k in range(len(self.y)):
                    at = (k * self.column, self._row(row))
                    fill = palette.OUTPUT_PALE if row == 0 else palette.PAPER
                    self.canvas.rect(*at, self.column, ROW, fill)
        self._cells(1, truth[0], palette.INK)

    def _row(self, row: int) -> float:
        return 44 + row * ROW

    def _cells(self, row: int, words: Sequence[str], ink: str) -> None:
        for k, word in enumerate(words):
            x = (k + 0.5) * self.column
            self.canvas.text(x, self._row(row) + ROW / 2, word, self.size, ink)

    def _bar(self, film: Film, frames: list[int], k: int) -> None:
        x, wide = (k + 0.15) * self.column, 0.7 * self.column
        scales = [f"scaleY({self.path[step][k]:.4f})" for step in frames]
        with self.canvas.group(**film.gliding(f"p{k}", scales)):
            self.canvas.rect(x, -HIGH, wide, HIGH, palette.OUTPUT)
        start = self.path[frames[1]][k] * HIGH
        look = {"stroke": palette.OUTPUT_INK, "stroke_width": 2}
        self.canvas.rect(x, -start, wide, start, **look)
        goal = self.y[k] * HIGH
        dashed = {"stroke": palette.INK, "stroke_dasharray": "7 6", "stroke_width": 2.5}
        self.canvas.rect(x - 5, -goal, wide + 10, goal, **dashed)

    def _curve(self, film: Film, frames: list[int]) -> None:
        """The loss against the step, with a dot that goes along."""
        canvas, last = self.canvas, max(frames)
        left, wide, losses = (
            self.left,
            self.wide,
            [_loss(p, self.target) for p in self.path],
        )
        top = max(losses) or 1.0

        def at(step: int) -> tuple[float, float]:
            return left + wide * step / max(last, 1), -HIGH * losses[step] / top

        look = {"stroke": palette.MUTED, "stroke_width": 1.5}
        canvas.line(left, 0, left + wide, 0, **look)
        canvas.line(left, 0, left, -HIGH, **look)
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(at, range(last + 1)))
        canvas._add(
            "polyline",
            points=points,
            fill="none",
            stroke=palette.WINDOW,
            stroke_width=3,
        )
        for share in (0, 1):
            words, y = number(float(f"{share * top:.2g}")), -share * HIGH
            canvas.text(left - 12, y, words, TYPE, palette.MUTED, "end")
        canvas.text(left, 22, "0", TYPE, palette.MUTED)
        canvas.text(left + wide, 22, str(last), TYPE, palette.MUTED)
        canvas.text(left + wide / 2, 22, "step", TYPE, palette.MUTED)
        places = [at(step) for step in frames]
        moves = [f"translate({x:.1f}px,{y:.1f}px)" for x, y in places]
        with canvas.group(**film.gliding("d", moves)):
            canvas._add("circle", r=9, fill=palette.WINDOW, stroke=palette.PAPER)

    def _numbers(self, step: int) -> None:
        p = self.path[step]
        self._cells(0, [_two(value) for value in p], palette.OUTPUT_INK)
        self._cells(2, [_signed(v) for v in p - self.y], palette.WINDOW_INK)
        middle = self.left + self.wide / 2
        words = f"step {step}: loss {_loss(p, self.target):.3f}"
        self.canvas.text(
            middle, self._row(1), words, 26, palette.WINDOW_INK, font_weight="bold"
        )
        name = self.classes[self.target]
        price = f"= \u2212log {p[self.target]:.3f}, the p of {name}"
        self.canvas.text(middle, self._row(2), price, TYPE)


def _two(value: float) -> str:
    return f"{value:.2f}"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "\u2212")
