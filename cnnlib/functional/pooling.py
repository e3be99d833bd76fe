"""Pooling: each window of each channel becomes one number."""

import itertools

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
    wide,
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
    images = pad_for(input, size, kernel_size, stride, padding, dilation, lowest(input))
    place = find_maxima(images, size, kernel_size, stride, padding, dilation)
    # The gradient belongs to the place that the maximum came from: gather knows it.
    output = images.flatten(-2).gather(-1, place.flatten(-2)).unflatten(-1, size)
    if not return_indices:
        return output
    row, column = place // images.shape[-1], place % images.shape[-1]
    return output, (row - padding[0]) * input.shape[-1] + column - padding[1]


@torch.no_grad()
def find_maxima(images, size, kernel_size, stride, padding, dilation) -> Tensor:
    """Where each window's maximum is, counting the places of ``images`` row by row."""
    (kH, kW), (dH, dW), columns = kernel_size, dilation, images.shape[-1]
    view = windows(images, kernel_size, stride, dilation)
    corners, inside = [], []
    for n, s, p, d in zip(size, stride, padding, dilation, strict=True):
        corner = torch.arange(n, device=images.device) * s
        corners.append(corner)
        inside.append((p - corner).clamp(min=0).add(d - 1) // d * d)
    # Counted from the window's corner. To begin with, its first place not in padding.
    place = (inside[0][:, None] * columns + inside[1]).int()
    place = place.repeat(*view.shape[:-4], 1, 1)
    best = view[..., 0, 0].contiguous()
    for i, j in list(itertools.product(range(kH), range(kW)))[1:]:
        value = view[..., i, j].contiguous()
        better = value > best
        better |= value != value  # only NaN differs from itself
        place.masked_fill_(better, i * dH * columns + j * dW)
        best = torch.maximum(best, value)
    return place + corners[0][:, None] * columns + corners[1]


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
    if divisor_override is not None:
        divisor_override = integer("divisor_override", divisor_override)
    if divisor_override == 0:
        raise ArgumentError("expected divisor_override not to be zero, but got 0")
    images = pad_for(wide(input), size, kernel_size, stride, padding, (1, 1), 0)
    for axis in (-2, -1):  # add up within columns, then what that gave within rows
        images = Sums.apply(images, axis, kernel_size[axis], stride[axis])
    count = divisor_override or count_elements(
        input, size, kernel_size, stride, padding, count_include_pad
    )
    mean = torch.div(images, count, rounding_mode="trunc" if whole else None)
    return mean.to(input.dtype)


class Sums(torch.autograd.Function):
    """Along one axis the sums of ``size`` neighbors, every ``stride`` places."""

    @staticmethod
    def forward(input, axis, size, stride):
        first, *others = input.unfold(axis, size, stride).unbind(-1)
        total = first.clone(memory_format=torch.contiguous_format)
        for neighbor in others:
            total += neighbor
        return total

    @staticmethod
    def setup_context(ctx, inputs, output):
        input, *ctx.arguments = inputs
        ctx.shape = input.shape

    @staticmethod
    def backward(ctx, grad):
        """Every neighbor has a share in the sum, and the same gradient."""
        (axis, size, stride), output = ctx.arguments, grad.new_zeros(ctx.shape)
        for i in range(size):
            output.unfold(axis, size, stride).select(-1, i).add_(grad)
        return output, None, None, None


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
    """max_pool2d as one says it: look at each window, keep the largest. Slow.

    Shapes, dtypes and errors as in ``max_pool2d``.
    """
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
    """avg_pool2d as one says it: add each window up, divide by its size. Slow.

    Shapes, dtypes and errors as in ``avg_pool2d``.
    """
    kernel_size, stride, padding, _, size = check_arguments(
        input, kernel_size, stride, padding, 1, ceil_mode
    )
    (kH, kW), (sH, sW), (pH, pW) = kernel_size, stride, padding
    H, W = input.shape[-2:]
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
    """``input`` with padding, ending where the last window ends."""
    borders = []
    for n, m, k, s, p, d in zip(
        input.shape[-2:], size, kernel_size, stride, padding, dilation, strict=True
    ):
        end = (m - 1) * s + d * (k - 1) + 1
        borders += [p, end - p - n]
    return pad(input, *borders, value=value)


def check_arguments(input, kernel_size, stride, padding, dilation, ceil_mode):
    """The arguments of a pooling as pairs and its output size, or a clear refusal."""
    check_images(input)
    if 0 in input.shape[-3:]:
        raise ArgumentError(
            "input may have no images but no other size of 0, "
            f"but got {tuple(input.shape)}"
        )
    kernel_size = pair("kernel_size", kernel_size, 1)
    if stride is None or (isinstance(stride, (tuple, list)) and not stride):
        stride = kernel_size
    stride = pair("stride", stride, 1)
    padding, dilation = pair("padding", padding, 0), pair("dilation", dilation, 1)
    check_flag("ceil_mode", ceil_mode)
    if any(2 * p > k for p, k in zip(padding, kernel_size, strict=True)):
        raise ArgumentError(
            f"expected padding to be at most half of kernel_size {kernel_size}, "
            f"but got {padding}"
        )
    size = tuple(
        count_windows(n, k, s, 2 * p, d, ceil_mode)
        for n, k, s, p, d in zip(
            input.shape[-2:], kernel_size, stride, padding, dilation, strict=True
        )
    )
    return kernel_size, stride, padding, dilation, size
