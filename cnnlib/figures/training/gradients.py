"""Gradients: of each layer, and of activation functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnlib.drawing import palette, style
from cnnlib.drawing.format import listed, number
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
    for (name, one), look in zip(sizes.items(), style.series(sizes), strict=True):
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
