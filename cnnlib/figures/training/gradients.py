"""Gradients: of each layer, of activation functions, and p descending to y."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnlib.drawing import palette, style
from cnnlib.drawing.format import listed, number, share
from cnnlib.drawing.motion import Film
from cnnlib.drawing.picture import Picture
from cnnlib.drawing.svg import FITS, TYPE, Canvas, text_width
from cnnlib.figures.arguments import named
from cnnlib.figures.networks.layers import trace
from cnnlib.figures.networks.tensors import as_batch
from cnnlib.training.evaluation import device_of, evaluation_mode


def gradient_per_layer(
    model: nn.Module, batch: tuple[Tensor, Tensor]
) -> dict[str, float]:
    """The size of cross-entropy's gradient in each layer, from the input to the output.

    ``batch`` is (images, labels), images uint8 or normalized (N, C, H, W). A size is
    the root mean square over the layer's weights of d loss / d weight; layers are named
    "conv 1", "dense 2". Nothing in the model changes, nor its gradients. The result is
    what ``gradient_sizes`` draws. Raises TypeError or ValueError for other images.
    """
    images = as_batch(batch[0], device_of(model))
    steps = [
        (step.label, step.module.weight)
        for step in trace(model, tuple(images.shape[1:]))
        if step.kind in ("conv", "dense") and hasattr(step.module, "weight")
    ]
    with evaluation_mode(model), torch.enable_grad():
        value = F.cross_entropy(model(images), batch[1].to(images.device))
        gradients = torch.autograd.grad(value, [weight for _, weight in steps])
    return {
        label: float(gradient.square().mean().sqrt())
        for (label, _), gradient in zip(steps, gradients, strict=True)
    }


@style.styled
def gradient_sizes(
    sizes: Mapping[str, Mapping[str, float] | Sequence[float]],
):
    """Gradient sizes layer by layer on a log axis, one line a network.

    ``sizes`` maps a network's name to {layer: size}, as ``gradient_per_layer`` returns
    it, or to a sequence of sizes. A size of 0 has no place on a log axis and raises
    ValueError.
    """
    sizes = named(sizes, "sizes")
    fig, ax = style.axes(size=(8.5, 4.6))
    told, layers = [], []
    for (name, one), look in zip(sizes.items(), style.series(len(sizes)), strict=True):
        pairs = one.items() if isinstance(one, Mapping) else enumerate(one, 1)
        labels, values = zip(*((str(k), float(v)) for k, v in pairs), strict=True)
        if min(values) <= 0:
            raise ValueError(
                f"sizes[{name!r}] holds {min(values)}; a log axis needs positive sizes"
            )
        layers = labels if len(labels) > len(layers) else layers
        ax.plot(range(len(values)), values, label=name, **look)
        told.append(
            f"{name}: {values[0]:.1e} in {labels[0]}, {values[-1]:.1e} in {labels[-1]}"
        )
    ax.set_yscale("log")
    crowded = len(layers) > 6 or max(map(len, layers)) > 9
    turn = {"rotation": 35, "ha": "right", "rotation_mode": "anchor"} if crowded else {}
    ax.set_xticks(range(len(layers)), layers, **turn)
    ax.set(ylabel="gradient (root mean square)")
    ax.set(xlabel="layer, from the input to the output")
    ax.grid(axis="y")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    title = "How large is the gradient that reaches each layer?"
    ax.set_title(title)
    return style.picture(
        fig, f"{title} On a log scale, first and last layer. " + "; ".join(told) + "."
    )


_ACTIVATIONS = {
    "sigmoid": (
        lambda x: 1 / (1 + np.exp(-x)),
        lambda x: np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))) ** 2,
    ),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "ReLU": (lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(float)),
}


@style.styled
def activations():
    """Sigmoid, tanh and ReLU and, dashed, their derivatives on [-5, 5]."""
    fig, boxes = style.axes(1, 3, size=(9.5, 3.9), sharey=True)
    x = np.linspace(-5, 5, 2001)
    told = []
    for ax, (name, (function, slope)) in zip(boxes, _ACTIVATIONS.items(), strict=True):
        ax.axhline(0, color=palette.FAINT, linewidth=1)
        ax.axvline(0, color=palette.FAINT, linewidth=1)
        kw = {"color": palette.VERMILLION, "linestyle": "--", "label": "derivative"}
        ax.plot(x, function(x), color=palette.BLUE, label="function")
        ax.plot(x, slope(x), **kw)
        top = number(round(float(slope(x).max()), 4))
        ax.set_title(f"{name}\nsteepest slope {top}")
        ax.set(ylim=(-1.15, 2.3), xlabel="x", xticks=(-4, 0, 4))
        end = slope(np.array([-4.0, 4.0]))
        told.append(
            f"{name} has slope at most {top}, {end[0]:.3f} at -4 and {end[1]:.3f} at 4"
        )
    handles, labels = boxes[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=2)
    return style.picture(
        fig, f"Activation functions and their derivatives: {listed(told)}."
    )


HIGH = 84.0  # CSS pixels: the tallest bar of a network
BETWEEN = 46.0  # room above a network's bars for their numbers
MOST_LAYERS, MOST_NETWORKS = 12, 5


def animate_gradient_sizes(
    sizes: Mapping[str, Mapping[str, float] | Sequence[float]],
    *,
    title: str = "The gradient on its way back",
    seconds: float = 1.2,
) -> Picture:
    """Bars of the gradient's size appear from the last layer back to the first.

    ``sizes`` maps a network's name to {layer: size}, as ``gradient_per_layer`` returns
    it, or to a sequence of sizes, input to output. Heights are linear, each network on
    a scale of its own; the numbers are shares of its last layer's gradient. Raises
    ValueError for a negative size, a last layer without gradient, and for too many
    layers or networks.
    """
    networks = {name: _shares(name, one) for name, one in named(sizes, "sizes").items()}
    if len(networks) > MOST_NETWORKS:
        raise ValueError(f"sizes has {len(networks)} networks, over {MOST_NETWORKS}")
    layers = max((list(one) for one in networks.values()), key=len)
    canvas = Canvas()
    film = Film(canvas, len(layers) + 1, seconds, "give fewer layers")
    _GradientBars(canvas, networks, layers, title).draw(film)
    told = [
        f"{name}: {share(next(iter(one.values())))} in {next(iter(one))}"
        for name, one in networks.items()
    ]
    return canvas.picture(
        f"Animation: {title}. Bars appear from {layers[-1]} back to {layers[0]}. What "
        f"arrives in the first layer, as a share of the last one's: {'; '.join(told)}."
    )


def _shares(name: str, sizes) -> dict[str, float]:
    """Layer -> its gradient's size, with 1 for the last layer."""
    pairs = sizes.items() if isinstance(sizes, Mapping) else enumerate(sizes, 1)
    found = {str(layer): float(size) for layer, size in pairs}
    if not 2 <= len(found) <= MOST_LAYERS:
        raise ValueError(
            f"sizes[{name!r}] has {len(found)} layers, expected 2 to {MOST_LAYERS}"
        )
    last = [*found.values()][-1]
    if not last > 0 or not min(found.values()) >= 0:
        raise ValueError(
            f"sizes[{name!r}] is {list(found.values())}: expected sizes of 0 or more, "
            "and the last layer's above 0"
        )
    return {layer: size / last for layer, size in found.items()}


class _GradientBars:
    """One row of bars a network, one column a layer; the output at the right."""

    def __init__(self, canvas: Canvas, networks, layers, title: str):
        self.canvas, self.networks, self.layers = canvas, networks, layers
        self.title = title
        names = max(text_width(name, TYPE + 2) for name in networks)
        self.left = names + 24
        self.column = min(96.0, (FITS - self.left) / len(layers))
        self.right = self.left + self.column * len(layers)
        self.bottom = len(networks) * (HIGH + BETWEEN)
        shown = [share(s) for one in networks.values() for s in one.values()]
        self.size = self._fitting([w for w in shown if w])
        self.name_size = self._fitting(layers)

    def _fitting(self, words: Sequence[str]) -> float:
        """The size of type with which all ``words`` fit into a column."""
        longest = max(text_width(word, 1) for word in words)
        return max(9.0, min(TYPE, 0.94 * self.column / longest))

    def _x(self, back: int) -> float:
        """The left of the layer that the gradient reaches ``back`` layers later."""
        return self.right - (back + 1) * self.column

    def draw(self, film: Film) -> None:
        """Lines and names that stay, then a step for each layer, from the last one."""
        self.canvas.text(self.left, -34, self.title, 24, anchor="start")
        colors = [look["color"] for look in style.series(len(self.networks))]
        for row, name in enumerate(self.networks):
            base = self._base(row)
            self.canvas.line(self.left, base, self.right, base, palette.MUTED, 1.5)
            at = (self.left - 16, base - HIGH / 2)
            self.canvas.text(*at, name, TYPE + 2, anchor="end", font_weight="bold")
        for back, layer in enumerate(reversed(self.layers)):
            middle = self._x(back) + self.column / 2
            self.canvas.text(middle, self.bottom + 20, layer, self.name_size)
            with self.canvas.group(**film.since(back + 1)):
                for row, color in enumerate(colors):
                    self._bar(row, back, color)
        self._way(film)

    def _base(self, row: int) -> float:
        return (row + 1) * (HIGH + BETWEEN)

    def _bar(self, row: int, back: int, color: str) -> None:
        shares = [*[*self.networks.values()][row].values()]
        if back >= len(shares):
            return
        arriving, base = shares[-1 - back], self._base(row)
        tall = HIGH * arriving / max(shares)
        x, wide = self._x(back) + 0.14 * self.column, 0.72 * self.column
        self.canvas.rect(x, base - tall, wide, tall, color)
        middle = x + wide / 2
        self.canvas.text(middle, base - tall - 16, share(arriving), self.size)

    def _way(self, film: Film) -> None:
        """The outline that goes back with the gradient, and what it says there."""
        y = self.bottom + 50
        self.canvas.arrow(self.right, y, self.left, y, palette.WINDOW, 3)
        for line, words in enumerate(
            (
                "the gradient comes from the loss, at the right",
                "numbers: what arrives, as a share of the last layer's gradient",
            )
        ):
            at = (self.left, y + 28 + 30 * line)
            self.canvas.text(*at, words, TYPE, palette.WINDOW_INK, "start")
        last = len(self.layers) - 1
        # The first picture shows the whole way, so its outline is at the way's end.
        stops = [last, *range(last + 1)]
        moves = [f"translateX({(last - back) * self.column:g}px)" for back in stops]
        look = {"stroke": palette.WINDOW, "stroke_width": 4, "rx": 4}
        with self.canvas.group(**film.gliding("w", moves)):
            top = BETWEEN - 36
            self.canvas.rect(
                self._x(last), top, self.column, self.bottom - top + 36, **look
            )
