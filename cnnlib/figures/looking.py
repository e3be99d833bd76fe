"""Where a network looks: occlusion, and the evidence in its last feature maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.colors import to_rgb
from torch import Tensor, nn
from torch.nn import functional as F

from cnnlib.drawing import palette, style
from cnnlib.figures.tensors import as_batch, as_picture
from cnnlib.figures.trace import find_layer, trace
from cnnlib.training.evaluation import device_of, evaluation_mode

MOST_IMAGES = 6


@torch.no_grad()
def occlusion_map(
    model: nn.Module, image: Tensor, target: int, window: int, stride: int
) -> Tensor:
    """How far the probability of ``target`` falls where a square hides the image.

    ``image`` is float (C, H, W) in [-1, 1]. Returns (H, W): for each pixel the mean,
    over the ``window`` x ``window`` squares at steps of ``stride`` that hide it, of p
    without the square minus p with it. A square has the image's mean color.
    """
    _, H, W = image.shape
    corners = [
        (y, x) for y in starts(H, window, stride) for x in starts(W, window, stride)
    ]
    mean = image.mean(dim=(1, 2), keepdim=True)
    hidden = image.repeat(len(corners), 1, 1, 1)
    for i, (y, x) in enumerate(corners):
        hidden[i, :, y : y + window, x : x + window] = mean
    with evaluation_mode(model):
        whole = model(image[None]).softmax(1)[0, target]
        parts = [model(part).softmax(1)[:, target] for part in hidden.split(128)]
    drops = (whole - torch.cat(parts)).float().cpu()
    total, count = torch.zeros(H, W), torch.zeros(H, W)
    for drop, (y, x) in zip(drops, corners, strict=True):
        total[y : y + window, x : x + window] += drop
        count[y : y + window, x : x + window] += 1
    return total / count


def starts(length: int, window: int, stride: int) -> list[int]:
    """First pixels of windows that cover ``length``, the last flush with its end."""
    last = length - window
    return [*range(0, last, stride), last]


@style.styled
def occlusion(
    model: nn.Module,
    images: Tensor,
    target: int | None = None,
    *,
    window: int | None = None,
    stride: int | None = None,
    classes: Sequence[str] | None = None,
    title: str = "Where does hiding a patch change the answer?",
):
    """Where the network looks: what it loses when a square hides a part.

    ``images`` is one (C, H, W) or up to six (N, C, H, W), uint8 or normalized. The
    ``target`` class defaults to each image's answer. Where hiding lowers its
    probability the overlay is orange, where hiding raises it blue. The square's side
    ``window`` defaults to a fifth of the image, its ``stride`` to a third of that.
    """
    batch = as_batch(images, device_of(model))
    side = min(batch.shape[2:])
    window = max(2, round(side / 5)) if window is None else window
    stride = max(1, window // 3) if stride is None else stride
    if not 1 <= window <= side or stride < 1:
        raise ValueError(
            f"window {window} and stride {stride} do not fit images of {side} pixels"
        )

    def look(image: Tensor, k: int) -> Tensor:
        return occlusion_map(model, image, k, window, stride)

    how = (
        f"Hiding {window}×{window} pixels lowers the probability (orange) or raises it"
    )
    how += " (blue)."
    return _overlaid(model, batch, target, classes, look, title, how)


def class_activation_map(
    model: nn.Module, image: Tensor, target: int, layer: nn.Module
) -> Tensor:
    """Which places of ``layer``'s maps speak for (> 0) or against ``target``.

    Each number in the maps is multiplied with the gradient that the log-odds of
    ``target`` have there, and the products are summed over the channels. ``image`` is
    float (C, H, W); returns (H, W), the map brought to the image's size. Source:
    Draelos and Carin (2020), HiResCAM, arXiv:2011.08891; Grad-CAM, which averages each
    channel's gradient, is Selvaraju and others (2017), arXiv:1610.02391.
    """
    caught = {}

    def keep(_module, _args, out: Tensor) -> None:
        caught["maps"] = out.detach().clone()
        out.register_hook(lambda gradient: caught.update(gradient=gradient))

    handle = layer.register_forward_hook(keep)
    try:
        with evaluation_mode(model), torch.enable_grad():
            pixels = image[None].detach().requires_grad_()
            logits = model(pixels)[0]
            others = torch.arange(len(logits), device=logits.device) != target
            # Log-odds, because a probability near 1 has next to no gradient.
            odds = logits[target] - logits[others].logsumexp(0)
            torch.autograd.grad(odds, pixels)
    finally:
        handle.remove()
    if "gradient" not in caught:
        raise ValueError("the answer does not depend on this layer")
    heat = (caught["gradient"] * caught["maps"]).sum(1, keepdim=True)
    heat = F.interpolate(heat, image.shape[1:], mode="bilinear", align_corners=False)
    return heat[0, 0].float().cpu()


@style.styled
def class_activation(
    model: nn.Module,
    images: Tensor,
    target: int | None = None,
    *,
    layer: nn.Module | str | None = None,
    classes: Sequence[str] | None = None,
    title: str = "Where is the evidence for the answer?",
):
    """Where the network looks: the places that speak for the class, or against it.

    ``images`` is one (C, H, W) or up to six (N, C, H, W), uint8 or normalized. The
    ``target`` class defaults to each image's answer, ``layer`` to the last convolution.
    Raises ValueError for a network without a convolution.
    """
    batch = as_batch(images, device_of(model))
    if layer is None:
        convs = [s for s in trace(model, tuple(batch.shape[1:])) if s.kind == "conv"]
        wide = [s for s in convs if s.shape[1] > 1] or convs
        if not wide:
            raise ValueError(f"{type(model).__name__} has no convolution to look into")
        layer, name = wide[-1].module, wide[-1].label
    else:
        layer, name = find_layer(model, layer), str(layer)

    def look(image: Tensor, k: int) -> Tensor:
        return class_activation_map(model, image, k, layer)

    how = f"What {name} finds speaks for the class (orange) or against it (blue)."
    return _overlaid(model, batch, target, classes, look, title, how)


def _overlaid(model, batch, target, classes, look, title, how):
    """A row of images and below it the same images with what ``look`` finds on them."""
    if not 1 <= len(batch) <= MOST_IMAGES:
        raise ValueError(f"images has {len(batch)} images, expected 1 to {MOST_IMAGES}")
    with torch.no_grad(), evaluation_mode(model):
        probabilities = model(batch).softmax(1).float().cpu()
    count = probabilities.shape[1]
    if target is not None and not 0 <= target < count:
        raise ValueError(f"target is {target}, but the network has {count} classes")
    classes = list(range(count)) if classes is None else classes
    single = len(batch) == 1
    shape = (1, 2) if single else (2, len(batch))
    inch = 3.4 if single else min(2.2, 9.3 / len(batch))
    note = _wrapped(how, inch * shape[1])
    size = (inch * shape[1], inch * shape[0] + 0.75 + 0.25 * note.count("\n"))
    fig, boxes = style.axes(*shape, size=size, squeeze=False)
    told = []
    for i, (image, p) in enumerate(zip(batch, probabilities, strict=True)):
        k = int(p.argmax()) if target is None else target
        upper, lower = boxes[0] if single else boxes[:, i]
        heat = look(image, k).numpy()
        plain = as_picture(image)
        style.bare(upper, f"{classes[k]}, {100 * float(p[k]):.0f} %").imshow(plain)
        style.bare(lower).imshow(overlay(plain, heat))
        told.append(f"{classes[k]} ({100 * float(p[k]):.0f} %): {_hottest(heat)}")
    fig.suptitle(_wrapped(title, size[0] - 0.6))
    fig.supxlabel(note, fontsize=style.TEXT, color=palette.MUTED)
    return style.picture(
        fig, f"{title} {how} The strongest place: {'; '.join(told)}.", photo=True
    )


def _wrapped(text: str, inches: float) -> str:
    from textwrap import fill

    return fill(text, int(inches / 0.118))


def overlay(picture: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """RGB (H, W, 3), grayed, with ``heat`` (H, W): orange above zero, blue below."""
    gray = picture.mean(axis=2, keepdims=True)
    # Pale enough that both colors and the image show, wherever it is black or white.
    base = np.repeat(0.25 + 0.6 * gray, 3, axis=2)
    strength = np.abs(heat) / (np.abs(heat).max() or 1)
    depth = 0.85 * strength[..., None] ** 0.8
    color = np.where(heat[..., None] > 0, to_rgb(palette.WINDOW), to_rgb(palette.BLUE))
    return (1 - depth) * base + depth * color


def _hottest(heat: np.ndarray) -> str:
    """Where in the picture the largest value is: "top left", "center"."""
    if not heat.max() > 0:
        return "nowhere"
    row, col = np.unravel_index(heat.argmax(), heat.shape)
    down = ("top", "middle", "bottom")[min(2, 3 * row // heat.shape[0])]
    along = ("left", "center", "right")[min(2, 3 * col // heat.shape[1])]
    return "center" if (down, along) == ("middle", "center") else f"{down} {along}"
