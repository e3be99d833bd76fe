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
    label(
        canvas, corner, image.shape[1] * cell, f"input {by(image)}", palette.INPUT_INK
    )
    right = image.shape[1] * cell
    for pool, top in zip(pools, (0.0, height - len(out) * cell), strict=True):
        at, middle = (right + gap, top), top + len(out) * cell / 2
        canvas.cells(*at, pool.output, cell, palette.OUTPUT_PALE, palette.OUTPUT)
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


def gradient_routing(input, kernel_size=2, stride=None) -> Picture:
    """Where pooling sends the gradient: to each maximum, or evenly to all.

    ``input`` is (H, W); a gradient of 1 arrives at each cell of the output.
    Raises ValueError if no window fits.
    """
    pool = Pooling.of(input, kernel_size, stride)
    arriving = np.ones_like(pool.output)
    sent = {kind: _backward(pool, kind, arriving) for kind in KINDS}
    return _draw_routing(pool.input, arriving, sent)


def _backward(pool: Pooling, kind: str, arriving: np.ndarray) -> np.ndarray:
    image = torch.tensor(pool.input[None], requires_grad=True)
    function = F.max_pool2d if kind == "max" else F.avg_pool2d
    out = function(image, pool.sliding.kernel_size, pool.sliding.stride)
    out.backward(torch.tensor(arriving[None]))
    return image.grad[0].numpy()


def _draw_routing(image, arriving, sent: dict[str, np.ndarray]) -> Picture:
    canvas, gap = Canvas(), 170
    rows, columns = image.shape
    cell = min(48, cell_size(2 * columns + arriving.shape[1], 1.5 * gap))
    height = (2 * rows + 1.2) * cell
    corner = (0.0, (height - rows * cell) / 2)
    canvas.cells(*corner, image, cell)
    label(canvas, corner, columns * cell, "input", palette.INPUT_INK)
    width = arriving.shape[1] * cell
    corner = (columns * cell + gap / 2, (height - len(arriving) * cell) / 2)
    canvas.cells(*corner, arriving, cell, palette.OUTPUT_PALE, palette.OUTPUT)
    words = "gradient arriving"
    label(canvas, corner, max(width, 130), words, palette.OUTPUT_INK)
    right, left = corner[0] + width, corner[0] + width + gap
    tops = (0.0, height - rows * cell)
    for (kind, values), top in zip(sent.items(), tops, strict=True):
        middle = top + rows * cell / 2
        start = height / 2 + (middle - height / 2) / 4
        canvas.arrow(right + 64, start, left - 24, middle)
        canvas.cells(left, top, values, cell, palette.PAPER, palette.MUTED)
        for i, j in np.argwhere(values):
            x, y, one = left + j * cell, top + i * cell, [[values[i, j]]]
            canvas.cells(x, y, one, cell, palette.OUTPUT_PALE, palette.OUTPUT)
        name = f"{kind} sends back"
        label(canvas, (left, top), columns * cell, name, palette.INK)
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
