"""What a network does to one input, layer by layer: the shapes that figures draw."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from torch import nn

from cnnlib.drawing.format import listed, sizes
from cnnlib.summary import summarize


@dataclass(frozen=True)
class Step:
    """One layer that shapes its input: a convolution, a pooling or a dense layer.

    ``kind`` is "input", "conv", "pool" or "dense"; ``shape`` is the output's for one
    image, (C, H, W) or (features,); ``name`` is the module's own in its model;
    ``label`` is the kind with its number, "conv 2".
    """

    label: str
    kind: str
    shape: tuple[int, ...]
    name: str = ""
    module: nn.Module | None = None

    @property
    def window(self) -> str:
        """The layer's window and stride: "11×11/4", "5×5"; "" for a dense layer."""
        if not hasattr(self.module, "kernel_size"):
            return ""
        stride = _pair(getattr(self.module, "stride", 1))[0]
        size = sizes(_pair(self.module.kernel_size))
        return f"{size}/{stride}" if stride != 1 else size

    @property
    def groups(self) -> int:
        return getattr(self.module, "groups", 1)


def _pair(value) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


@contextmanager
def recording(model: nn.Module) -> Iterator[list]:
    """Collects (name, module, input, output) of every layer that runs, in order."""
    calls, handles = [], []

    def hook(name):
        return lambda module, args, out: calls.append((name, module, args[0], out))

    for name, module in model.named_modules():
        if _is_layer(module) and not any(_within(name, h) for h, _ in handles):
            handles.append((name, module.register_forward_hook(hook(name))))
    try:
        yield calls
    finally:
        for _, handle in handles:
            handle.remove()


def _is_layer(module: nn.Module) -> bool:
    """A module without children, or one that says its window and hides its parts."""
    return not any(True for _ in module.children()) or hasattr(module, "kernel_size")


def _within(name: str, layer: str) -> bool:
    return layer == "" or (name != layer and name.startswith(f"{layer}."))


def trace(model: nn.Module, input_shape) -> list[Step]:
    """The input and every layer that shapes it, with the output shape of each.

    ``input_shape`` is one image's (C, H, W). Shapes are those that ``summarize``
    measures, without computing anything where that can be. Raises ValueError when the
    shape is not three sizes, the model cannot take it, or no layer shapes the input.
    """
    shape = tuple(input_shape)
    if len(shape) != 3 or not all(isinstance(n, int) and n > 0 for n in shape):
        raise ValueError(
            f"input_shape is {input_shape}, expected one image's (C, H, W)"
        )
    name = type(model).__name__
    try:
        rows = summarize(model, shape).rows
    except RuntimeError as error:
        raise ValueError(
            f"{name} cannot take an input of shape {shape}: {error}"
        ) from None
    modules = dict(model.named_modules()) | {name: model}
    steps, count, before = [Step("input", "input", shape)], {}, shape
    for row in rows:
        module = modules.get(row.name)
        kind = module and _kind(module, before, row.output_shape)
        before = row.output_shape
        if kind:
            count[kind] = count.get(kind, 0) + 1
            label = f"{kind} {count[kind]}"
            steps.append(Step(label, kind, tuple(before), row.name, module))
    if len(steps) == 1:
        raise ValueError(f"{name} has no convolution, pooling or dense layer to draw")
    return steps


def _kind(module: nn.Module, before, after) -> str | None:
    """A layer's part, told by its weights and shapes; None if it shapes nothing."""
    ranks = [tensor.ndim for tensor in (*module.parameters(), *module.buffers())]
    if len(after) == 3:
        if any(rank >= 3 for rank in ranks):
            return "conv"
        return "pool" if tuple(after[1:]) != tuple(before[1:]) else None
    return "dense" if len(after) == 1 and 2 in ranks else None


def find_layer(model: nn.Module, layer: nn.Module | str) -> nn.Module:
    """The layer itself, or the one of that name ("conv1", "features.3")."""
    modules = dict(model.named_modules())
    if isinstance(layer, str):
        if layer not in modules or not layer:
            known = [name for name in modules if name and "." not in name]
            raise ValueError(
                f"layer {layer!r} is not in {type(model).__name__}: it has "
                f"{listed(known)}"
            )
        return modules[layer]
    if not any(layer is module for module in modules.values()):
        raise ValueError(f"layer is not a part of this {type(model).__name__}")
    return layer


def scale(values, largest: float, linear_up_to: float = 20) -> tuple:
    """A function from a size to inches, ``largest`` for the greatest, and its name.

    Linear unless the sizes differ by more than ``linear_up_to``; else the square root.
    """
    top, low = max(values), min(values)
    if top / low <= linear_up_to:
        return (lambda value: largest * value / top), "linear"
    return (lambda value: largest * math.sqrt(value / top)), "square root"
