"""The windows of a stack of layers: kernel size, stride and dilation of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from cnnlib.figures.sums import as_pair

Pair = tuple[int, int]


@dataclass(frozen=True)
class Window:
    """What one layer reads for each of its outputs; pairs are (rows, columns)."""

    kernel_size: Pair
    stride: Pair = (1, 1)
    dilation: Pair = (1, 1)
    name: str = ""

    def reads(self, cell: Pair) -> list[Pair]:
        """The cells of the map before that output ``cell`` reads, row by row."""
        rows, columns = (
            [place * s + tap * d for tap in range(k)]
            for place, k, s, d in zip(
                cell, self.kernel_size, self.stride, self.dilation, strict=True
            )
        )
        return [(row, column) for row in rows for column in columns]

    @property
    def reach(self) -> Pair:
        """Rows and columns from the window's first cell to its last."""
        rows, columns = self.reads((0, 0))[-1]
        return rows + 1, columns + 1

    @property
    def size(self) -> str:
        return "×".join(map(str, self.kernel_size))

    @property
    def lines(self) -> list[str]:
        """The layer's label in short lines: its name, stride and dilation."""
        more = {"stride": self.stride, "dilation": self.dilation}
        told = [f"{name} {_one(pair)}" for name, pair in more.items() if pair != (1, 1)]
        return [self.name or self.size, *told]

    @property
    def words(self) -> str:
        return ", ".join(self.lines)


def _one(pair: Pair) -> str:
    return str(pair[0]) if pair[0] == pair[1] else "×".join(map(str, pair))


def windows(layers, names: Sequence[str] | None = None) -> list[Window]:
    """The windows of ``layers``, input to output.

    ``layers`` is a module or a sequence of modules, kernel sizes, (kernel_size, stride)
    or (kernel_size, stride, dilation). Modules that treat each cell by itself (ReLU,
    batch normalization) have no window and are left out. Raises ValueError where the
    windows cannot be told, and when ``names`` are not one a window.
    """
    given = [layers] if isinstance(layers, nn.Module | int) else list(layers)
    found = [window for layer in given for window in _windows_of(layer)]
    if not found:
        raise ValueError("layers is empty: give at least one kernel size")
    if names is None:
        return found
    if len(names) != len(found):
        raise ValueError(f"names has {len(names)} entries for {len(found)} layers")
    return [
        Window(w.kernel_size, w.stride, w.dilation, str(name))
        for w, name in zip(found, names, strict=True)
    ]


def _windows_of(layer) -> list[Window]:
    if not isinstance(layer, nn.Module):
        return [_given(layer)]
    if hasattr(layer, "kernel_size"):
        return [_of_module(layer)]
    if isinstance(layer, _WHOLE):
        raise ValueError(
            f"{type(layer).__name__} sees the whole map: give the layers before it"
        )
    return [window for child in layer.children() for window in _windows_of(child)]


_WHOLE = (nn.Linear, nn.Flatten, nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)


def _of_module(layer: nn.Module) -> Window:
    size = as_pair(layer.kernel_size, "kernel_size", 1)
    stride = as_pair(getattr(layer, "stride", 1), "stride", 1)
    dilation = as_pair(getattr(layer, "dilation", 1), "dilation", 1)
    kind = type(layer).__name__.lower()
    word = next((word for word in ("conv", "pool") if word in kind), "")
    name = f"{word} {'×'.join(map(str, size))}".strip()
    return Window(size, stride, dilation, name)


def _given(layer) -> Window:
    parts = (layer,) if isinstance(layer, int) else tuple(layer)
    try:
        pairs = [as_pair(part, "window", 1) for part in parts]
        kernel_size, stride, dilation = (*pairs, *[(1, 1)] * (3 - len(pairs)))
        return Window(kernel_size, stride, dilation)
    except (TypeError, ValueError):
        raise ValueError(
            f"layer {layer!r} is not kernel_size, (kernel_size, stride) or "
            "(kernel_size, stride, dilation)"
        ) from None
