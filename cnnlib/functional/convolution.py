"""Convolution: a kernel slides over the image, and each window gives one number."""

import torch
from torch import Tensor

from .shapes import (
    ArgumentError,
    check_dtype,
    check_images,
    check_tensor,
    count_windows,
    find_borders,
    integer,
    pad,
    pair,
    wide,
    windows,
)

MOST_NUMBERS = 2**21  # at a time: 8 MB in float32


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride=1,
    padding=0,
    dilation=1,
    groups=1,
) -> Tensor:
    """Convolution (cross-correlation) of images with a bank of kernels.

    ``input`` (N, C, H, W) or (C, H, W), ``weight`` (O, C / groups, kH, kW) and ``bias``
    (O,) share one dtype; the result is (N, O, H', W') or (O, H', W') with H', W' as in
    ``output_size``. ``stride``, ``padding`` (per side; or "same" or "valid") and
    ``dilation`` are one integer or a pair (vertical, horizontal).
    Raises ArgumentError (a ValueError) or TypeError where torch.nn.functional.conv2d
    refuses its arguments.
    """
    stride, borders, dilation, groups, size = check_arguments(
        input, weight, bias, stride, padding, dilation, groups
    )
    images = input if input.dim() == 4 else input[None]
    images = pad(wide(images), *borders).unflatten(1, (groups, -1))
    kernels = wide(weight).unflatten(0, (groups, -1))
    output = []
    for some in images.split(images_at_a_time(weight, size)):
        view = windows(some, weight.shape[2:], stride, dilation)
        # One matrix product for each image: the same kernels times its windows.
        same = kernels.expand(len(some), *kernels.shape)
        output.append(torch.einsum("ngocij,ngchwij->ngohw", same, view))
    output = torch.cat(output).flatten(1, 2)
    if bias is not None:
        output = output + wide(bias)[:, None, None]
    output = output.to(input.dtype)
    if input.shape[-3] == 0:
        output = output[:, :0]  # PyTorch: no channels in, no channels out
    return output if input.dim() == 4 else output[0]


def images_at_a_time(weight: Tensor, size) -> int:
    """How many images' windows, and gradients of the kernels, to hold in memory."""
    height, width = size
    numbers = max(weight.numel(), weight[0].numel() * height * width)
    return max(1, MOST_NUMBERS // max(1, numbers))


def conv2d_loops(
    input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1
) -> Tensor:
    """conv2d with a loop over all windows: multiply, sum, add the bias. Slow.

    Shapes, dtypes and errors as in ``conv2d``.
    """
    stride, borders, dilation, groups, size = check_arguments(
        input, weight, bias, stride, padding, dilation, groups
    )
    if input.dim() == 3:
        arguments = weight, bias, stride, padding, dilation, groups
        return conv2d_loops(input[None], *arguments)[0]
    padded = pad(input, *borders)
    (sH, sW), (dH, dW), (K, C, kH, kW) = stride, dilation, weight.shape
    output = input.new_zeros(len(input), K, *size)
    for n in range(len(input)):
        for o in range(K):
            first = o // (K // groups) * C  # the first input channel of o's group
            for y in range(size[0]):
                for x in range(size[1]):
                    window = padded[
                        n,
                        first : first + C,
                        y * sH : y * sH + dH * (kH - 1) + 1 : dH,
                        x * sW : x * sW + dW * (kW - 1) + 1 : dW,
                    ]
                    output[n, o, y, x] = (window * weight[o]).sum()
                    if bias is not None:
                        output[n, o, y, x] += bias[o]
    return output


def check_arguments(input, weight, bias, stride, padding, dilation, groups):
    """The arguments of a convolution as pairs and borders, or a clear refusal."""
    check_images(input)
    check_tensor("weight", weight)
    supported = input.dtype != torch.bool
    check_dtype("input", input.dtype, "of a numeric dtype, not bool", supported)
    if weight.dim() != 4 or 0 in (weight.shape[0], *weight.shape[2:]):
        raise ArgumentError(
            "expected weight to have the shape (out_channels, in_channels / groups, "
            f"kH, kW) with at least one element, but got {tuple(weight.shape)}"
        )
    check_same("weight", weight, input)
    groups = integer("groups", groups, minimum=1)
    out_channels, channels = weight.shape[:2]
    if out_channels % groups:
        raise ArgumentError(
            f"weight has {out_channels} output channels; expected a multiple of "
            f"groups={groups}"
        )
    if input.shape[-3] != channels * groups:
        raise ArgumentError(
            f"input has {input.shape[-3]} channels, but weight of shape "
            f"{tuple(weight.shape)} with groups={groups} expects {channels * groups}"
        )
    if bias is not None:
        check_tensor("bias", bias)
        if bias.shape != (out_channels,):
            raise ArgumentError(
                f"expected bias to have the shape ({out_channels},), one number for "
                f"each output channel of weight, but got {tuple(bias.shape)}"
            )
        check_same("bias", bias, input)
    stride, dilation = pair("stride", stride, 1), pair("dilation", dilation, 1)
    kernel_size = weight.shape[2:]
    borders = find_borders(padding, kernel_size, stride, dilation)
    size = tuple(
        count_windows(n, k, s, sum(around), d)
        for n, k, s, around, d in zip(
            input.shape[-2:],
            kernel_size,
            stride,
            (borders[:2], borders[2:]),
            dilation,
            strict=True,
        )
    )
    return stride, borders, dilation, groups, size


def check_same(name, value: Tensor, input: Tensor) -> None:
    if value.dtype != input.dtype or value.device != input.device:
        raise ArgumentError(
            f"expected {name} to be {input.dtype} on {input.device} as input is, "
            f"but got {value.dtype} on {value.device}"
        )
