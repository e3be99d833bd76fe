"""Arrays with their numbers: a matrix, an equation of arrays, a convolution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cnnlib.drawing import palette
from cnnlib.drawing.format import number
from cnnlib.drawing.picture import Picture
from cnnlib.drawing.svg import GAP, Canvas, cell_size
from cnnlib.figures.convolution.arithmetic import (
    Convolution,
    as_array,
    by,
    in_sum,
    listed,
    told,
)
from cnnlib.figures.convolution.layout import convolution_stage, label
from cnnlib.figures.convolution.sliding import (
    Frame,
    Words,
    columns_below,
    play,
    wrapped,
)

ROLES = {
    "input": (palette.INPUT_PALE, palette.INPUT, palette.INPUT_INK),
    "kernel": (palette.KERNEL_PALE, palette.KERNEL, palette.KERNEL_INK),
    "output": (palette.OUTPUT_PALE, palette.OUTPUT, palette.OUTPUT_INK),
    "plain": (palette.PAPER, palette.MUTED, palette.INK),
}


def role_colors(role: str) -> tuple[str, str, str]:
    """Fill, edge and ink of a role; ValueError when there is no such role."""
    if role not in ROLES:
        raise ValueError(f"role is {role!r}, expected one of {', '.join(ROLES)}")
    return ROLES[role]


def matrix(values, role: str = "input", title: str = "", marked=None) -> Picture:
    """A matrix (H, W) or a vector (W,) with its numbers in cells.

    ``role`` ("input", "kernel", "output" or "plain") gives the color. ``marked``, a
    boolean array of the same shape, says which cells get a heavy frame, as wrong ones
    do. Raises ValueError for other shapes.
    """
    titles = (title,) if title else None
    return equation(values, roles=(role,), titles=titles, marked=(marked,))


def equation(*parts, roles=None, titles=None, marked=None) -> Picture:
    """Arrays (H, W) or (W,) in a row with symbols between them: ``a, "*", b, "=", c``.

    Strings are symbols, everything else is an array. ``roles`` and ``titles`` name one
    role and one title an array; by default input, kernel, output and the shapes.
    Raises ValueError for no array, other shapes, and roles or titles that do not fit.
    """
    arrays = [as_array(p, "an array", 1, 2) for p in parts if not isinstance(p, str)]
    if not arrays:
        raise ValueError("equation needs at least one array")
    roles = _for_each(roles, arrays, "roles", ("input", "kernel", "output"))
    titles = _for_each(titles, arrays, "titles", [""] * len(arrays))
    spoken_of = arrays
    arrays = [array if array.ndim == 2 else array[None] for array in arrays]
    canvas, spoken = Canvas(), []
    symbols = [part for part in parts if isinstance(part, str)]
    cell = cell_size(sum(a.shape[1] for a in arrays), 2 * GAP * len(symbols))
    height, x, n = max(len(a) for a in arrays) * cell, 0.0, 0
    for part in parts:
        if isinstance(part, str):
            canvas.text(x + GAP, height / 2, part, 36)
            x, spoken = x + 2 * GAP, [*spoken, part]
            continue
        array, (fill, edge, ink) = arrays[n], role_colors(roles[n])
        corner = (x, (height - len(array) * cell) / 2)
        # In a large table of zeros and ones, only the ones are seen at a glance.
        table = array.size > 36 and set(array.ravel().tolist()) == {0, 1}
        faded = ("0",) if table else ()
        canvas.cells(*corner, array, cell, fill, edge, faded=faded)
        name = titles[n] or f"{roles[n]} {by(array)}"
        label(canvas, corner, array.shape[1] * cell, name, ink)
        spoken.append(f"{titles[n] or roles[n]} {listed(spoken_of[n], 49)}")
        if marked and marked[n] is not None:
            spoken[-1] += _mark(canvas, corner, array, marked[n], cell)
        x, n = x + array.shape[1] * cell, n + 1
    return canvas.picture(" ".join(spoken))


def _mark(canvas: Canvas, corner, array, marked, cell: float) -> str:
    """Frame the marked cells; how many there are, in words."""
    marked = np.asarray(marked, dtype=bool)
    if marked.size != array.size:
        raise ValueError(f"marked has shape {marked.shape}, expected {array.shape}")
    marked = marked.reshape(array.shape)
    for i, j in np.argwhere(marked):
        at = corner[0] + j * cell + 3, corner[1] + i * cell + 3
        size = cell - 6, cell - 6
        canvas.rect(*at, *size, "none", palette.WINDOW, stroke_width=5)
    return f", {marked.sum()} of its cells marked" if marked.any() else ""


def _for_each(given, arrays, name: str, usual) -> list:
    chosen = list(usual)[: len(arrays)] if given is None else list(given)
    chosen += ["plain"] * (len(arrays) - len(chosen)) if given is None else []
    if len(chosen) != len(arrays):
        raise ValueError(f"{name} has {len(chosen)} entries for {len(arrays)} arrays")
    return chosen


def convolution(input, kernel, stride=1, padding=0, dilation=1, at=(0, 0)) -> Picture:
    """Input * kernel = output, with one window outlined and its sum written out.

    ``input`` is (H, W) or (C, H, W), ``kernel`` (h, w), (C, h, w) or (O, C, h, w), as
    for ``conv2d`` without its batch; ``at`` is the output cell (row, column) or
    (channel, row, column) to explain. Raises ValueError when shapes do not fit.
    """
    problem = Convolution.of(input, kernel, stride, padding, dilation)
    place = checked_place(problem, at)
    where = f"Output {place[1:]}"
    if len(problem.output) > 1:
        where = f"Output channel {place[0]} at {place[1:]}"
    alt = f"{described(problem)} {where}: {problem.sentence(*place)}."
    return show_convolution(problem, [place], alt)


def checked_place(problem: Convolution, at) -> tuple[int, int, int]:
    """``at`` as (channel, row, column) of the output; ValueError when outside."""
    at = tuple(at)
    o, rest = (0, at) if len(at) == 2 else (at[0], at[1:])
    if not 0 <= o < len(problem.output):
        raise ValueError(f"at is {at}, but there are {len(problem.output)} channels")
    return (o, *problem.sliding.check(rest))


def described(problem: Convolution) -> str:
    """The arrays and settings of a convolution in a sentence."""
    image, kernel, out = problem.input, problem.weight, problem.output
    channels = f"of {len(image)} channels " if len(image) > 1 else ""
    given, name, result = problem.names
    kernels = f"{len(out)} {name}s" if len(out) > 1 else f"a {name}"
    parts = [told(part[0] if len(part) == 1 else part) for part in (image, out)]
    if len(kernel) == 1:
        kernel = kernel[0, 0] if kernel.shape[1] == 1 else kernel[0]
    return (
        f"Convolution{problem.sliding.words()}: {given} {channels}{parts[0]} "
        f"with {kernels} of {told(kernel)} gives {result} {parts[1]}."
    )


def show_convolution(problem: Convolution, places, alt: str, seconds: float = 2):
    """The Picture of a convolution at one place (o, i, j), or moving over several."""
    canvas = Canvas()
    stage = convolution_stage(canvas, problem, moving=len(places) > 1)
    columns = columns_below(canvas)
    frames = [Frame(place, _sum_lines(problem, place, columns)) for place in places]
    return play(canvas, stage, frames, seconds).picture(alt)


def _sum_lines(problem: Convolution, place, columns: int) -> list[Words]:
    """The running sum of one output cell; a line for each input channel."""
    o, i, j = place
    lines, partial = [], []
    for c in range(len(problem.input)):
        terms = problem.terms(o, i, j, c)
        partial.append(sum(term.value * term.weight for term in terms))
        words: Words = [("", f"channel {c}: ")] if len(problem.input) > 1 else []
        for n, term in enumerate(terms):
            value, weight = str(term).split("×")
            words += [("", " + ")] if n else []
            words += [("x", value), ("", "×"), ("k", weight)]
        words += [("", " = "), ("y", number(partial[-1]))]
        lines += wrapped(words, columns)
    if len(partial) > 1:
        added = " + ".join(map(in_sum, partial))
        result = number(float(problem.output[o, i, j]))
        lines += wrapped([("", f"sum: {added} = "), ("y", result)], columns)
    return lines


def animate_convolution(
    input,
    kernel,
    stride=1,
    padding=0,
    dilation=1,
    *,
    names: tuple[str, str, str] = ("input", "kernel", "output"),
    seconds: float = 2,
) -> Picture:
    """The window slides over the input, and each output cell's sum is written out.

    ``input`` is (H, W) or (C, H, W), ``kernel`` (h, w), (C, h, w) or (O, C, h, w), as
    for ``conv2d`` without its batch. ``names`` say what the three are, where they are
    something else, such as gradients. Each output cell is shown for ``seconds``. Raises
    ValueError when shapes do not fit or the output has more than 150 cells.
    """
    problem = Convolution.of(input, kernel, stride, padding, dilation)
    problem = replace(problem, names=tuple(names))
    places = list(np.ndindex(*problem.output.shape))
    alt = (
        f"Animation, the window moves from output cell to output cell. "
        f"{described(problem)} The first: {problem.sentence(*places[0])}."
    )
    return show_convolution(problem, places, alt, seconds)
