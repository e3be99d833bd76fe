"""Training as curves: loss and accuracy, gradients, activations, p moving to y."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cnnlib.figures import style


def percent(share: float) -> str:
    """A share in 0..1 as text: 0.987 -> "98.7 %"."""
    return f"{100 * share:.1f} %"


def listed(items: Sequence[str]) -> str:
    """Items as in a sentence: ["a", "b", "c"] -> "a, b and c"."""
    *most, last = items
    return f"{', '.join(most)} and {last}" if most else last


def named(values, what: str) -> dict:
    """``values`` as a non-empty dict name -> value; ValueError names ``what``."""
    if not isinstance(values, Mapping):
        raise TypeError(
            f"{what} must be a dict from name to value, not {type(values).__name__}"
        )
    if not values:
        raise ValueError(f"{what} is empty: there is nothing to draw")
    return dict(values)


def smoothed(values, window: int | None = None) -> np.ndarray:
    """The moving average of ``values`` (n,), centered, over ``window`` of them.

    ``window`` is a thirtieth of n unless told. At the ends the window is cut, so the
    result has n values too.
    """
    values = np.asarray(values, dtype=float)
    window = max(1, len(values) // 30) if window is None else window
    if window < 1:
        raise ValueError(f"window is {window}, but an average needs at least 1 value")
    ones = np.ones(min(window, len(values)))
    total = np.convolve(values, ones, mode="same")
    return total / np.convolve(np.ones(len(values)), ones, mode="same")


@style.styled
def learning_curves(history, *, title: str | None = None, window: int | None = None):
    """Loss a step (smoothed) and accuracy an epoch, of one or several trainings.

    ``history`` is a ``History`` or a dict name -> ``History``. The pale line is the raw
    loss of each step; accuracy is drawn for training and, where there is one, for the
    test set. The title names model and data set. Raises ValueError when a history holds
    no epoch.
    """
    several = isinstance(history, Mapping)
    histories = named(history, "history") if several else {"": history}
    for name, one in histories.items():
        if not len(one.records) or not len(one.losses):
            raise ValueError(f"history {name!r} holds no epoch: train first")
    fig, (left, right) = style.axes(1, 2, size=(9.5, 4.2))
    told = []
    looks = style.series(len(histories))
    for (name, one), look in zip(histories.items(), looks, strict=True):
        color, dash = look["color"], look["linestyle"] if several else "-"
        loss = smoothed(one.losses, window)
        steps = np.arange(1, len(loss) + 1)
        if not several:
            left.plot(steps, one.losses, color=style.INPUT_PALE, linewidth=1.5)
        left.plot(steps, loss, color=color, linestyle=dash, label=name or "smoothed")
        sentence = f"the loss falls from {loss[0]:.2f} to {loss[-1]:.2f}"
        if loss[-1] >= loss[0]:
            sentence = f"the loss goes from {loss[0]:.2f} to {loss[-1]:.2f}"
        ends = _accuracies(right, one.records, name, look, several)
        told.append(f"{name + ': ' if name else ''}{sentence}; {listed(ends)}")
    left.set(xlabel="step (mini-batch)", ylabel="loss", ylim=(0, None))
    right.set(xlabel="epoch", ylabel="accuracy (%)")
    epochs = max(len(one.records) for one in histories.values())
    right.set_xticks(_whole_ticks(epochs))
    for ax in (left, right):
        ax.grid(axis="y")
    right.legend(loc="best")
    title = title or _title(histories.values())
    fig.suptitle(title)
    alt = f"Learning curves. {title}. After {epochs} epochs, " + ". ".join(told) + "."
    return style.picture(fig, alt)


def _accuracies(ax, records, name, look, several) -> list[str]:
    """Draw one training's accuracies; returns what the last epoch says."""
    ends = []
    for part in ("train", "test"):
        points = [
            (r["epoch"], 100 * r[f"{part}_accuracy"])
            for r in records
            if r.get(f"{part}_accuracy") is not None
        ]
        if not points:
            continue
        ends.append(f"{part} accuracy {points[-1][1]:.1f} %")
        test = part == "test"
        if several:  # one color a training: test as it is, train thin and pale
            kw = look if test else look | {"linewidth": 1.2, "alpha": 0.5, "marker": ""}
            label = name if test else None
        else:
            kw, label = style.SERIES[test], part
        ax.plot(*zip(*points, strict=True), label=label, **kw)
    if several and len(ends) < 2:
        ax.lines[-1].set_label(name)
    return ends or ["no accuracy was measured"]


def _title(histories) -> str:
    """ "LeNet5 on mnist", or only the data when the models differ."""
    names = [getattr(one, "model", "") or "" for one in histories]
    sets = list(dict.fromkeys(str(getattr(one, "data", "") or "") for one in histories))
    models = list(dict.fromkeys(str(n) for n in names if n))
    where = listed([s for s in sets if s] or ["an unnamed data set"])
    return f"{models[0]} on {where}" if len(models) == 1 else f"On {where}"


def _whole_ticks(last: int) -> np.ndarray:
    """At most about six whole numbers from 1 to ``last``."""
    return np.arange(1, last + 1, max(1, round(last / 6)))


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
        ax.axhline(0, color=style.FAINT, linewidth=1)
        ax.axvline(0, color=style.FAINT, linewidth=1)
        kw = {"color": style.VERMILLION, "linestyle": "--", "label": "derivative"}
        ax.plot(x, function(x), color=style.BLUE, label="function")
        ax.plot(x, slope(x), **kw)
        top = style.number(round(float(slope(x).max()), 4))
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
    z = np.array(logits, dtype=float)
    if z.ndim != 1 or not 0 <= target < len(z):
        raise ValueError(
            f"target is {target}, logits have shape {z.shape}: expected a class of (K,)"
        )
    if not len(steps) or min(steps) < 0:
        raise ValueError(f"steps is {tuple(steps)}, expected step numbers of 0 or more")
    classes = [str(c) for c in (range(len(z)) if classes is None else classes)]
    y = np.eye(len(z))[target]
    frames = {}
    for step in range(max(steps) + 1):
        p = np.exp(z - z.max())
        p /= p.sum()
        if step in steps:
            frames[step] = p
        z = z - lr * (p - y)
    fig, boxes = style.axes(
        1, len(frames), size=(min(9.5, 1.9 * len(frames) + 0.6), 3.6), sharey=True,
        squeeze=False,
    )  # fmt: skip
    for ax, (step, p) in zip(boxes[0], frames.items(), strict=True):
        ax.bar(classes, p, color=style.OUTPUT, width=0.7)
        ax.bar(classes, y, width=0.7, fill=False, edgecolor=style.INK, linestyle="--")
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
