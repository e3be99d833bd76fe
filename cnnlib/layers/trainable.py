"""torch.nn's layers with trainable weights, built on ``cnnlib.functional``.

Constructor arguments, attributes, names of parameters and, from the same seed, initial
weights are torch.nn's, so that state dicts load from one into the other.
"""

import math

import torch
from torch import Tensor, nn

from .. import functional as F
from ..functional.shapes import ArgumentError, find_borders, integer, pair


class Conv2d(nn.Module):
    """Convolution with trainable kernels: (N, C, H, W) to (N, out_channels, H', W').

    ``weight`` (out_channels, in_channels / groups, kH, kW) and ``bias`` (out_channels,)
    start uniform within 1 / sqrt(inputs of one output). ``padding_mode`` is what stands
    in the padding: "zeros", or the image's own numbers mirrored at the edge without
    repeating it ("reflect"), its edge repeated ("replicate") or its other side
    ("circular"). Everything else as in ``functional.conv2d``.
    Raises ArgumentError (a ValueError) or TypeError for bad arguments.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device=None,
        dtype=None,
    ):
        super().__init__()
        self.in_channels = integer("in_channels", in_channels, minimum=1)
        self.out_channels = integer("out_channels", out_channels, minimum=1)
        self.groups = integer("groups", groups, minimum=1)
        for name in ("in_channels", "out_channels"):
            if getattr(self, name) % groups:
                raise ArgumentError(
                    f"expected {name} to be a multiple of groups={groups}, "
                    f"but got {getattr(self, name)}"
                )
        if padding_mode not in ("zeros", *INSIDE):
            raise ArgumentError(
                "expected padding_mode to be 'zeros', 'reflect', 'replicate' or "
                f"'circular', but got {padding_mode!r}"
            )
        self.kernel_size = pair("kernel_size", kernel_size, 1)
        self.stride = pair("stride", stride, 1)
        self.dilation = pair("dilation", dilation, 1)
        self.padding = (
            padding if isinstance(padding, str) else pair("padding", padding, 0)
        )
        self.borders = find_borders(
            self.padding, self.kernel_size, self.stride, self.dilation
        )
        self.padding_mode = padding_mode
        shape = out_channels, in_channels // groups, *self.kernel_size
        self.weight = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
        self.bias = (
            nn.Parameter(torch.empty(out_channels, device=device, dtype=dtype))
            if bias
            else None
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        initialize(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        padding = self.padding
        if self.padding_mode != "zeros":
            input, padding = pad_from_inside(input, self.borders, self.padding_mode), 0
        return F.conv2d(
            input,
            self.weight,
            self.bias,
            self.stride,
            padding,
            self.dilation,
            self.groups,
        )

    def extra_repr(self) -> str:
        text = (
            f"{self.in_channels}, {self.out_channels}, "
            f"kernel_size={self.kernel_size}, stride={self.stride}"
        )
        for name, default in (
            ("padding", (0, 0)),
            ("dilation", (1, 1)),
            ("groups", 1),
        ):
            if getattr(self, name) != default:
                text += f", {name}={getattr(self, name)}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


# Where a number in the padding comes from: position i, which may be negative or beyond
# the end, of n positions.
INSIDE = {
    "reflect": lambda i, n: n - 1 - (n - 1 - i.abs()).abs(),
    "replicate": lambda i, n: i.clamp(0, n - 1),
    "circular": lambda i, n: i % n,
}


def pad_from_inside(input: Tensor, borders, mode: str) -> Tensor:
    """``input`` (..., H, W) continued beyond its edges by numbers of its own."""
    for axis, before, after in ((-2, *borders[:2]), (-1, *borders[2:])):
        n = input.shape[axis]
        limit = {"reflect": n - 1, "circular": n}.get(mode, math.inf)
        if max(before, after) > limit:
            raise ArgumentError(
                f"expected padding of mode {mode!r} to be at most {limit} along an "
                f"axis of {n}, but got {max(before, after)}"
            )
        position = torch.arange(-before, n + after, device=input.device)
        input = input.index_select(axis, INSIDE[mode](position, n))
    return input


def initialize(weight: Tensor, bias: Tensor | None) -> None:
    """Uniform within 1 / sqrt(fan-in), in torch.nn's order of random numbers."""
    nn.init.kaiming_uniform_(
        weight, a=math.sqrt(5)
    )  # a = sqrt(5): within 1/sqrt(fan-in)
    if bias is not None:
        bound = 1 / math.sqrt(weight[0].numel())
        nn.init.uniform_(bias, -bound, bound)


class Linear(nn.Module):
    """input @ weight.T + bias: (..., in_features) to (..., out_features)."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device=None,
        dtype=None,
    ):
        super().__init__()
        self.in_features = integer("in_features", in_features, minimum=1)
        self.out_features = integer("out_features", out_features, minimum=1)
        shape = out_features, in_features
        self.weight = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
        self.bias = (
            nn.Parameter(torch.empty(out_features, device=device, dtype=dtype))
            if bias
            else None
        )
        self.reset_parameters()

    def reset_parameters(self) -> None:
        initialize(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() == 0 or input.shape[-1] != self.in_features:
            raise ArgumentError(
                f"expected input to have {self.in_features} features in its last "
                f"dimension, but got the shape {tuple(input.shape)}"
            )
        output = input @ self.weight.T
        return output if self.bias is None else output + self.bias

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )
