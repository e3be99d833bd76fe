"""Mistakes: counted in a confusion matrix, and shown with the most confident first."""

from __future__ import annotations

import numpy as np

from cnnlib.drawing import palette, style
from cnnlib.drawing.format import listed, percent
from cnnlib.figures.comparisons import bars, tint
from cnnlib.figures.tensors import as_batch, as_picture
from cnnlib.figures.trace import sizes


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
def confusion_matrix(evaluation, classes=None, *, title: str | None = None):
    """How often each true class (row) was answered as each class (column), in numbers.

    ``evaluation.confusion`` is (K, K) counts. Right answers lie on the green diagonal;
    mistakes are orange, darker the larger their share of the row.
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
        # A mistake of a quarter of its row is as dark as it gets: small ones must show.
        depth = share[index] if right else min(1, 4 * share[index]) ** 0.5
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
    ax.set_title(title or f"{right:,} of {total:,} right ({percent(right / total)})")
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
def per_class(evaluation, classes=None, *, title: str | None = None):
    """The accuracy on each class as bars, and their mean as a dashed line.

    A class without images has no accuracy and is left out.
    """
    shares = _array(evaluation.per_class).astype(float)
    names = _classes(evaluation, classes, len(shares))
    values = {n: p for n, p in zip(names, shares, strict=True) if not np.isnan(p)}
    title = title or "Accuracy on each class"
    return bars(values, title=title, format=percent, limit=1.0, mean=len(names) > 2)


@style.styled
def ranked_mistakes(evaluation, imageset, n: int = 12, *, title: str | None = None):
    """The wrong answers that were given with most confidence, with both classes.

    ``evaluation.mistakes()`` ranks them; above each of the first ``n`` images stands
    the true class, an arrow, the answer, and its probability. Without a mistake the
    picture says so.
    """
    ranked = [int(i) for i in evaluation.mistakes()]
    total = len(imageset)
    title = title or (
        f"{len(ranked):,} of {total:,} wrong on {imageset.name}, most confident first"
    )
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
        p = 100 * float(evaluation.probabilities[i][answer])
        ax.imshow(as_picture(image))
        ax.set_title(f"{names[true]} → {names[answer]}\n{p:.1f} %", fontsize=style.TEXT)
        told.append(f"{names[true]} as {names[answer]} ({p:.1f} %)")
    fig.suptitle(title)
    pixels = sizes(imageset.image_shape) if hasattr(imageset, "image_shape") else ""
    return style.picture(
        fig, f"{title}. Images{f' of {pixels}' if pixels else ''}: {listed(told)}."
    )
