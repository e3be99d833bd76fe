"""Numbers beside each other: bars, steps, and runs over several seeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.ticker import LogLocator, NullLocator

from cnnlib.drawing import palette, style
from cnnlib.drawing.format import count, listed, percent, short
from cnnlib.figures.arguments import named


@style.styled
def bars(
    values: Mapping[str, float],
    *,
    title: str,
    format: Callable[[float], str] | None = None,
    log: bool = False,
    limit: float | None = None,
):
    """One bar a name, from top to bottom, with its value written at its end.

    ``format`` turns a value into text. ``log`` draws on a log axis, where lines with a
    dot stand for bars because a log axis has no zero to start from. ``limit`` is the
    axis' end. Raises ValueError for no values or infinite ones, and on a log axis for
    values that are not positive.
    """
    values = named(values, "values")
    format = format or count
    fig, ax = style.axes(size=(8, 0.48 * len(values) + (1.5 if log else 1.1)))
    lengths = np.array([float(v) for v in values.values()])
    if not np.isfinite(lengths).all():
        raise ValueError(f"values must be finite numbers, not {list(values.values())}")
    texts = [format(v) for v in values.values()]
    barh(ax, lengths, texts, list(values), log=log, limit=limit)
    if log:
        ax.set_xlabel("on a log scale")
    told = [f"{name} {text}" for name, text in zip(values, texts, strict=True)]
    ax.set_title(title)
    return style.picture(fig, f"{title}: {listed(told)}.")


# Behind a number that a line may cross.
CLEAR = {"facecolor": palette.PAPER, "edgecolor": "none", "pad": 1}


def barh(ax, lengths, texts, names, *, log=False, limit=None, color=None):
    """Draw horizontal bars (or, on a log axis, stems) with their values at their ends.

    ``names`` go beside the axis from top to bottom; None leaves them off.
    """
    color = palette.BLUE if color is None else color
    rows = np.arange(len(lengths))
    if log:
        if min(lengths) <= 0:
            raise ValueError(f"a log axis needs positive values, not {min(lengths)}")
        low = 10.0 ** np.floor(np.log10(min(lengths)) - 0.3)
        ax.set_xscale("log")
        ax.hlines(rows, low, lengths, color=color, linewidth=4)
        ax.plot(lengths, rows, "o", color=color, markersize=11)
        span = np.log10(max(lengths) / low) or 1
        ax.set_xlim(low, low * 10 ** (span * 1.5))
    else:
        ax.barh(rows, lengths, color=color, height=0.66)
        top = limit if limit is not None else max(*lengths, 0)
        bottom = min(*lengths, 0)
        ax.set_xlim(bottom - 0.2 * (bottom < 0) * (top - bottom), (top or 1) * 1.22)
    for row, length, text in zip(rows, lengths, texts, strict=True):
        ax.annotate(
            text, (length, row), xytext=(10 if log else 6, 0), va="center",
            textcoords="offset points", bbox=CLEAR,
        )  # fmt: skip
    ax.set_yticks(rows, names if names is not None else [""] * len(rows))
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    if log:
        log_ticks(ax)
    else:
        ax.set_xticks([])
        ax.spines["bottom"].set_visible(False)


def log_ticks(ax) -> None:
    """A few powers of ten below a log axis, in short."""
    ax.xaxis.set_major_locator(LogLocator(numticks=4))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(lambda value, _: short(value))
    ax.tick_params(axis="x", colors=palette.MUTED)
    ax.spines[["left", "top", "right"]].set_visible(False)


def _over_seeds(values, what: str) -> dict[str, np.ndarray]:
    """name -> 1-D array of one value or of one for each seed."""
    arrays = {n: np.atleast_1d(np.asarray(v, float)) for n, v in values.items()}
    for name, array in arrays.items():
        if array.ndim != 1 or not array.size or not np.isfinite(array).all():
            raise ValueError(
                f"{what}[{name!r}] must be a number or a list of finite numbers"
            )
    return arrays


@style.styled
def staircase(
    accuracies: Mapping[str, float | Sequence[float]],
    *,
    chance: float | None = None,
    title: str = "Test accuracy",
):
    """Accuracies in 0..1 as steps, in the order given, with the value on each step.

    A list holds one accuracy a seed: the step is their mean and the dots are they. The
    steps stand on ``chance``, what guessing reaches, when that is given. Raises
    ValueError for no accuracies or others.
    """
    arrays = _over_seeds(named(accuracies, "accuracies"), "accuracies")
    means = np.array([a.mean() for a in arrays.values()])
    if not 0 <= means.min() <= means.max() <= 1:
        raise ValueError("accuracies must lie in 0..1")
    lowest = min(a.min() for a in arrays.values())
    floor = 0.0 if chance is None else min(chance, lowest - 0.02)
    room = max(a.max() for a in arrays.values()) - floor
    fig, ax = style.axes(size=(max(5.5, 1.75 * len(arrays) + 1), 4.4))
    for i, (array, mean) in enumerate(zip(arrays.values(), means, strict=True)):
        depth = 0.25 + 0.75 * (i + 1) / len(means)
        face = tint(palette.BLUE, depth)
        ax.bar(i, mean - floor, bottom=floor, width=1, color=face, edgecolor="white")
        if array.size > 1:
            spread = np.linspace(-0.25, 0.25, array.size)
            look = {"color": palette.ORANGE, "markeredgecolor": palette.INK}
            ax.plot(i + spread, array, "o", markersize=8, **look)
        ax.annotate(
            percent(mean), (i, max(array.max(), mean)),
            xytext=(0, 13 if array.size > 1 else 8),
            textcoords="offset points", ha="center", fontsize=style.TITLE,
            fontweight="bold",
        )  # fmt: skip
    if chance is not None:
        ax.axhline(chance, color=palette.VERMILLION, linestyle="--")
        ax.annotate(
            f"chance\n{percent(chance)}", (1.01, chance), va="center",
            xycoords=("axes fraction", "data"), color=palette.VERMILLION,
        )  # fmt: skip
    ax.set_xticks(range(len(arrays)), [_two_lines(name) for name in arrays])
    ax.set(
        ylim=(floor - 0.02 * room, floor + 1.16 * room), xlim=(-0.5, len(means) - 0.5)
    )
    ax.tick_params(length=0)
    ax.set_yticks([])
    ax.spines[:].set_visible(False)
    ax.set_title(title)
    told = [f"{n} {percent(m)}" for n, m in zip(arrays, means, strict=True)]
    seeds = max(a.size for a in arrays.values())
    alt = f"{title}, as a staircase: {listed(told)}."
    alt += f" Each is the mean of up to {seeds} seeds." if seeds > 1 else ""
    alt += f" Guessing reaches {percent(chance)}." if chance is not None else ""
    return style.picture(fig, alt)


def _two_lines(name: str) -> str:
    """A long name broken at the space nearest its middle."""
    spaces = [i for i, c in enumerate(name) if c == " "]
    if len(name) <= 12 or not spaces:
        return name
    cut = min(spaces, key=lambda i: abs(i - len(name) / 2))
    return name[:cut] + "\n" + name[cut + 1 :]


@style.styled
def runs(
    values: Mapping[str, Sequence[float]],
    *,
    title: str,
    xlabel: str | None = None,
):
    """An experiment over several seeds: one dot a run, a bar at the mean, one row a
    name.

    ``values`` maps a name to one share in 0..1 for each seed. The mean is written at
    the right. Raises ValueError for no values or infinite ones.
    """
    arrays = _over_seeds(named(values, "values"), "values")
    fig, ax = style.axes(size=(8.5, 0.72 * len(arrays) + 1.5))
    told = []
    looks = style.series(arrays)
    for row, (name, array) in enumerate(arrays.items()):
        look = looks[row]
        spread = np.linspace(-0.16, 0.16, array.size) if array.size > 1 else [0]
        ax.plot(
            array, row + np.asarray(spread), look["marker"], color=look["color"],
            markersize=10, markeredgecolor="white",
        )  # fmt: skip
        ax.plot([array.mean()] * 2, [row - 0.36, row + 0.36], color=palette.INK)
        ax.annotate(
            f"mean {percent(array.mean())}", (1.02, row), va="center",
            xycoords=("axes fraction", "data"),
        )  # fmt: skip
        each = listed([percent(v) for v in array])
        told.append(f"{name}: {each}, mean {percent(array.mean())}")
    ax.set_yticks(range(len(arrays)), list(arrays))
    ax.set_ylim(len(arrays) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.margins(x=0.08)
    ax.locator_params(axis="x", nbins=5)
    ax.xaxis.set_major_formatter(lambda value, _: percent(value))
    ax.grid(axis="x")
    if xlabel:
        ax.set_xlabel(xlabel)
    ax.set_title(title)
    return style.picture(fig, f"{title}. One dot a run. " + "; ".join(told) + ".")


def tint(color: str, depth: float) -> np.ndarray:
    """White (depth 0) to ``color`` (depth 1), as RGB in 0..1."""
    return 1 - depth * (1 - np.array(to_rgb(color)))
