"""Inside a network: its filters, and its feature maps of an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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


@style.styled
def filters_over_time(course: Mapping[int, Tensor]):
    """How a convolution's kernels came about: a column a filter, a row a moment.

    ``course`` maps a step of the training to the weights (O, 1, kH, kW) before it. All
    have one color scale. Raises ValueError for other shapes.
    """
    course = {step: w.detach().float().cpu() for step, w in course.items()}
    shapes = {tuple(w.shape) for w in course.values()}
    if len(shapes) != 1 or len(shape := shapes.pop()) != 4 or shape[1] != 1:
        raise ValueError("expected course to hold weights (O, 1, kH, kW) of one shape")
    limit = max(float(w.abs().max()) for w in course.values()) or 1.0
    rows, cols = len(course), min(shape[0], MOST_MAPS)
    fig, boxes = style.axes(
        rows, cols, size=(0.95 * cols + 2.6, 0.95 * rows + 0.7), squeeze=False
    )
    for (step, weight), line in zip(course.items(), boxes, strict=True):
        for channel, ax in enumerate(line):
            drawn = signed(ax, weight[channel, 0], limit, SIGNED_KERNEL)
        label = f"step {step:,}" if step else "start"
        line[0].set_ylabel(label, rotation=0, ha="right", va="center", labelpad=8)
    for channel, ax in enumerate(boxes[0]):
        ax.set_title(f"{channel}")
    title = f"{cols} filters of {sizes(shape[1:])} in the course of training"
    fig.suptitle(title)
    color_bar(fig, drawn, boxes, limit)
    moments = [weight.flatten(1) for weight in course.values()]
    alike = torch.cosine_similarity(moments[0], moments[-1])
    told = listed([f"{value:.2f}" for value in alike[:cols].tolist()])
    return style.picture(
        fig,
        f"{title}: at step {listed([f'{step:,}' for step in course])}. Orange adds, "
        f"purple subtracts. Cosine similarity of first and last, filter by filter: "
        f"{told}.",
    )


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
    to eight maps: the strongest of each convolution, with their numbers, and below each
    what the ReLU and the pooling make of it. Green is above zero, purple below,
    white zero; every row has its own scale. Raises ValueError for other images and
    for a model without maps.
    """
    batch = as_batch(image, device_of(model))[:1]
    steps = _choose(model, tuple(batch.shape[1:]))
    with evaluation_mode(model), recording(model) as calls:
        logits = model(batch)
    rows = _rows(steps, calls)
    cols = min(MOST_MAPS, max(len(maps) for _, maps in rows))
    inch = min(1.25, 8.0 / cols)
    fig, boxes = style.axes(
        len(rows) + 1, cols, squeeze=False,
        size=(inch * cols + 1.5, (inch + 0.12) * (len(rows) + 1) + 0.6),
    )  # fmt: skip
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
    shown: list[int] = []
    for (name, maps), line in zip(rows, boxes[1:], strict=True):
        peaks = maps.abs().amax(dim=(1, 2))
        if name.startswith("conv") or len(maps) < max(shown, default=0) + 1:
            order = peaks.argsort(descending=True, stable=True)[:cols]
            shown = order.sort().values.tolist()
        limit = float(peaks.max()) or 1.0
        for ax, channel in zip(line, shown, strict=False):
            signed(ax, maps[channel], limit, SIGNED_OUTPUT)
            if len(maps) > cols:
                ax.set_title(f"{channel}", fontsize=style.TEXT, pad=3)
        _row_label(line[0], name, sizes(maps.shape))
    title = f"Feature maps of {type(model).__name__}"
    fig.suptitle(title)
    key = "green: above zero, purple: below"
    fig.supxlabel(key, fontsize=style.TEXT, color=palette.MUTED)
    layers = listed([f"{name} ({sizes(maps.shape)})" for name, maps in rows])
    return style.picture(
        fig, f"{title}, layer by layer, for one image of "
        f"{sizes(tuple(batch.shape[1:]))}: {layers}. It answers {answer}.",
    )  # fmt: skip


def _rows(steps: list[Step], calls) -> list[tuple[str, Tensor]]:
    """Names and maps (C, H, W) of the layers, and of the ReLU between two of them."""
    outputs = {id(module): out[0].float().cpu() for _, module, _, out in calls}
    inputs = {id(module): x[0].float().cpu() for _, module, x, _ in calls}
    rows = []
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        maps = outputs[id(step.module)]
        rows.append((step.label, maps))
        given = inputs.get(id(after.module)) if after else None
        if given is not None and (maps < 0).any() and torch.equal(given, maps.relu()):
            rows.append(("ReLU", given))
    return rows


def _row_label(ax, name: str, shape: str) -> None:
    ax.set_ylabel(f"{name}\n{shape}", rotation=0, ha="right", va="center", labelpad=8)


def _answer(logits: Tensor, classes) -> str:
    """The likeliest class and its probability: "7 (99.8 %)"."""
    p = logits.softmax(0)
    k = int(p.argmax())
    return f"{classes[k] if classes is not None else k} ({percent(float(p[k]))})"
