"""Receptive field and stride, carried along by the tensors of a forward pass.

The receptive field is the size of the square of input pixels that one number of a
feature map depends on; the stride is the distance, in input pixels, between the
squares of two neighbors. A layer with kernel size k, stride s and dilation d makes of
(field, stride) the pair (field + d * (k - 1) * stride, stride * s). Dumoulin and Visin
(2016), arXiv:1603.07285, draw the windows; Araujo, Norris and Sim (2019), Computing
receptive fields of convolutional neural networks, Distill, derive the sums.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

aten = torch.ops.aten


@dataclass(frozen=True)
class Field:
    """Receptive field and stride in each direction; one number stands for all."""

    size: tuple = (1,)
    stride: tuple = (1,)

    def through(self, kernel_size, stride, dilation=1, transposed=False) -> "Field":
        """The field behind a layer with this kernel, stride and dilation."""
        windows = _broadcast(self.size, self.stride, kernel_size, stride, dilation)
        sizes, strides = [], []
        for size, jump, k, s, d in windows:
            reach = d * (k - 1) + 1
            if transposed:  # one output lies under ceil(reach / s) of the kernels
                reach, s = -(-reach // s), 1 / s
            sizes.append(size + (reach - 1) * jump)
            strides.append(_whole(jump * s))
        return Field(tuple(sizes), tuple(strides))


def of(tensor: Tensor) -> Field | None:
    """The field of a feature map; None for what has no height and width any more."""
    field = getattr(tensor, "_field", None)
    if field is None or tensor.ndim < len(field.size) + 1:
        return None
    return field


def mark(tensor: Tensor, field: Field | None) -> None:
    """Let ``tensor`` carry ``field``."""
    tensor._field = field


def merged(fields) -> Field | None:
    """The field of what is computed from several maps: the largest, at the finest."""
    fields = [field for field in fields if field is not None]
    if not fields:
        return None
    sizes = _broadcast(*(field.size for field in fields))
    strides = _broadcast(*(field.stride for field in fields))
    return Field(tuple(map(max, sizes)), tuple(map(min, strides)))


def behind(layer: nn.Module, before: Tensor, after: Tensor) -> Field | None:
    """The field behind a layer, from its attributes; None if they do not tell."""
    field = of(before)
    if field is None:
        return None
    if "Adaptive" in type(layer).__name__:
        return field.through(*_adaptive_windows(before, after))
    if isinstance(layer, nn.Upsample):
        return Field(field.size, _scaled(field.stride, before, after))
    if hasattr(layer, "kernel_size") and hasattr(layer, "stride"):
        transposed = getattr(layer, "transposed", False)
        dilation = getattr(layer, "dilation", 1)
        stride = layer.kernel_size if layer.stride is None else layer.stride
        return field.through(layer.kernel_size, stride, dilation, transposed)
    return None


class Follow(TorchDispatchMode):
    """While active, what an operation returns carries the field of what it took."""

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        output = function(*args, **(kwargs or {}))
        inputs = tree_leaves((args, kwargs))
        field = merged(of(t) for t in inputs if isinstance(t, Tensor))
        if field is not None:
            field = _behind_operation(function, field, args)
            for tensor in tree_leaves(output):
                if isinstance(tensor, Tensor):
                    mark(tensor, field)
        return output


def _behind_operation(function, field: Field, args) -> Field:
    """What a convolution or pooling called as a function does to the field."""
    if function is aten.convolution.default:
        _, weight, _, stride, _, dilation, transposed, *_ = args
        return field.through(weight.shape[2:], stride, dilation, transposed)
    if function is aten.max_pool2d_with_indices.default:
        stride, dilation = [*args, *(None,) * 4][2], [*args, 1, 1, 1][4]
        return field.through(args[1], stride or args[1], dilation)
    if function is aten.avg_pool2d.default:
        return field.through(args[1], [*args, None][2] or args[1])
    return field


def _adaptive_windows(before: Tensor, after: Tensor) -> tuple[list[int], list[int]]:
    """The largest window, and the step, of adaptive pooling in each direction."""
    kernel_size, stride = [], []
    for n, m in zip(before.shape[2:], after.shape[2:], strict=True):
        windows = [-(-(i + 1) * n // m) - i * n // m for i in range(m)]
        kernel_size.append(max(windows))
        stride.append(max(n // m, 1))
    return kernel_size, stride


def _scaled(stride: tuple, before: Tensor, after: Tensor) -> tuple:
    sides = zip(before.shape[2:], after.shape[2:], strict=True)
    scales = [n / m for n, m in sides]
    return tuple(_whole(s * scale) for s, scale in _broadcast(stride, scales))


def _broadcast(*values) -> list[tuple]:
    """Numbers and tuples to one tuple for each direction."""
    values = [v if isinstance(v, tuple | list) else (v,) for v in values]
    length = max(map(len, values))
    return list(zip(*(v * length if len(v) == 1 else v for v in values), strict=True))


def _whole(number: float) -> int | float:
    return int(number) if number == int(number) else number
