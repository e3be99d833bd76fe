"""The weights of a dense layer beside those of a convolution."""

from __future__ import annotations

from cnnlib.drawing import palette, style
from cnnlib.drawing.format import memory
from cnnlib.drawing.picture import Picture
from cnnlib.drawing.svg import TYPE, Canvas
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
        ((f"{dense:,}", 34), ("weights", 26), (f"{memory(4 * dense)} in float32", 22))
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
        ((f"{few:,}", 34), ("weights", 26), (f"{memory(4 * few)} in float32", 22))
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
        f"({memory(4 * dense)} in float32), a large square; {hidden} kernels of "
        f"{kernel_size}×{kernel_size} have {few:,} ({memory(4 * few)}), a dot: "
        f"{dense / few:,.0f} times fewer."
    )


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
