"""A picture that moves, and a kernel's answer that moves along."""

from __future__ import annotations

from matplotlib.patches import Rectangle

from cnnlib.drawing import palette, style
from cnnlib.drawing.picture import Picture
from cnnlib.drawing.style import styled
from cnnlib.figures.images import show
from cnnlib.figures.sums import as_array, as_pair


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
