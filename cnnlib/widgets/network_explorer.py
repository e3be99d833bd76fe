"""A small network under the hand: every unit can be asked what it computes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import traitlets as t
from torch import Tensor, nn

from cnnlib.data import normalize
from cnnlib.drawing import palette
from cnnlib.drawing.format import percent, probability, sizes
from cnnlib.drawing.svg import Canvas
from cnnlib.widgets import base
from cnnlib.widgets.steps import computed, picture_bytes, traced

_MOST_WEIGHTS = 500_000  # a notebook must stay small: this is half a megabyte
_ROW = 920


class NetworkExplorer(base.Widget):
    """A network that computes where it is drawn, with its weights rounded to 8 bits.

    ``picture`` is the index of the picture that is shown. ``model8`` is the network
    with the rounded weights: a callable from images (N, C, H, W) as the network takes
    them to logits (N, K).
    """

    _esm = base.source("common.js", "pad.js", "network_explorer.js")
    _page_state = ("steps", "pictures", "classes", "picture", "strokes")
    steps = t.List().tag(sync=True)
    pictures = t.Dict().tag(sync=True)
    classes = t.List(t.Unicode()).tag(sync=True)
    picture = t.Int(0).tag(sync=True)
    strokes = t.List().tag(sync=True, echo_update=False)

    def __init__(self, model: nn.Module, images: Tensor, classes: Sequence[str]):
        self._name = type(model).__name__
        device = next((p.device for p in model.parameters()), None)
        self._images = images.cpu()
        self._steps = traced(model, normalize(self._images[:1]).to(device))
        super().__init__(
            steps=[step.to_json() for step in self._steps],
            pictures={
                "shape": list(images.shape),
                "bytes": picture_bytes(self._images),
            },
            classes=list(classes),
        )

    def model8(self, images: Tensor) -> Tensor:
        """Logits (N, K) of normalized images (N, C, H, W), with the 8-bit weights."""
        return computed(self._steps, images)[-1]

    def _outputs(self) -> list[Tensor]:
        image = self._images[self.picture : self.picture + 1]
        return [output[0] for output in computed(self._steps, normalize(image))]

    def _probabilities(self) -> Tensor:
        return self._outputs()[-1].softmax(0)

    def __repr__(self) -> str:
        return f"NetworkExplorer({self._name}, {len(self._images)} pictures)"

    def alt(self) -> str:
        """Return the still in words."""
        p = self._probabilities()
        best = int(p.argmax())
        layers = ", ".join(f"{s.name} {sizes(s.shape)}" for s in self._steps)
        return (
            f"Network explorer: a picture of {sizes(self._images.shape[1:])}, the "
            f"outputs of every layer of {self._name} ({layers}), and its answer, "
            f"{self.classes[best]}, {percent(float(p[best]))}."
        )

    def _draw(self) -> Canvas:
        """Draw the picture, every layer's maps, and the answers."""
        canvas = Canvas()
        canvas.text(0, 0, "picture", anchor="start", font_weight="bold")
        image = self._images[self.picture].permute(1, 2, 0).numpy()
        canvas.image(0, 16, image.squeeze(), 112)
        y = 160.0
        for step, output in zip(self._steps, self._outputs(), strict=True):
            title = f"{step.name}, {sizes(step.shape)}"
            canvas.text(0, y, title, anchor="start", font_weight="bold")
            y = _draw_layer(canvas, y + 16, output) + 30
        names = zip(self.classes, self._probabilities().tolist(), strict=True)
        for i, (name, p) in enumerate(names):
            top = 16 + 22 * i
            canvas.text(300, top + 10, name, 16, anchor="start")
            canvas.rect(400, top, 300, 18, "#ececec", "#8c8c8c")
            canvas.rect(400, top, 300 * p, 18, palette.OUTPUT)
            canvas.text(710, top + 10, probability(p), 16, anchor="start")
        return canvas


def _draw_layer(canvas: Canvas, y: float, output: Tensor) -> float:
    """Draw maps (C, H, W) or units (K,) in rows; the next free height."""
    gray = _as_gray(output)
    if output.ndim == 1:
        side = min(14.0, _ROW / len(gray))
        canvas.image(0, y, gray[None], side * len(gray), side)
        return y + side
    side, gap = (62, 6) if len(gray) <= 16 else (34, 3)
    per_row = _ROW // (side + gap)
    for i, one in enumerate(gray):
        row, column = divmod(i, per_row)
        at = column * (side + gap), y + row * (side + gap)
        canvas.image(*at, one, side)
    return y + (len(gray) - 1) // per_row * (side + gap) + side


def _as_gray(output: Tensor) -> np.ndarray:
    """Black for the smallest number of a layer, white for the largest."""
    low, high = output.min(), output.max()
    return (255 * (output - low) / (high - low).clamp(min=1e-12)).byte().numpy()


def network_explorer(
    model: nn.Module, images: Tensor, classes: Sequence[str] | None = None
) -> NetworkExplorer:
    """Return a view into a network: point at a unit, and see what it is made of.

    model: a chain of convolutions, poolings, dense layers and ReLU (batch
    normalization and dropout as in evaluation); at most 500,000 parameters, which
    travel into the output rounded to 8 bits. images: uint8 (N, C, H, W), to choose
    from; on 1x28x28 one can also draw. classes: K names; the model's own, else numbers.
    Everything is computed in the browser, so it also works in an exported page.
    Raises TypeError or ValueError for other images and for networks that cannot be
    shown, naming the layer.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"expected model to be an nn.Module, but got {model!r}")
    if not isinstance(images, Tensor) or images.dtype != torch.uint8:
        kind = getattr(images, "dtype", type(images).__name__)
        raise TypeError(f"expected images to be a uint8 tensor, but got {kind}")
    if images.ndim != 4 or len(images) == 0:
        shape = tuple(images.shape)
        raise ValueError(f"expected images of shape (N, C, H, W), but got {shape}")
    weights = sum(p.numel() for p in model.parameters())
    if weights > _MOST_WEIGHTS:
        raise ValueError(
            f"expected a model of at most {_MOST_WEIGHTS:,} parameters, but got "
            f"{weights:,}"
        )
    explorer = NetworkExplorer(model, images, [])
    outputs = explorer._steps[-1].shape[0]
    names = classes or getattr(model, "classes", None) or range(outputs)
    explorer.classes = [str(name) for name in names]
    if len(explorer.classes) != outputs:
        raise ValueError(
            f"classes has {len(explorer.classes)} names for {outputs} logits"
        )
    return explorer
