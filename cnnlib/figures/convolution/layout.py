"""Where the arrays of a convolution or a pooling stand in their picture."""

from __future__ import annotations

from collections.abc import Sequence

from cnnlib.drawing import palette
from cnnlib.drawing.style import TIMES_KERNEL
from cnnlib.drawing.svg import GAP, TYPE, Canvas, cell_size
from cnnlib.figures.convolution.arithmetic import Convolution, Pooling, by
from cnnlib.figures.convolution.sliding import Point, Stage

LABEL = 42  # room above an array for its name
BESIDE = 12  # between the slices of one kernel
POOL_GAP = 190  # between a pooling's input and output: an arrow with words


def label(canvas: Canvas, corner: Point, width: float, name: str, ink: str) -> None:
    """An array's name above it."""
    canvas.text(corner[0] + width / 2, corner[1] - 18, name, TYPE - 1, ink)


def output_cells(canvas: Canvas, corner: Point, values, cell, moving: bool) -> None:
    """The output; when it will be filled step by step, first pale on white."""
    fill = palette.PAPER if moving else palette.OUTPUT_PALE
    ink = palette.MUTED if moving else palette.INK
    canvas.cells(*corner, values, cell, fill, palette.OUTPUT, ink)


def _stacked(height: float, each: float, count: int) -> list[float]:
    """Tops of ``count`` things of one height, stacked in the middle of ``height``."""
    total = count * each + (count - 1) * LABEL
    return [(height - total) / 2 + n * (each + LABEL) for n in range(count)]


def convolution_stage(canvas: Canvas, problem: Convolution, moving: bool) -> Stage:
    """Draw input * kernel = output and say where everything stands.

    Input channels stand one above the other. With one output channel each has its
    kernel slice beside it; with several, each output channel is a row of its own.
    """
    sliding, (outs, ins, h, w) = problem.sliding, problem.weight.shape
    padded = zip(sliding.size, sliding.padding, strict=True)
    rows, columns = (n + 2 * p for n, p in padded)
    out_rows, out_columns = sliding.output_size
    abreast = 1 if outs == 1 else ins
    fixed = 4 * GAP + (abreast - 1) * BESIDE
    cell = cell_size(columns + abreast * w + out_columns, fixed)

    tall = cell * (max(rows, h) if outs == 1 else rows)
    row = cell * (out_rows if outs == 1 else max(h, out_rows))
    height = max(n * each + (n - 1) * LABEL for n, each in ((ins, tall), (outs, row)))
    left, right = _stacked(height, tall, ins), _stacked(height, row, outs)
    x_kernel = columns * cell + 2 * GAP
    x_output = x_kernel + abreast * w * cell + (abreast - 1) * BESIDE + 2 * GAP
    if outs == 1:
        kernels = [[(x_kernel, y + (tall - h * cell) / 2) for y in left]]
    else:
        each = [x_kernel + c * (w * cell + BESIDE) for c in range(ins)]
        kernels = [[(x, y + (row - h * cell) / 2) for x in each] for y in right]
    outputs = [(x_output, y + (row - out_rows * cell) / 2) for y in right]

    inputs = _draw_inputs(canvas, problem, left, tall, cell)
    _draw_kernels(canvas, problem, kernels, cell)
    _draw_outputs(canvas, problem, outputs, cell, moving)
    for y in left if outs == 1 else right:
        middle = y + (tall if outs == 1 else row) / 2
        canvas.text(x_kernel - GAP, middle, TIMES_KERNEL, 36)
    for x, y in outputs:
        canvas.text(x - GAP, y + out_rows * cell / 2, "=", 36)
    foot = canvas.box[3] + 30
    return Stage(
        sliding, cell, inputs, kernels, outputs, problem.weight, problem.output, foot
    )


def _draw_inputs(
    canvas: Canvas, problem: Convolution, tops: Sequence[float], tall: float, cell
) -> list[Point]:
    """The input channels at the left; returns their corners without padding."""
    (rows, columns), (down, right) = problem.sliding.size, problem.sliding.padding
    corners = []
    for c, (image, y) in enumerate(zip(problem.input, tops, strict=True)):
        corner = (0.0, y + (tall - (rows + 2 * down) * cell) / 2)
        inner = (corner[0] + right * cell, corner[1] + down * cell)
        canvas.padded_cells(*inner, image, (down, right), cell)
        name = problem.names[0]
        name += f" channel {c}" if len(problem.input) > 1 else f" {by(image)}"
        label(canvas, corner, (columns + 2 * right) * cell, name, palette.INPUT_INK)
        corners.append(inner)
    return corners


def _draw_kernels(canvas: Canvas, problem: Convolution, corners, cell: float) -> None:
    outs, ins, h, w = problem.weight.shape
    for o in range(outs):
        for c in range(ins):
            colors = (palette.KERNEL_PALE, palette.KERNEL)
            canvas.cells(*corners[o][c], problem.weight[o, c], cell, *colors)
            if outs == 1:
                name = problem.names[1]
                name += f" channel {c}" if ins > 1 else f" {h}×{w}"
                label(canvas, corners[0][c], w * cell, name, palette.KERNEL_INK)
        if outs > 1:
            width = ins * w * cell + (ins - 1) * BESIDE
            label(canvas, corners[o][0], width, f"kernel {o}", palette.KERNEL_INK)


def _draw_outputs(
    canvas: Canvas, problem: Convolution, corners, cell: float, moving: bool
) -> None:
    for o, (values, corner) in enumerate(zip(problem.output, corners, strict=True)):
        output_cells(canvas, corner, values, cell, moving)
        name = problem.names[2]
        name += f" channel {o}" if len(problem.output) > 1 else f" {by(values)}"
        label(canvas, corner, values.shape[1] * cell, name, palette.OUTPUT_INK)


def pooling_stage(canvas: Canvas, problem: Pooling, moving: bool) -> Stage:
    """Draw input, an arrow with the pooling's name, and output."""
    sliding, pad = problem.sliding, problem.sliding.padding
    rows, columns = (n + 2 * p for n, p in zip(sliding.size, pad, strict=True))
    out_rows, out_columns = sliding.output_size
    cell = cell_size(columns + out_columns, POOL_GAP)
    height = max(rows, out_rows) * cell
    corner = (0.0, (height - rows * cell) / 2)
    inner = (corner[0] + pad[1] * cell, corner[1] + pad[0] * cell)
    # A maximum must never be won by padding, so it counts as minus infinity there.
    filler = "\u2212∞" if problem.kind == "max" else "0"
    canvas.padded_cells(*inner, problem.input, pad, cell, filler)
    name = f"input {by(problem.input)}"
    label(canvas, corner, columns * cell, name, palette.INPUT_INK)

    right, middle = columns * cell, height / 2
    output = (right + POOL_GAP, (height - out_rows * cell) / 2)
    output_cells(canvas, output, problem.output, cell, moving)
    name = f"output {out_rows}×{out_columns}"
    label(canvas, output, out_columns * cell, name, palette.OUTPUT_INK)

    window = f"{sliding.kernel_size[0]}×{sliding.kernel_size[1]}"
    canvas.text(right + POOL_GAP / 2, middle - 38, window)
    canvas.text(right + POOL_GAP / 2, middle - 14, f"{problem.kind} pool")
    canvas.arrow(right + 30, middle + 10, right + POOL_GAP - 30, middle + 10)
    foot, result = canvas.box[3] + 30, problem.output[None]
    return Stage(sliding, cell, [inner], [], [output], None, result, foot)
