"""A receptive field that grows, layer by layer, from one output cell to the input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import product

from cnnlib.drawing import palette
from cnnlib.drawing.motion import Film
from cnnlib.drawing.picture import Picture
from cnnlib.drawing.svg import FITS, TYPE, Canvas, text_width
from cnnlib.figures.windows import Window, windows

TALLEST = 430  # CSS pixels: a map, so that picture and words fit a projector
SMALLEST = 5  # CSS pixels: a cell that is still seen
EACH = 9  # up to so many cells show their windows one by one, else the corners'
Cell = tuple[int, int]


class Level:
    """One map of the stack: the cells that the output cell depends on.

    ``ways`` counts for each cell on how many ways it reaches the output cell; cells
    are (row, column), the first one (0, 0).
    """

    def __init__(self, ways: Counter):
        self.ways = ways
        self.size = tuple(1 + max(place) for place in zip(*ways, strict=True))

    def below(self, window: Window) -> Level:
        """The map that this one is computed from."""
        ways: Counter = Counter()
        for cell, count in self.ways.items():
            for read in window.reads(cell):
                ways[read] += count
        return Level(ways)

    def visited(self) -> list[Cell]:
        """The cells whose windows are shown: all of few, the corners of many."""
        if len(self.ways) <= EACH:
            return sorted(self.ways)
        rows, columns = ((0, n - 1) if n > 1 else (0,) for n in self.size)
        return [*product(rows, columns)]

    @property
    def words(self) -> str:
        return "×".join(map(str, self.size))


def animate_receptive_field(
    layers, names: Sequence[str] | None = None, *, seconds: float = 1.2
) -> Picture:
    """What one output cell sees grows, window by window, back to the input.

    ``layers`` from input to output: a model of convolutions and poolings (or a part of
    one), or a sequence of modules, kernel sizes, (kernel_size, stride) or (kernel_size,
    stride, dilation); each of these may be a pair (rows, columns). Cells carry the
    number of ways on which they reach the output where it fits. ``names`` replaces the
    layers' labels. Raises ValueError for a layer without a window that sees the whole
    map (dense, adaptive pooling) and for fields too large to draw.
    """
    stack = windows(layers, names)
    levels = [Level(Counter([(0, 0)]))]
    for window in reversed(stack):
        levels.append(levels[-1].below(window))
    steps = _steps(levels, stack)
    sizes = [level.words for level in levels]
    canvas = Canvas()
    stage = _Stage(canvas, levels, stack)
    advice = "give fewer layers"
    film = Film(canvas, 2 + len(steps), seconds, advice)
    stage.draw(film, steps)
    through = ", ".join(
        f"{window.words} (sees {size})"
        for window, size in zip(reversed(stack), sizes[1:], strict=True)
    )
    return canvas.picture(
        f"Animation: the receptive field of one output cell grows from the output back "
        f"to the input, through {through}. It sees {sizes[-1]} cells of the input."
    )


def _steps(levels, stack) -> list[tuple[int, Cell, list[Cell], set[Cell]]]:
    """(level, cell, the cells that it reads, those lit from then on) of every step."""
    steps = []
    for n, window in enumerate(reversed(stack)):
        level, dark = levels[n], set(levels[n + 1].ways)
        visited = level.visited()
        for cell in visited:
            reads = window.reads(cell)
            lit = dark if cell == visited[-1] else dark & set(reads)
            dark = dark - lit
            steps.append((n, cell, reads, lit))
    return steps


class _Stage:
    """Where the maps stand: the input at the left, the output at the right."""

    def __init__(self, canvas: Canvas, levels: list[Level], stack: list[Window]):
        self.canvas, self.levels, self.stack = canvas, levels, stack
        parts = [part for window in stack for part in window.lines]
        self.gap = max(text_width(part, TYPE) for part in parts) + 30
        # One more cell on every side says that the map goes on.
        columns = sum(level.size[1] + 2 for level in levels)
        rows = max(level.size[0] + 2 for level in levels)
        room = FITS - self.gap * len(stack)
        self.cell = min(46.0, room / columns, TALLEST / rows)
        if self.cell < SMALLEST:
            raise ValueError(
                f"layers see {levels[-1].words} cells in {len(stack)} windows, too "
                "many to draw: give fewer layers"
            )
        self.middle, self.foot = rows * self.cell / 2, rows * self.cell
        self.lefts, x = {}, 0.0
        for n in range(len(levels) - 1, -1, -1):
            self.lefts[n] = x
            x += (levels[n].size[1] + 2) * self.cell + self.gap

    def corner(self, n: int, cell: Cell = (0, 0)) -> tuple[float, float]:
        """The upper left corner of a cell of the n-th map, in pixels."""
        top = self.middle - (self.levels[n].size[0] + 2) * self.cell / 2
        row, column = (place + 1 for place in cell)
        return self.lefts[n] + column * self.cell, top + row * self.cell

    def look(self, n: int) -> tuple[str, str, str]:
        if n == len(self.levels) - 1:
            return palette.INPUT_PALE, palette.INPUT, palette.INPUT_INK
        return palette.OUTPUT_PALE, palette.OUTPUT, palette.OUTPUT_INK

    def draw(self, film: Film, steps) -> None:
        """All maps, then what each step lights, outlines and says."""
        for n in range(len(self.levels)):
            self._paper(n)
        for n, window in enumerate(reversed(self.stack)):
            self._between(n, window)
        self._lit(0, {(0, 0)}, {})
        for at, (n, _, _, lit) in enumerate(steps, 2):
            with self.canvas.group(**film.since(at)):
                self._lit(n + 1, lit, self.levels[n + 1].ways)
        for at, (n, *_) in enumerate(steps, 2):
            if at == 2 or steps[at - 3][0] < n:  # the first step of a map
                with self.canvas.group(**film.since(at)):
                    self._size(n + 1)
        self._size(0)
        self._scenes(film, steps)

    def _scenes(self, film: Film, steps) -> None:
        """What is seen in one step only: outlines, the lines between them, words."""
        last, foot = len(self.levels) - 1, self.foot + 76
        path = " → ".join(level.words for level in self.levels)
        with self.canvas.group(**film.only(0)):
            for n in range(last):
                self._fan(n, (0, 0), self.levels[n].size, self.levels[n + 1].size)
            self._outline(last, (0, 0), self.levels[last].size)
            self._say(
                foot, f"From the output back: {path}.", "One output cell depends on "
                f"{self.levels[last].words} cells of the input.",
            )  # fmt: skip
        with self.canvas.group(**film.only(1)):
            self._outline(0, (0, 0), (1, 1))
            self._say(foot, "One output cell. What does it depend on?")
        for at, (n, cell, reads, _) in enumerate(steps, 2):
            window = self.stack[-1 - n]
            whose = "The output cell" if n == 0 else "Each of these cells"
            with self.canvas.group(**film.only(at)):
                self._fan(n, cell, (1, 1), window.reach, reads[0])
                self._outline(n, cell, (1, 1))
                self._outline(n + 1, reads[0], window.reach)
                self._say(
                    foot, f"{whose} reads {window.size} cells of the map before.",
                    f"Together they see {self.levels[n + 1].words}." if n else "",
                )  # fmt: skip

    def _paper(self, n: int) -> None:
        """The map's empty cells, and one more on every side."""
        rows, columns = (size + 2 for size in self.levels[n].size)
        x, y = self.corner(n, (-1, -1))
        right, bottom = x + columns * self.cell, y + rows * self.cell
        look = {"stroke": palette.FAINT, "stroke_width": 1}
        for row in range(rows + 1):
            self.canvas.line(x, y + row * self.cell, right, y + row * self.cell, **look)
        for column in range(columns + 1):
            at = x + column * self.cell
            self.canvas.line(at, y, at, bottom, **look)
        name = {0: "output", len(self.levels) - 1: "input"}.get(n, "")
        if name:
            self.canvas.text((x + right) / 2, y - 20, name, TYPE, self.look(n)[2])

    def _between(self, n: int, window: Window) -> None:
        """The layer's name over an arrow from the map below it to its own."""
        right, middle = self.corner(n, (-1, -1))[0], self.middle
        first, *more = window.lines
        x = right - self.gap / 2
        # At the head of the picture, where no line from map to map crosses it.
        y = min(0.0, middle - 60) - 20
        for line, words in enumerate((first, *more)):
            self.canvas.text(x, y + line * 26, words, TYPE, palette.KERNEL_INK)

    def _lit(self, n: int, cells, ways) -> None:
        """Cells in their map's color, with their numbers where these fit."""
        pale, edge, _ = self.look(n)
        with self.canvas.group(fill=pale, stroke=edge, stroke_width=1.5):
            for cell in sorted(cells):
                at = self.corner(n, cell)
                self.canvas.rect(*at, self.cell, self.cell, fill=None)
        longest = max(len(str(count)) for count in ways.values()) if ways else 9
        size = min(0.42 * self.cell, 0.78 * self.cell / (0.6 * longest))
        if size < 11:
            return
        with self.canvas.group(font_size=size, text_anchor="middle"):
            for cell in sorted(cells):
                x, y = self.corner(n, cell)
                at = {"x": x + self.cell / 2, "y": y + self.cell / 2 + 0.36 * size}
                self.canvas._add("text", str(ways[cell]), **at)

    def _size(self, n: int) -> None:
        x, _ = self.corner(n, (0, 0))
        middle = x + self.levels[n].size[1] * self.cell / 2
        bottom = self.corner(n, (self.levels[n].size[0] + 1, 0))[1]
        words = self.levels[n].words
        self.canvas.text(
            middle, bottom + 24, words, 24, self.look(n)[2], font_weight="bold"
        )

    def _outline(self, n: int, cell: Cell, size: Cell) -> None:
        x, y = self.corner(n, cell)
        rows, columns = size
        look = {"stroke": palette.WINDOW, "stroke_width": 4, "rx": 3}
        self.canvas.rect(x, y, columns * self.cell, rows * self.cell, **look)

    def _fan(self, n: int, cell: Cell, size: Cell, read: Cell, at: Cell = (0, 0)):
        """Two lines, from what is computed to what it is computed from."""
        x1, y1 = self.corner(n, cell)
        x0, y0 = self.corner(n + 1, at)
        x0 += read[1] * self.cell
        look = {"stroke": palette.KERNEL, "stroke_width": 2.5}
        self.canvas.line(x1, y1, x0, y0, **look)
        ends = y1 + size[0] * self.cell, y0 + read[0] * self.cell
        self.canvas.line(x1, ends[0], x0, ends[1], **look)

    def _say(self, y: float, *lines: str) -> None:
        for n, words in enumerate(filter(None, lines)):
            self.canvas.text(0, y + n * 30, words, TYPE, anchor="start")
