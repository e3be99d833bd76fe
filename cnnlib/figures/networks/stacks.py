"""Networks beside each other: corresponding layers aligned, and VGG's table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import groupby

from matplotlib.patches import Rectangle

from cnnlib.drawing import palette, style
from cnnlib.drawing.format import listed, short, sizes
from cnnlib.figures.arguments import named
from cnnlib.figures.networks.blocks import CHARACTER, KINDS, finish, lines, sheet
from cnnlib.figures.networks.layers import Step, trace

ROW = 0.54  # inches from one layer to the next
SLAB = 0.24  # inches from one of a block's slabs to the next
MOST = 13  # rows; in a longer picture equal layers in a row become one


@style.styled
def networks_side_by_side(networks: Mapping):
    """Networks as stacks of layers, input at the bottom, corresponding layers aligned.

    ``networks`` maps a name to (model, input_shape), the shape one image's (C, H, W).
    Layers correspond when their kinds do, in order; where a network has no such layer
    its stack has a gap that says what it lacks. A block is as wide as its layer has
    channels or neurons and as high as its maps, both by the cube root, or LeNet could
    not be seen beside AlexNet. Raises ValueError where ``network`` does.
    """
    stacks = {n: trace(*pair) for n, pair in named(networks, "networks").items()}
    rows = align([*stacks.values()])
    if len(rows) > MOST:
        rows = align([merged(stack) for stack in stacks.values()])
    fig, ax = sheet()
    steps = [step for row in rows for step in row if step]
    broad = 2.4 if len(stacks) < 3 else 1.4
    wide = _cube_root([s.shape[0] for s in steps], broad)
    high = _cube_root([max(s.shape[1:], default=1) for s in steps], 0.48)
    words = 0.118 * max(len(line) for s in steps for line in _words(s)) + 0.1
    pitch = words + broad + 0.15
    edges = (-0.1, len(stacks) * pitch)
    for level, row in enumerate(rows):
        if None not in row and len(row) > 1:
            low, top = level * ROW - 0.24, level * ROW + 0.24
            ax.fill_between(edges, low, top, color="#F1F3F5", zorder=-1)
    for i, name in enumerate(stacks):
        # With two networks the words stand outside, so that the blocks are neighbors.
        mirrored = i == 0 and len(stacks) == 2
        x = i * pitch + broad / 2 + words * mirrored
        column = [row[i] for row in rows]
        _stack(ax, x, column, wide, high, broad / 2 + 0.1, mirrored)
        _gaps(ax, x, column, rows, name)
        lines(ax, x, len(rows) * ROW, [name], bold=True, fontsize=style.TITLE)
    title = listed([*stacks]) + " side by side"
    note = "Width: cube root of the channels. Height: cube root of the maps' height."
    finish(ax, title, note, sum(edges) / 2, -0.6)
    told = [
        f"{name} from the input up: " + ", ".join(" ".join(_words(s)) for s in stack)
        for name, stack in stacks.items()
    ]
    return style.picture(fig, f"{title}. {'. '.join(told)}.")


def merged(steps: list[Step]) -> list[Step]:
    """``steps`` with equal convolutions in a row as one, labeled "2 ×"."""
    same = groupby(steps, key=lambda s: (s.shape, s.window) if s.window else s.label)
    groups = [[*group] for _, group in same]
    return [
        group[0] if len(group) == 1 else replace(group[0], label=f"{len(group)} ×")
        for group in groups
    ]


def _cube_root(values, largest: float):
    """From a size to inches, by the cube root, ``largest`` for the greatest size."""
    return lambda value: largest * (value / max(values)) ** (1 / 3)


def align(stacks: list[list[Step]]) -> list[list[Step | None]]:
    """Rows of corresponding steps, one a stack, None where a stack has none."""
    rows: list[list[Step | None]] = [[step] for step in stacks[0]]
    for count, stack in enumerate(stacks[1:], 1):
        kinds = [next(s.kind for s in row if s) for row in rows]
        merged = []
        matcher = SequenceMatcher(None, kinds, [s.kind for s in stack], autojunk=False)
        for _, a, b, c, d in matcher.get_opcodes():
            pairs = (
                min(b - a, d - c) if kinds[a:b] == [s.kind for s in stack[c:d]] else 0
            )
            merged += [[*rows[a + i], stack[c + i]] for i in range(pairs)]
            merged += [[*row, None] for row in rows[a + pairs : b]]
            merged += [[*[None] * count, step] for step in stack[c + pairs : d]]
        rows = merged
    return rows


def _words(step: Step) -> tuple[str, str]:
    """A layer's two lines: "conv 11×11/4" and "96×54×54"."""
    times = f"{step.label} " if step.label.endswith("×") else ""
    return f"{times}{step.kind} {step.window}".strip(), sizes(step.shape)


def _number(step: Step) -> int:
    """How many layers a step of ``merged`` stands for."""
    return int(step.label.split()[0]) if step.label.endswith("×") else 1


def _stack(ax, x, column, wide, high, beside, mirrored) -> None:
    """One network's blocks, centered on ``x``, with their words beside them."""
    levels = [level for level, step in enumerate(column) if step]
    ends = [levels[0] * ROW, levels[-1] * ROW]
    ax.plot([x, x], ends, color=palette.FAINT, linewidth=3, zorder=0)
    for level in levels:
        step, y = column[level], level * ROW
        width, height = wide(step.shape[0]), high(max(step.shape[1:], default=1))
        block(ax, (x, y), width, max(height, 0.16), step.kind)
        kw = {"ha": "right" if mirrored else "left", "va": "center"}
        side = x - beside if mirrored else x + beside
        first, second = _words(step)
        ax.text(side, y + 0.115, first, fontweight="bold", **kw)
        ax.text(side, y - 0.125, second, **kw)


def block(ax, center, width, height, kind) -> None:
    """A rectangle in the colors of a kind of layer."""
    face, edge = KINDS[kind]
    corner = (center[0] - width / 2, center[1] - height / 2)
    kw = {"facecolor": face, "edgecolor": edge, "linewidth": 1.5}
    ax.add_patch(Rectangle(corner, width, height, **kw))


def _gaps(ax, x, column, rows, name) -> None:
    """In each gap of a stack, which layers this network does not have there."""
    level = 0
    for empty, group in groupby(column, key=lambda step: step is None):
        length = len([*group])
        if empty:
            part = rows[level : level + length]
            lost = [max(filter(None, row), key=_number) for row in part]
            counts = {k: sum(_number(s) for s in lost if s.kind == k) for k in KINDS}
            lacks = listed([f"{n} {kind}" for kind, n in counts.items() if n])
            ax.text(
                x, (level + (length - 1) / 2) * ROW, f"not in {name}:\n{lacks}",
                ha="center", va="center", color=palette.MUTED,
                bbox={"facecolor": palette.PAPER, "edgecolor": "none", "pad": 2},
            )  # fmt: skip
        level += length


@style.styled
def vgg_table(networks: Mapping):
    """Networks made of blocks, one a row: how many convolutions stand in each block.

    ``networks`` maps a name to (model, input_shape). A block is what ends in a pooling;
    its size and channels head its column and are the first network's. At the right
    stand the dense layers and the total of parameters. Raises ValueError when the
    networks have different numbers of blocks.
    """
    rows = {}
    for name, (model, shape) in named(networks, "networks").items():
        steps = trace(model, shape)[1:]
        blocks = [[]]
        for step in steps:
            blocks[-1].append(step)
            if step.kind == "pool":
                blocks.append([])
        rows[name] = blocks, sum(p.numel() for p in model.parameters())
    lengths = {len(blocks) for blocks, _ in rows.values()}
    if len(lengths) > 1:
        raise ValueError(f"networks have {sorted(lengths)} blocks: they do not line up")
    fig, ax = sheet()
    counts = [[len(part) for part in blocks] for blocks, _ in rows.values()]
    widths = [max(max(c) * SLAB + 0.15, 1.08) for c in zip(*counts, strict=True)]
    lefts = [sum(widths[:i]) for i in range(len(widths) + 1)]
    first = next(iter(rows.values()))[0]
    for left, width, part in zip(lefts, widths, first, strict=False):
        shape = part[0].shape
        head = [sizes(shape[1:]), f"× {shape[0]}"] if shape[1:] else ["dense"]
        lines(ax, left + width / 2, 0.75, head, bold=True)
    lines(ax, lefts[-1] + 0.65, 0.75, ["parameters"], bold=True)
    for level, (name, (blocks, params)) in enumerate(rows.items()):
        y = -level * 0.7
        ax.text(-0.1, y, name, ha="right", va="center", fontweight="bold")
        for left, width, part in zip(lefts, widths, blocks, strict=False):
            x = left + (width - (len(part) - 1) * SLAB) / 2
            for i, step in enumerate(part):
                thin = 0.1 if step.kind == "pool" else SLAB - 0.05
                block(ax, (x + i * SLAB, y), thin, 0.48, step.kind)
        lines(ax, lefts[-1] + 0.65, y, [short(params)])
    _legend(ax, 0.5, -len(rows) * 0.7 - 0.1)
    title = f"{listed([*rows])} in blocks"
    finish(ax, title, "", lefts[-1] / 2, 0)
    told = []
    for name, (parts, params) in rows.items():
        convs = listed([str(sum(s.kind == "conv" for s in p)) for p in parts[:-1]])
        tail = f"{len(parts[-1])} dense layers, {short(params)} parameters"
        told.append(f"{name}: {convs} convolutions, {tail}")
    return style.picture(
        fig, f"{title}, each ended by a max pooling. {'; '.join(told)}."
    )


def _legend(ax, x: float, y: float) -> None:
    """What the colors of ``vgg_table`` stand for, in a line from ``x`` on."""
    names = {"conv": "convolution", "pool": "max pooling", "dense": "dense layer"}
    for kind, text in names.items():
        block(ax, (x, y), 0.1 if kind == "pool" else SLAB - 0.05, 0.3, kind)
        ax.text(x + 0.2, y, text, ha="left", va="center")
        x += 0.65 + CHARACTER * len(text)
