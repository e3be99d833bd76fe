"""What a network does to one input, layer by layer: the shapes that figures draw."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn


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
        size = "×".join(map(str, _pair(self.module.kernel_size)))
        return f"{size}/{stride}" if stride != 1 else size

    @property
    def groups(self) -> int:
        return getattr(self.module, "groups", 1)


def _pair(value) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


@contextmanager
def evaluating(model: nn.Module) -> Iterator[nn.Module]:
    """``model`` in evaluation mode; afterwards every module is as it was."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield model
    finally:
        for module, training in modes:
            module.training = training


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
    return name != layer and name.startswith(f"{layer}.") or layer == ""


def trace(model: nn.Module, input_shape) -> list[Step]:
    """The input and every layer that shapes it, with the output shape of each.

    ``input_shape`` is one image's (C, H, W). Nothing is computed where the model can
    run on the meta device; otherwise zeros pass through it. Raises ValueError when
    the shape is not three sizes or no layer shapes the input.
    """
    shape = tuple(input_shape)
    if len(shape) != 3 or not all(isinstance(n, int) and n > 0 for n in shape):
        raise ValueError(f"input_shape is {input_shape}, expected one image's (C, H, W)")
    with evaluating(model), recording(model) as calls, torch.no_grad():
        _pass_zeros(model, shape, calls)
    steps, count = [Step("input", "input", shape)], {}
    for name, module, given, out in calls:
        kind = _kind(module, given, out)
        if kind:
            count[kind] = count.get(kind, 0) + 1
            label = f"{kind} {count[kind]}"
            steps.append(Step(label, kind, tuple(out.shape[1:]), name, module))
    if len(steps) == 1:
        raise ValueError(
            f"{type(model).__name__} has no convolution, pooling or dense module to draw"
        )
    return steps


def _pass_zeros(model: nn.Module, shape: tuple[int, ...], calls: list) -> None:
    tensors = dict(itertools.chain(model.named_parameters(), model.named_buffers()))
    meta = {name: tensor.to("meta") for name, tensor in tensors.items()}
    zeros = torch.zeros(1, *shape, device="meta")
    try:
        torch.func.functional_call(model, meta, (zeros,))
    except (NotImplementedError, RuntimeError) as error:
        device = next((t.device for t in tensors.values()), torch.device("cpu"))
        if device.type == "meta":
            raise ValueError(
                f"{type(model).__name__} cannot take an input of shape {shape}: {error}"
            ) from error
        calls.clear()
        model(torch.zeros(1, *shape, device=device))


def _kind(module: nn.Module, given: Tensor, out: Tensor) -> str | None:
    """The part that a layer plays, told by its weights and shapes; None for the rest."""
    ranks = [parameter.ndim for parameter in module.parameters()]
    if out.ndim == 4:
        if any(rank >= 3 for rank in ranks):
            return "conv"
        return "pool" if out.shape[2:] != given.shape[2:] else None
    flattened = not ranks and out.shape[1:].numel() == given.shape[1:].numel()
    return "dense" if out.ndim == 2 and not flattened and _mixes(module, ranks) else None


def _mixes(module: nn.Module, ranks: list[int]) -> bool:
    """Whether a module on (N, features) holds a matrix, as weight or as buffer."""
    return any(rank == 2 for rank in [*ranks, *(b.ndim for b in module.buffers())])


def sizes(shape: tuple[int, ...]) -> str:
    """A shape as text: (6, 28, 28) -> "6×28×28"."""
    return "×".join(map(str, shape))


def reach(
    calls: list, layer: nn.Module
) -> tuple[tuple[int, int], tuple[int, int], tuple[float, float]]:
    """Receptive field of ``layer``'s outputs in the input, as (size, stride, start).

    Each is (rows, columns) in pixels: the field's size, the step from one output to
    the next, and the center of the first output's field. ``calls`` is what
    ``recording`` collected; windows count up to and with ``layer``.
    """
    size, jump, start = [1, 1], [1, 1], [0.0, 0.0]
    for _, module, given, out in calls:
        if out.ndim == 4 and hasattr(module, "kernel_size"):
            for axis in (0, 1):
                k = _pair(module.kernel_size)[axis]
                extent = _pair(getattr(module, "dilation", 1))[axis] * (k - 1)
                before = getattr(module, "padding", 0)
                before = extent / 2 if before == "same" else before
                before = 0 if before == "valid" else _pair(before)[axis]
                size[axis] += extent * jump[axis]
                start[axis] += (extent / 2 - before) * jump[axis]
                jump[axis] *= _pair(module.stride)[axis]
        elif out.ndim == 4 and out.shape[2:] != given.shape[2:]:
            raise ValueError(
                f"{type(module).__name__} resizes its maps but has no kernel_size: "
                "its receptive field cannot be told"
            )
        if module is layer:
            return tuple(size), tuple(jump), tuple(start)
    raise ValueError("layer did not run: it is not a layer of this model")


def scale(values, largest: float, linear_up_to: float = 20) -> tuple:
    """A function from a size to inches, ``largest`` for the greatest, and its name.

    Linear unless the sizes differ by more than ``linear_up_to``; else the square root.
    """
    top, low = max(values), min(values)
    if top / low <= linear_up_to:
        return (lambda value: largest * value / top), "linear"
    return (lambda value: largest * math.sqrt(value / top)), "square root"
