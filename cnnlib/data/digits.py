"""The handwritten digits that ship with scikit-learn, brought to MNIST's format."""

import numpy as np
import torch
import torch.nn.functional as F

from .imageset import ImageSet
from .places import in_sklearn

__all__ = ["load_digits"]

_FIELD = 28
_BOX = 25  # 20 for the digit, as in MNIST, and 2.5 on each side for a soft end
_RIM = 3


def load_digits() -> tuple[ImageSet, ImageSet]:
    """Train (1,437) and test (360) sets of real handwritten digits, (N, 1, 28, 28).

    The originals are 8×8 with values 0..16 (Alpaydin and Kaynak 1998, UCI repository,
    https://doi.org/10.24432/C50P49; scikit-learn carries its test part). They are
    enlarged smoothly to 20×20 and placed so that their center of mass is at the center
    of the field, as MNIST's were (LeCun et al. 1998, section III.A). Sorted by class,
    every fifth goes to the test set.
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


def _like_mnist(small: torch.Tensor) -> torch.Tensor:
    """(N, 8, 8) in [0, 1] to uint8 (N, 1, 28, 28)."""
    # A black rim first, so that strokes at the border end softly: 10×10 to 25×25
    # enlarges as 8×8 to 20×20 does.
    framed = F.pad(small[:, None], (1, 1, 1, 1))
    box = F.interpolate(framed, size=(_BOX, _BOX), mode="bicubic")
    box = (box.clamp(0, 1) * 255).round().to(torch.uint8)[:, 0].numpy()
    tops, lefts = (_offsets(box.sum(axis, dtype=np.int64)) for axis in (2, 1))
    # Wide enough for boxes that reach beyond the field with their empty rim.
    wide = np.zeros((len(box), *(_FIELD + 2 * _RIM,) * 2), np.uint8)
    for image, digit, top, left in zip(wide, box, tops, lefts, strict=True):
        image[top : top + _BOX, left : left + _BOX] = digit
    field = wide[:, None, _RIM:-_RIM, _RIM:-_RIM]
    return torch.from_numpy(np.ascontiguousarray(field))


def _offsets(profiles: np.ndarray) -> np.ndarray:
    """Where each box starts so that its profile's (N, 25) center is the field's."""
    positions = np.arange(_BOX)
    centers = (profiles * positions).sum(1) / profiles.sum(1).clip(min=1)
    offsets = _RIM + np.round((_FIELD - 1) / 2 - centers).astype(int)
    return offsets.clip(0, _FIELD + 2 * _RIM - _BOX)
