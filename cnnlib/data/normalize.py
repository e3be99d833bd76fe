"""The scale of images: bytes from 0 to 255, floats around 0."""

from collections.abc import Sequence
from numbers import Real

import torch
from torch import Tensor

# Of the images that torchvision's pretrained weights were trained on, per channel
# (torchvision's documentation of ResNet50_Weights.IMAGENET1K_V2.transforms).
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def normalize(
    images: Tensor,
    mean: float | Sequence[float] = 0.5,
    std: float | Sequence[float] = 0.5,
) -> Tensor:
    """Turn uint8 images (..., C, H, W) into float32: (x / 255 - mean) / std.

    ``mean`` and ``std`` are one number, or one for each channel, such as
    ``IMAGENET_MEAN`` and ``IMAGENET_STD`` for pretrained weights. The default brings
    images to [-1, 1], as all networks of the lecture expect them. Raises TypeError
    unless ``images`` is a uint8 tensor.
    """
    if not isinstance(images, Tensor) or images.dtype != torch.uint8:
        raise TypeError(
            f"expected images to be a uint8 tensor, but got {describe(images)}"
        )
    mean, std = _per_channel(mean, images), _per_channel(std, images)
    return images.to(torch.float32).div_(255 * std).sub_(mean / std)


def _per_channel(values, images: Tensor) -> float | Tensor:
    if isinstance(values, Real):
        return values
    return torch.tensor(values, device=images.device).view(-1, 1, 1)


def denormalize(images: Tensor) -> Tensor:
    """Bring float images (..., H, W) from [-1, 1] to [0, 1], as pictures are drawn.

    Values outside [-1, 1] are clamped. Raises TypeError unless ``images`` is a
    floating-point tensor.
    """
    if not isinstance(images, Tensor) or not images.is_floating_point():
        raise TypeError(
            f"expected images to be a float tensor, but got {describe(images)}"
        )
    return ((images + 1.0) / 2.0).clamp(0.0, 1.0)


def describe(value) -> str:
    """A value in an error message."""
    if isinstance(value, Tensor):
        return f"a tensor of {value.dtype} and shape {tuple(value.shape)}"
    return f"{type(value).__name__} {value!r}"[:80]
