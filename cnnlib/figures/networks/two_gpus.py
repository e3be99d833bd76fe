"""AlexNet as it ran in 2012: in two halves, on two GPUs."""

from __future__ import annotations

from dataclasses import replace

from torch import nn

from cnnlib.drawing import palette, style
from cnnlib.drawing.format import listed
from cnnlib.figures.networks.blocks import (
    LINE,
    Stage,
    finish,
    in_words,
    lines,
    scales,
    sheet,
)
from cnnlib.figures.networks.layers import Step, trace


@style.styled
def two_gpus(model: nn.Module):
    """A network with two groups as the two halves that ran on two GPUs in 2012.

    Each layer but the last is two boxes with half its channels each; poolings, which
    stay on their GPU, are left out, as in the paper's figure 2. Where a layer reads
    only its own half (a convolution with ``groups=2``) the arrows stay in their row;
    where it reads both they cross. Raises ValueError if no convolution has 2 groups.
    """
    steps = [step for step in trace(model, (3, 224, 224)) if step.kind != "pool"]
    if not any(step.groups == 2 for step in steps):
        raise ValueError(f"{type(model).__name__} has no convolution with groups=2")
    title = f"{type(model).__name__} on two GPUs"
    last = len(steps) - 1
    halves = [s if i in (0, last) else _half(s) for i, s in enumerate(steps)]
    fig, ax = sheet()
    look, note = scales(halves, 1.45)
    away, x, ends = 0.95, 0.0, []
    for step in halves:
        stage = Stage((step,))
        slot, (width, depth) = look.slot(stage, gap=0.2), look.extent(stage)
        left = x + (slot - width - depth[0]) / 2
        heights = (away, -away) if step not in steps else (0.0,)
        ends.append((left, left + width + depth[0], heights))
        for y in heights:
            look.draw(ax, stage, left, y)
        lines(ax, x + slot / 2, away + 1.4, [stage.label, step.window], bold=True)
        lines(ax, x + slot / 2, -away - 1.05, stage.words)
        x += slot
    for before, after, step in zip(ends, ends[1:], steps[1:], strict=False):
        _arrows(ax, before, after, _reads_both(step))
    for y, gpu in ((away, "GPU 1"), (-away, "GPU 2")):
        lines(ax, ends[0][0] + 0.3, y * 1.1, [gpu], color=palette.MUTED)
    finish(ax, title, note, x / 2, -away - 1.05 - 2.4 * LINE)
    crossing = [step.label for step in steps[2:] if _reads_both(step)]
    told = in_words([Stage((step,)) for step in halves])
    return style.picture(
        fig,
        f"{title}: every layer in two halves, one above the other. {told} "
        f"Only {listed(crossing)} read both halves.",
    )


def _half(step: Step) -> Step:
    return replace(step, shape=(step.shape[0] // 2, *step.shape[1:]))


def _reads_both(step: Step) -> bool:
    return step.kind == "dense" or step.groups == 1


def _arrows(ax, before, after, both: bool) -> None:
    """From the halves before to the halves after, crossing if a layer reads both."""
    for start in before[2]:
        for end in after[2]:
            crosses = start != end and 0.0 not in (start, end)
            if crosses and not both:
                continue
            color = palette.WINDOW if crosses else palette.MUTED
            ax.annotate(
                "", (after[0] - 0.02, end), (before[1] + 0.02, start), zorder=0,
                annotation_clip=False,
                arrowprops={"arrowstyle": "->", "color": color, "linewidth": 1.8},
            )  # fmt: skip
