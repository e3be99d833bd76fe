"""Inside a network: its filters, and its feature maps of an image."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from cnnlib.drawing import palette, style
from cnnlib.drawing.format import listed, percent, sizes
from cnnlib.figures.networks.layers import Step, recording, trace
from cnnlib.figures.networks.tensors import (
    SIGNED_KERNEL,
    SIGNED_OUTPUT,
    as_batch,
    as_picture,
    color_bar,
    signed,
)
from cnnlib.training.evaluation import device_of, evaluation_mode

MOST_FILTERS, MOST_MAPS = 48, 8


@style.styled
def filters(layer: nn.Module):
    """A convolution's kernels as pictures, one a filter, with one color scale for all.

    ``layer`` has a ``weight`` (O, I, kH, kW). Kernels on one channel are orange where
    they add and purple where they subtract; on three channels they are color pictures
    with gray for zero; on more, each row is a filter and each column one of its input
    channels. Raises ValueError for other layers.
    """
    weight = getattr(layer, "weight", None)
    if hasattr(layer, "dense_weight"):  # the partial convolution of 1998
        weight = layer.dense_weight()
    if not isinstance(weight, Tensor) or weight.ndim != 4:
        raise ValueError(f"expected layer to be a convolution, but got {layer}")
    weight = weight.detach().float().cpu()
    O, I, kH, kW = weight.shape  # noqa: E741 - the field's names
    limit = float(weight.abs().max()) or 1.0
    title = f"{O} filters of {sizes((I, kH, kW))}"
    alt = f"{title}, weights between {weight.min():.2f} and {weight.max():.2f}"
    if I in (1, 3):
        fig = _gallery(weight[:MOST_FILTERS], limit, title)
        how = "orange adds, purple subtracts" if I == 1 else "as color pictures"
        shown = f"The first {MOST_FILTERS} are" if O > MOST_FILTERS else "All are"
        return style.picture(fig, f"{alt}. {shown} drawn, {how}.")
    rows, cols = min(O, 6), min(I, 10)
    fig, boxes = style.axes(
        rows, cols, size=(0.8 * cols + 2.2, 0.8 * rows * kH / kW + 1.2), squeeze=False
    )
    for (row, col), ax in np.ndenumerate(boxes):
        drawn = signed(ax, weight[row, col], limit, SIGNED_KERNEL)
        if not row:
            ax.set_title(f"{col}")
        if not col:
            ax.set_ylabel(f"filter {row}", rotation=0, ha="right", va="center")
    fig.suptitle(f"{title}, by input channel")
    color_bar(fig, drawn, boxes, limit)
    first = f"Drawn are the first {rows} filters on their first {cols} channels."
    return style.picture(fig, f"{alt}. {first} Orange adds, purple subtracts.")


def _gallery(weight: Tensor, limit: float, title: str):
    """Filters on one or on three channels, side by side in rows."""
    count, channels, kH, kW = weight.shape
    cols = min(count, 8 if count <= 16 or count > 30 else 10)
    cols = -(-count // -(-count // cols))  # rows as full as they can be
    rows = -(-count // cols)
    labeled = count <= 20
    inch = min(1.3, 8.2 / cols)
    size = (inch * cols + (1.2 if channels == 1 else 0.2), 0.6)
    height = (inch * kH / kW + 0.32 * labeled) * rows
    fig, boxes = style.axes(rows, cols, size=(size[0], size[1] + height), squeeze=False)
    for i, ax in enumerate(boxes.flat):
        style.bare(ax)
        if i >= count:
            continue
        if channels == 1:
            drawn = signed(ax, weight[i, 0], limit, SIGNED_KERNEL)
        else:
            own = float(weight[i].abs().max()) or 1.0
            ax.imshow(as_picture(weight[i] / own))
        if labeled:
            ax.set_title(f"{i}", fontsize=style.TEXT)
    fig.suptitle(title)
    if channels == 1:
        color_bar(fig, drawn, boxes, limit)
    return fig


def _choose(model, shape) -> list[Step]:
    """The layers to show: all that give maps, or at most six of a deep network."""
    steps = [
        s for s in trace(model, shape) if len(s.shape) == 3 and s.module is not None
    ]
    if len(steps) > 6:  # the first, then what ends each stage
        steps = [steps[0], *(s for s in steps[1:] if s.kind == "pool")][:6]
    if not steps:
        raise ValueError(f"{type(model).__name__} has no layer that gives feature maps")
    return steps


@torch.no_grad()
@style.styled
def feature_maps(
    model: nn.Module, image: Tensor, *, classes: Sequence[str] | None = None
):
    """What each layer makes of one image: its feature maps, a row a layer.

    ``image`` is (C, H, W), uint8 or normalized. Shown are the convolutions and
    poolings, of a deep network the first convolution and the poolings, and of each up
    to eight maps: the strongest, with their numbers. Green is above zero, purple below,
    white zero; every row has its own scale. Raises ValueError for other images and
    for a model without maps.
    """
    batch = as_batch(image, device_of(model))[:1]
    steps = _choose(model, tuple(batch.shape[1:]))
    with evaluation_mode(model), recording(model) as calls:
        logits = model(batch)
    outputs = {id(module): out[0].float().cpu() for _, module, _, out in calls}
    rows, cols = len(steps) + 1, min(MOST_MAPS, max(s.shape[0] for s in steps))
    inch = min(1.25, 8.0 / cols)
    fig, boxes = style.axes(
        rows, cols, size=(inch * cols + 1.5, (inch + 0.12) * rows + 0.6), squeeze=False
    )
    for ax in boxes.flat:
        style.bare(ax)
    for ax in boxes[0, 1:]:
        ax.set_visible(False)  # the answer stands here
    boxes[0, 0].imshow(as_picture(batch[0]))
    _row_label(boxes[0, 0], "input", sizes(tuple(batch.shape[1:])))
    answer = _answer(logits[0].float().cpu(), classes)
    words = boxes[0, 0].annotate(
        f"answer: {answer}", (1.1, 0.5), xycoords="axes fraction", va="center"
    )
    words.set_in_layout(False)  # or the columns would part to make room for it
    for step, line in zip(steps, boxes[1:], strict=True):
        maps = outputs[id(step.module)]
        peaks = maps.abs().amax(dim=(1, 2))
        shown = peaks.argsort(descending=True, stable=True)[:cols].sort().values
        limit = float(peaks.max()) or 1.0
        for ax, channel in zip(line, shown.tolist(), strict=False):
            signed(ax, maps[channel], limit, SIGNED_OUTPUT)
            if len(maps) > cols:
                ax.set_title(f"{channel}", fontsize=style.TEXT, pad=3)
        _row_label(line[0], step.label, sizes(step.shape))
    title = f"Feature maps of {type(model).__name__}"
    fig.suptitle(title)
    key = "green: above zero, purple: below"
    fig.supxlabel(key, fontsize=style.TEXT, color=palette.MUTED)
    layers = listed([f"{s.label} ({sizes(s.shape)})" for s in steps])
    return style.picture(
        fig, f"{title}, layer by layer, for one image of "
        f"{sizes(tuple(batch.shape[1:]))}: {layers}. It answers {answer}.",
    )  # fmt: skip


def _row_label(ax, name: str, shape: str) -> None:
    ax.set_ylabel(f"{name}\n{shape}", rotation=0, ha="right", va="center", labelpad=8)


def _answer(logits: Tensor, classes) -> str:
    """The likeliest class and its probability: "7 (99.8 %)"."""
    p = logits.softmax(0)
    k = int(p.argmax())
    return f"{classes[k] if classes is not None else k} ({percent(float(p[k]))})"
