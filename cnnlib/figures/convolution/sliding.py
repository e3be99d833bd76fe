"""A window sliding over arrays: one drawing for the still picture and the animation.

A Stage says where the arrays stand; frames say what the window reads at each stop. One
frame gives a still picture, several give one that moves. The motion is CSS inside the
SVG, so it needs no script and stops for readers who ask for reduced motion; the first
frame then stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np

from cnnlib.drawing import palette
from cnnlib.drawing.format import number
from cnnlib.drawing.motion import Film
from cnnlib.drawing.svg import TYPE, Canvas, number_size, text_width
from cnnlib.figures.convolution.arithmetic import Sliding

OUTLINE = 4.5  # width of the window's outline
Point = tuple[float, float]
Words = list[tuple[str, str]]  # (role, text): role "x", "k", "y" or "" for plain

_ROLES = {"x": palette.INPUT_INK, "k": palette.KERNEL_INK, "y": palette.OUTPUT_INK}


@dataclass(frozen=True)
class Frame:
    """One stop of the window: the output cell, the sum in words, cells to mark."""

    place: tuple[int, int, int]
    lines: list[Words]
    marked: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True)
class Stage:
    """Where things stand: corners of the inputs (without padding) and outputs."""

    sliding: Sliding
    cell: float
    inputs: list[Point]
    kernels: list[list[Point]]
    outputs: list[Point]
    weight: np.ndarray | None
    output: np.ndarray
    foot: float  # where the words below begin

    def window_at(self, channel: int, i: int, j: int) -> Point:
        """The window's upper left corner on an input channel, in pixels."""
        row, column = self.sliding.corner(i, j)
        x, y = self.inputs[channel]
        return x + column * self.cell, y + row * self.cell

    def output_at(self, o: int, i: int, j: int) -> Point:
        """The upper left corner of an output cell, in pixels."""
        x, y = self.outputs[o]
        return x + j * self.cell, y + i * self.cell


def columns_below(canvas: Canvas) -> int:
    """How many characters a line of words below may have."""
    width = max(canvas.box[2] - canvas.box[0], 640)
    return int(width / text_width("0", TYPE))


def wrapped(words: Words, columns: int) -> list[Words]:
    """Break words into lines before a "+" or "=" where they grow too long."""
    lines, length = [[]], 0
    for n, (role, text) in enumerate(words):
        breaks = text.startswith(" ") and length > 0
        ahead = "".join(word for _, word in words[n : n + 4])
        if breaks and length + len(ahead) > columns:
            lines.append([])
            length, text = 0, text.lstrip()
        lines[-1].append((role, text))
        length += len(text)
    return lines


def play(canvas: Canvas, stage: Stage, frames: list[Frame], seconds: float) -> Film:
    """Draw the frames over the stage: the only one, or all of them moving."""
    canvas.css.append(_role_css())
    advice = "take a smaller input, a larger stride or fewer channels"
    film = Film(canvas, len(frames), seconds, advice)
    for n, frame in enumerate(frames):
        with canvas.group(**film.only(n)):
            _marks(canvas, stage, frame)
    _windows(canvas, stage, frames, film)
    for n, frame in enumerate(frames):
        o, i, j = frame.place
        fills = (palette.OUTPUT_PALE, palette.OUTPUT)
        value = stage.output[o, i, j]
        at = stage.output_at(o, i, j)
        size = number_size(stage.output[o], stage.cell)
        with canvas.group(**film.from_then_on(n), font_weight="bold"):
            canvas.cells(*at, [[value]], stage.cell, *fills, size=size)
    cells = [stage.output_at(*frame.place) for frame in frames]
    with canvas.group(**film.gliding("v", _moves(cells))):
        _outline(canvas, *cells[0], stage.cell, stage.cell)
    for n, frame in enumerate(frames):
        with canvas.group(**film.only(n)):
            _write(canvas, frame.lines, stage.foot)
    return film


def _moves(points: list[Point]) -> list[str]:
    """From the first of the points to each in turn, as CSS transforms."""
    x0, y0 = points[0]
    return [f"translate({x - x0:g}px,{y - y0:g}px)" for x, y in points]


def _marks(canvas: Canvas, stage: Stage, frame: Frame) -> None:
    x, y = stage.inputs[0]
    for row, column in frame.marked:
        at = (x + column * stage.cell, y + row * stage.cell)
        inner = stage.cell - 8
        canvas.rect(
            at[0] + 4,
            at[1] + 4,
            inner,
            inner,
            stroke=palette.OUTPUT,
            stroke_width=4,
            rx=inner / 2,
        )


def _windows(canvas: Canvas, stage: Stage, frames: list[Frame], film: Film) -> None:
    windows = [stage.window_at(0, *frame.place[1:]) for frame in frames]
    gliding = film.gliding("w", _moves(windows))
    outputs = sorted({frame.place[0] for frame in frames})
    for channel in range(len(stage.inputs)):
        corner = stage.window_at(channel, *frames[0].place[1:])
        with canvas.group(**gliding):
            _window(canvas, stage, corner)
            for n, o in enumerate(outputs):
                with canvas.group(**film.part(n, len(outputs))):
                    _small_weights(canvas, stage, corner, o, channel)
    if stage.weight is None or stage.weight.shape[0] == 1:
        return
    h, w = stage.sliding.kernel_size
    look = {"stroke": palette.KERNEL_INK, "stroke_width": OUTLINE}
    for n, o in enumerate(outputs):  # which kernel is at work
        with canvas.group(**film.part(n, len(outputs))):
            for corner in stage.kernels[o]:
                canvas.rect(*corner, w * stage.cell, h * stage.cell, **look)


def _outline(canvas: Canvas, x, y, width, height, **more) -> None:
    canvas.rect(
        x,
        y,
        width,
        height,
        stroke=palette.WINDOW,
        stroke_width=OUTLINE,
        rx=3,
        **more,
    )


def _window(canvas: Canvas, stage: Stage, corner: Point) -> None:
    """The outline of what is read: one frame, or one a cell when it is dilated."""
    rows, columns = stage.sliding.reach
    size = (columns * stage.cell, rows * stage.cell)
    if stage.sliding.dilation == (1, 1):
        _outline(canvas, *corner, *size)
        return
    canvas.rect(
        *corner, *size, stroke=palette.WINDOW, stroke_dasharray="3 6", stroke_width=2
    )
    for row, column in _offsets(stage.sliding):
        at = (corner[0] + column * stage.cell, corner[1] + row * stage.cell)
        _outline(canvas, *at, stage.cell, stage.cell)


def _offsets(sliding: Sliding) -> list[tuple[int, int]]:
    top, left = sliding.corner(0, 0)
    return [(row - top, column - left) for row, column in sliding.taps(0, 0)]


def _small_weights(canvas: Canvas, stage: Stage, corner: Point, o: int, channel: int):
    """The kernel's weights in the corners of the cells that they multiply."""
    if stage.weight is None:
        return
    weights = stage.weight[o, channel].ravel()
    longest = max(len(number(float(weight))) for weight in weights) + 1
    if stage.cell < 50 or text_width("0" * longest, 16) > stage.cell - 12:
        return
    with canvas.group(font_size=16, text_anchor="end", fill=palette.KERNEL_INK):
        for (row, column), weight in zip(_offsets(stage.sliding), weights, strict=True):
            x = corner[0] + (column + 1) * stage.cell - 5
            y = corner[1] + (row + 1) * stage.cell - 6
            canvas.add("text", f"×{number(float(weight))}", x=float(x), y=float(y))


def _write(canvas: Canvas, lines: list[Words], foot: float) -> None:
    left = canvas.box[0]
    for n, words in enumerate(lines):
        markup = "".join(
            f'<tspan class="{role}">{escape(text)}</tspan>' if role else escape(text)
            for role, text in words
        )
        plain = "".join(text for _, text in words)
        canvas.rich(left, foot + n * 1.6 * TYPE, markup, plain, TYPE, anchor="start")


def _role_css() -> str:
    css = "".join(f".{role}{{fill:{ink}}}" for role, ink in _ROLES.items())
    return css + ".y{font-weight:bold}tspan{white-space:pre}"
