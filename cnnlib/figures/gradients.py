"""Gradients: of each layer, of activation functions, and p descending to y."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnlib.drawing import palette, style
from cnnlib.drawing.format import listed, number
from cnnlib.figures.arguments import named
from cnnlib.figures.descent import descend
from cnnlib.figures.tensors import as_batch
from cnnlib.figures.trace import trace
from cnnlib.training.evaluation import device_of, evaluation_mode


def gradient_per_layer(
    model: nn.Module, batch: tuple[Tensor, Tensor], *, loss=F.cross_entropy
) -> dict[str, float]:
    """The size of the loss's gradient in each layer with weights, input to output.

    ``batch`` is (images, labels), images uint8 or normalized (N, C, H, W). A size is
    the root mean square over the layer's weights of d loss / d weight; layers are named
    "conv 1", "dense 2". Nothing in the model changes, nor its gradients. The result is
    what ``gradient_sizes`` draws.
    """
    images = as_batch(batch[0], device_of(model))
    steps = [
        (step.label, step.module.weight)
        for step in trace(model, tuple(images.shape[1:]))
        if step.kind in ("conv", "dense") and hasattr(step.module, "weight")
    ]
    with evaluation_mode(model), torch.enable_grad():
        value = loss(model(images), batch[1].to(images.device))
        gradients = torch.autograd.grad(value, [weight for _, weight in steps])
    return {
        label: float(gradient.square().mean().sqrt())
        for (label, _), gradient in zip(steps, gradients, strict=True)
    }


@style.styled
def gradient_sizes(
    sizes: Mapping[str, Mapping[str, float] | Sequence[float]],
    *,
    title: str = "How large is the gradient that reaches each layer?",
    ylabel: str = "gradient (root mean square)",
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
    ax.set(ylabel=ylabel, xlabel="layer, from the input to the output")
    ax.grid(axis="y")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
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
def activations(names: Sequence[str] = ("sigmoid", "tanh", "ReLU"), *, limit=5.0):
    """Activation functions and, dashed, their derivatives on [-limit, limit].

    ``names`` are of "sigmoid", "tanh" and "ReLU"; another raises ValueError.
    """
    unknown = [name for name in names if name not in _ACTIVATIONS]
    if unknown or not names:
        raise ValueError(
            f"names holds {unknown or 'nothing'}; known are {listed([*_ACTIVATIONS])}"
        )
    fig, boxes = style.axes(
        1, len(names), size=(3.1 * len(names) + 0.2, 3.9), sharey=True, squeeze=False
    )
    x = np.linspace(-limit, limit, 2001)
    told = []
    for ax, name in zip(boxes[0], names, strict=True):
        function, slope = _ACTIVATIONS[name]
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
    handles, labels = boxes[0, 0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside lower center", ncols=2)
    return style.picture(
        fig, f"Activation functions and their derivatives: {listed(told)}."
    )


@style.styled
def gradient_descent_on_p(
    logits: Sequence[float],
    target: int,
    *,
    lr: float = 1.0,
    steps: Sequence[int] = (0, 1, 3, 10, 50),
    classes: Sequence[str] | None = None,
):
    """Softmax's p moving towards the one-hot y while gradient descent moves the logits.

    Each step takes lr * (p - y), the cross-entropy's gradient, off the ``logits`` (K,);
    one panel for each of ``steps`` shows p as bars, y as the outlined bar and the loss
    -log p[target]. Raises ValueError when ``target`` is not a class or a step < 0.
    """
    path, y = descend(logits, target, lr, steps)
    classes = [str(c) for c in (range(len(y)) if classes is None else classes)]
    frames = {step: path[step] for step in sorted(set(steps))}
    fig, boxes = style.axes(
        1, len(frames), size=(min(9.5, 1.9 * len(frames) + 0.6), 3.6), sharey=True,
        squeeze=False,
    )  # fmt: skip
    for ax, (step, p) in zip(boxes[0], frames.items(), strict=True):
        ax.bar(classes, p, color=palette.OUTPUT, width=0.7)
        ax.bar(classes, y, width=0.7, fill=False, edgecolor=palette.INK, linestyle="--")
        ax.set_title(f"step {step}\nloss {-np.log(p[target]):.3f}")
        ax.set(ylim=(0, 1.04))
        if max(map(len, classes)) > 2:
            ax.tick_params(axis="x", rotation=90)
    boxes[0, 0].set_ylabel("p (bars), y (dashed)")
    told = [f"{p[target]:.2f} at step {step}" for step, p in frames.items()]
    return style.picture(
        fig,
        f"Gradient descent pushes p towards y: the probability of class "
        f"{classes[target]} is {listed(told)}.",
    )
