"""From logits to answers: softmax, loss, gradient, predictions, weights as images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cnnlib.figures import style
from cnnlib.figures.images import balanced, show
from cnnlib.figures.style import Picture, number, styled
from cnnlib.figures.sums import as_array


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
    names = _names(classes, len(scores))
    if target is not None and not 0 <= target < len(scores):
        raise ValueError(f"target is {target}, but there are {len(scores)} logits")
    p = softmax_of(scores)
    panels = {"logits": scores, "softmax: p": p}
    if target is not None:
        panels["gradient: p − y"] = p - (np.arange(len(p)) == target)
    fig, axes = style.axes(1, len(panels), (9.2, 0.42 * len(p) + 1.6), sharey=True)
    colors = (style.INPUT, style.OUTPUT, style.VERMILLION)
    for n, (ax, (title, values)) in enumerate(zip(axes, panels.items(), strict=True)):
        _bars(ax, values, names, colors[n], style.HATCHES[n])
        ax.set_title(title, fontsize=style.TEXT)
        if n == 1:
            ax.set_xlim(0, 1.3)
        if n == 1 and target is not None:
            # The one-hot y, which training pushes p towards.
            box = {"fill": False, "edgecolor": style.INK, "linestyle": "--"}
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


def _names(classes, count: int) -> list[str]:
    names = [str(k) for k in range(count)] if classes is None else list(classes)
    if len(names) != count:
        raise ValueError(f"classes has {len(names)} names for {count} values")
    return names


def _bars(ax, values, names: list[str], color: str, hatch: str) -> None:
    """Horizontal bars with their numbers, around a line at zero."""
    rows = np.arange(len(values))
    look = {"color": color, "edgecolor": style.PAPER, "hatch": hatch}
    ax.barh(rows, values, height=0.62, **look)
    ax.axvline(0, color=style.INK, linewidth=1.2)
    low, high = min(0, min(values)), max(0, max(values))
    room = 0.34 * (high - low or 1)
    for row, value in zip(rows, values, strict=True):
        side = "left" if value >= 0 else "right"
        at = value + (0.03 if value >= 0 else -0.03) * (high - low or 1)
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
    ax.plot(xs, -np.log(xs), color=style.INPUT)
    ax.plot([p, p, 0], [0, loss, loss], "--", color=style.WINDOW, linewidth=2)
    ax.plot([p], [loss], "o", color=style.WINDOW, markersize=11)
    words = f"−log {number(p)} = {loss:.3f}"
    ax.annotate(
        words,
        (p, loss),
        xytext=(0, 56),
        textcoords="offset points",
        ha="center" if p > 0.2 else "left",
        arrowprops={"arrowstyle": "-", "color": style.WINDOW, "shrinkB": 8},
        fontsize=style.TITLE,
        color=style.WINDOW_INK,
    )
    ax.set_xlabel("p, the probability given to the true class")
    ax.set_ylabel("loss = −log p")
    ax.set(xlim=(0, 1.02), ylim=(0, 4.7))
    return style.picture(
        fig,
        "The loss −log p falls from very large near p = 0 to 0 at p = 1; "
        f"marked: {words}.",
    )


@styled
def templates(weights, classes: Sequence[str] | None = None, title="") -> Picture:
    """One image a class: the weights (K, H, W) of a linear classifier.

    White is 0, orange-red speaks for the class, blue against it; all classes share one
    scale. A (K, H*W) weight of square images is taken, too.
    """
    array = as_array(weights, "weights", 2, 3, 4)
    if array.ndim == 4:
        array = array.mean(1)
    if array.ndim == 2:
        side = round(array.shape[1] ** 0.5)
        if side * side != array.shape[1]:
            raise ValueError(
                f"weights has shape {array.shape}: {array.shape[1]} is no square, "
                "give (K, H, W)"
            )
        array = array.reshape(-1, side, side)
    names = _names(classes, len(array))
    rows, columns = balanced(len(array), 5)
    top = np.abs(array).max() or 1
    each = style.WIDEST * 0.92 / columns
    tall = each * array.shape[1] / array.shape[2]
    fig, axes = style.axes(
        rows, columns, (style.WIDEST, rows * (tall + 0.3) + 0.4), squeeze=False
    )
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, name in zip(axes.flat, array, names, strict=False):
        drawn = ax.imshow(image, cmap=style.DIVERGING, vmin=-top, vmax=top)
        ax.set_title(name)
    bar = fig.colorbar(drawn, ax=axes, shrink=0.8, ticks=[-top, 0, top], pad=0.02)
    bar.ax.set_yticklabels(["against", "0", "for"])
    bar.outline.set_visible(False)
    if title:
        fig.suptitle(title)
    return style.picture(
        fig,
        f"{title + ': ' if title else ''}the weights of {len(names)} classes "
        f"({', '.join(names)}) as images of {array.shape[2]}×{array.shape[1]} pixels; "
        f"orange-red speaks for a class, blue against it, at most {number(top)}.",
    )


@styled
def predictions(
    images, probabilities, classes: Sequence[str], labels=None, top: int = 3
) -> Picture:
    """Images (N, C, H, W), each with bars for its ``top`` most probable classes.

    ``probabilities`` is (N, K) with rows that sum to 1. With ``labels`` (N,) each title
    says the true class and whether the answer is right. Raises ValueError when the
    parts do not fit together.
    """
    p = as_array(probabilities, "probabilities", 2)
    names = _names(classes, p.shape[1])
    if len(images) != len(p) or (labels is not None and len(labels) != len(p)):
        raise ValueError(
            f"{len(images)} images, {len(p)} rows of probabilities"
            + ("" if labels is None else f" and {len(labels)} labels")
        )
    if not 0 < len(p) <= 24:
        raise ValueError(f"images holds {len(p)}, expected 1 to 24")
    rows, columns = balanced(len(p), 6)
    each = min(2.2, style.WIDEST / columns)
    top = min(top, len(names))
    fig, axes = style.axes(
        2 * rows,
        columns,
        (each * columns, rows * (each + 0.3 + 0.3 * top)),
        squeeze=False,
        height_ratios=[each, 0.34 * top] * rows,
    )
    for ax in axes.flat:
        ax.axis("off")
    spoken = []
    for n, row in enumerate(p):
        above = axes[2 * (n // columns), n % columns]
        below = axes[2 * (n // columns) + 1, n % columns]
        title, words = _answer(row, names, None if labels is None else int(labels[n]))
        above.axis("on")
        show(above, images[n], title)
        _top_bars(below, row, names, top)
        spoken.append(words)
    alt = f"{len(p)} images with the network's answers: {'; '.join(spoken)}."
    color = any(np.shape(image)[0] == 3 for image in images)
    return style.picture(fig, alt, photo=color)


def _answer(row, names: list[str], label: int | None) -> tuple[str, str]:
    """A title ("true: 7 ✓") and the same in words."""
    best = int(row.argmax())
    words = f"{names[best]} {row[best]:.0%}"
    if label is None:
        return names[best], words
    if best == label:
        return f"true: {names[best]} ✓", f"{words}, right"
    return f"true: {names[label]} ✗", f"{words}, wrong, it is {names[label]}"


def _top_bars(ax, row, names: list[str], top: int) -> None:
    best = np.argsort(-row, kind="stable")[:top]
    ax.axis("on")
    ax.barh(range(top), row[best], color=style.SKY, height=0.86)
    for n, k in enumerate(best):
        words = f"{names[k]} {row[k]:.0%}"
        ax.text(0.03, n, words, va="center", fontsize=style.SMALL)
    ax.set(xlim=(0, 1), ylim=(top - 0.4, -0.6))
    style.bare(ax, aspect=None)


@styled
def shift_experiment(
    images, shifts: Sequence[int], distances: Mapping[str, Sequence[float]]
) -> Picture:
    """A shifted image, and how far its features move: one line for each place measured.

    ``images`` (S, C, H, W) are the shifted images, ``shifts`` their shifts in pixels,
    ``distances`` for each name ("before pooling", …) one relative change a shift.
    """
    for name, values in distances.items():
        if len(values) != len(shifts):
            raise ValueError(f"{name} has {len(values)} values, {len(shifts)} shifts")
    if len(images) != len(shifts):
        raise ValueError(f"{len(images)} images for {len(shifts)} shifts")
    fig = style.Figure(figsize=(9.2, 6), layout="constrained")
    upper, lower = fig.subfigures(2, 1, height_ratios=[1, 2.4])
    for ax, image, shift in zip(
        np.atleast_1d(upper.subplots(1, len(shifts))), images, shifts, strict=True
    ):
        sign = "+" if shift > 0 else ""
        show(ax, image, f"{sign}{number(shift)} px")
    ax = lower.subplots()
    for (name, values), look in zip(
        distances.items(), style.series(len(distances)), strict=True
    ):
        ax.plot(shifts, values, label=name, **look)
    ax.set_xlabel("shift of the image in pixels")
    ax.set_ylabel("change of the features")
    ax.set_xticks(list(shifts))
    ax.set_ylim(bottom=0)
    ax.grid(axis="y")
    ax.legend()
    told = "; ".join(
        f"{name}: {', '.join(number(round(float(v), 3)) for v in values)}"
        for name, values in distances.items()
    )
    return style.picture(
        fig,
        f"An image shifted by {', '.join(map(number, shifts))} pixels, and the change "
        f"of its features. {told}.",
    )
