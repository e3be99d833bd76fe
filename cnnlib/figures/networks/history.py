"""Landmarks of the field: ImageNet's top-5 accuracy by year, and the timeline."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import fill

import numpy as np

from cnnlib import facts
from cnnlib.drawing import palette, style
from cnnlib.drawing.format import listed
from cnnlib.figures.training.experiments import CLEAR

# What the networks of ``facts.YEARS`` brought, under the names that fit a picture.
BROUGHT = {
    "Neocognitron": ("Neocognitron", "local, shared features in layers; no labels"),
    "convolutional networks by backpropagation": (
        "First by backprop",
        "convolution learned from labels: zip codes",
    ),
    "LeNet-5": ("LeNet-5", "convolution, pooling, dense: digits on checks"),
    "AlexNet": ("AlexNet", "deeper and bigger, ReLU, dropout, on two GPUs"),
    "VGG": ("VGG", "blocks of 3×3 convolutions, 11 to 19 layers"),
    "GoogLeNet": ("GoogLeNet", "several window sizes side by side, 22 layers"),
    "ResNet": ("ResNet", "shortcuts past each block: 152 layers"),
    "SENet": ("SENet", "weighs its channels by what the image holds"),
}


@style.styled
def imagenet_top5(
    results: Sequence[tuple[int, str, float]] | None = None,
    *,
    human: float | None = facts.HUMAN.value,
    title: str = "ImageNet top-5 accuracy (%) of each year's winner",
):
    """The slide's chart: top-5 accuracy, which is 100 - error, by year.

    ``results`` holds (year, network, top-5 error in %), unless told the figures of
    ``facts``; ``human`` is the error of a trained person, a dashed line unless None.
    """
    if results is None:
        errors = facts.IMAGENET_TOP5
        results = [(y, facts.IMAGENET_WINNERS[y], e.value) for y, e in errors.items()]
    if not len(results):
        raise ValueError("results is empty: expected (year, network, error in %) rows")
    results = sorted((int(y), str(n), float(e)) for y, n, e in results)
    if not all(0 <= error <= 100 for _, _, error in results):
        raise ValueError("results holds an error outside 0..100 %")
    fig, ax = style.axes(size=(9.5, 4.8))
    accuracies = [100 - error for _, _, error in results]
    for i, ((_, name, _), accuracy) in enumerate(zip(results, accuracies, strict=True)):
        deep = i and results[i - 1][2] - results[i][2] > 8  # the year it jumped
        color = palette.VERMILLION if deep else palette.BLUE
        ax.bar(i, accuracy, color=color, width=0.82)
        ax.text(
            i, accuracy + 1, f"{accuracy:.1f}", ha="center", va="bottom",
            fontweight="bold", bbox=CLEAR,
        )  # fmt: skip
        ax.text(
            i, 2, name, ha="center", va="bottom", rotation=90,
            color=style.ink_on(color),
        )  # fmt: skip
    if human is not None:
        ax.axhline(100 - human, color=palette.INK, ls="--", lw=1.8, zorder=0)
        ax.annotate(
            f"human\n{100 - human:.1f}", (1.01, 100 - human), va="center",
            xycoords=("axes fraction", "data"),
        )  # fmt: skip
    ax.set_xticks(range(len(results)), [str(year) for year, _, _ in results])
    ax.set(ylim=(0, 106), xlim=(-0.55, len(results) - 0.45))
    ax.set_yticks([])
    ax.tick_params(length=0)
    ax.spines["left"].set_visible(False)
    ax.set_title(title)
    told = [
        f"{year} {name} {accuracy:.1f}"
        for (year, name, _), accuracy in zip(results, accuracies, strict=True)
    ]
    person = (
        f" A trained person reaches {100 - human:.1f}." if human is not None else ""
    )
    return style.picture(fig, f"{title}: {listed(told)}.{person}")


@style.styled
def timeline(
    events: Sequence[tuple[int, str, str]] | None = None,
    *,
    highlight: Sequence[str] = ("LeNet-5", "AlexNet", "VGG"),
    title: str | None = None,
):
    """Events on a time axis that is to scale, their names and words beside it.

    ``events`` holds (year, name, what it brought), unless told the networks of
    ``facts.YEARS``; time runs downwards. Names in ``highlight`` are diamonds.
    """
    if events is None:
        events = [
            (facts.YEARS[key].value, name, words)
            for key, (name, words) in BROUGHT.items()
        ]
    if not len(events):
        raise ValueError("events is empty: expected (year, name, words) rows")
    events = sorted(events, key=lambda event: event[0])
    years = np.array([event[0] for event in events], float)
    fig, ax = style.axes(size=(9.5, 0.62 * len(events) + (0.9 if title else 0.4)))
    last = len(events) - 1
    span = years[-1] - years[0] or 1
    beside = 1.85 + 0.155 * max(len(name) for _, name, _ in events)
    scaled = (years - years[0]) / span * last
    ax.plot([0, 0], [-0.4, last + 0.4], color=palette.MUTED, linewidth=3)
    for row, (y, (year, name, words)) in enumerate(zip(scaled, events, strict=True)):
        marked = name in highlight
        color = palette.VERMILLION if marked else palette.BLUE
        ax.plot(
            [0, 0.35, 0.75, 0.95], [y, y, row, row], color=palette.FAINT, linewidth=2
        )
        ax.plot(
            0, y, "D" if marked else "o", color=color, markersize=12 - 3 * (not marked)
        )
        ax.text(1.0, row, f"{year:.0f}", va="center", fontweight="bold", color=color)
        ax.text(1.75, row, name, va="center", fontweight="bold")
        ax.text(beside, row, fill(words, int((10 - beside) / 0.114)), va="center")
    ax.set(xlim=(-0.2, 10), ylim=(last + 0.6, -0.6))
    style.bare(ax, aspect=None)
    if title:
        ax.set_title(title)
    told = [f"{year:.0f} {name} ({words})" for year, name, words in events]
    start = f"Timeline, {title}" if title else "Timeline"
    return style.picture(fig, f"{start}: {listed(told)}.")
