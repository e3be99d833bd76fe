"""Pooling: each window of each channel becomes one number."""

import torch
from torch import Tensor

from .shapes import (
    ArgumentError,
    check_dtype,
    check_flag,
    check_images,
    count_windows,
    integer,
    pad,
    pair,
    windows,
)


def max_pool2d(
    input: Tensor,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
):
    """The largest number in each window.

    ``input`` (N, C, H, W) or (C, H, W) of any real dtype becomes (N, C, H', W') or
    (C, H', W'), with H', W' as in ``output_size``; ``stride`` is ``kernel_size`` unless
    given; padding counts as minus infinity; NaN wins over every number. With
    ``return_indices`` also the place of each maximum in its channel, counted row by
    row (int64). Raises ArgumentError (a ValueError) or TypeError where
    torch.nn.functional.max_pool2d refuses its arguments.
    """
    kernel_size, stride, padding, dilation, size = check_arguments(
        input, kernel_size, stride, padding, dilation, ceil_mode
    )
    real = not (input.is_complex() or input.dtype == torch.bool)
    check_dtype("input", input.dtype, "of a real dtype", real)
    padded = pad_for(input, size, kernel_size, stride, padding, dilation, lowest(input))
    row, column = find_maxima(
        padded.detach(), size, kernel_size, stride, padding, dilation
    )
    # The gradient belongs to the place that the maximum came from: gather knows it.
    place = (row + padding[0]) * padded.shape[-1] + column + padding[1]
    output = padded.flatten(-2).gather(-1, place.flatten(-2)).unflatten(-1, size)
    return (output, row * input.shape[-1] + column) if return_indices else output


def find_maxima(padded, size, kernel_size, stride, padding, dilation):
    """Row and column in the input of each window's maximum, the first of several."""
    view = windows(padded, kernel_size, stride, dilation)[
        ..., : size[0], : size[1], :, :
    ]
    best = view[..., 0, 0]
    place = torch.zeros_like(best, dtype=torch.int64)  # counts along the window's rows
    for i in range(1, kernel_size[0] * kernel_size[1]):
        value = view[..., i // kernel_size[1], i % kernel_size[1]]
        better = (value > best) | (value != value)  # only NaN differs from itself
        best, place = torch.where(better, value, best), place.masked_fill(better, i)
    coordinates = []
    for axis, offset in enumerate((place // kernel_size[1], place % kernel_size[1])):
        start = torch.arange(size[axis], device=padded.device) * stride[axis]
        start = start[:, None] if axis == 0 else start
        found = start - padding[axis] + offset * dilation[axis]
        # In a window of only -inf the first place that is not padding wins.
        coordinates.append(torch.where(found < 0, found % dilation[axis], found))
    return coordinates


def avg_pool2d(
    input: Tensor,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
) -> Tensor:
    """The mean of each window.

    Shapes as in ``max_pool2d``; ``input`` is floating point or int64. Padding counts as
    zero; ``count_include_pad=False`` leaves it out of the count that the sum is divided
    by, and ``divisor_override`` replaces that count. Raises ArgumentError (a
    ValueError) or TypeError where torch.nn.functional.avg_pool2d refuses its arguments.
    """
    kernel_size, stride, padding, _, size = check_arguments(
        input, kernel_size, stride, padding, 1, ceil_mode
    )
    check_flag("count_include_pad", count_include_pad)
    whole = input.dtype == torch.int64
    known = whole or input.is_floating_point()
    check_dtype("input", input.dtype, "of a floating-point dtype or int64", known)
    if (
        divisor_override is not None
        and integer("divisor_override", divisor_override) == 0
    ):
        raise ArgumentError("divisor_override must not be zero, but got 0")
    padded = pad_for(input, size, kernel_size, stride, padding, (1, 1), 0)
    view = windows(padded, kernel_size, stride, (1, 1))[..., : size[0], : size[1], :, :]
    count = divisor_override or count_elements(
        input, size, kernel_size, stride, padding, count_include_pad
    )
    total = view.sum((-2, -1), dtype=torch.float32 if input.itemsize == 2 else None)
    mean = torch.div(total, count, rounding_mode="trunc" if whole else None)
    return mean.to(input.dtype)


def count_elements(input, size, kernel_size, stride, padding, count_include_pad):
    """How many elements each window holds, as (H', W')."""
    counts = []
    for axis in (0, 1):
        n, p, k = input.shape[axis - 2], padding[axis], kernel_size[axis]
        start = torch.arange(size[axis], device=input.device) * stride[axis] - p
        if count_include_pad:
            counts.append((start + k).clamp(max=n + p) - start)
        else:
            counts.append((start + k).clamp(max=n) - start.clamp(min=0))
    return counts[0][:, None] * counts[1]


def max_pool2d_loops(
    input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False
) -> Tensor:
    """max_pool2d as one says it: look at each window, keep the largest. Slow."""
    kernel_size, stride, padding, dilation, size = check_arguments(
        input, kernel_size, stride, padding, dilation, ceil_mode
    )
    padded = pad_for(input, size, kernel_size, stride, padding, dilation, lowest(input))
    (kH, kW), (sH, sW), (dH, dW) = kernel_size, stride, dilation
    output = input.new_empty(*input.shape[:-2], *size)
    for y in range(size[0]):
        for x in range(size[1]):
            rows = slice(y * sH, y * sH + dH * (kH - 1) + 1, dH)
            columns = slice(x * sW, x * sW + dW * (kW - 1) + 1, dW)
            output[..., y, x] = padded[..., rows, columns].amax((-2, -1))
    return output


def avg_pool2d_loops(
    input,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
) -> Tensor:
    """avg_pool2d as one says it: add each window up, divide by its size. Slow."""
    kernel_size, stride, padding, _, size = check_arguments(
        input, kernel_size, stride, padding, 1, ceil_mode
    )
    (kH, kW), (sH, sW), (pH, pW), (H, W) = (
        kernel_size,
        stride,
        padding,
        input.shape[-2:],
    )
    output = input.new_empty(*input.shape[:-2], *size)
    for y in range(size[0]):
        for x in range(size[1]):
            top, left = y * sH - pH, x * sW - pW
            bottom, right = min(top + kH, H + pH), min(left + kW, W + pW)
            count = (bottom - top) * (right - left)
            inside = input[..., max(top, 0) : bottom, max(left, 0) : right]
            if not count_include_pad:
                count = inside.shape[-2] * inside.shape[-1]
            output[..., y, x] = inside.sum((-2, -1)) / (divisor_override or count)
    return output


def lowest(input: Tensor):
    """What padding counts as in a maximum: smaller than every number."""
    if input.is_floating_point():
        return -torch.inf
    return torch.iinfo(input.dtype).min


def pad_for(input, size, kernel_size, stride, padding, dilation, value) -> Tensor:
    """``input`` with what the windows reach around it (ceil_mode: beyond padding)."""
    borders = []
    for axis in (0, 1):
        reach = dilation[axis] * (kernel_size[axis] - 1) + 1
        end = (size[axis] - 1) * stride[axis] + reach - padding[axis]
        borders += [padding[axis], max(0, end - input.shape[axis - 2])]
    return pad(input, *borders, value=value)


def check_arguments(input, kernel_size, stride, padding, dilation, ceil_mode):
    """The arguments of a pooling as pairs and its output size, or a clear refusal."""
    check_images(input)
    if 0 in input.shape[-3:]:
        raise ArgumentError(
            f"input may have no images but not a side of 0, "
            f"but got {tuple(input.shape)}"
        )
    kernel_size = pair("kernel_size", kernel_size, 1)
    stride = kernel_size if stride in (None, (), []) else pair("stride", stride, 1)
    padding, dilation = pair("padding", padding, 0), pair("dilation", dilation, 1)
    check_flag("ceil_mode", ceil_mode)
    if any(2 * p > k for p, k in zip(padding, kernel_size, strict=True)):
        raise ArgumentError(
            f"padding must be at most half of kernel_size {kernel_size}, "
            f"but got {padding}"
        )
    size = tuple(
        count_windows(n, k, s, 2 * p, d, ceil_mode)
        for n, k, s, p, d in zip(
            input.shape[-2:], kernel_size, stride, padding, dilation, strict=True
        )
    )
    return kernel_size, stride, padding, dilation, size
