"""What a kernel makes of a photograph, with the kernel beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from matplotlib.patches import Rectangle
from torch.nn import functional as F

from cnnlib.drawing import palette, style
from cnnlib.drawing.format import number
from cnnlib.drawing.picture import Picture
from cnnlib.drawing.style import styled
from cnnlib.figures.convolution.arithmetic import as_array, as_pair
from cnnlib.figures.training.images import pixels_of, show

LEAST_TYPE = 9  # points: smaller numbers in a kernel's cells are left out


def filtered(image, kernel) -> np.ndarray:
    """Each channel of an image convolved with one kernel (h, w), ready to show.

    The result is (C, H, W) in [0, 1], as large as the image (edges are repeated). A
    kernel that sums to 0 answers to differences: its result is shown on the mean of
    the channels, with gray for 0, white above and black below.
    """
    array = pixels_of(image)
    array = array / 255 if array.dtype == np.uint8 else array
    planes = array[None] if array.ndim == 2 else array.transpose(2, 0, 1)
    weight = as_array(kernel, "kernel", 2)
    differences = abs(weight.sum()) < 1e-6
    if differences:
        planes = planes.mean(0, keepdims=True)
    h, w = weight.shape
    sides = ((w - 1) // 2, w // 2, (h - 1) // 2, h // 2)
    padded = F.pad(torch.tensor(planes)[:, None], sides, mode="replicate")
    result = F.conv2d(padded, torch.tensor(weight)[None, None])[:, 0].numpy()
    if differences:
        # A few sharp corners would leave all other edges gray: let them saturate.
        strong = max(float(np.percentile(np.abs(result), 99)), 1e-9)
        return (0.5 + result / (2 * strong)).clip(0, 1)
    return result.clip(0, 1)


@styled
def filtered_photo(image, kernels: Mapping[str, Sequence]) -> Picture:
    """What each named kernel (h, w) makes of an image: result and kernel together.

    ``image`` is (H, W), (1, H, W) or (3, H, W); the first picture is the image itself.
    Kernels that sum to 0 are shown with gray for 0. Raises ValueError for no kernels
    and for other shapes.
    """
    if not kernels:
        raise ValueError("kernels is empty: give at least one name and its kernel")
    array, columns = pixels_of(image), min(3, len(kernels) + 1)
    rows = -(-(len(kernels) + 1) // columns)
    wide = style.WIDEST / columns
    tall = wide * array.shape[0] / array.shape[1]
    fig, axes = style.axes(
        2 * rows,
        columns,
        (style.WIDEST, rows * (tall + 1.7)),
        squeeze=False,
        height_ratios=[tall, 1.2] * rows,
    )
    for ax in axes.flat:
        ax.axis("off")
    show(axes[0, 0], image, "the image")
    for n, (name, kernel) in enumerate(kernels.items(), start=1):
        row, column = 2 * (n // columns), n % columns
        axes[row, column].axis("on")
        show(axes[row, column], filtered(image, kernel), name)
        _kernel(axes[row + 1, column], as_array(kernel, name, 2))
    spoken = ", ".join(
        f"{name} ({as_array(kernel, name, 2).shape[0]}×"
        f"{as_array(kernel, name, 2).shape[1]} kernel)"
        for name, kernel in kernels.items()
    )
    alt = f"An image and what convolution makes of it: {spoken}."
    return style.picture(fig, alt, photo=True)


def _kernel(ax, weight: np.ndarray) -> None:
    """A kernel's numbers in orange cells, small below its result."""
    ax.axis("on")
    ax.imshow(np.zeros(weight.shape), alpha=0)
    longest = max(len(number(v)) for v in weight.ravel())
    size = min(style.TEXT, 70 / len(weight), 110 / (len(weight) * longest))
    for (i, j), value in np.ndenumerate(weight):
        cell = {"facecolor": palette.KERNEL_PALE, "edgecolor": palette.KERNEL}
        ax.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, **cell))
        if size >= LEAST_TYPE:
            ax.text(j, i, number(value), ha="center", va="center", fontsize=size)
    if size < LEAST_TYPE and np.ptp(weight) == 0:
        middle = ((weight.shape[1] - 1) / 2, (len(weight) - 1) / 2)
        label = {"facecolor": palette.KERNEL_PALE, "edgecolor": "none"}
        words = f"all {number(weight[0, 0])}"
        ax.text(*middle, words, ha="center", va="center", bbox=label)
    style.bare(ax)


@styled
def moved(before, after, seen_before, seen_after, shift: int, patch) -> Picture:
    """A picture (H, W) and a kernel's answer to it, before and after it moved.

    Both pictures are in [0, 1]; answers are shown with gray for 0. What stands at
    column j in ``before`` stands at column j - ``shift`` in ``after``. ``patch``, the
    (row, column) of a corner in ``before``, is outlined in all four. Raises ValueError
    when shapes differ or the outlined patch leaves a picture.
    """
    pictures = [as_array(p, n, 2) for p, n in ((before, "before"), (after, "after"))]
    answers = [as_array(seen_before, "seen_before", 2)]
    answers += [as_array(seen_after, "seen_after", 2)]
    for pair in (pictures, answers):
        if pair[0].shape != pair[1].shape:
            raise ValueError(f"shapes differ: {pair[0].shape} and {pair[1].shape}")
    side = min(answers[0].shape) // 4
    row, column = as_pair(patch, "patch", 0)
    left, right = sorted((column, column - shift))
    height, width = answers[0].shape
    if left < 0 or right + side > width or row + side > height:
        raise ValueError(
            f"patch {tuple(patch)}, {side} pixels wide and moved by {shift}, leaves "
            f"the {height}×{width} pixels of the answer"
        )
    tall = style.WIDEST * height / width
    fig, axes = style.axes(2, 2, (style.WIDEST, tall + 0.8))
    largest = max(abs(answer).max() for answer in answers) or 1
    shown = [*pictures, *(0.5 + answer / (2 * largest) for answer in answers)]
    titles = ["before", f"after: moved by {shift} pixels"]
    titles += ["the kernel's answer", "the answer moved along"]
    corners = 2 * [column, column - shift]
    for ax, image, title, x in zip(axes.flat, shown, titles, corners, strict=True):
        show(ax, image, title)
        look = {"fill": False, "edgecolor": palette.WINDOW, "linewidth": 4}
        ax.add_patch(Rectangle((x, row), side, side, **look))
    return style.picture(
        fig,
        f"A picture before and after everything in it moved by {shift} pixels to the "
        f"{'left' if shift > 0 else 'right'}, and below each a kernel's answer to it. "
        "An outlined patch shows the same thing in all four: the answer moved along.",
        photo=True,
    )
