"""Handwritten digits in MNIST's format: those of scikit-learn, and one's own."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from .imageset import ImageSet
from .places import in_sklearn

FIELD, FIT = 28, 20  # MNIST: digits fit a 20×20 box in a 28×28 image
_BOX = 25  # 20 for the digit and 2.5 on each side, where its strokes end softly
_RIM = 3
_SOFT = 1  # pixels of the box, nearly empty, that may leave the field


def center_digit(drawing: np.ndarray | Tensor) -> Tensor:
    """Center and scale a drawing as MNIST's digits were: uint8 (H, W) to (1, 28, 28).

    White (255) on black (0). The ink's bounding box is scaled, with antialiasing and
    the same ratio of its sides, to fit 20×20; its center of mass comes to the center
    of a 28×28 field (LeCun, Bottou, Bengio, Haffner 1998, section III.A). An empty
    drawing gives an empty field. Raises TypeError unless the dtype is uint8 and
    ValueError unless there are two dimensions.
    """
    pixels = np.asarray(drawing)
    if pixels.dtype != np.uint8:
        raise TypeError(f"expected drawing to be uint8, but got {pixels.dtype}")
    if pixels.ndim != 2:
        raise ValueError(
            f"expected drawing to have shape (H, W), but got {pixels.shape}"
        )
    field = np.zeros((1, FIELD, FIELD), dtype=np.uint8)
    rows, columns = pixels.any(axis=1).nonzero()[0], pixels.any(axis=0).nonzero()[0]
    if len(rows) == 0:
        return torch.from_numpy(field)
    ink = _fit(pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    top, left = (_start(ink.sum(axis=1 - axis, dtype=float)) for axis in (0, 1))
    # Ink never leaves the field; that matters more than its center.
    top, left = (
        min(max(start, 0), FIELD - side)
        for start, side in zip((top, left), ink.shape, strict=True)
    )
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
    """Where an ink profile (n,) starts so that its center of mass is on pixel 14.

    Pixel 14, counted from 0, is where MNIST's digits have their center: measured over
    its 60,000 training images, 13.996 down and 14.007 to the right.
    """
    total = profile.sum()
    center = (profile * np.arange(len(profile))).sum() / total if total else 0.0
    return math.ceil(FIELD / 2 - center - 0.5)


def load_digits() -> tuple[ImageSet, ImageSet]:
    """Train (1,437) and test (360) sets of real handwritten digits, (N, 1, 28, 28).

    The originals are 8×8 with values 0..16 (Alpaydin and Kaynak 1998, UCI repository,
    https://doi.org/10.24432/C50P49; scikit-learn carries its test part). They are
    enlarged smoothly to 20×20 and centered by their center of mass, as MNIST's were
    (LeCun et al. 1998, section III.A). Sorted by class, every fifth is for the test.
    """
    table = np.loadtxt(in_sklearn("data/digits.csv.gz"), np.uint8, delimiter=",")
    small, labels = torch.from_numpy(table).split([64, 1], dim=1)
    images = _like_mnist(small.view(-1, 8, 8).float() / 16)
    labels = labels.flatten().long()
    everything = ImageSet(images, labels, tuple("0123456789"), "digits")
    by_class = torch.argsort(labels, stable=True)
    is_test = torch.zeros(len(labels), dtype=torch.bool)
    is_test[by_class[::5]] = True
    return everything[~is_test], everything[is_test]


def _like_mnist(small: Tensor) -> Tensor:
    """(N, 8, 8) in [0, 1] to uint8 (N, 1, 28, 28)."""
    # A black rim first, so that strokes at the border end softly: 10×10 to 25×25
    # enlarges as 8×8 to 20×20 does.
    framed = F.pad(small[:, None], (1, 1, 1, 1))
    box = F.interpolate(framed, size=(_BOX, _BOX), mode="bicubic")
    box = (box.clamp(0, 1) * 255).round().to(torch.uint8)[:, 0].numpy()
    # Wide enough for boxes that reach beyond the field with their empty rim.
    wide = np.zeros((len(box), *(FIELD + 2 * _RIM,) * 2), np.uint8)
    for image, digit in zip(wide, box, strict=True):
        profiles = digit.sum(1, dtype=float), digit.sum(0, dtype=float)
        top, left = (
            _RIM + min(max(_start(p), -_SOFT), FIELD + _SOFT - _BOX) for p in profiles
        )
        image[top : top + _BOX, left : left + _BOX] = digit
    field = wide[:, None, _RIM:-_RIM, _RIM:-_RIM]
    return torch.from_numpy(np.ascontiguousarray(field))
