"""Convolution: the kernel slides over the image; each window gives one number."""

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
    windows,
)


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
    stride, borders, dilation, groups = check_arguments(
        input, weight, bias, stride, padding, dilation, groups
    )
    images = input if input.dim() == 4 else input[None]
    if images.shape[1] == 0:  # PyTorch: no channels in, no channels out
        groups, weight, bias = 1, weight[:0], None
    view = windows(pad(images, *borders), weight.shape[2:], stride, dilation)
    N, C, H, W, kH, kW = view.shape
    # Each window becomes a column, each kernel a row: convolution is a matrix product.
    columns = view.permute(0, 1, 4, 5, 2, 3).reshape(
        N, groups, C // groups * kH * kW, H * W
    )
    rows = weight.reshape(groups, len(weight) // groups, C // groups * kH * kW)
    output = (rows @ columns).reshape(N, len(weight), H, W)
    if bias is not None:
        output = output + bias[:, None, None]
    return output if input.dim() == 4 else output[0]


def conv2d_loops(
    input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1
) -> Tensor:
    """conv2d as one says it: for each window multiply, sum, add the bias. Slow."""
    stride, borders, dilation, groups = check_arguments(
        input, weight, bias, stride, padding, dilation, groups
    )
    if input.dim() == 3:
        arguments = weight, bias, stride, padding, dilation, groups
        return conv2d_loops(input[None], *arguments)[0]
    padded = pad(input, *borders)
    (sH, sW), (dH, dW), (K, C, kH, kW) = stride, dilation, weight.shape
    H = count_windows(padded.shape[2], kH, sH, 0, dH)
    W = count_windows(padded.shape[3], kW, sW, 0, dW)
    output = input.new_zeros(len(input), K, H, W)
    for n in range(len(input)):
        for o in range(K):
            first = o // (K // groups) * C  # the first input channel of o's group
            for y in range(H):
                for x in range(W):
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
            "weight must have the shape (out_channels, in_channels / groups, kH, kW) "
            f"with at least one element, but got {tuple(weight.shape)}"
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
                f"bias must have the shape ({out_channels},), one number for each "
                f"output channel of weight, but got {tuple(bias.shape)}"
            )
        check_same("bias", bias, input)
    stride, dilation = pair("stride", stride, 1), pair("dilation", dilation, 1)
    kernel_size = weight.shape[2:]
    borders = find_borders(padding, kernel_size, stride, dilation)
    for axis in (0, 1):
        total = sum(borders[2 * axis : 2 * axis + 2])
        n, k = input.shape[axis - 2], kernel_size[axis]
        count_windows(n, k, stride[axis], total, dilation[axis])
    return stride, borders, dilation, groups


def check_same(name, value: Tensor, input: Tensor) -> None:
    if value.dtype != input.dtype or value.device != input.device:
        raise ArgumentError(
            f"{name} must be {input.dtype} on {input.device} as input is, "
            f"but got {value.dtype} on {value.device}"
        )
