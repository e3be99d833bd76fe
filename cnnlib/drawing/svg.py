"""A small canvas for pictures made of cells, lines and words: it writes plain SVG.

The SVG is self-contained (no script, no font, no address), so that it shows, and moves,
inside an ``<img>`` wherever a notebook is rendered.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Container
from contextlib import contextmanager
from xml.sax.saxutils import escape, quoteattr

import numpy as np
from PIL import Image

from cnnlib.drawing import palette
from cnnlib.drawing.format import number
from cnnlib.drawing.picture import Picture

CELL = 60  # CSS pixels: a cell whose number the back row reads
TYPE = 20  # CSS pixels: 15 points
FITS = 900  # CSS pixels: pictures stay as wide as a notebook's cell
MARGIN = 14
GAP = 46  # between an array and the symbol beside it
_GLYPH = 0.6  # width of a digit or letter of the usual sans-serif faces, in ems
_FONT = "font-family:'DejaVu Sans',Verdana,'Segoe UI',Helvetica,Arial,sans-serif"


def text_width(text: str, size: float) -> float:
    """About how wide ``text`` will be, in pixels (the reader's font decides)."""
    return _GLYPH * size * len(text)


def cell_size(columns: float, fixed: float = 0) -> float:
    """The largest cell, up to CELL, with which ``columns`` of them fit the page."""
    return max(24, min(CELL, (FITS - fixed) / max(columns, 1)))


def number_size(values, cell: float) -> float:
    """The size of type with which the longest of ``values`` fits into its cell."""
    longest = max(len(_words(value)) for row in values for value in row)
    return float(min(0.42 * cell, 0.78 * cell / (_GLYPH * max(longest, 1))))


def _short(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


class Canvas:
    """Collects shapes in pixels (x to the right, y down) and grows to hold them."""

    def __init__(self):
        self.parts: list[str] = []
        self.css: list[str] = []
        self.box = [0.0, 0.0, 0.0, 0.0]

    def _grow(self, x0: float, y0: float, x1: float, y1: float) -> None:
        left, top, right, bottom = self.box
        self.box = [min(left, x0), min(top, y0), max(right, x1), max(bottom, y1)]

    def add(self, tag: str, body: str | None = None, **attributes) -> None:
        written = "".join(
            f" {name.rstrip('_').replace('_', '-')}="
            + quoteattr(_short(value) if isinstance(value, float) else str(value))
            for name, value in attributes.items()
            if value is not None
        )
        end = "/>" if body is None else f">{body}</{tag}>"
        self.parts.append(f"<{tag}{written}{end}")

    def rect(self, x, y, width, height, fill="none", stroke=None, **more) -> None:
        """A rectangle; further SVG attributes as keywords (``stroke_width=3``)."""
        self._grow(x, y, x + width, y + height)
        self.add(
            "rect",
            x=float(x),
            y=float(y),
            width=float(width),
            height=float(height),
            fill=fill,
            stroke=stroke,
            **more,
        )

    def line(
        self, x0, y0, x1, y1, stroke=palette.MUTED, stroke_width=2, **more
    ) -> None:
        """A straight line."""
        self._grow(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
        ends = {
            "x1": float(x0),
            "y1": float(y0),
            "x2": float(x1),
            "y2": float(y1),
        }
        self.add("line", stroke=stroke, stroke_width=stroke_width, **ends, **more)

    def arrow(self, x0, y0, x1, y1, color=palette.MUTED, width=2.5) -> None:
        """A line with a head at its end, horizontal or vertical."""
        self.line(x0, y0, x1, y1, color, width)
        head, along = 9, (x1 - x0, y1 - y0)
        length = (along[0] ** 2 + along[1] ** 2) ** 0.5 or 1
        dx, dy = along[0] / length * head, along[1] / length * head
        corners = (
            (x1, y1),
            (x1 - dx - dy * 0.6, y1 - dy + dx * 0.6),
            (x1 - dx + dy * 0.6, y1 - dy - dx * 0.6),
        )
        points = " ".join(f"{_short(x)},{_short(y)}" for x, y in corners)
        self.add("polygon", points=points, fill=color)

    def text(self, x, y, words, size=TYPE, fill=palette.INK, anchor="middle", **more):
        """Words whose middle is at height ``y``; ``words`` is plain text."""
        self.rich(x, y, escape(str(words)), str(words), size, fill, anchor, **more)

    def rich(
        self, x, y, markup, plain, size=TYPE, fill=palette.INK, anchor="middle", **more
    ):
        """Like ``text`` with tspans in it; ``plain`` is the same without markup."""
        width = text_width(plain, size)
        left = x - width * {"start": 0, "middle": 0.5, "end": 1}[anchor]
        self._grow(left, y - size * 0.7, left + width, y + size * 0.7)
        anchor = None if anchor == "start" else anchor
        self.add(
            "text",
            markup,
            x=float(x),
            y=float(y + 0.36 * size),  # from the middle of a figure to its foot
            font_size=float(size),
            fill=None if fill == palette.INK else fill,
            text_anchor=anchor,
            **more,
        )

    def image(
        self, x, y, pixels: np.ndarray, width: float, height: float | None = None
    ) -> None:
        """Pixels, uint8 (H, W) or (H, W, 3), in a box; a square one if not told."""
        height = width if height is None else height
        self._grow(x, y, x + width, y + height)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG", optimize=True)
        data = base64.b64encode(file.getvalue()).decode("ascii")
        self.add(
            "image",
            x=float(x),
            y=float(y),
            width=float(width),
            height=float(height),
            preserveAspectRatio="none",
            style="image-rendering:pixelated",
            href=f"data:image/png;base64,{data}",
        )

    @contextmanager
    def group(self, **attributes):
        """What is drawn inside carries these attributes (``class_="window"``)."""
        before, self.parts = self.parts, []
        yield
        inside, self.parts = "".join(self.parts), before
        self.add("g", inside, **attributes)

    def cells(
        self,
        x: float,
        y: float,
        values,
        cell: float,
        fill: str = palette.INPUT_PALE,
        edge: str = palette.INPUT,
        ink: str = palette.INK,
        size: float | None = None,
        faded: Container[str] = (),
    ) -> None:
        """A matrix, one number a cell; ``values[i][j]`` may be a number or words.

        Cells whose words are among ``faded`` are gray on white.
        """
        words = [[_words(value) for value in row] for row in values]
        size = number_size(values, cell) if size is None else size
        with self.group(fill=fill, stroke=edge, stroke_width=1.5):
            for i, row in enumerate(words):
                for j, word in enumerate(row):
                    paper = palette.PAPER if word in faded else None
                    self.rect(x + j * cell, y + i * cell, cell, cell, fill=paper)
        with self.group(font_size=size, text_anchor="middle", fill=ink):
            for i, row in enumerate(words):
                for j, word in enumerate(row):
                    at = (x + (j + 0.5) * cell, y + (i + 0.5) * cell + 0.36 * size)
                    gray = {"fill": palette.MUTED} if word in faded else {}
                    if word:
                        at_cell = {"x": float(at[0]), "y": float(at[1])}
                        self.add("text", escape(word), **at_cell, **gray)

    def padded_cells(
        self, x: float, y: float, values, padding, cell: float, filler: str = "0"
    ) -> None:
        """An input at (x, y), and its ``padding`` (rows, columns) as dashed cells."""
        (rows, columns), (down, right) = (len(values), len(values[0])), padding
        for i in range(-down, rows + down):
            for j in range(-right, columns + right):
                if 0 <= i < rows and 0 <= j < columns:
                    continue
                left, top = x + j * cell, y + i * cell
                look = {"stroke": palette.MUTED, "stroke_dasharray": "4 4"}
                self.rect(left, top, cell, cell, **look)
                middle = (left + cell / 2, top + cell / 2)
                self.text(*middle, filler, 0.36 * cell, palette.MUTED)
        self.cells(x, y, values, cell)

    def svg(self, title: str) -> str:
        """The whole drawing as SVG text on white paper."""
        left, top, right, bottom = self.box
        x, y = left - MARGIN, top - MARGIN
        width, height = right - left + 2 * MARGIN, bottom - top + 2 * MARGIN
        size = f"{_short(width)} {_short(height)}"
        css = f"text{{{_FONT}}}" + "".join(self.css)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{_short(width)}" '
            f'height="{_short(height)}" viewBox="{_short(x)} {_short(y)} {size}" '
            f'fill="{palette.INK}"><title>{escape(title)}</title><style>{css}</style>'
            f'<rect x="{_short(x)}" y="{_short(y)}" width="100%" height="100%" '
            f'fill="{palette.PAPER}" rx="8"/>' + "".join(self.parts) + "</svg>"
        )

    def picture(self, alt: str) -> Picture:
        """The drawing as a Picture with its alt text."""
        width = round(self.box[2] - self.box[0] + 2 * MARGIN)
        return Picture(self.svg(alt).encode(), alt, width, "image/svg+xml")


def _words(value) -> str:
    return value if isinstance(value, str) else number(float(value))
