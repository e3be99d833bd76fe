"""From logits to the loss: softmax, -log p and the gradient p - y."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnnlib.drawing import palette, style
from cnnlib.drawing.format import fixed, listed, number
from cnnlib.drawing.motion import Film
from cnnlib.drawing.picture import Picture
from cnnlib.drawing.style import styled
from cnnlib.drawing.svg import TYPE, Canvas, text_width
from cnnlib.figures.convolution.arithmetic import as_array


def class_names(classes, count: int) -> list[str]:
    names = [str(k) for k in range(count)] if classes is None else list(classes)
    if len(names) != count:
        raise ValueError(f"classes has {len(names)} names for {count} values")
    return names


def softmax_of(logits: np.ndarray) -> np.ndarray:
    """Probabilities of logits (K,), without overflow."""
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


@styled
def probabilities(
    logits, target: int | None = None, classes: Sequence[str] | None = None
) -> Picture:
    """Logits (K,) as bars, their softmax p, and with a target the gradient p - y.

    ``target`` is the true class's index; its cross-entropy loss -log p is written
    above. Raises ValueError when target or classes do not fit the logits.
    """
    scores = as_array(logits, "logits", 1)
    names = class_names(classes, len(scores))
    if target is not None and not 0 <= target < len(scores):
        raise ValueError(f"target is {target}, but there are {len(scores)} logits")
    p = softmax_of(scores)
    panels = {"logits": scores, "softmax: p": p}
    if target is not None:
        panels["gradient: p − y"] = p - (np.arange(len(p)) == target)
    fig, axes = style.axes(1, len(panels), (9.2, 0.42 * len(p) + 1.6), sharey=True)
    colors = (palette.INPUT, palette.OUTPUT, palette.VERMILLION)
    for n, (ax, (title, values)) in enumerate(zip(axes, panels.items(), strict=True)):
        outlined = target if n == 1 else None
        _bars(ax, values, names, colors[n], style.HATCHES[n], outlined)
        ax.set_title(title, fontsize=style.TEXT)
        if n == 1:
            ax.set_xlim(0, 1.45)
        if n == 1 and target is not None:
            # The one-hot y, which training pushes p towards.
            box = {"fill": False, "edgecolor": palette.INK, "linestyle": "--"}
            ax.barh([target], [1], height=0.82, linewidth=2, **box)
    told = "; ".join(
        f"{title}: " + ", ".join(number(round(v, 3)) for v in values)
        for title, values in panels.items()
    )
    loss = ""
    if target is not None:
        words = f"−log p = −log {p[target]:.3f} = {-np.log(p[target]):.3f}"
        loss = f" The true class is {names[target]}: loss {words}."
        fig.suptitle(f"true class {names[target]}: loss = {words}", fontsize=style.TEXT)
    return style.picture(fig, f"Bars for {', '.join(names)}. {told}.{loss}")


def _bars(ax, values, names: list[str], color: str, hatch: str, outlined=None) -> None:
    """Horizontal bars with their numbers, around a line at zero.

    The number of the ``outlined`` row stands behind an outline that ends at 1.
    """
    rows = np.arange(len(values))
    look = {"color": color, "edgecolor": palette.PAPER, "hatch": hatch}
    ax.barh(rows, values, height=0.62, **look)
    ax.axvline(0, color=palette.INK, linewidth=1.2)
    low, high = min(0, min(values)), max(0, max(values))
    room = 0.34 * (high - low or 1)
    for row, value in zip(rows, values, strict=True):
        side = "left" if value >= 0 else "right"
        end = 1 if row == outlined else value
        at = end + (0.03 if value >= 0 else -0.03) * (high - low or 1)
        words = number(round(float(value), 3))
        ax.text(at, row, words, ha=side, va="center", fontsize=style.SMALL)
    ax.set_xlim(low - (room if low < 0 else 0), high + room)
    ax.set_yticks(rows, names)
    ax.set_xticks([])
    ax.tick_params(length=0)
    if not ax.yaxis_inverted():
        ax.invert_yaxis()
    ax.spines[["left", "bottom"]].set_visible(False)


@styled
def minus_log(p: float = 0.8) -> Picture:
    """The loss of one example, -log p of the true class, with one p marked.

    ``p`` is in (0, 1], else ValueError is raised; the slide's 0.8 gives 0.223.
    """
    if not 0 < p <= 1:
        raise ValueError(f"p is {p}, expected a probability above 0 and up to 1")
    loss = -np.log(p)
    fig, ax = style.axes(size=(7.5, 4))
    xs = np.linspace(0.01, 1, 400)
    ax.plot(xs, -np.log(xs), color=palette.INPUT)
    ax.plot([p, p, 0], [0, loss, loss], "--", color=palette.WINDOW, linewidth=2)
    ax.plot([p], [loss], "o", color=palette.WINDOW, markersize=11)
    words = f"−log {number(p)} = {loss:.3f}"
    ax.annotate(
        words,
        (p, loss),
        xytext=(0, 56),
        textcoords="offset points",
        ha="center" if p > 0.2 else "left",
        arrowprops={"arrowstyle": "-", "color": palette.WINDOW, "shrinkB": 8},
        fontsize=style.TITLE,
        color=palette.WINDOW_INK,
    )
    ax.set_xlabel("p, the probability given to the true class")
    ax.set_ylabel("loss = −log p")
    ax.set(xlim=(0, 1.02), ylim=(0, 4.7))
    return style.picture(
        fig,
        "The loss −log p falls from very large near p = 0 to 0 at p = 1; "
        f"marked: {words}.",
    )


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
    _DescentChart(canvas, path, y, classes, target).draw(film, frames)
    told = [f"{path[step][target]:.2f} at step {step}" for step in shown]
    return film.picture(
        "Animation: gradient descent pushes p towards y, with p, y, p \u2212 y and the "
        f"loss at each step. The probability of class {classes[target]} is "
        f"{listed(told)}; the loss falls from {_loss(path[0], target):.3f} to "
        f"{_loss(path[shown[-1]], target):.3f}."
    )


def _loss(p: np.ndarray, target: int) -> float:
    return float(-np.log(p[target]))


class _DescentChart:
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
        canvas.add(
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
            canvas.add("circle", r=9, fill=palette.WINDOW, stroke=palette.PAPER)

    def _numbers(self, step: int) -> None:
        p = self.path[step]
        self._cells(0, [fixed(value) for value in p], palette.OUTPUT_INK)
        self._cells(2, [fixed(v, sign=True) for v in p - self.y], palette.WINDOW_INK)
        middle = self.left + self.wide / 2
        words = f"step {step}: loss {_loss(p, self.target):.3f}"
        self.canvas.text(
            middle, self._row(1), words, 26, palette.WINDOW_INK, font_weight="bold"
        )
        name = self.classes[self.target]
        price = f"= \u2212log {p[self.target]:.3f}, the p of {name}"
        self.canvas.text(middle, self._row(2), price, TYPE)
