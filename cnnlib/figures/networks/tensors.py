"""Tensors as pictures: what the figures of a network's inside share."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from cnnlib.data import denormalize, normalize
from cnnlib.drawing import palette, style
from cnnlib.drawing.format import number


def as_batch(images: Tensor, device: torch.device | str = "cpu") -> Tensor:
    """One image (C, H, W) or several (N, C, H, W) as float (N, C, H, W) in [-1, 1].

    uint8 images are normalized, float ones taken as they are; they come to ``device``.
    Raises TypeError or ValueError for anything else.
    """
    if not isinstance(images, Tensor):
        raise TypeError(f"image must be a tensor, not {type(images).__name__}")
    if images.ndim not in (3, 4):
        raise ValueError(
            f"image has shape {tuple(images.shape)}, expected (C, H, W) or (N, C, H, W)"
        )
    batch = images if images.ndim == 4 else images[None]
    batch = normalize(batch) if batch.dtype == torch.uint8 else batch.float()
    return batch.to(device)


def as_picture(image: Tensor) -> np.ndarray:
    """A float image (C, H, W) in [-1, 1] as RGB (H, W, 3) in 0..1, as it is drawn."""
    pixels = denormalize(image.detach().cpu())
    if pixels.shape[0] not in (1, 3):
        pixels = pixels.mean(0, keepdim=True)
    return pixels.expand(3, -1, -1).permute(1, 2, 0).numpy()


SIGNED_KERNEL = "PuOr_r"  # purple below zero, white, orange above: a kernel's numbers


SIGNED_OUTPUT = "PRGn"  # purple below zero, white, green above: an output's numbers


def signed(ax, values: Tensor, limit: float, colors: str):
    """Values (H, W) as cells, white for zero."""
    return framed(ax).imshow(values.numpy(), cmap=colors, vmin=-limit, vmax=limit)


def framed(ax):
    """The Axes, bare but for a thin frame, because white meets white."""
    style.bare(ax).spines[:].set(visible=True, color=palette.FAINT)
    return ax


def color_bar(fig, drawn, boxes, limit: float):
    drawn.set_clim(-limit, limit)
    bar = fig.colorbar(drawn, ax=boxes, shrink=0.8, aspect=18, ticks=[-limit, 0, limit])
    bar.ax.set_yticklabels([number(float(f"{t:.2g}")) for t in (-limit, 0, limit)])
    bar.outline.set_visible(False)
    return bar
