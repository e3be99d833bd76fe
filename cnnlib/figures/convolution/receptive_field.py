"""The receptive field of one output cell: as rows of cells, and growing in motion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise, product
from typing import NamedTuple

from torch import Tensor

from cnnlib.drawing import palette
from cnnlib.drawing.format import listed, sizes
from cnnlib.drawing.motion import Film
from cnnlib.drawing.picture import Picture
from cnnlib.drawing.svg import FITS, TYPE, Canvas, text_width
from cnnlib.summary import Field

PHOTO = 420  # CSS pixels: the longer side of a photo
TALLEST = 430  # CSS pixels: a map, so that picture and words fit a projector
SMALLEST = 5  # CSS pixels: a cell that is still seen
EACH = 9  # up to so many cells show their windows one by one, else the corners'
Cell = tuple[int, int]


def fields(kernel_sizes: Sequence[int]) -> list[int]:
    """Sides of the receptive fields of one output cell, from the output down.

    The first is 1, the output cell itself; the last is what it sees of the input.
    Raises ValueError unless ``kernel_sizes`` are one or more whole numbers above 0.
    """
    if not kernel_sizes or any(not isinstance(k, int) or k < 1 for k in kernel_sizes):
        raise ValueError(
            "expected kernel_sizes to be whole numbers above 0, input to output, but "
            f"got {kernel_sizes!r}"
        )
    field, sides = Field(), [1]
    for k in reversed(kernel_sizes):
        field = field.through(k, stride=1)
        sides.append(field.size[0])
    return sides


def receptive_field(kernel_sizes: Sequence[int]) -> Picture:
    """What one output cell sees through a stack of layers, drawn along one dimension.

    ``kernel_sizes`` are those of convolutions with stride 1, from input to output.
    Raises ValueError as ``fields`` does.
    """
    sides = fields(kernel_sizes)
    downwards = list(reversed(kernel_sizes))
    cell = min(44.0, 560 / max(sides))
    canvas, apart = Canvas(), max(cell, 20) + 66
    for n, ((above, below), k) in enumerate(
        zip(pairwise(sides), downwards, strict=True)
    ):
        for index, tap in product(range(above), range(k)):
            x0 = (index + 0.5) * cell - above * cell / 2
            x1 = (index + tap + 0.5) * cell - below * cell / 2
            y0, y1 = n * apart + cell, (n + 1) * apart
            canvas.line(x0, y0, x1, y1, palette.KERNEL, 1.6)
    right = max(sides) * cell / 2 + 40
    for n, side in enumerate(sides):
        top, last = n * apart, n == len(sides) - 1
        look = (palette.OUTPUT_PALE, palette.OUTPUT)
        if last:
            look = (palette.INPUT_PALE, palette.INPUT)
        for index in range(side):
            left = index * cell - side * cell / 2
            canvas.rect(left, top, cell, cell, *look, stroke_width=1.5)
        if n:
            k, middle = downwards[n - 1], top - (apart - cell) / 2
            canvas.text(right, middle, f"{k}×{k}", TYPE, palette.KERNEL_INK, "start")
            words = f"sees {side}×{side}"
            canvas.text(right, top + cell / 2, words, TYPE, anchor="start")
    canvas.text(right, cell / 2, "one output cell", TYPE, palette.OUTPUT_INK, "start")
    bottom = (len(sides) - 1) * apart + cell + 24
    canvas.text(0, bottom, f"input, {sides[-1]} wide", TYPE, palette.INPUT_INK)
    return canvas.picture(
        "Receptive field of one output cell, from the output down: through "
        f"{_told(downwards, sides)}. It sees {sides[-1]}×{sides[-1]} cells of the "
        "input."
    )


def _told(downwards, sides) -> str:
    return ", ".join(
        f"{k}×{k} (sees {side}×{side})"
        for k, side in zip(downwards, sides[1:], strict=True)
    )


def animate_receptive_field(
    kernel_sizes: Sequence[int], *, seconds: float = 1.2
) -> Picture:
    """What one output cell sees grows, window by window, back to the input.

    ``kernel_sizes`` are those of convolutions with stride 1, from input to output.
    Cells carry the number of paths on which they reach the output, where it fits.
    Raises ValueError as ``fields`` does, and for fields too large to draw.
    """
    sides = fields(kernel_sizes)
    downwards = list(reversed(kernel_sizes))
    steps = _steps(sides, downwards)
    canvas = Canvas()
    stage = _Stage(canvas, sides, downwards)
    film = Film(canvas, 2 + len(steps), seconds, "give fewer layers")
    stage.draw(film, steps)
    return film.picture(
        f"Animation: the receptive field of one output cell grows from the output back "
        f"to the input, through {_told(downwards, sides)}. It sees "
        f"{sides[-1]}×{sides[-1]} cells of the input."
    )


def animate_field_on_photo(image: Tensor, summary, *, seconds: float = 1.2) -> Picture:
    """What a unit of each layer sees of a photo, layer by layer, from first to last.

    ``image`` is uint8 (3, H, W), ``summary`` what ``summarize`` returns for a network
    on images of that size. Shown are the layers that see more than the one before; the
    unit is the one in the middle. Raises ValueError where no layer has a field.
    """
    seen: dict[tuple[int, int], str] = {}
    count = Counter()
    for row in summary.rows:
        kind = next((k for k in ("conv", "pool") if k in row.kind.lower()), row.name)
        count[kind] += 1
        field = row.receptive_field or (1, 1)
        field = field if isinstance(field, tuple) else (field, field)
        if field > max(seen, default=(1, 1)):
            seen[field] = f"{kind} {count[kind]}"
    if not seen:
        raise ValueError("expected summary to have a layer with a receptive field")
    (_, height, width), canvas = image.shape, Canvas()
    scale = PHOTO / max(height, width)
    canvas.image(0, 0, image.permute(1, 2, 0).numpy(), scale * width, scale * height)
    fields = [*seen]
    film = Film(canvas, len(fields) + 1, seconds, "give a network of fewer layers")
    shown = [fields, *([field] for field in fields)]
    for n, windows in enumerate(shown):
        with canvas.group(**film.only(n)):
            for high, wide in windows:
                high, wide = min(high, height), min(wide, width)
                at = scale * (width - wide) / 2, scale * (height - high) / 2
                look = {"stroke": palette.WINDOW, "stroke_width": 3}
                canvas.rect(*at, scale * wide, scale * high, **look)
            last = windows[-1]
            words = (
                f"{seen[last]} sees {sizes(last)} of {sizes((height, width))} pixels"
            )
            canvas.text(0, scale * height + 30, words, TYPE, anchor="start")
    told = listed([f"{name} {sizes(field)}" for field, name in seen.items()])
    return film.picture(
        f"Animation: what a unit of each layer of {summary.model} sees of a photo of "
        f"{sizes((height, width))} pixels, a window that grows: {told}."
    )


def _window(cell: Cell, k: int) -> list[Cell]:
    """The cells of the map below that ``cell`` reads, row by row."""
    return [(cell[0] + i, cell[1] + j) for i, j in product(range(k), range(k))]


def _paths(downwards) -> list[Counter]:
    """On how many paths each cell reaches the output cell, for each map."""
    maps = [Counter({(0, 0): 1})]
    for k in downwards:
        below: Counter = Counter()
        for cell, count in maps[-1].items():
            for read in _window(cell, k):
                below[read] += count
        maps.append(below)
    return maps


class _Step(NamedTuple):
    """The ``cell`` of map n and what it reads; what is new in the map below then."""

    n: int
    cell: Cell
    reads: list[Cell]
    lit: set[Cell]
    counts: dict[Cell, int]  # the paths found so far, where they have changed


def _steps(sides, downwards) -> list[_Step]:
    """Every window of every map in turn; of a large map those in its corners."""
    steps, paths = [], _paths(downwards)
    for n, k in enumerate(downwards):
        side, dark = sides[n], set(product(range(sides[n + 1]), repeat=2))
        visited = [*product(range(side), repeat=2)]
        if few := len(visited) > EACH:
            visited = [*product((0, side - 1), repeat=2)]
        found: Counter = Counter()
        for cell in visited:
            reads, last = _window(cell, k), cell == visited[-1]
            lit = dark if last else dark & set(reads)
            dark = dark - lit
            found.update({read: paths[n][cell] for read in reads})
            counts = {read: found[read] for read in reads}
            if few:  # the windows between are passed over, so nothing adds up
                counts = dict(paths[n + 1]) if last else {}
            steps.append(_Step(n, cell, reads, lit, counts))
    return steps


class _Stage:
    """Where the maps stand: the input at the left, the output at the right."""

    def __init__(self, canvas: Canvas, sides: list[int], downwards: list[int]):
        self.canvas, self.sides, self.downwards = canvas, sides, downwards
        self.gap = max(text_width(f"{k}×{k}", TYPE) for k in downwards) + 30
        # One more cell on every side says that the map goes on.
        columns = sum(side + 2 for side in sides)
        rows = max(sides) + 2
        room = FITS - self.gap * len(downwards)
        self.cell = min(46.0, room / columns, TALLEST / rows)
        if self.cell < SMALLEST:
            raise ValueError(
                f"expected kernel_sizes to see fewer cells than {sides[-1]} by "
                f"{sides[-1]}, which are too many to draw"
            )
        self.middle, self.foot = rows * self.cell / 2, rows * self.cell
        self.lefts, x = {}, 0.0
        for n in range(len(sides) - 1, -1, -1):
            self.lefts[n] = x
            x += (sides[n] + 2) * self.cell + self.gap

    def corner(self, n: int, cell: Cell = (0, 0)) -> tuple[float, float]:
        """The upper left corner of a cell of the n-th map, in pixels."""
        top = self.middle - (self.sides[n] + 2) * self.cell / 2
        row, column = (place + 1 for place in cell)
        return self.lefts[n] + column * self.cell, top + row * self.cell

    def look(self, n: int) -> tuple[str, str, str]:
        if n == len(self.sides) - 1:
            return palette.INPUT_PALE, palette.INPUT, palette.INPUT_INK
        return palette.OUTPUT_PALE, palette.OUTPUT, palette.OUTPUT_INK

    def draw(self, film: Film, steps) -> None:
        """All maps, then what each step lights, outlines and says."""
        for n in range(len(self.sides)):
            self._paper(n)
        for n, k in enumerate(self.downwards):
            self._between(n, k)
        self._lit(0, {(0, 0)})
        for at, step in enumerate(steps, 2):
            with self.canvas.group(**film.since(at)):
                self._lit(step.n + 1, step.lit)
        self._counts(film, steps)
        for at, (n, *_) in enumerate(steps, 2):
            if at == 2 or steps[at - 3][0] < n:  # the first step of a map
                with self.canvas.group(**film.since(at)):
                    self._size(n + 1)
        self._size(0)
        self._scenes(film, steps)

    def _scenes(self, film: Film, steps) -> None:
        """What is seen in one step only: outlines, the lines between them, words."""
        last, foot = len(self.sides) - 1, self.foot + 76
        path = " → ".join(f"{side}×{side}" for side in self.sides)
        with self.canvas.group(**film.only(0)):
            for n in range(last):
                self._fan(n, (0, 0), self.sides[n], self.sides[n + 1])
            self._outline(last, (0, 0), self.sides[last])
            self._say(
                foot, f"From the output back: {path}.", "One output cell depends on "
                f"{self.sides[last]}×{self.sides[last]} cells of the input.",
            )  # fmt: skip
        with self.canvas.group(**film.only(1)):
            self._outline(0, (0, 0), 1)
            self._say(foot, "One output cell. What does it depend on?")
        for at, (n, cell, reads, *_) in enumerate(steps, 2):
            k, side = self.downwards[n], self.sides[n + 1]
            whose = "The output cell" if n == 0 else "Each of these cells"
            with self.canvas.group(**film.only(at)):
                self._fan(n, cell, 1, k, reads[0])
                self._outline(n, cell, 1)
                self._outline(n + 1, reads[0], k)
                self._say(
                    foot, f"{whose} reads {k}×{k} cells of the map before.",
                    f"Together they see {side}×{side}." if n else "",
                )  # fmt: skip

    def _paper(self, n: int) -> None:
        """The map's empty cells, and one more on every side."""
        rows = columns = self.sides[n] + 2
        x, y = self.corner(n, (-1, -1))
        right, bottom = x + columns * self.cell, y + rows * self.cell
        look = {"stroke": palette.FAINT, "stroke_width": 1}
        for row in range(rows + 1):
            self.canvas.line(x, y + row * self.cell, right, y + row * self.cell, **look)
        for column in range(columns + 1):
            at = x + column * self.cell
            self.canvas.line(at, y, at, bottom, **look)
        name = {0: "output", len(self.sides) - 1: "input"}.get(n, "")
        if name:
            self.canvas.text((x + right) / 2, y - 20, name, TYPE, self.look(n)[2])

    def _between(self, n: int, k: int) -> None:
        """The layer's name at the head, where no line from map to map crosses it."""
        x = self.corner(n, (-1, -1))[0] - self.gap / 2
        y = min(0.0, self.middle - 60) - 20
        self.canvas.text(x, y, f"{k}×{k}", TYPE, palette.KERNEL_INK)

    def _lit(self, n: int, cells) -> None:
        """Cells in their map's color."""
        pale, edge, _ = self.look(n)
        with self.canvas.group(fill=pale, stroke=edge, stroke_width=1.5):
            for cell in sorted(cells):
                at = self.corner(n, cell)
                self.canvas.rect(*at, self.cell, self.cell, fill=None)

    def _counts(self, film: Film, steps: list[_Step]) -> None:
        """In each cell the paths found so far, where the final numbers fit."""
        changes: dict[tuple[int, Cell], list[tuple[int, int]]] = {}
        for at, step in enumerate(steps, 2):
            for cell, count in step.counts.items():
                changes.setdefault((step.n + 1, cell), []).append((at, count))
        largest = {}
        for (n, _), course in changes.items():
            largest[n] = max(largest.get(n, 0), course[-1][1])
        for (n, cell), course in sorted(changes.items()):
            size = min(0.42, 1.3 / len(str(largest[n]))) * self.cell
            if size < 11:
                continue
            x, y = self.corner(n, cell)
            place = {"x": x + self.cell / 2, "y": y + self.cell / 2 + 0.36 * size}
            look = {"font_size": size, "text_anchor": "middle"}
            for (at, count), after in zip(course, [*course[1:], None], strict=True):
                seen = film.since(at) if after is None else film.between(at, after[0])
                self.canvas.add("text", str(count), **place, **look, **seen)

    def _size(self, n: int) -> None:
        x, _ = self.corner(n, (0, 0))
        middle = x + self.sides[n] * self.cell / 2
        bottom = self.corner(n, (self.sides[n] + 1, 0))[1]
        words = f"{self.sides[n]}×{self.sides[n]}"
        self.canvas.text(
            middle, bottom + 24, words, 24, self.look(n)[2], font_weight="bold"
        )

    def _outline(self, n: int, cell: Cell, side: int) -> None:
        x, y = self.corner(n, cell)
        look = {"stroke": palette.WINDOW, "stroke_width": 4, "rx": 3}
        self.canvas.rect(x, y, side * self.cell, side * self.cell, **look)

    def _fan(self, n: int, cell: Cell, side: int, read: int, at: Cell = (0, 0)):
        """Two lines, from what is computed to the ``read``×``read`` cells it reads."""
        x1, y1 = self.corner(n, cell)
        x0, y0 = self.corner(n + 1, at)
        x0 += read * self.cell
        look = {"stroke": palette.KERNEL, "stroke_width": 2.5}
        self.canvas.line(x1, y1, x0, y0, **look)
        ends = y1 + side * self.cell, y0 + read * self.cell
        self.canvas.line(x1, ends[0], x0, ends[1], **look)

    def _say(self, y: float, *lines: str) -> None:
        for n, words in enumerate(filter(None, lines)):
            self.canvas.text(0, y + n * 30, words, TYPE, anchor="start")
