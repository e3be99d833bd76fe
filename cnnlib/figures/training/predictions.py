"""What a classifier answers, what it has learned, and how its features move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cnnlib.drawing import palette, style
from cnnlib.drawing.format import listed, number, percent, sizes
from cnnlib.drawing.picture import Picture
from cnnlib.drawing.style import styled
from cnnlib.figures.convolution.arithmetic import as_array
from cnnlib.figures.networks.tensors import as_batch, as_picture
from cnnlib.figures.training.experiments import tint
from cnnlib.figures.training.images import balanced, show
from cnnlib.figures.training.loss import class_names


@styled
def templates(weights, classes: Sequence[str] | None = None, title="") -> Picture:
    """One image a class: the weights (K, H, W) of a linear classifier.

    White is 0, orange-red speaks for the class, blue against it; all classes share one
    scale. A (K, H*W) weight of square images is taken, too. Raises ValueError for
    another shape and if ``classes`` are not K.
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
    names = class_names(classes, len(array))
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
def shift_experiment(
    images,
    shifts: Sequence[int],
    measured: Mapping[str, Sequence[float]],
    what: str = "change of the features",
) -> Picture:
    """A shifted image, and what the shift does: one line for each thing measured.

    ``images`` (S, C, H, W) are the shifted images, ``shifts`` their shifts in pixels,
    ``measured`` for each name ("before pooling", …) one number a shift, and ``what``
    says what the numbers are. Raises ValueError when there are not as many as shifts.
    """
    for name, values in measured.items():
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
        measured.items(), style.series(measured), strict=True
    ):
        ax.plot(shifts, values, label=name, **look)
    ax.set_xlabel("shift of the image in pixels")
    ax.set_ylabel(what)
    ax.set_xticks(list(shifts))
    ax.set_ylim(bottom=0)
    ax.grid(axis="y")
    ax.legend()
    told = "; ".join(
        f"{name}: {', '.join(number(round(float(v), 3)) for v in values)}"
        for name, values in measured.items()
    )
    return style.picture(
        fig,
        f"An image shifted by {', '.join(map(number, shifts))} pixels, and the {what}. "
        f"{told}.",
    )


def _classes(evaluation, classes, count: int) -> list[str]:
    """The names of ``count`` classes: given, the evaluation's own, or 0, 1, 2, …"""
    if classes is None:
        classes = getattr(evaluation, "classes", None) or range(count)
    if len(classes) != count:
        raise ValueError(
            f"classes has {len(classes)} names, but the evaluation has {count} classes"
        )
    return [str(name) for name in classes]


def _array(values) -> np.ndarray:
    """A tensor, wherever it is, or a list as an array."""
    return np.asarray(values.cpu() if hasattr(values, "cpu") else values)


@style.styled
def confusion_matrix(evaluation, classes=None):
    """How often each true class (row) was answered as each class (column), in numbers.

    ``evaluation.confusion`` is (K, K) counts. Right answers lie on the green diagonal;
    mistakes are orange; both are the darker the larger their share of the row. Raises
    ValueError if the counts are not square or ``classes`` not as many.
    """
    counts = _array(evaluation.confusion)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(
            f"evaluation.confusion has shape {counts.shape}, not (classes, classes)"
        )
    names = _classes(evaluation, classes, len(counts))
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    side = max(0.6, 0.125 * len(str(counts.max())) + 0.12)
    size = side * len(names)
    fig, ax = style.axes(size=(max(size, 2.4) + 2.2, max(size, 1.6) + 1.9))
    colors = np.empty((*counts.shape, 3))
    for index in np.ndindex(counts.shape):
        right = index[0] == index[1]
        depth = share[index] ** 0.7  # one scale for both; small shares must show
        colors[index] = tint(palette.GREEN if right else palette.ORANGE, 0.9 * depth)
    ax.imshow(colors, aspect="equal")
    for (row, col), count in np.ndenumerate(counts):
        ax.text(
            col, row, f"{count:d}", ha="center", va="center",
            color=style.ink_on(colors[row, col]) if count else palette.MUTED,
            fontweight="bold" if row == col else "normal",
        )  # fmt: skip
    long = max(map(len, names)) > 3 and len(names) > 3
    turn = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"} if long else {}
    ax.set_xticks(range(len(names)), names, **turn)
    ax.set_yticks(range(len(names)), names)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set(xlabel="answered", ylabel="true class")
    right, total = int(np.trace(counts)), int(counts.sum())
    ax.set_title(f"{right:,} of {total:,} right ({percent(right / total)})")
    wrong = counts * (1 - np.eye(len(names), dtype=counts.dtype))
    ranked = np.argsort(-wrong, axis=None, kind="stable")[:3]
    told = [
        f"{names[r]} answered as {names[c]} ({wrong[r, c]} times)"
        for r, c in zip(*np.unravel_index(ranked, wrong.shape), strict=True)
        if wrong[r, c]
    ]
    return style.picture(
        fig,
        f"Confusion matrix of {len(names)} classes: {right:,} of {total:,} images right"
        f" ({percent(right / total)}). "
        + (f"Most frequent mistakes: {listed(told)}." if told else "No mistake."),
    )


@style.styled
def ranked_mistakes(evaluation, imageset, n: int = 12):
    """The wrong answers that were given with most confidence, with both classes.

    ``evaluation.mistakes()`` ranks them; above each of the first ``n`` images stands
    the true class, an arrow, the answer, and its probability. Without a mistake the
    picture says so.
    """
    ranked = [int(i) for i in evaluation.mistakes()]
    total = len(imageset)
    title = f"{len(ranked):,} of {total:,} wrong on {imageset.name}"
    title += ", most confident first"
    if not ranked:
        fig, ax = style.axes(size=(7, 1.2))
        style.bare(ax, aspect=None).text(
            0.5, 0.5, f"No mistake on {total:,} images.", ha="center", va="center"
        )
        return style.picture(fig, f"No mistake on {total:,} images of {imageset.name}.")
    ranked = ranked[:n]
    names = imageset.classes
    long = max(map(len, names)) > 4
    cols = min(len(ranked), 4 if long else 6)
    rows = -(-len(ranked) // cols)
    cols = -(-len(ranked) // rows)
    inch = min(2.3, 9.3 / cols)
    fig, boxes = style.axes(
        rows,
        cols,
        size=(max(inch * cols, 4), (inch + 0.45) * rows + 0.6),
        squeeze=False,
    )
    told = []
    for ax in boxes.flat:
        style.bare(ax)
    for ax, i in zip(boxes.flat, ranked, strict=False):
        image = as_batch(imageset.images[i])[0]
        true, answer = int(evaluation.labels[i]), int(evaluation.predictions[i])
        p = percent(float(evaluation.probabilities[i][answer]))
        ax.imshow(as_picture(image))
        ax.set_title(f"{names[true]} → {names[answer]}\n{p}", fontsize=style.TEXT)
        told.append(f"{names[true]} as {names[answer]} ({p})")
    fig.suptitle(title)
    pixels = sizes(imageset.image_shape) if hasattr(imageset, "image_shape") else ""
    return style.picture(
        fig, f"{title}. Images{f' of {pixels}' if pixels else ''}: {listed(told)}."
    )
