"""A drawing made into the picture that MNIST would have made of it."""

import math

import numpy as np
import torch
from PIL import Image
from torch import Tensor

FIT, FIELD = 20, 28  # MNIST: digits fit a 20x20 box in a 28x28 picture


def center_digit(drawing: np.ndarray | Tensor) -> Tensor:
    """Center and scale a drawing as MNIST's digits were: uint8 (H, W) -> (1, 28, 28).

    White (255) on black (0). The ink's bounding box is scaled, antialiased and keeping
    its aspect ratio, to fit 20x20; its center of mass comes to the center of a 28x28
    field (LeCun, Bottou, Bengio, Haffner 1998, section III-A). An empty drawing gives
    an empty field. Raises TypeError unless dtype is uint8, ValueError unless 2-D.
    """
    pixels = np.asarray(drawing)
    if pixels.dtype != np.uint8:
        raise TypeError(f"drawing must be uint8, not {pixels.dtype}")
    if pixels.ndim != 2:
        raise ValueError(f"drawing must have shape (H, W), not {pixels.shape}")
    field = np.zeros((1, FIELD, FIELD), dtype=np.uint8)
    rows, columns = pixels.any(axis=1).nonzero()[0], pixels.any(axis=0).nonzero()[0]
    if len(rows) == 0:
        return torch.from_numpy(field)
    ink = _fit(pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    top, left = (_start(ink.sum(axis=1 - axis, dtype=float)) for axis in (0, 1))
    field[0, top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return torch.from_numpy(field)


def _fit(ink: np.ndarray) -> np.ndarray:
    """Scale (h, w) so that the longer side is 20."""
    height, width = ink.shape
    scale = FIT / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (width, height):
        return ink
    return np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BILINEAR))


def _start(profile: np.ndarray) -> int:
    """Return where an ink profile starts so that its center of mass is in the middle.

    Pixel 14 is the middle, as in MNIST. Ink never leaves the field: that matters more.
    """
    total = profile.sum()
    center = (profile * np.arange(len(profile))).sum() / total if total else 0.0
    return int(min(max(math.ceil(FIELD / 2 - center - 0.5), 0), FIELD - len(profile)))
