"""Which cells are joined, and by how many weights: dense layers beside convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from cnnlib.drawing import palette, style
from cnnlib.drawing.picture import Picture
from cnnlib.drawing.svg import TYPE, Canvas
from cnnlib.figures.windows import windows
from cnnlib.functional import output_size


def dense_versus_convolution(
    height: int = 3000,
    width: int = 4000,
    channels: int = 3,
    hidden: int = 100,
    kernel_size: int = 3,
) -> Picture:
    """The weights of one dense layer beside one convolution's, as areas to scale.

    The defaults are the lecture's first slide: a photo of 12 megapixels in RGB, 100
    hidden neurons, and as many kernels. Weights are counted without biases, 4 bytes
    each (float32).
    """
    dense = height * width * channels * hidden
    few = channels * kernel_size**2 * hidden
    canvas, side = Canvas(), 400.0
    dot = side * (few / dense) ** 0.5
    canvas.rect(0, 0, side, side, palette.INPUT_PALE, palette.INPUT, stroke_width=2)
    canvas.text(side / 2, -24, "dense layer", 24, palette.INPUT_INK)
    for line, (words, size) in enumerate(
        ((f"{dense:,}", 34), ("weights", 26), (f"{_bytes(4 * dense)} in float32", 22))
    ):
        canvas.text(side / 2, side / 2 - 44 + 44 * line, words, size)
    x = side + 190
    canvas.text(x, -24, "convolution", 24, palette.KERNEL_INK)
    seen = max(dot, 4)
    middle = side / 2 + 60
    canvas.rect(x - seen / 2, middle - seen / 2, seen, seen, palette.KERNEL_INK)
    ring = {"stroke": palette.WINDOW, "stroke_width": 3, "rx": 24 + seen / 2}
    canvas.rect(x - 24 - seen / 2, middle - 24 - seen / 2, 48 + seen, 48 + seen, **ring)
    for line, (words, size) in enumerate(
        ((f"{few:,}", 34), ("weights", 26), (f"{_bytes(4 * few)} in float32", 22))
    ):
        canvas.text(x, 56 + 44 * line, words, size)
    if dot < seen:
        canvas.text(x, middle + 62, "the dot is drawn")
        canvas.text(x, middle + 90, f"{(seen / dot) ** 2:,.0f} times too large")
    foot = (
        f"one layer on a {width:,}×{height:,} photo with {channels} channels: "
        f"{hidden} outputs"
    )
    canvas.text(0, side + 36, foot, TYPE, anchor="start")
    return canvas.picture(
        f"Two areas to scale. A dense layer from a {width:,}×{height:,} photo with "
        f"{channels} channels to {hidden} neurons has {dense:,} weights "
        f"({_bytes(4 * dense)} in float32), a large square; {hidden} kernels of "
        f"{kernel_size}×{kernel_size} have {few:,} ({_bytes(4 * few)}), a dot: "
        f"{dense / few:,.0f} times fewer."
    )


def _bytes(n: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if n < 1000 or unit == "GB":
            break
        n /= 1000
    return f"{n:.3g} {unit}"


def receptive_field(layers, names: Sequence[str] | None = None) -> Picture:
    """What one output cell sees through a stack of layers, drawn along one dimension.

    ``layers`` from input to output: a model of convolutions and poolings, or modules,
    kernel sizes, (kernel_size, stride) or (kernel_size, stride, dilation). Of windows
    that are not square the columns count. ``names`` replaces the layers' labels.
    """
    stack = windows(layers, names)
    steps = [(w.kernel_size[1], w.stride[1], w.dilation[1]) for w in stack]
    names = names or [window.words for window in stack]
    seen = [[0]]  # the cells of each row that matter, from the output down
    for k, s, d in reversed(steps):
        below = {cell * s + tap * d for cell in seen[-1] for tap in range(k)}
        seen.append(sorted(below))
    widths = [row[-1] + 1 for row in seen]
    cell = min(44.0, 560 / max(widths))
    canvas, apart = Canvas(), max(cell, 20) + 66
    _fans(canvas, seen, list(reversed(steps)), cell, apart)
    tops = [n * apart for n in range(len(seen))]
    for n, (row, top) in enumerate(zip(seen, tops, strict=True)):
        last = n == len(seen) - 1
        look = (
            (palette.INPUT_PALE, palette.INPUT)
            if last
            else (palette.OUTPUT_PALE, palette.OUTPUT)
        )
        for index in row:
            left = index * cell - widths[n] * cell / 2
            canvas.rect(left, top, cell, cell, *look, stroke_width=1.5)
        if n:
            field = row[-1] - row[0] + 1
            middle = top - (apart - cell) / 2
            right = max(widths) * cell / 2 + 40
            canvas.text(right, middle, names[-n], TYPE, palette.KERNEL_INK, "start")
            canvas.text(
                right, top + cell / 2, f"sees {field}×{field}", TYPE, anchor="start"
            )
    right = max(widths) * cell / 2 + 40
    canvas.text(right, cell / 2, "one output cell", TYPE, palette.OUTPUT_INK, "start")
    canvas.text(
        0, tops[-1] + cell + 24, f"input, {widths[-1]} wide", TYPE, palette.INPUT_INK
    )
    told = ", ".join(
        f"{name} (sees {row[-1] - row[0] + 1}×{row[-1] - row[0] + 1})"
        for name, row in zip(reversed(names), seen[1:], strict=True)
    )
    return canvas.picture(
        f"Receptive field of one output cell, from the output down: through {told}. "
        f"It sees {widths[-1]}×{widths[-1]} cells of the input."
    )


def _fans(canvas: Canvas, seen, steps, cell: float, apart: float) -> None:
    """Lines from each cell to the cells below that it reads."""
    for n, ((above, below), (k, s, d)) in enumerate(
        zip(pairwise(seen), steps, strict=True)
    ):
        shift = [(row[-1] + 1) * cell / 2 for row in (above, below)]
        for index in above:
            for tap in range(k):
                x0 = (index + 0.5) * cell - shift[0]
                x1 = (index * s + tap * d + 0.5) * cell - shift[1]
                y0, y1 = n * apart + cell, (n + 1) * apart
                canvas.line(x0, y0, x1, y1, palette.KERNEL, 1.6)


def weight_sharing(n: int = 6, kernel_size: int = 3) -> Picture:
    """A dense layer beside a convolution, both on ``n`` cells: which weights are equal.

    Every line is a weight. In the convolution lines of one color and dash are the same
    weight, used again at each position.
    """
    outs = output_size(n, kernel_size)
    canvas, cell, apart = Canvas(), 52.0, 190.0
    span, colors = n * cell, [one["color"] for one in style.series(kernel_size)]
    dashes = [None, "9 5", "3 4", "12 4 3 4", "6 3", "2 3", "9 2"]
    for side, x in enumerate((0.0, span + 110)):
        left = x + (n - outs) * cell / 2
        for o in range(outs):
            taps = range(o, o + kernel_size) if side else range(n)
            for i in taps:
                tap = i - o
                look = {"stroke": palette.MUTED, "stroke_width": 1.4}
                if side:
                    dash = dashes[tap % len(dashes)]
                    look = {"stroke": colors[tap], "stroke_width": 3.5}
                    look |= {"stroke_dasharray": dash} if dash else {}
                ends = (x + (i + 0.5) * cell, apart, left + (o + 0.5) * cell, cell)
                canvas.line(*ends, **look)
        blank = [[""] * outs], [[""] * n]
        canvas.cells(left, 0, blank[0], cell, palette.OUTPUT_PALE, palette.OUTPUT)
        canvas.cells(x, apart, blank[1], cell)
        name = "convolution" if side else "dense layer"
        canvas.text(x + span / 2, -24, name, 22)
        count = kernel_size if side else n * outs
        words = f"{count} weights" + (f", each used {outs} times" if side else "")
        canvas.text(x + span / 2, apart + cell + 28, words, TYPE)
    return canvas.picture(
        f"{n} input cells and {outs} output cells twice. Dense layer: every output is "
        f"joined to every input, {n * outs} weights. Convolution with kernel_size "
        f"{kernel_size}: every output is joined to {kernel_size} neighbors, with the "
        f"same {kernel_size} weights used {outs} times."
    )
