"""How large the output is, where the windows lie, and what is no valid argument."""

import numbers
import operator
import textwrap

import torch
from torch import Tensor


class ArgumentError(ValueError, RuntimeError):
    """A bad argument: a ValueError that, as in PyTorch, is also a RuntimeError."""


class ArgumentIndexError(ArgumentError, IndexError):
    """A class or a dimension that does not exist."""


class ArgumentTypeError(ArgumentError, TypeError, NotImplementedError):
    """A dtype that the operation is not defined for."""


def output_size(
    n, kernel_size, stride=1, padding=0, dilation=1, ceil_mode=False
) -> int:
    """The number of windows that fit along one axis of ``n`` elements.

    floor((n + 2*padding - dilation*(kernel_size - 1) - 1) / stride) + 1, where
    ``padding`` is per side. With ``ceil_mode`` the division rounds up, but the last
    window must start inside the input or the left padding.
    Raises ArgumentError (a ValueError) if no window fits.
    """
    n = integer("n", n, minimum=0)
    kernel_size = integer("kernel_size", kernel_size, minimum=1)
    stride = integer("stride", stride, minimum=1)
    padding = integer("padding", padding, minimum=0)
    dilation = integer("dilation", dilation, minimum=1)
    check_flag("ceil_mode", ceil_mode)
    return count_windows(n, kernel_size, stride, 2 * padding, dilation, ceil_mode)


def count_windows(n, kernel_size, stride, total_padding, dilation, ceil_mode=False):
    """output_size for arguments already checked and padding in total, not per side."""
    reach = dilation * (kernel_size - 1) + 1  # a window's first to last element
    room = n + total_padding - reach
    count = (room + (stride - 1 if ceil_mode else 0)) // stride + 1
    if ceil_mode and (count - 1) * stride >= n + total_padding // 2:
        count -= 1  # the last window would start in the right padding
    if count < 1 or n < 1:
        raise ArgumentError(
            f"kernel_size {kernel_size} with dilation {dilation} spans {reach} "
            f"elements, expected at most the {n + total_padding} that input "
            f"has along that axis with its padding, but input has {n}"
        )
    return count


def windows(input: Tensor, kernel_size, stride, dilation) -> Tensor:
    """View of (..., H, W) as (..., output H, output W, kernel H, kernel W): no copy."""
    for k, s, d in zip(kernel_size, stride, dilation, strict=True):
        input = input.unfold(-2, d * (k - 1) + 1, s)  # the window's axis goes last
    return input[..., :: dilation[0], :: dilation[1]]


def pad(input: Tensor, top, bottom, left, right, value=0) -> Tensor:
    """(..., H, W) with ``value`` around it; a negative bottom or right cuts off."""
    H, W = input.shape[-2:]
    rows, columns = top + H + bottom, left + W + right
    if top == left == 0 and rows <= H and columns <= W:
        return input[..., :rows, :columns]
    output = input.new_full((*input.shape[:-2], rows, columns), value)
    inside = input[..., : max(rows - top, 0), : max(columns - left, 0)]
    output[..., top : top + H, left : left + W] = inside
    return output


def wide(input: Tensor) -> Tensor:
    """16-bit floating point as 32 bits: sums are rounded once, at their end."""
    return input.float() if input.dtype in (torch.float16, torch.bfloat16) else input


def find_borders(padding, kernel_size, stride, dilation) -> tuple[int, int, int, int]:
    """How many zeros go above, below, left and right of the image."""
    if isinstance(padding, str) and padding == "valid":
        return 0, 0, 0, 0
    if isinstance(padding, str) and padding == "same":
        if stride != (1, 1):
            raise ArgumentError(
                f"expected stride 1 with padding 'same', but got {stride}"
            )
        total = [d * (k - 1) for d, k in zip(dilation, kernel_size, strict=True)]
        return tuple(n for t in total for n in (t // 2, t - t // 2))
    if isinstance(padding, str):
        raise ArgumentError(
            "expected padding to be 'same', 'valid', an integer or a pair of integers, "
            f"but got {padding!r}"
        )
    vertical, horizontal = pair("padding", padding, 0)
    return vertical, vertical, horizontal, horizontal


def integer(name, value, minimum=None) -> int:
    """``value`` as an int, or an error that names the argument."""
    try:
        if isinstance(value, bool):
            raise TypeError
        value = operator.index(value)
    except (TypeError, ValueError):
        raise TypeError(
            f"expected {name} to be an integer, but got {brief(value)}"
        ) from None
    if minimum is not None and value < minimum:
        raise ArgumentError(
            f"expected {name} to be at least {minimum}, but got {value}"
        )
    if not -(2**63) <= value < 2**63:
        raise ArgumentError(f"expected {name} to fit into 64 bits, but got {value}")
    return value


def pair(name, value, minimum) -> tuple[int, int]:
    """(vertical, horizontal) from one integer for both, or from one for each."""
    if not isinstance(value, (tuple, list)):
        value = integer(name, value, minimum)
        return value, value
    values = [integer(name, v, minimum) for v in value]
    if len(values) not in (1, 2):
        raise ArgumentError(
            f"expected {name} to be one integer or two (vertical, horizontal), "
            f"but got {brief(value)}"
        )
    return values[0], values[-1]


def brief(value) -> str:
    """What was given instead, on one line even if it is a large tensor."""
    return textwrap.shorten(f"{value!r} ({type(value).__name__})", 80)


def check_flag(name, value) -> None:
    if not isinstance(value, bool):
        raise TypeError(f"expected {name} to be True or False, but got {brief(value)}")


def check_number(name, value) -> None:
    if not isinstance(value, (numbers.Real, Tensor)):
        raise TypeError(f"expected {name} to be a number, but got {brief(value)}")


def check_tensor(name, value) -> None:
    if not isinstance(value, Tensor):
        raise TypeError(
            f"expected {name} to be a Tensor, but got {type(value).__name__}"
        )


def check_images(input) -> None:
    check_tensor("input", input)
    if input.dim() not in (3, 4):
        raise ArgumentIndexError(
            "expected input to have the shape (C, H, W) or (N, C, H, W), "
            f"but got {tuple(input.shape)}"
        )


def check_dtype(name, dtype, kinds: str, allowed: bool) -> None:
    if not allowed:
        raise ArgumentTypeError(f"expected {name} to be {kinds}, but got {dtype}")


def check_floating(name, dtype: torch.dtype) -> None:
    check_dtype(name, dtype, "of a floating-point dtype", dtype.is_floating_point)
