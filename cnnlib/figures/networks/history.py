"""Landmarks of the field: ImageNet's top-5 accuracy by year, and the timeline."""

from __future__ import annotations

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
def imagenet_top5():
    """The slide's chart: top-5 accuracy, which is 100 - error, of each year's winner.

    A dashed line shows a trained person's. The figures are those of ``facts``.
    """
    errors = [error.value for error in facts.IMAGENET_TOP5.values()]
    names = [facts.IMAGENET_WINNERS[year] for year in facts.IMAGENET_TOP5]
    accuracies, human = [100 - error for error in errors], 100 - facts.HUMAN.value
    fig, ax = style.axes(size=(9.5, 4.8))
    for i, (name, accuracy) in enumerate(zip(names, accuracies, strict=True)):
        jumped = i and accuracy - accuracies[i - 1] > 8  # the year of deep learning
        color = palette.VERMILLION if jumped else palette.BLUE
        ax.bar(i, accuracy, color=color, width=0.82)
        ax.text(
            i, accuracy + 1, f"{accuracy:.1f}", ha="center", va="bottom",
            fontweight="bold", bbox=CLEAR,
        )  # fmt: skip
        ax.text(
            i, 2, name, ha="center", va="bottom", rotation=90,
            color=style.ink_on(color),
        )  # fmt: skip
    ax.axhline(human, color=palette.INK, ls="--", lw=1.8, zorder=0)
    ax.annotate(
        f"human\n{human:.1f}", (1.01, human), va="center",
        xycoords=("axes fraction", "data"),
    )  # fmt: skip
    ax.set_xticks(range(len(names)), map(str, facts.IMAGENET_TOP5))
    ax.set(ylim=(0, 106), xlim=(-0.55, len(names) - 0.45))
    ax.set_yticks([])
    ax.tick_params(length=0)
    ax.spines["left"].set_visible(False)
    title = "ImageNet top-5 accuracy (%) of each year's winner"
    ax.set_title(title)
    rows = zip(facts.IMAGENET_TOP5, names, accuracies, strict=True)
    told = listed([f"{year} {name} {value:.1f}" for year, name, value in rows])
    return style.picture(fig, f"{title}: {told}. A trained person reaches {human:.1f}.")


@style.styled
def timeline():
    """The networks of ``facts.YEARS`` on a time axis to scale, running downwards.

    The networks of the lecture are diamonds.
    """
    events = [(facts.YEARS[key].value, *shown) for key, shown in BROUGHT.items()]
    events.sort(key=lambda event: event[0])
    years = np.array([year for year, _, _ in events], float)
    fig, ax = style.axes(size=(9.5, 0.62 * len(events) + 0.4))
    last = len(events) - 1
    beside = 1.85 + 0.155 * max(len(name) for _, name, _ in events)
    scaled = (years - years[0]) / (years[-1] - years[0]) * last
    ax.plot([0, 0], [-0.4, last + 0.4], color=palette.MUTED, linewidth=3)
    for row, (y, (year, name, words)) in enumerate(zip(scaled, events, strict=True)):
        marked = name in ("LeNet-5", "AlexNet", "VGG")
        color = palette.VERMILLION if marked else palette.BLUE
        marker, size = ("D", 12) if marked else ("o", 9)
        way = [0, 0.35, 0.75, 0.95], [y, y, row, row]
        ax.plot(*way, color=palette.FAINT, linewidth=2)
        ax.plot(0, y, marker, color=color, markersize=size)
        ax.text(1.0, row, f"{year}", va="center", fontweight="bold", color=color)
        ax.text(1.75, row, name, va="center", fontweight="bold")
        ax.text(beside, row, fill(words, int((10 - beside) / 0.114)), va="center")
    ax.set(xlim=(-0.2, 10), ylim=(last + 0.6, -0.6))
    style.bare(ax, aspect=None)
    told = listed([f"{year} {name} ({words})" for year, name, words in events])
    return style.picture(fig, f"Timeline: {told}.")
