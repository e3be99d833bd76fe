"""Images with what a network finds on them, in orange and blue."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, to_rgb

from cnnlib.drawing import palette, style
from cnnlib.drawing.format import number, percent
from cnnlib.figures.networks.tensors import as_picture, color_bar
from cnnlib.training.evaluation import evaluation_mode

MOST_IMAGES = 6
COLORS = LinearSegmentedColormap.from_list(
    "overlay", (palette.BLUE, palette.PAPER, palette.WINDOW)
)


def overlaid(model, batch, target, classes, look, title, how, unit):
    """A row of images and below it the same images with what ``look`` finds on them.

    All have one scale, with its bar: numbers times ``unit[0]``, called ``unit[1]``.
    """
    if not 1 <= len(batch) <= MOST_IMAGES:
        raise ValueError(f"images has {len(batch)} images, expected 1 to {MOST_IMAGES}")
    with torch.no_grad(), evaluation_mode(model):
        probabilities = model(batch).softmax(1).float().cpu()
    count = probabilities.shape[1]
    if target is not None and not 0 <= target < count:
        raise ValueError(f"target is {target}, but the network has {count} classes")
    classes = list(range(count)) if classes is None else classes
    targets = [int(p.argmax()) if target is None else target for p in probabilities]
    factor, name = unit
    heats = [factor * look(x, k).numpy() for x, k in zip(batch, targets, strict=True)]
    limit = max(float(np.abs(heat).max()) for heat in heats) or 1.0
    single = len(batch) == 1
    shape = (1, 2) if single else (2, len(batch))
    inch = 3.4 if single else min(2.0, 8.6 / len(batch))
    note = _wrapped(how, inch * shape[1])
    size = (inch * shape[1] + 0.9, inch * shape[0] + 0.75 + 0.25 * note.count("\n"))
    fig, boxes = style.axes(*shape, size=size, squeeze=False)
    told = []
    for i, (image, k, heat) in enumerate(zip(batch, targets, heats, strict=True)):
        upper, lower = boxes[0] if single else boxes[:, i]
        plain, p = as_picture(image), percent(float(probabilities[i, k]), 0)
        style.bare(upper, f"{classes[k]}, {p}").imshow(plain)
        style.bare(lower).imshow(overlay(plain, heat, limit))
        told.append(
            f"{classes[k]} ({p}): {_hottest(heat)}, {number(_short(heat.max()))}"
        )
    bar = color_bar(fig, ScalarMappable(cmap=COLORS), boxes[-1], limit)
    bar.set_label(name)
    fig.suptitle(_wrapped(title, size[0] - 0.6))
    fig.supxlabel(note, fontsize=style.TEXT, color=palette.MUTED)
    return style.picture(
        fig,
        f"{title} {how} The strongest place of each, in {name}: {'; '.join(told)}.",
        photo=True,
    )


def _short(value: float) -> float:
    return float(f"{value:.2g}")


def _wrapped(text: str, inches: float) -> str:
    from textwrap import fill

    return fill(text, int(inches / 0.118))


def overlay(picture: np.ndarray, heat: np.ndarray, limit: float) -> np.ndarray:
    """RGB (H, W, 3), grayed, with ``heat`` (H, W): orange above zero, blue below."""
    gray = picture.mean(axis=2, keepdims=True)
    # Pale enough that both colors and the image show, wherever it is black or white.
    base = np.repeat(0.25 + 0.6 * gray, 3, axis=2)
    strength = np.abs(heat) / limit
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
