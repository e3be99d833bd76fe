"""Shapes: where a window goes with padding, stride and dilation, and what comes out."""

from __future__ import annotations

from collections.abc import Sequence

from cnnlib.drawing import palette
from cnnlib.drawing.picture import Picture
from cnnlib.drawing.svg import FITS, TYPE, Canvas
from cnnlib.figures.convolution.arithmetic import Sliding
from cnnlib.figures.convolution.layout import label
from cnnlib.figures.convolution.sliding import OUTLINE
from cnnlib.functional import output_size

SETTINGS = (
    {"n": 5, "k": 3},
    {"n": 5, "k": 3, "p": 1},
    {"n": 5, "k": 3, "s": 2},
    {"n": 7, "k": 3, "d": 2},
)


def padding_and_stride(*settings: dict) -> Picture:
    """Small grids side by side, one a setting: where the window goes, what comes out.

    A setting is a dict of the input's size ``n`` and the kernel's size ``k``, with
    ``p`` (padding on each side), ``s`` (stride) and ``d`` (dilation) where they differ
    from 0, 1 and 1. The first two windows of the first row are outlined. Raises
    ValueError for other keys and for windows that do not fit.
    """
    chosen = [_setting(**given) for given in settings or SETTINGS]
    canvas, gap = Canvas(), 56
    padded = [one.size[0] + 2 * one.padding[0] for one in chosen]
    cell = min(40, (FITS - gap * (len(chosen) - 1)) / sum(padded))
    tallest, x, told = max(padded) * cell, 0.0, []
    for one, cells in zip(chosen, padded, strict=True):
        width = cells * cell
        _draw_setting(canvas, one, x, tallest, cell)
        out, name = one.output_size[0], _short_name(one)
        out_top, out_left = tallest + 62, x + (width - out * cell) / 2
        canvas.arrow(x + width / 2, tallest + 16, x + width / 2, tallest + 50)
        blank = [[""] * out] * out
        canvas.cells(
            out_left, out_top, blank, cell, palette.OUTPUT_PALE, palette.OUTPUT
        )
        label(canvas, (x, -24), width, name[0], palette.INK)
        label(canvas, (x, 0), width, name[1], palette.INK)
        below = out_top + out * cell
        canvas.text(x + width / 2, below + 24, f"{out}×{out}", TYPE, palette.OUTPUT_INK)
        told.append(f"{', '.join(name)} gives {out}×{out}")
        x += width + gap
    return canvas.picture(f"Output sizes: {'; '.join(told)}.")


def _setting(n: int, k: int, p: int = 0, s: int = 1, d: int = 1) -> Sliding:
    return Sliding((n, n), (k, k), (s, s), (p, p), (d, d))


def _short_name(one: Sliding) -> tuple[str, str]:
    """Two short lines: the sizes n and k, and how the window slides."""
    second = f"p={one.padding[0]} s={one.stride[0]}"
    if one.dilation[0] > 1:
        second += f" d={one.dilation[0]}"
    return f"n={one.size[0]} k={one.kernel_size[0]}", second


def _draw_setting(canvas: Canvas, one: Sliding, x: float, tallest: float, cell: float):
    n, p = one.size[0], one.padding[0]
    y = tallest - (n + 2 * p) * cell
    inner = (x + p * cell, y + p * cell)
    canvas.padded_cells(*inner, [[""] * n] * n, one.padding, cell, "")
    taps = one.taps(0, 0)
    for row, column in taps:
        at = (inner[0] + column * cell, inner[1] + row * cell)
        canvas.rect(
            *at, cell, cell, palette.KERNEL_PALE, palette.KERNEL, stroke_width=2
        )
    reach = one.reach[0] * cell
    for j in range(min(2, one.output_size[1])):
        row, column = one.corner(0, j)
        dash = {"stroke_dasharray": "7 6"} if j else {}
        at = (inner[0] + column * cell, inner[1] + row * cell)
        look = {"stroke": palette.WINDOW, "stroke_width": OUTLINE - j, "rx": 3}
        canvas.rect(*at, reach, reach, **look, **dash)


def output_sizes(
    n: int,
    kernel_sizes: Sequence[int] = range(1, 8),
    strides: Sequence[int] = range(1, 5),
    padding: int = 0,
    dilation: int = 1,
) -> Picture:
    """A table of output sizes: a row for each kernel_size, a column for each stride.

    Where the window does not fit, the cell has a dash. Deeper green is larger.
    """
    sizes = [[_size(n, k, s, padding, dilation) for s in strides] for k in kernel_sizes]
    canvas, cell = Canvas(), 52.0
    for i, (k, row) in enumerate(zip(kernel_sizes, sizes, strict=True)):
        canvas.text(
            -30, (i + 0.5) * cell, k, fill=palette.KERNEL_INK, font_weight="bold"
        )
        for j, size in enumerate(row):
            fill = _shade((size or 0) / max(n, 1)) if size else palette.PAPER
            canvas.rect(j * cell, i * cell, cell, cell, fill, palette.OUTPUT)
            words = str(size) if size else "–"
            canvas.text((j + 0.5) * cell, (i + 0.5) * cell, words, 22)
    for j, s in enumerate(strides):
        canvas.text(
            (j + 0.5) * cell, -22, s, fill=palette.WINDOW_INK, font_weight="bold"
        )
    middle = len(strides) * cell / 2
    canvas.text(middle, -52, "stride", fill=palette.WINDOW_INK)
    turned = f"rotate(-90 -64 {len(sizes) * cell / 2})"
    canvas.rect(-76, 0, 0, 0)  # keeps room for the turned word
    canvas.text(
        -64,
        len(sizes) * cell / 2,
        "kernel_size",
        fill=palette.KERNEL_INK,
        transform=turned,
    )
    title = f"output size for n = {n}, padding = {padding}"
    title += f", dilation = {dilation}" if dilation != 1 else ""
    canvas.text(-76, -88, title, anchor="start")
    rows = "; ".join(
        f"kernel_size {k}: {', '.join(str(size or 'does not fit') for size in row)}"
        for k, row in zip(kernel_sizes, sizes, strict=True)
    )
    heads = ", ".join(str(s) for s in strides)
    return canvas.picture(f"Table, {title}, strides {heads}: {rows}.")


def _size(n: int, k: int, s: int, p: int, d: int) -> int | None:
    try:
        return output_size(n, k, s, p, d)
    except ValueError:
        return None


def _shade(share: float) -> str:
    """White to the output's green, pale enough for black numbers."""
    share = min(max(share, 0), 1) * 0.75
    green = [int(palette.OUTPUT[i : i + 2], 16) for i in (1, 3, 5)]
    mixed = [round(255 + (part - 255) * share) for part in green]
    return "#" + "".join(f"{part:02x}" for part in mixed)
