"""Pooling in numbers: one window, max beside average, and where its gradient goes."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from cnnlib.drawing import palette
from cnnlib.drawing.picture import Picture
from cnnlib.drawing.svg import Canvas, cell_size
from cnnlib.figures.convolution.arithmetic import (
    Pooling,
    by,
    listed,
    told,
)
from cnnlib.figures.convolution.layout import label, pooling_stage
from cnnlib.figures.convolution.sliding import Frame, columns_below, play, wrapped


def described(problem: Pooling) -> str:
    """The arrays and settings of a pooling in a sentence."""
    rows, columns = problem.sliding.kernel_size
    name = problem.kind.capitalize()
    return (
        f"{name} pooling with a {rows}×{columns} window{problem.sliding.words()}: "
        f"input {told(problem.input)} gives output {told(problem.output)}."
    )


def show_pooling(problem: Pooling, places, alt: str, seconds: float = 2) -> Picture:
    """The Picture of pooling at one place (i, j), or moving over several."""
    canvas = Canvas()
    stage = pooling_stage(canvas, problem, moving=len(places) > 1)
    frames = []
    for i, j in places:
        left, result = problem.sentence(i, j).rsplit(" = ", 1)
        words = [
            ("x", f" {word}" if n else word) for n, word in enumerate(left.split())
        ]
        lines = wrapped([*words, ("", " = "), ("y", result)], columns_below(canvas))
        frames.append(Frame((0, i, j), lines, _winners(problem, i, j)))
    return play(canvas, stage, frames, seconds).picture(alt)


def _winners(problem: Pooling, i: int, j: int) -> list[tuple[int, int]]:
    """The cell that gives a window its maximum (the first, as in PyTorch)."""
    if problem.kind != "max":
        return []
    taps = [tap for tap in problem.sliding.taps(i, j) if problem.sliding.inside(tap)]
    return [max(taps, key=lambda tap: problem.input[tap])]


def max_beside_average(input, kernel_size=2, stride=None) -> Picture:
    """The same matrix (H, W) pooled by maximum and by average, one above the other.

    Raises ValueError if no window fits.
    """
    pools = [Pooling.of(input, kernel_size, stride, 0, kind) for kind in KINDS]
    image, out = pools[0].input, pools[0].output
    canvas, gap = Canvas(), 150
    cell = cell_size(image.shape[1] + out.shape[1], gap)
    height = max(len(image), 2 * len(out) + 1) * cell
    corner = (0.0, (height - len(image) * cell) / 2)
    canvas.cells(*corner, image, cell)
    places = _windows(canvas, corner, pools[0], cell)
    label(
        canvas, corner, image.shape[1] * cell, f"input {by(image)}", palette.INPUT_INK
    )
    right = image.shape[1] * cell
    for pool, top in zip(pools, (0.0, height - len(out) * cell), strict=True):
        at, middle = (right + gap, top), top + len(out) * cell / 2
        canvas.cells(*at, pool.output, cell, palette.OUTPUT_PALE, palette.OUTPUT)
        if len(places) == 1:
            canvas.rect(*at, cell, cell, **OUTLINE)
        name = f"{pool.kind} {by(out)}"
        label(canvas, at, out.shape[1] * cell, name, palette.OUTPUT_INK)
        canvas.arrow(
            right + 24, height / 2 + (middle - height / 2) / 2, right + gap - 24, middle
        )
    results = " and ".join(f"{pool.kind} {listed(pool.output)}" for pool in pools)
    rows, columns = pools[0].sliding.kernel_size
    return canvas.picture(
        f"Pooling {listed(image)} with a {rows}×{columns} window"
        f"{pools[0].sliding.words()} gives {results}."
    )


KINDS = ("max", "average")
OUTLINE = {"stroke": palette.WINDOW, "stroke_width": 3.5, "rx": 2}


def _windows(canvas: Canvas, corner, pool: Pooling, cell: float) -> list:
    """Outline the windows on an input, or the first one where they overlap."""
    (rows, columns), (down, right) = pool.sliding.kernel_size, pool.sliding.stride
    places = [*np.ndindex(*pool.output.shape)]
    if down < rows or right < columns:
        places = places[:1]
    for i, j in places:
        x, y = corner[0] + j * right * cell, corner[1] + i * down * cell
        canvas.rect(x, y, columns * cell, rows * cell, **OUTLINE)
    return places


def gradient_routing(input, kernel_size=2, stride=None) -> Picture:
    """Where pooling sends the gradient: to each maximum, or evenly to all.

    ``input`` is (H, W); a gradient of 1 arrives at each cell of the output.
    Raises ValueError if no window fits.
    """
    pool = Pooling.of(input, kernel_size, stride)
    arriving = np.ones_like(pool.output)
    sent = {kind: _backward(pool, kind, arriving) for kind in KINDS}
    return _draw_routing(pool, arriving, sent)


def _backward(pool: Pooling, kind: str, arriving: np.ndarray) -> np.ndarray:
    image = torch.tensor(pool.input[None], requires_grad=True)
    function = F.max_pool2d if kind == "max" else F.avg_pool2d
    out = function(image, pool.sliding.kernel_size, pool.sliding.stride)
    out.backward(torch.tensor(arriving[None]))
    return image.grad[0].numpy()


def _draw_routing(pool: Pooling, arriving, sent: dict[str, np.ndarray]) -> Picture:
    """What each pooling sends back, under its input; between them what arrives."""
    canvas, image = Canvas(), pool.input
    rows, columns = image.shape
    width = arriving.shape[1]
    cell = min(48, cell_size(2 * columns + width, 240))
    between = max(width * cell, 150) + 2 * 60
    under = (rows + 1) * cell
    center = columns * cell + between / 2
    corner = (center - width * cell / 2, under + (rows - len(arriving)) * cell / 2)
    canvas.cells(*corner, arriving, cell, palette.OUTPUT_PALE, palette.OUTPUT)
    label(canvas, corner, width * cell, "gradient arriving", palette.OUTPUT_INK)
    middle = under + rows * cell / 2
    for (kind, values), side in zip(sent.items(), (-1, 1), strict=True):
        left = 0.0 if side < 0 else columns * cell + between
        canvas.cells(left, 0, image, cell)
        _windows(canvas, (left, 0), pool, cell)
        label(canvas, (left, 0), columns * cell, "input", palette.INPUT_INK)
        start = center + side * (width * cell / 2 + 14)
        canvas.arrow(start, middle, center + side * (between / 2 - 14), middle)
        canvas.cells(left, under, values, cell, palette.PAPER, palette.MUTED)
        for i, j in np.argwhere(values):
            x, y, one = left + j * cell, under + i * cell, [[values[i, j]]]
            canvas.cells(x, y, one, cell, palette.OUTPUT_PALE, palette.OUTPUT)
        _windows(canvas, (left, under), pool, cell)
        name = f"{kind} sends back"
        label(canvas, (left, under), columns * cell, name, palette.INK)
    spoken = "; ".join(
        f"{kind} pooling sends back {listed(v)}" for kind, v in sent.items()
    )
    return canvas.picture(
        f"Gradient {listed(arriving)} arrives at the output of pooling "
        f"{listed(image)}; {spoken}."
    )


def animate_pooling(
    input, kernel_size=2, stride=None, padding=0, kind="max", *, seconds: float = 2
) -> Picture:
    """The pooling window slides over a matrix (H, W), and each result is written out.

    ``kind`` is "max" or "average", ``stride`` the kernel's size when None. Raises
    ValueError as ``animate_convolution`` does.
    """
    problem = Pooling.of(input, kernel_size, stride, padding, kind)
    places = list(np.ndindex(*problem.output.shape))
    alt = (
        f"Animation, the window moves from output cell to output cell. "
        f"{described(problem)} The first: {problem.sentence(*places[0])}."
    )
    return show_pooling(problem, places, alt, seconds)
