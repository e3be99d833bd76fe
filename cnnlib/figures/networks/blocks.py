"""Networks drawn from the models themselves: every box is measured, none is placed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from matplotlib.patches import Polygon
from torch import nn

from cnnlib.drawing import palette, style
from cnnlib.drawing.format import listed, sizes
from cnnlib.figures.networks.layers import Step, scale, trace

# Face and edge of each kind of layer.
KINDS = {
    "input": (palette.INPUT_PALE, palette.INPUT),
    "conv": (palette.OUTPUT_PALE, palette.OUTPUT),
    "pool": ("#F3DCE9", "#A5487E"),
    "dense": (palette.KERNEL_PALE, "#9A6A00"),
}
CHARACTER = 0.128  # inches that a character of style.TEXT takes, at most
LINE = 0.26  # inches from one line of text to the next
OBLIQUE = (0.30, 0.22)  # where a box's depth goes on paper, per unit of depth
TALLEST = 2.3  # inches of the tallest box


@dataclass(frozen=True)
class Stage:
    """Layers drawn as one: ``steps`` with the same output shape, or a single one."""

    steps: tuple[Step, ...]

    @property
    def last(self) -> Step:
        return self.steps[-1]

    @property
    def label(self) -> str:
        """ "conv 3", or "conv 3–4" for several."""
        first, last = self.steps[0].label, self.last.label
        return first if first == last else f"{first}–{last.split()[-1]}"

    @property
    def words(self) -> tuple[str, str]:
        """The shape in two lines: ("96 ×", "54×54"), or ("4096", "")."""
        channels, *area = self.last.shape
        return (f"{channels} ×", sizes(area)) if area else (f"{channels}", "")


def stages(steps: list[Step], most: int = 12) -> list[Stage]:
    """``steps``, convolutions of one shape in a row as one if there are > ``most``."""
    alike = groupby(steps, key=lambda s: (s.kind, s.shape, s.window, len(steps) > most))
    return [
        Stage(tuple(part))
        for (kind, *_, join), group in alike
        for part in ([tuple(group)] if join and kind == "conv" else zip(group))
    ]


@style.styled
def network(model: nn.Module, input_shape, *, title: str | None = None):
    """Any network of convolutions, poolings and dense layers as blocks in a row.

    ``input_shape`` is one image's (C, H, W). A map's box is as high as the map, as deep
    as it is wide and as thick as it has channels; a dense layer is a bar as high as it
    has neurons. Shapes are measured by passing a tensor of that shape through the
    model, without computing where that can be. Above each block stand the layer, its
    window and its stride ("3×3/2"). A long network goes on in a second row. Raises
    ValueError for a shape that is not (C, H, W) or that the model cannot take.
    """
    steps = trace(model, input_shape)
    title = title or f"{type(model).__name__}: {_parameters(model)}"
    every = stages(steps)
    fig, ax = sheet()
    look, note = scales(steps, TALLEST if len(steps) <= 9 else 0.8 * TALLEST)
    slots = [look.slot(stage) for stage in every]
    rows = _rows(every, slots)
    middle, bottom = 0.0, 0.0
    loose = min(_spread(row, look) for row in rows)
    for number, row in enumerate(rows):
        half = max(look.height(stage) for stage in row) / 2
        center = bottom - half - 2.2 * LINE
        x = middle - sum(look.slot(stage) + loose for stage in row) / 2
        if number:
            lines(ax, x - 0.12, center, ["→"], color=palette.MUTED, fontsize=24)
        for stage in row:
            slot, (width, depth) = look.slot(stage) + loose, look.extent(stage)
            look.draw(ax, stage, x + (slot - width - depth[0]) / 2, center)
            head = [stage.label, stage.last.window]
            lines(ax, x + slot / 2, bottom, head, bold=True)
            lines(ax, x + slot / 2, center - half - LINE, stage.words)
            x += slot
        if row is not rows[-1]:
            lines(ax, x + 0.12, center, ["→"], color=palette.MUTED, fontsize=24)
        bottom = center - half - 3.8 * LINE
    finish(ax, title, note, middle, bottom + 0.6 * LINE)
    return style.picture(fig, f"{title}. {in_words(every)}")


def _spread(row: list[Stage], look: Look) -> float:
    """Inches by which the slots of ``row`` may grow to fill a page's width."""
    free = style.WIDEST - sum(look.slot(stage) for stage in row)
    return max(0.0, min(0.3, free / len(row)))


def _rows(every: list[Stage], slots: list[float]) -> list[list[Stage]]:
    """``every`` stage in one row or, where that is too wide, in rows about as wide.

    A row ends after a pooling where it can.
    """
    if sum(slots) <= style.WIDEST or len(every) < 2:
        return [every]

    def cost(cut: int) -> float:
        widest = max(sum(slots[:cut]), sum(slots[cut:]))
        return widest + 1.5 * (every[cut - 1].last.kind != "pool")

    cut = min(range(1, len(every)), key=cost)
    return [*_rows(every[:cut], slots[:cut]), *_rows(every[cut:], slots[cut:])]


@dataclass(frozen=True)
class Look:
    """How many inches sizes, channels and neurons take."""

    side: callable
    thick: callable
    neurons: callable

    def extent(self, stage: Stage) -> tuple[float, tuple[float, float]]:
        """A stage's width on paper, and how far its depth leads (right, up)."""
        shape = stage.last.shape
        if len(shape) == 1:
            return 0.2, (0.0, 0.0)
        depth = self.side(shape[2])
        width = len(stage.steps) * self.thick(shape[0])
        return width, (OBLIQUE[0] * depth, OBLIQUE[1] * depth)

    def slot(self, stage: Stage, gap: float = 0.16) -> float:
        """The width that a stage takes with its words."""
        width, depth = self.extent(stage)
        words = [stage.label, stage.last.window, *stage.words]
        return max(width + depth[0], CHARACTER * max(map(len, words))) + gap

    def height(self, stage: Stage) -> float:
        shape = stage.last.shape
        if len(shape) == 1:
            return self.neurons(shape[0])
        return self.side(shape[1]) + self.extent(stage)[1][1]

    def draw(self, ax, stage: Stage, x: float, y: float) -> None:
        """The stage's boxes side by side from ``x`` on, centered on height ``y``."""
        width, depth = self.extent(stage)
        height = self.height(stage) - depth[1]
        bottom = y - self.height(stage) / 2
        each = width / len(stage.steps)
        for i in range(len(stage.steps)):
            box(ax, (x + i * each, bottom), each, height, depth, stage.last.kind)


def scales(steps: list[Step], tallest: float) -> tuple[Look, str]:
    """Inches for the sizes of ``steps``, and the sentence that says how they scale."""
    maps = [s.shape for s in steps if len(s.shape) == 3]
    dense = [s.shape[0] for s in steps if len(s.shape) == 1]
    heights = [n for shape in maps for n in shape[1:]]
    side, sides = scale(heights, tallest / (1 + OBLIQUE[1]), linear_up_to=12)
    thick, thickness = scale([shape[0] for shape in maps], 0.62)
    neurons, bars = scale(dense or [1], tallest)
    ways = {"sides": sides, "thickness": thickness, "bars": bars}
    roots = [part for part, way in ways.items() if way != "linear"]
    note = f"Drawn to scale{f' ({listed(roots)}: square root)' if roots else ''}."
    if any("/" in step.window for step in steps):
        window = next(s.window for s in steps if "/" in s.window)
        note += f" {window}: window, then stride."
    return Look(side, thick, neurons), note


def box(ax, corner, width, height, depth, kind) -> None:
    """A box seen from the front left: its front at ``corner``, then top and side."""
    face, edge = KINDS[kind]
    (x, y), (dx, dy) = corner, depth
    front = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    top = [front[3], front[2], (x + width + dx, y + height + dy),
           (x + dx, y + height + dy)]  # fmt: skip
    side = [front[1], (x + width + dx, y + dy), top[2], front[2]]
    shades = ((front, 1.0), (top, 0.96), (side, 0.91)) if dx or dy else ((front, 1.0),)
    for points, shade in shades:
        color = style.matplotlib.colors.to_rgb(face)
        ax.add_patch(
            Polygon(
                points, closed=True, facecolor=[shade * c for c in color],
                edgecolor=edge, linewidth=1.2, joinstyle="round",
            )
        )  # fmt: skip


def sheet():
    """An empty figure whose axes count in inches; the cut to size comes at the end."""
    fig, ax = style.axes(size=(0.01, 0.01))
    ax.set_axis_off()
    fig.set_layout_engine("none")
    ax.set_position([0, 0, 1, 1])
    ax.set(xlim=(0, 0.01), ylim=(0, 0.01))
    return fig, ax


def lines(ax, x, y, lines, bold=False, **kw) -> None:
    """Centered lines of text downwards from ``y``, the first one bold if asked."""
    for i, line in enumerate(lines):
        weight = "bold" if bold and not i else "normal"
        ax.text(
            x, y - i * LINE, line, ha="center", va="center", fontweight=weight, **kw
        )


def finish(ax, title, note, middle, bottom) -> None:
    """The title above everything drawn so far and the note below it."""
    top = max(text.get_position()[1] for text in ax.texts)
    kw = {"ha": "center", "va": "center"}
    ax.text(middle, top + 1.6 * LINE, title, fontsize=style.TITLE, **kw)
    ax.text(middle, bottom, note, color=palette.MUTED, **kw)
    ax.set_xlim(middle, middle + 0.01)  # inside the drawing, or the cut is too wide
    for artist in [*ax.patches, *ax.lines, *ax.texts, *ax.collections]:
        artist.set_clip_on(False)


def _parameters(model: nn.Module) -> str:
    return f"{sum(p.numel() for p in model.parameters()):,} parameters"


def in_words(row: list[Stage]) -> str:
    """The stages in words, for the alt text."""
    told = []
    for stage in row:
        window = f" {stage.last.window}" if stage.last.window else ""
        told.append(f"{stage.label}{window} gives {sizes(stage.last.shape)}")
    told[0] = f"input {sizes(row[0].last.shape)}"
    return f"Blocks to scale, from left to right: {listed(told)}."
