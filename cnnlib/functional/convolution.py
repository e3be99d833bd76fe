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
    wide,
)

CACHED = 2**22  # numbers: 16 MB in 32 bits


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
    if size[0] == 1:
        stride = 1, stride[1]  # a single row of windows: no step down is taken
    rows = split_kernels(wide(weight), stride[0], dilation[0], groups)
    top, _, left, right = borders
    bottom = (rows[-1][0] + size[0]) * stride[0] - top - input.shape[-2]
    images = wide(input if input.dim() == 4 else input[None])
    images = pad(images, top, bottom, left, right)
    bias = weight.new_zeros(len(weight)) if bias is None else bias
    bias = wide(bias).view(groups, len(weight) // groups, 1)
    output = [
        sum_of_products(some, rows, bias, size, weight.shape[3], stride, dilation)
        for some in images.split(images_at_a_time(images, weight, size))
    ]
    output = torch.cat(output) if len(output) > 1 else output[0]
    output = output.view(len(images), len(weight), *size).to(input.dtype)
    if input.shape[-3] == 0:
        output = output[:, :0]  # PyTorch: no channels in, no channels out
    return output if input.dim() == 4 else output[0]


def sum_of_products(images, rows, bias, size, kW, stride, dilation):
    """(n * groups, O / groups, windows): for each row of the kernels a matrix product.

    A row of all kernels is a matrix (O, numbers in it); what it meets is a matrix
    (the same numbers, windows), found without a copy in ``strips``: there each number
    has beneath it its neighbors to the right that belong to the same window. A kernel's
    next row meets the same strips, one image row further down. Unfolding whole windows
    ("im2col") would be a single product, but copy each number kH * kW times, not kW.
    """
    n, C, (H, W) = len(images), images.shape[1], size
    groups, width = len(bias), dilation[1] * (kW - 1) + 1
    strips = images.unfold(3, width, stride[1])[..., :: dilation[1]]
    # With a vertical stride of s, s rows of the image lie behind one another; stride 1.
    strips = strips.unflatten(2, (-1, stride[0])).unflatten(1, (groups, C // groups))
    strips = strips.permute(0, 1, 4, 2, 6, 3, 5).contiguous()
    strips = strips.view(n * groups, stride[0], C // groups * kW, strips.shape[5], W)
    sums = bias.repeat(n, 1, H * W)
    for shift, behind, row in rows:
        met = strips[:, behind, :, shift : shift + H]
        met = met.reshape(n * groups, row.shape[2], H * W)
        sums.baddbmm_(row.expand(n, -1, -1, -1).flatten(0, 1), met)  # += row @ met
    return sums


def split_kernels(weight, stride, dilation, groups):
    """The kernels' rows: (shift, image rows, matrix (groups, O / groups, numbers)).

    With a vertical stride of s, one matrix takes all the kernels' rows that fall into
    the same s rows of the image; a slice says which of those they are.
    """
    together = {}
    for i in range(weight.shape[2]):
        together.setdefault(i * dilation // stride, []).append(i * dilation % stride)
    kernels = weight.unflatten(0, (groups, -1)).transpose(2, 3)
    parts = kernels.split([len(behind) for behind in together.values()], 2)
    return [
        (shift, slice(behind[0], behind[-1] + 1, dilation), part.flatten(2))
        for (shift, behind), part in zip(together.items(), parts, strict=True)
    ]


def images_at_a_time(images, weight, size) -> int:
    """As many as keep strips and sums in the processor's cache."""
    numbers = images[:1].numel() * weight.shape[3] + weight.shape[0] * size[0] * size[1]
    return max(1, CACHED // numbers)


def conv2d_loops(
    input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1
) -> Tensor:
    """conv2d as one says it: for each window multiply, sum, add the bias. Slow."""
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
            f"{name} must be {input.dtype} on {input.device} as input is, "
            f"but got {value.dtype} on {value.device}"
        )
