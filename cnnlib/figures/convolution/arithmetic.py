"""The arithmetic that pictures of convolution and pooling write out, term by term."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral

import numpy as np
import torch
from torch.nn import functional as F

from cnnlib.drawing.format import number

Pair = tuple[int, int]


def as_array(values, name: str, *ranks: int) -> np.ndarray:
    """``values`` (lists, NumPy or a tensor) as float64 with one of the ``ranks``."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().numpy()
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} is not a rectangular array of numbers") from None
    if array.ndim not in ranks or array.size == 0:
        wanted = " or ".join(str(rank) for rank in ranks)
        raise ValueError(
            f"{name} has shape {array.shape}, expected {wanted} dimensions"
        )
    return array


def as_pair(value, name: str, least: int) -> Pair:
    """``value`` or (rows, columns) as two ints, each at least ``least``."""
    pair = (value, value) if isinstance(value, Integral) else tuple(value)
    if len(pair) != 2 or any(not isinstance(n, Integral) or n < least for n in pair):
        raise ValueError(
            f"{name} is {value!r}, expected an int or two of at least {least}"
        )
    return int(pair[0]), int(pair[1])


def listed(array: np.ndarray, most: int = 36) -> str:
    """A small array in words for alt text, "[[19, 25], [37, 43]]"; else its shape."""
    if array.size > most:
        return "of shape " + "×".join(str(n) for n in array.shape)
    if array.ndim == 0:
        return number(float(array))
    return "[" + ", ".join(listed(part, most) for part in array) + "]"


def told(array: np.ndarray) -> str:
    """A size, with the numbers when they are few: "2×2 [[19, 25], [37, 43]]"."""
    return f"{by(array)} {listed(array)}" if array.size <= 36 else by(array)


def by(array: np.ndarray) -> str:
    """The last two dimensions in words: "3×4"."""
    return f"{array.shape[-2]}×{array.shape[-1]}"


def in_sum(value: float) -> str:
    """A number as it stands in a sum or product: (−1) in parentheses."""
    return f"({number(value)})" if value < 0 else number(value)


@dataclass(frozen=True)
class Term:
    """One product of a running sum: input value times kernel weight."""

    value: float
    weight: float

    def __str__(self) -> str:
        return f"{in_sum(self.value)}×{in_sum(self.weight)}"


@dataclass(frozen=True)
class Sliding:
    """Where a window of ``kernel_size`` reads, sliding over an image of ``size``."""

    size: Pair
    kernel_size: Pair
    stride: Pair
    padding: Pair
    dilation: Pair

    def __post_init__(self):
        if min(self.output_size) < 1:
            padded = tuple(
                n + 2 * p for n, p in zip(self.size, self.padding, strict=True)
            )
            raise ValueError(
                f"the window reaches over {self.reach[0]}×{self.reach[1]} cells, "
                f"but the padded input has only {padded[0]}×{padded[1]}"
            )

    @property
    def reach(self) -> Pair:
        """The rows and columns from a window's first cell to its last."""
        pairs = zip(self.kernel_size, self.dilation, strict=True)
        return tuple(d * (k - 1) + 1 for k, d in pairs)

    @property
    def output_size(self) -> Pair:
        """Rows and columns of the output."""
        parts = zip(self.size, self.padding, self.reach, self.stride, strict=True)
        return tuple((n + 2 * p - r) // s + 1 for n, p, r, s in parts)

    def corner(self, i: int, j: int) -> Pair:
        """Row and column of a window's first cell; negative ones are padding."""
        return (
            i * self.stride[0] - self.padding[0],
            j * self.stride[1] - self.padding[1],
        )

    def taps(self, i: int, j: int) -> list[Pair]:
        """The cells that output (i, j) reads, row by row; some may be padding."""
        top, left = self.corner(i, j)
        return [
            (top + a * self.dilation[0], left + b * self.dilation[1])
            for a in range(self.kernel_size[0])
            for b in range(self.kernel_size[1])
        ]

    def inside(self, tap: Pair) -> bool:
        """Whether a cell is one of the image's own."""
        return 0 <= tap[0] < self.size[0] and 0 <= tap[1] < self.size[1]

    def check(self, at) -> Pair:
        """``at`` as (row, column) of the output; ValueError when it is outside."""
        at = tuple(at)
        if len(at) != 2 or not all(
            isinstance(n, Integral) and 0 <= n < size
            for n, size in zip(at, self.output_size, strict=False)
        ):
            rows, columns = self.output_size
            raise ValueError(f"at is {at}, but the output has {rows}×{columns} cells")
        return at

    def words(self) -> str:
        """The settings that differ from a plain slide, for alt text."""
        told = []
        for name, pair, usual in (
            ("stride", self.stride, 1),
            ("padding", self.padding, 0),
            ("dilation", self.dilation, 1),
        ):
            if pair != (usual, usual):
                told.append(f"{name} {pair[0] if pair[0] == pair[1] else pair}")
        return f" ({', '.join(told)})" if told else ""


@dataclass(frozen=True)
class Convolution:
    """Input (C, H, W), weight (O, C, h, w), where it slides, and the output."""

    input: np.ndarray
    weight: np.ndarray
    sliding: Sliding
    output: np.ndarray
    names: tuple[str, str, str] = ("input", "kernel", "output")

    @classmethod
    def of(cls, input, kernel, stride=1, padding=0, dilation=1) -> Convolution:
        """From arrays of 2 to 4 dimensions; ValueError when they do not fit."""
        image = as_array(input, "input", 2, 3)
        image = image[None] if image.ndim == 2 else image
        weight = as_array(kernel, "kernel", 2, 3, 4)
        weight = weight[(None,) * (4 - weight.ndim)]
        if weight.shape[1] != image.shape[0]:
            raise ValueError(
                f"kernel has {weight.shape[1]} input channels, but the input has "
                f"{image.shape[0]}"
            )
        sliding = Sliding(
            image.shape[1:],
            weight.shape[2:],
            as_pair(stride, "stride", 1),
            as_pair(padding, "padding", 0),
            as_pair(dilation, "dilation", 1),
        )
        output = F.conv2d(
            torch.from_numpy(image.copy())[None],
            torch.from_numpy(weight.copy()),
            None,
            sliding.stride,
            sliding.padding,
            sliding.dilation,
        )
        return cls(image, weight, sliding, output[0].numpy())

    def terms(self, o: int, i: int, j: int, channel: int) -> list[Term]:
        """What one input channel adds to output (o, i, j), product by product."""
        values = [
            self.input[channel][tap] if self.sliding.inside(tap) else 0.0
            for tap in self.sliding.taps(i, j)
        ]
        pairs = zip(values, self.weight[o, channel].ravel(), strict=True)
        return [Term(float(x), float(w)) for x, w in pairs]

    def sentence(self, o: int, i: int, j: int) -> str:
        """The whole sum of one output cell: "0×0 + 1×1 + 3×2 + 4×3 = 19"."""
        channels = range(len(self.input))
        if self.weight[o].size > 18:
            total = number(float(self.output[o, i, j]))
            return f"{self.weight[o].size} products that add up to {total}"
        sums = [
            " + ".join(str(t) for t in self.terms(o, i, j, channel))
            for channel in channels
        ]
        left = sums[0] if len(sums) == 1 else " + ".join(f"({s})" for s in sums)
        return f"{left} = {number(float(self.output[o, i, j]))}"

    def places(self) -> Iterator[tuple[int, int, int]]:
        """Every output cell (channel, row, column), in reading order."""
        return np.ndindex(*self.output.shape)


@dataclass(frozen=True)
class Pooling:
    """Input (H, W), where the window slides, and the output; ``kind`` tells which."""

    input: np.ndarray
    sliding: Sliding
    output: np.ndarray
    kind: str

    @classmethod
    def of(cls, input, kernel_size, stride=None, padding=0, kind="max") -> Pooling:
        """From a matrix; ``stride`` is the kernel's size when None, as in PyTorch."""
        if kind not in ("max", "average"):
            raise ValueError(f'kind is {kind!r}, expected "max" or "average"')
        image = as_array(input, "input", 2)
        window = as_pair(kernel_size, "kernel_size", 1)
        step = as_pair(window if stride is None else stride, "stride", 1)
        pad = as_pair(padding, "padding", 0)
        if any(2 * p > k for p, k in zip(pad, window, strict=True)):
            raise ValueError(
                f"padding is {padding}, but pooling takes at most half of kernel_size "
                f"{kernel_size}"
            )
        sliding = Sliding(image.shape, window, step, pad, (1, 1))
        pool = F.max_pool2d if kind == "max" else F.avg_pool2d
        output = pool(torch.from_numpy(image.copy())[None], window, step, pad)
        return cls(image, sliding, output[0].numpy(), kind)

    def values(self, i: int, j: int) -> list[float]:
        """What the window reads: padding counts as 0 in averages, not in maxima."""
        taps = self.sliding.taps(i, j)
        if self.kind == "max":
            taps = [tap for tap in taps if self.sliding.inside(tap)]
        return [float(self.input[t]) if self.sliding.inside(t) else 0.0 for t in taps]

    def sentence(self, i: int, j: int) -> str:
        """One output cell in words: "max(0, 1, 3, 4) = 4"."""
        values, result = self.values(i, j), number(float(self.output[i, j]))
        if self.kind == "max":
            return f"max({', '.join(map(number, values))}) = {result}"
        total = " + ".join(map(in_sum, values))
        return f"({total}) / {len(values)} = {result}"
