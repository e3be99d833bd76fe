"""What may pick images from a set: checked, and said in one sentence if it does not."""

import torch
from torch import Tensor

from .scale import describe

__all__ = ["as_index", "check_count", "check_order"]


def as_index(index, images: int, device: torch.device) -> Tensor:
    """A list or tensor of bool or int as a mask or int64 indices on ``device``."""
    what = "index must be a slice, a list, or a one-dimensional tensor of int or bool"
    try:
        index = torch.as_tensor(index, device=device)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"{what}, not {type(index).__name__}.") from None
    if index.ndim != 1:
        hint = " (one image is .images[i], its label .labels[i])"
        raise TypeError(f"{what}{hint if index.ndim == 0 else ''}.")
    if index.dtype == torch.bool:
        if len(index) != images:
            raise IndexError(
                f"index has {len(index)} bools for a set of {images} images."
            )
        return index
    if len(index) and (index.is_floating_point() or index.is_complex()):
        raise TypeError(f"{what}, not {index.dtype}.")
    # A uint8 tensor would be read as a mask by indexing, and [] is one of floats.
    index = index.to(torch.int64)
    _check_reach("index", index, -images, images)
    return index


def check_order(order, images: int) -> None:
    """Raise unless ``order`` is int64 (M,), each of it the index of an image."""
    if not isinstance(order, Tensor) or order.dtype != torch.int64:
        raise TypeError(f"order must be an int64 tensor, not {describe(order)}.")
    if order.ndim != 1:
        raise ValueError(f"order must have shape (M,), not {tuple(order.shape)}.")
    _check_reach("order", order, 0, images)


def _check_reach(name: str, index: Tensor, low: int, images: int) -> None:
    if not len(index):
        return
    first, last = (int(v) for v in torch.aminmax(index))
    if first < low or last >= images:
        raise IndexError(
            f"{name} reaches from {first} to {last} in a set of {images} images."
        )


def check_count(name: str, value: int) -> None:
    """Raise unless ``value`` is an int of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {value!r}.")
    if value < 1:
        raise ValueError(f"{name} must be at least 1, not {value}.")
