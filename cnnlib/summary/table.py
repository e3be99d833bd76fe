"""What ``summarize`` returns, and how it looks in a terminal and in a notebook."""

from dataclasses import dataclass, replace
from html import escape

from cnnlib.drawing.format import memory, sizes

HEADINGS = "layer", "kind", "output", "params", "MACs", "field", "stride", "memory"
FOLDED = 20  # longer tables are folded in a notebook
WORDS = 3  # the first columns are words and shapes, the others numbers


@dataclass(frozen=True)
class Row:
    """One call of one layer; sizes in pixels of the input, memory in bytes."""

    name: str
    kind: str
    output_shape: tuple[int, ...]
    params: int
    macs: int
    receptive_field: int | tuple | None  # (height, width) if they differ
    stride: int | tuple | None
    activation_bytes: int
    shared: bool = False  # the layer was called before: its parameters are counted

    def without_batch(self) -> "Row":
        return replace(self, output_shape=self.output_shape[1:])

    def cells(self) -> tuple[str, ...]:
        """The row as the eight columns' text."""
        return (
            self.name,
            self.kind,
            sizes(self.output_shape),
            "shared" if self.shared and self.params else f"{self.params:,}",
            f"{self.macs:,}",
            sizes(self.receptive_field),
            sizes(self.stride),
            memory(self.activation_bytes),
        )


@dataclass(frozen=True, repr=False)
class Summary:
    """All rows of a model and their totals; prints and displays as a table."""

    model: str
    input_shapes: tuple[tuple[int, ...], ...]
    rows: tuple[Row, ...]
    params: int  # each parameter once

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one forward pass."""
        return sum(row.macs for row in self.rows)

    @property
    def activation_bytes(self) -> int:
        """Bytes of all layers' outputs together."""
        return sum(row.activation_bytes for row in self.rows)

    @property
    def caption(self) -> str:
        shapes = " and ".join(map(sizes, self.input_shapes))
        return f"{self.model} on {shapes}"

    def total(self) -> tuple[str, ...]:
        """The last line of the table."""
        numbers = f"{self.params:,}", f"{self.macs:,}"
        return "total", "", "", *numbers, "", "", memory(self.activation_bytes)

    def __str__(self) -> str:
        lines = [HEADINGS, *(row.cells() for row in self.rows), self.total()]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        text = [_aligned(line, widths) for line in lines]
        rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
        return "\n".join([self.caption, text[0], rule, *text[1:-1], rule, text[-1]])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        body = "".join(_html_row(row.cells()) for row in self.rows)
        table = (
            '<table style="border-collapse: collapse; '
            'font-variant-numeric: tabular-nums">'
            '<caption style="text-align: left; font-weight: bold">'
            f"{escape(self.caption)}</caption>"
            f"<thead>{_html_row(HEADINGS, 'th')}</thead><tbody>{body}</tbody>"
            '<tfoot style="font-weight: bold; border-top: 1px solid">'
            f"{_html_row(self.total())}</tfoot></table>"
        )
        if len(self.rows) <= FOLDED:
            return table
        total = f"{self.params:,} parameters, {self.macs:,} MACs"
        line = f"{escape(self.caption)}: {len(self.rows)} layers, {total}"
        return f"<details><summary>{line}</summary>{table}</details>"


def _aligned(line, widths) -> str:
    cells = [
        cell.ljust(width) if i < WORDS else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()


def _html_row(cells, tag: str = "td") -> str:
    parts = []
    for i, cell in enumerate(cells):
        side = "left" if i < WORDS else "right"
        scope = ' scope="col"' if tag == "th" else ""
        parts.append(f'<{tag}{scope} style="text-align: {side}">{escape(cell)}</{tag}>')
    return f"<tr>{''.join(parts)}</tr>"
