"""The one scale of images in the lecture: bytes 0..255, floats -1..1."""

import torch
from torch import Tensor

__all__ = ["denormalize", "describe", "normalize"]


def normalize(images: Tensor) -> Tensor:
    """Bring uint8 images (..., H, W) from 0..255 to float32 in [-1, 1]: x / 127.5 - 1.

    The one convention for every network of the lecture: nothing is measured on the
    data set, so nothing has to be stored with a model. Raises TypeError unless
    ``images`` is a uint8 tensor.
    """
    if not isinstance(images, Tensor) or images.dtype != torch.uint8:
        raise TypeError(f"normalize expects a uint8 tensor, not {describe(images)}.")
    return images.to(torch.float32).div_(127.5).sub_(1.0)


def denormalize(images: Tensor) -> Tensor:
    """Bring float images (..., H, W) from [-1, 1] to [0, 1], as pictures are drawn.

    Values outside [-1, 1] are clamped. Raises TypeError unless ``images`` is floating.
    """
    if not isinstance(images, Tensor) or not images.is_floating_point():
        raise TypeError(f"denormalize expects a float tensor, not {describe(images)}.")
    return ((images + 1.0) / 2.0).clamp(0.0, 1.0)


def describe(value) -> str:
    """What somebody passed instead, for an error's sentence."""
    if isinstance(value, Tensor):
        return f"a tensor of {str(value.dtype).removeprefix('torch.')}"
    return f"{type(value).__name__} {value!r}"[:80]
