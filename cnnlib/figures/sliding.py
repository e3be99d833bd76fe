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

from cnnlib.figures import style
from cnnlib.figures.style import number
from cnnlib.figures.sums import Convolution, Pooling, Sliding, by
from cnnlib.figures.svg import GAP, TYPE, Canvas, cell_size, text_width

LABEL = 42  # room above an array for its name
OUTLINE = 4.5  # width of the window's outline
MOST_FRAMES = 150  # a longer animation is neither watched nor small
Point = tuple[float, float]
Words = list[tuple[str, str]]  # (role, text): role "x", "k", "y" or "" for plain

_ROLES = {"x": style.INPUT_INK, "k": style.KERNEL_INK, "y": style.OUTPUT_INK}


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


def show_convolution(problem: Convolution, places, alt: str, seconds: float = 2):
    """The Picture of a convolution at one place (o, i, j), or moving over several."""
    canvas = Canvas()
    stage = _stage_convolution(canvas, problem, moving=len(places) > 1)
    columns = _columns(canvas)
    frames = [Frame(place, _sum_lines(problem, place, columns)) for place in places]
    _play(canvas, stage, frames, seconds)
    return canvas.picture(alt)


def show_pooling(problem: Pooling, places, alt: str, seconds: float = 2):
    """The Picture of pooling at one place (i, j), or moving over several."""
    canvas = Canvas()
    stage = _stage_pooling(canvas, problem, moving=len(places) > 1)
    frames = []
    for i, j in places:
        left, result = problem.sentence(i, j).rsplit(" = ", 1)
        words = [("x", left), ("", " = "), ("y", result)]
        lines = _wrapped(words, _columns(canvas))
        frames.append(Frame((0, i, j), lines, _winners(problem, i, j)))
    _play(canvas, stage, frames, seconds)
    return canvas.picture(alt)


def padded_input(canvas: Canvas, x: float, y: float, image, padding, cell: float):
    """An input in its color with its padding around it as dashed cells of zeros."""
    rows, columns = image.shape
    for i in range(-padding[0], rows + padding[0]):
        for j in range(-padding[1], columns + padding[1]):
            if 0 <= i < rows and 0 <= j < columns:
                continue
            at = (x + j * cell, y + i * cell)
            canvas.rect(*at, cell, cell, stroke=style.MUTED, stroke_dasharray="4 4")
            middle = (at[0] + cell / 2, at[1] + cell / 2)
            canvas.text(*middle, "0", 0.36 * cell, style.MUTED)
    canvas.cells(x, y, image, cell)


def _columns(canvas: Canvas) -> int:
    """How many characters a line of words below may have."""
    width = max(canvas.box[2] - canvas.box[0], 640)
    return int(width / text_width("0", TYPE))


def _stage_convolution(canvas: Canvas, problem: Convolution, moving: bool) -> Stage:
    sliding, (O, C, h, w) = problem.sliding, problem.weight.shape
    rows, columns = (
        n + 2 * p for n, p in zip(sliding.size, sliding.padding, strict=True)
    )
    out_rows, out_columns = sliding.output_size
    beside = 1 if O == 1 else C  # kernel slices that stand side by side
    cell = cell_size(columns + beside * w + out_columns, 4 * GAP + (beside - 1) * 12)

    tall = max(rows, h) * cell if O == 1 else rows * cell
    left_height = C * tall + (C - 1) * LABEL
    row = max(h, out_rows) * cell
    right_height = out_rows * cell if O == 1 else O * row + (O - 1) * LABEL
    height = max(left_height, right_height)

    left = [(height - left_height) / 2 + c * (tall + LABEL) for c in range(C)]
    x_kernel = columns * cell + 2 * GAP
    x_output = x_kernel + beside * w * cell + (beside - 1) * 12 + 2 * GAP
    if O == 1:
        kernels = [[(x_kernel, y + (tall - h * cell) / 2) for y in left]]
        outputs = [(x_output, (height - right_height) / 2)]
    else:
        right = [(height - right_height) / 2 + o * (row + LABEL) for o in range(O)]
        kernels = [
            [
                (x_kernel + c * (w * cell + 12), y + (row - h * cell) / 2)
                for c in range(C)
            ]
            for y in right
        ]
        outputs = [(x_output, y + (row - out_rows * cell) / 2) for y in right]

    corners = [(0.0, y + (tall - rows * cell) / 2) for y in left]
    inner = (sliding.padding[1] * cell, sliding.padding[0] * cell)
    inputs = [(x + inner[0], y + inner[1]) for x, y in corners]
    for c, image in enumerate(problem.input):
        padded_input(canvas, *inputs[c], image, sliding.padding, cell)
        name = f"input {by(image)}" if C == 1 else f"input channel {c}"
        _label(canvas, corners[c], columns * cell, name, style.INPUT_INK)
    for o in range(O):
        for c in range(C):
            fills = (style.KERNEL_PALE, style.KERNEL)
            canvas.cells(*kernels[o][c], problem.weight[o, c], cell, *fills)
            many = C > 1 or O > 1
            name = f"kernel {h}×{w}" if not many else f"kernel [{o}, {c}]"
            _label(canvas, kernels[o][c], w * cell, name, style.KERNEL_INK)
        _output_cells(canvas, outputs[o], problem.output[o], cell, moving)
        name = f"output {out_rows}×{out_columns}" if O == 1 else f"output channel {o}"
        _label(canvas, outputs[o], out_columns * cell, name, style.OUTPUT_INK)
        middle = outputs[o][1] + out_rows * cell / 2
        canvas.text(x_output - GAP, middle, "=", 36)
        if O > 1:
            canvas.text(x_kernel - GAP, middle, "∗", 36)
    if O == 1:
        for y in left:
            canvas.text(x_kernel - GAP, y + tall / 2, "∗", 36)
    return Stage(
        sliding,
        cell,
        inputs,
        kernels,
        outputs,
        problem.weight,
        problem.output,
        canvas.box[3] + 30,
    )


def _stage_pooling(canvas: Canvas, problem: Pooling, moving: bool) -> Stage:
    sliding, pad = problem.sliding, problem.sliding.padding
    rows, columns = (n + 2 * p for n, p in zip(sliding.size, pad, strict=True))
    out_rows, out_columns = sliding.output_size
    between = 190
    cell = cell_size(columns + out_columns, between)
    height = max(rows, out_rows) * cell
    corner = (0.0, (height - rows * cell) / 2)
    x, y = corner[0] + pad[1] * cell, corner[1] + pad[0] * cell
    padded_input(canvas, x, y, problem.input, pad, cell)
    _label(
        canvas, corner, columns * cell, f"input {by(problem.input)}", style.INPUT_INK
    )

    output = (columns * cell + between, (height - out_rows * cell) / 2)
    _output_cells(canvas, output, problem.output, cell, moving)
    name = f"output {out_rows}×{out_columns}"
    _label(canvas, output, out_columns * cell, name, style.OUTPUT_INK)

    x0, middle = columns * cell, height / 2
    window = f"{sliding.kernel_size[0]}×{sliding.kernel_size[1]}"
    canvas.text(x0 + between / 2, middle - 38, window, TYPE)
    canvas.text(x0 + between / 2, middle - 14, f"{problem.kind} pool", TYPE)
    canvas.arrow(x0 + 30, middle + 10, x0 + between - 30, middle + 10)
    return Stage(
        sliding,
        cell,
        [(x, y)],
        [],
        [output],
        None,
        problem.output[None],
        canvas.box[3] + 30,
    )


def _label(canvas: Canvas, corner: Point, width: float, name: str, ink: str) -> None:
    canvas.text(corner[0] + width / 2, corner[1] - 18, name, TYPE - 1, ink)


def _output_cells(canvas: Canvas, corner: Point, values, cell, moving: bool) -> None:
    """The output; when it will be filled step by step, first pale on white."""
    fill = style.PAPER if moving else style.OUTPUT_PALE
    ink = style.MUTED if moving else style.INK
    canvas.cells(*corner, values, cell, fill, style.OUTPUT, ink)


def _sum_lines(problem: Convolution, place, columns: int) -> list[Words]:
    """The running sum of one output cell; a line for each input channel."""
    o, i, j = place
    lines, partial = [], []
    for c in range(len(problem.input)):
        terms = problem.terms(o, i, j, c)
        partial.append(sum(term.value * term.weight for term in terms))
        words: Words = []
        for n, term in enumerate(terms):
            words.append(("", " + " if n else ""))
            words += [("x", number(term.value)), ("", "×")]
            words.append(("k", str(term).split("×", 1)[1]))
        words += [("", " = "), ("y", number(partial[-1]))]
        if len(problem.input) > 1:
            words.insert(0, ("", f"channel {c}: "))
        lines += _wrapped(words, columns)
    if len(partial) > 1:
        added = " + ".join(
            f"({number(part)})" if part < 0 else number(part) for part in partial
        )
        result = number(float(problem.output[o, i, j]))
        lines += _wrapped([("", f"sum: {added} = "), ("y", result)], columns)
    return lines


def _wrapped(words: Words, columns: int) -> list[Words]:
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


def _winners(problem: Pooling, i: int, j: int) -> list[tuple[int, int]]:
    """The cell that gives a window its maximum (the first, as in PyTorch)."""
    if problem.kind != "max":
        return []
    taps = [t for t in problem.sliding.taps(i, j) if problem.sliding.inside(t)]
    return [max(taps, key=lambda tap: problem.input[tap])]


def _play(canvas: Canvas, stage: Stage, frames: list[Frame], seconds: float) -> None:
    """Draw the frames over the stage: the only one, or all of them moving."""
    if len(frames) > MOST_FRAMES:
        raise ValueError(
            f"the animation would have {len(frames)} steps, more than {MOST_FRAMES}: "
            "take a smaller input, a larger stride or fewer channels"
        )
    canvas.css.append(_role_css())
    if len(frames) > 1:
        _add_css(canvas, stage, frames, seconds)
    moving = len(frames) > 1
    for n, frame in enumerate(frames):
        with canvas.group(**_timed("f", n, len(frames), seconds)):
            _marks(canvas, stage, frame)
    _windows(canvas, stage, frames, seconds)
    for n, frame in enumerate(frames):
        o, i, j = frame.place
        timed = {"class_": f"o{n}"} if moving and n else {}
        fills = (style.OUTPUT_PALE, style.OUTPUT)
        value = stage.output[o, i, j]
        at = stage.output_at(o, i, j)
        with canvas.group(**timed):
            canvas.cells(*at, [[value]], stage.cell, *fills, font_weight="bold")
    with canvas.group(**({"class_": "v"} if moving else {})):
        at = stage.output_at(*frames[0].place)
        _outline(canvas, *at, stage.cell, stage.cell)
    for n, frame in enumerate(frames):
        with canvas.group(**_timed("f", n, len(frames), seconds)):
            _write(canvas, frame.lines, stage.foot)


def _timed(name: str, n: int, count: int, seconds: float) -> dict[str, str]:
    """Attributes of what is seen in the n-th of ``count`` steps only."""
    if count == 1:
        return {}
    # A negative delay starts the common animation in the middle, at its own phase.
    delay = (n - count) * seconds if n else 0
    timed = {"class_": name if n == 0 else f"{name} h"}
    return timed | ({"style": f"animation-delay:{delay:g}s"} if n else {})


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
            stroke=style.OUTPUT,
            stroke_width=4,
            rx=inner / 2,
        )


def _windows(canvas: Canvas, stage: Stage, frames: list[Frame], seconds: float):
    moving = len(frames) > 1
    first = frames[0].place
    outputs = sorted({frame.place[0] for frame in frames})
    for channel in range(len(stage.inputs)):
        corner = stage.window_at(channel, *first[1:])
        with canvas.group(**({"class_": "w"} if moving else {})):
            _window(canvas, stage, corner)
            for n, o in enumerate(outputs):
                timed = (
                    _timed("g", n, len(outputs), _per_output(frames, seconds))
                    if len(outputs) > 1
                    else {}
                )
                with canvas.group(**timed):
                    _small_weights(canvas, stage, corner, o, channel)
    if stage.weight is None or stage.weight.shape[0] == 1:
        return
    for n, o in enumerate(outputs):  # which kernel is at work
        timed = (
            _timed("g", n, len(outputs), _per_output(frames, seconds))
            if len(outputs) > 1
            else {}
        )
        h, w = stage.sliding.kernel_size
        with canvas.group(**timed):
            for corner in stage.kernels[o]:
                size = (w * stage.cell, h * stage.cell)
                canvas.rect(
                    *corner, *size, stroke=style.KERNEL_INK, stroke_width=OUTLINE
                )


def _per_output(frames: list[Frame], seconds: float) -> float:
    """Seconds for which one output channel is at work."""
    outputs = len({frame.place[0] for frame in frames})
    return seconds * len(frames) / outputs


def _outline(canvas: Canvas, x, y, width, height, **more) -> None:
    canvas.rect(
        x,
        y,
        width,
        height,
        stroke=style.WINDOW,
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
        *corner, *size, stroke=style.WINDOW, stroke_dasharray="3 6", stroke_width=2
    )
    for row, column in _offsets(stage.sliding):
        at = (corner[0] + column * stage.cell, corner[1] + row * stage.cell)
        _outline(canvas, *at, stage.cell, stage.cell)


def _offsets(sliding: Sliding) -> list[tuple[int, int]]:
    top, left = sliding.corner(0, 0)
    return [(row - top, column - left) for row, column in sliding.taps(0, 0)]


def _small_weights(canvas: Canvas, stage: Stage, corner: Point, o: int, channel: int):
    """The kernel's weights in the corners of the cells that they multiply."""
    if stage.weight is None or stage.cell < 50:
        return
    weights = stage.weight[o, channel].ravel()
    with canvas.group(font_size=16, text_anchor="end", fill=style.KERNEL_INK):
        for (row, column), weight in zip(_offsets(stage.sliding), weights, strict=True):
            x = corner[0] + (column + 1) * stage.cell - 5
            y = corner[1] + (row + 1) * stage.cell - 6
            canvas._add("text", f"×{number(float(weight))}", x=float(x), y=float(y))


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


def _add_css(canvas: Canvas, stage: Stage, frames: list[Frame], seconds: float):
    """Keyframes: w and v slide, f and g show one step at a time, o<n> stay shown."""
    count = len(frames)
    total = f"{count * seconds:g}s"

    def path(name: str, points: list[Point]) -> str:
        x0, y0 = points[0]
        steps = []
        for n, (x, y) in enumerate(points):
            shift = f"{{transform:translate({x - x0:g}px,{y - y0:g}px)}}"
            # Stand for most of the step, then glide to the next stop.
            steps.append(
                f"{100 * n / count:.2f}%,{100 * (n + 0.8) / count:.2f}%{shift}"
            )
        return f"@keyframes {name}{{{''.join(steps)}100%{{transform:none}}}}"

    windows = [stage.window_at(0, *frame.place[1:]) for frame in frames]
    cells = [stage.output_at(*frame.place) for frame in frames]
    outputs = len({frame.place[0] for frame in frames})

    def blink(name: str, parts: int) -> str:
        return (
            f"@keyframes {name}{{0%{{opacity:1}}{100 / parts:.3f}%,100%{{opacity:0}}}}"
        )

    canvas.css += [
        ".h{opacity:0}",
        path("w", windows),
        path("v", cells),
        blink("f", count),
        blink("g", outputs),
        f".w{{animation:w {total} infinite}}.v{{animation:v {total} infinite}}",
        f".f{{animation:f {total} step-end infinite}}",
        f".g{{animation:g {total} step-end infinite}}",
    ]
    for n in range(1, count):
        canvas.css.append(
            f"@keyframes o{n}{{0%{{opacity:0}}{100 * n / count:.2f}%,100%{{opacity:1}}}}"
            f".o{n}{{opacity:0;animation:o{n} {total} step-end infinite}}"
        )
    canvas.css.append(
        "@media(prefers-reduced-motion:reduce){*{animation:none!important}}"
    )
