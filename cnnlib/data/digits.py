"""The handwritten digits that ship with scikit-learn, brought to MNIST's format."""

import numpy as np
import torch
import torch.nn.functional as F

from .imageset import ImageSet

__all__ = ["load_digits"]

_FIELD, _BOX = 28, 20  # MNIST: a 20×20 box, placed in a 28×28 field


def load_digits() -> tuple[ImageSet, ImageSet]:
    """Train (1,437) and test (360) sets of real handwritten digits, (N, 1, 28, 28).

    The originals are 8×8 with values 0..16 (Alpaydin and Kaynak 1998, UCI repository,
    https://doi.org/10.24432/C50P49; scikit-learn carries its test part). They are
    enlarged smoothly to 20×20 and placed so that their center of mass is at the center
    of the field, as MNIST's were (LeCun et al. 1998, section III.A). Sorted by class,
    every fifth goes to the test set.
    """
    from sklearn.datasets import load_digits as embedded

    bunch = embedded()
    images = _like_mnist(torch.from_numpy(bunch.images).float() / 16)
    labels = torch.from_numpy(bunch.target).to(torch.int64)
    everything = ImageSet(images, labels, tuple("0123456789"), "digits")
    by_class = torch.argsort(labels, stable=True)
    is_test = torch.zeros(len(labels), dtype=torch.bool)
    is_test[by_class[::5]] = True
    return everything[~is_test], everything[is_test]


def _like_mnist(small: torch.Tensor) -> torch.Tensor:
    """(N, 8, 8) in [0, 1] to uint8 (N, 1, 28, 28)."""
    box = F.interpolate(small[:, None], size=(_BOX, _BOX), mode="bicubic")
    box = (box.clamp(0, 1) * 255).round().to(torch.uint8)[:, 0].numpy()
    field = np.zeros((len(box), _FIELD, _FIELD), np.uint8)
    tops, lefts = (_offsets(box.sum(axis, dtype=np.int64)) for axis in (2, 1))
    for image, digit, top, left in zip(field, box, tops, lefts, strict=True):
        image[top : top + _BOX, left : left + _BOX] = digit
    return torch.from_numpy(field[:, None])


def _offsets(profiles: np.ndarray) -> np.ndarray:
    """Where the box starts so that each profile's (N, 20) center is the field's."""
    positions = np.arange(_BOX)
    centers = (profiles * positions).sum(1) / profiles.sum(1).clip(min=1)
    offsets = np.round((_FIELD - 1) / 2 - centers).astype(int)
    return offsets.clip(0, _FIELD - _BOX)
