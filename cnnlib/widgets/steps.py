"""What a small network computes, step by step, as numbers that a browser can use.

``traced`` writes down the operations while the network runs once, whatever its code
looks like; ``computed`` does the same arithmetic again, as the explorer's script does.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

LEVELS = 127  # 8-bit weights: whole numbers from -127 to 127, times a scale


@dataclass
class Step:
    """One operation: "conv", "max pool", "mean pool" or "dense", perhaps with a ReLU.

    ``weight`` (O, C, h, w) or (O, C) is rounded to 8 bits with one scale an output;
    ``bias`` (O,). ``shape`` is the output's, (C, H, W) or (units,).
    """

    kind: str
    name: str
    shape: tuple[int, ...]
    weight: Tensor | None = None
    bias: Tensor | None = None
    kernel: tuple[int, int] = (1, 1)
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    relu: bool = False
    scale: Tensor = field(default_factory=lambda: torch.ones(0))

    def quantize(self) -> None:
        """Round the weights to 8 bits, one scale for each output channel or unit."""
        rows = self.weight.flatten(1)
        self.scale = rows.abs().amax(1).clamp(min=1e-12) / LEVELS
        shape = (-1, *[1] * (self.weight.ndim - 1))
        self.weight = (self.weight / self.scale.view(shape)).round()

    def real_weight(self) -> Tensor:
        return self.weight * self.scale.view(-1, *[1] * (self.weight.ndim - 1))

    def to_json(self) -> dict:
        """What the script needs; weights as base64 of their 8-bit numbers."""
        plain = {
            "kind": self.kind,
            "name": self.name,
            "shape": list(self.shape),
            "kernel": list(self.kernel),
            "stride": list(self.stride),
            "padding": list(self.padding),
            "relu": self.relu,
        }
        if self.weight is None:
            return plain
        codes = self.weight.to(torch.int8).numpy().tobytes()
        return plain | {
            "weight": base64.b64encode(codes).decode(),
            "weightShape": list(self.weight.shape),
            "scale": _short(self.scale),
            "bias": _short(self.bias),
        }


def _short(values: Tensor) -> list[float]:
    return [float(f"{v:.6g}") for v in values.tolist()]


def traced(model: nn.Module, image: Tensor) -> list[Step]:
    """The steps of a network for an image (1, C, H, W), in evaluation mode.

    Convolutions, max and average pooling, dense layers, ReLU, batch normalization and
    dropout, one after the other. Raises ValueError for anything else.
    """
    mode = model.training
    tracer = _Tracer(image)
    model.eval()
    try:
        with torch.no_grad(), tracer:
            output = model(image)
    finally:
        model.train(mode)
    if output is not tracer.current or output.ndim != 2:
        raise ValueError(
            "model: expected one chain of layers from an image to logits (1, K); the "
            "output does not come from the last layer that was understood"
        )
    for step in tracer.steps:
        if step.weight is not None:
            step.quantize()
    return tracer.steps


class _Tracer(TorchFunctionMode):
    """Follows one tensor through the functions that are called on it."""

    def __init__(self, image: Tensor):
        super().__init__()
        self.current = image
        self.steps: list[Step] = []
        self.count: dict[str, int] = {}

    def __torch_function__(self, function, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        output = function(*args, **kwargs)
        given = args[0] if args else kwargs.get("input")
        if given is not self.current or not isinstance(output, Tensor):
            return output
        if not output.is_floating_point():
            return output
        name = function.__name__
        note = getattr(self, f"_{name}", None)
        if note:
            note(output, *args[1:], **{k: v for k, v in kwargs.items() if k != "input"})
        elif name not in _SAME and not (name in _FLAT and output.ndim == 2):
            raise ValueError(f"model: {name} is not among the layers that can be shown")
        self.current = output
        return output

    def _add(self, kind: str, output: Tensor, **more) -> None:
        self.count[kind] = self.count.get(kind, 0) + 1
        short = "pool" if "pool" in kind else kind
        number = sum(n for k, n in self.count.items() if short in k)
        shape = tuple(output.shape[1:])
        self.steps.append(Step(kind, f"{short} {number}", shape, **more))

    def _conv2d(
        self, output, weight, bias=None, stride=1, padding=0, dilation=1, groups=1
    ):
        if groups != 1 or _two(dilation) != (1, 1) or isinstance(padding, str):
            raise ValueError(
                "model: groups, dilation and named padding cannot be shown"
            )
        bias = torch.zeros(len(weight)) if bias is None else bias
        self._add(
            "conv",
            output,
            weight=weight.detach().cpu().clone(),
            bias=bias.detach().cpu().clone(),
            kernel=tuple(weight.shape[2:]),
            stride=_two(stride),
            padding=_two(padding),
        )

    def _linear(self, output, weight, bias=None):
        if output.ndim != 2:
            raise ValueError("model: a dense layer that is not given rows of numbers")
        bias = torch.zeros(len(weight)) if bias is None else bias
        self._add(
            "dense",
            output,
            weight=weight.detach().cpu().clone(),
            bias=bias.detach().cpu().clone(),
        )

    def _pool(self, kind, output, kernel_size, stride, padding, odd):
        if odd or _two(padding) != (0, 0):
            odd = ", ".join(odd) or "padding"
            raise ValueError(f"model: a pooling with {odd} cannot be shown")
        stride = _two(kernel_size if stride in (None, []) else stride)
        self._add(kind, output, kernel=_two(kernel_size), stride=stride)

    def _max_pool2d(
        self,
        output,
        kernel_size,
        stride=None,
        padding=0,
        dilation=1,
        ceil_mode=False,
        return_indices=False,
    ):
        odd = ["dilation"] * (_two(dilation) != (1, 1)) + ["ceil_mode"] * ceil_mode
        self._pool("max pool", output, kernel_size, stride, padding, odd)

    def _avg_pool2d(
        self,
        output,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    ):
        odd = ["ceil_mode"] * ceil_mode
        odd += ["divisor_override"] * (divisor_override is not None)
        self._pool("mean pool", output, kernel_size, stride, padding, odd)

    def _relu(self, output, inplace=False):
        if not self.steps:
            raise ValueError("model: it begins with a ReLU")
        self.steps[-1].relu = True

    _relu_ = _relu

    def _batch_norm(self, output, mean, var, weight, bias, training, momentum, eps):
        """Folded into the convolution before it: both only scale and shift."""
        last = self.steps[-1] if self.steps else None
        if last is None or last.weight is None or last.relu:
            raise ValueError("model: batch normalization must follow a convolution")
        if mean is None or weight is None:
            raise ValueError("model: batch normalization without averages or weights")
        factor = (weight / (var + eps).sqrt()).detach().cpu()
        last.weight *= factor.view(-1, *[1] * (last.weight.ndim - 1))
        last.bias = (last.bias - mean.cpu()) * factor + bias.detach().cpu()


_SAME = {"dropout", "contiguous", "to", "clone", "detach", "float", "feature_dropout"}
_FLAT = {"flatten", "reshape", "view"}


def _two(value) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else tuple(value)


def computed(steps: Sequence[Step], images: Tensor) -> list[Tensor]:
    """Every step's output for images (N, C, H, W), with the rounded weights."""
    outputs, x = [], images
    for step in steps:
        if step.kind == "conv":
            weight = step.real_weight()
            x = F.conv2d(x, weight, step.bias, step.stride, step.padding)
        elif step.kind == "dense":
            x = F.linear(x.flatten(1), step.real_weight(), step.bias)
        else:
            pool = F.max_pool2d if step.kind == "max pool" else F.avg_pool2d
            x = pool(x, step.kernel, step.stride)
        x = x.relu() if step.relu else x
        outputs.append(x)
    return outputs


def picture_bytes(images: Tensor) -> str:
    """uint8 images as base64, for the script."""
    return base64.b64encode(np.ascontiguousarray(images.numpy()).tobytes()).decode()
