"""Training as curves: loss by the step, accuracy by the epoch."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cnnlib.drawing import palette, style
from cnnlib.drawing.format import listed
from cnnlib.figures.arguments import named


def smoothed(values) -> np.ndarray:
    """The moving average of ``values`` (n,), centered, over a thirtieth of them.

    At the ends the window is cut, so the result has n values too.
    """
    values = np.asarray(values, dtype=float)
    ones = np.ones(max(1, len(values) // 30))
    total = np.convolve(values, ones, mode="same")
    return total / np.convolve(np.ones(len(values)), ones, mode="same")


@style.styled
def learning_curves(
    history,
    *,
    title: str | None = None,
    vector: bool = False,
):
    """Loss a step (smoothed) and accuracy an epoch, of one or several trainings.

    ``history`` is a ``History`` or a dict name -> ``History``. The pale line is the raw
    loss of each step; accuracy is drawn for training and, where there is one, for the
    test set, of several trainings the former as a thin line. The title names model and
    data set; losses of another order of magnitude get a log axis. ``vector`` makes it
    an SVG. Raises ValueError when a history holds no epoch.
    """
    several = isinstance(history, Mapping)
    histories = named(history, "history") if several else {"": history}
    for name, one in histories.items():
        if not len(one.records) or not len(one.losses):
            raise ValueError(f"history {name!r} holds no epoch: train first")
    fig, (left, right) = style.axes(1, 2, size=(9.5, 4.2))
    told, tops = [], []
    looks = style.series(histories)
    for (name, one), look in zip(histories.items(), looks, strict=True):
        color, dash = look["color"], look["linestyle"] if several else "-"
        loss = smoothed(one.losses)
        tops.append(max(loss))
        steps = np.arange(1, len(loss) + 1)
        if not several:
            left.plot(steps, one.losses, color=palette.INPUT_PALE, linewidth=1.5)
        left.plot(steps, loss, color=color, linestyle=dash, label=name or "smoothed")
        sentence = f"the loss falls from {loss[0]:.2f} to {loss[-1]:.2f}"
        if loss[-1] >= loss[0]:
            sentence = f"the loss goes from {loss[0]:.2f} to {loss[-1]:.2f}"
        ends = _accuracies(right, one.records, name, look, several)
        told.append(f"{name + ': ' if name else ''}{sentence}; {listed(ends)}")
    far = bool(max(tops) > 5 * min(tops) > 0)  # of one training, never
    left.set(xlabel="step (mini-batch)", ylabel="loss" + " (log)" * far)
    left.set(yscale="log") if far else left.set(ylim=(0, None))
    thin = (
        "\nthin: in training" if several and len(right.lines) > len(histories) else ""
    )
    right.set(xlabel="epoch", ylabel=f"accuracy (%){thin}")
    epochs = max(len(one.records) for one in histories.values())
    right.set_xticks(_whole_ticks(epochs))
    for ax in (left, right):
        ax.grid(axis="y")
    right.legend(loc="best")
    title = title or _title(histories.values())
    fig.suptitle(title)
    after = f"After {epochs} epoch{'s' * (epochs > 1)}"
    alt = f"Learning curves. {title}. {after}, {'. '.join(told)}."
    return (style.drawing if vector else style.picture)(fig, alt)


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
        if len(points) < 3:  # a line through two points would tell of a course
            kw = kw | {"linestyle": "", "markersize": 11}
            kw = kw | {"marker": look["marker"]} if several else kw
        every = max(1, len(points) // 8)  # a marker on each of many epochs is a rope
        ax.plot(*zip(*points, strict=True), label=label, markevery=every, **kw)
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
