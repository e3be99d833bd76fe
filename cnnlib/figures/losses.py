"""From logits to the loss: softmax, -log p and the gradient p - y."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnnlib.drawing import palette, style
from cnnlib.drawing.format import number
from cnnlib.drawing.picture import Picture
from cnnlib.drawing.style import styled
from cnnlib.figures.sums import as_array


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

    ``p`` is in (0, 1]; the slide's 0.8 gives 0.223.
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
