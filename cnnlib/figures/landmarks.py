"""The networks compared and dated: complexity, top-5 by year, the timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import fill

import numpy as np

from cnnlib.figures import style
from cnnlib.figures.curves import listed, named
from cnnlib.figures.scores import CLEAR, barh


def short(count: float) -> str:
    """A count with three digits: 61,706 -> "61.7 K", 1.006e9 -> "1.01 G"."""
    for size, unit in ((1e9, "G"), (1e6, "M"), (1e3, "K")):
        if abs(count) >= 0.9995 * size:
            return f"{count / size:.3g} {unit}"
    return f"{count:.3g}"


def layer_costs(summary) -> dict[str, tuple[int, int]]:
    """A summary's layers with weights as {"conv 1": (params, MACs), …, "dense 1": …}.

    ``summary`` is what ``summarize`` returns. Convolutions and dense layers are counted
    apart, so that layers of two networks that play the same part have the same name.
    """
    costs, count = {}, {"conv": 0, "dense": 0}
    for row in summary.rows:
        if row.params and row.macs:
            kind = "conv" if len(row.output_shape) >= 3 else "dense"
            count[kind] += 1
            costs[f"{kind} {count[kind]}"] = (row.params, row.macs)
    return costs


@style.styled
def complexity(networks: Mapping, *, title: str = "Complexity, on a log scale"):
    """Parameters and MACs of two or more networks, layer by layer, on log axes.

    ``networks`` maps a name to a summary or to {layer: (params, MACs)}. Layers that a
    single network has, one after the other, become one row ("conv 3–5"). The last row
    is the total of the rows above and says how many times the smallest the largest is.
    """
    tables = {
        name: dict(one) if isinstance(one, Mapping) else layer_costs(one)
        for name, one in named(networks, "networks").items()
    }
    rows = _merged(tables)
    labels = [*rows, "total"]
    fig, panels = style.axes(1, 2, size=(9.5, 0.62 * len(labels) + 2.1), sharey=True)
    told = []
    for ax, which, what in zip(panels, (0, 1), ("parameters", "MACs"), strict=True):
        totals = {}
        looks = style.series(len(tables))
        for (name, table), look in zip(tables.items(), looks, strict=True):
            values = [
                sum(table[layer][which] for layer in layers if layer in table)
                for layers in rows.values()
            ]
            totals[name] = sum(values)
            points = [(v, i) for i, v in enumerate([*values, totals[name]]) if v]
            kw = look | {"linestyle": "", "markersize": 11, "label": name}
            ax.plot(*zip(*points, strict=True), **kw)
        _joined(ax, len(labels))
        most, least = max(totals.values()), min(totals.values())
        ratio = f": {most / least:,.0f} × in total" if len(tables) > 1 else ""
        ax.set_title(f"{what}{ratio}")
        each = [f"{name} {short(total)}" for name, total in totals.items()]
        told.append(f"{what}{ratio} ({listed(each)})")
    panels[0].set_yticks(range(len(labels)), labels)
    panels[0].set_ylim(len(labels) - 0.5, -0.7)
    handles, names = panels[0].get_legend_handles_labels()
    fig.legend(handles, names, loc="outside lower center", ncols=len(tables))
    fig.suptitle(title)
    return style.picture(
        fig, f"{title}, for each layer of {listed([*tables])}. " + "; ".join(told) + "."
    )


def _joined(ax, rows: int) -> None:
    """A log axis whose dots of one row are joined and carry their values."""
    ax.set_xscale("log")
    points = sorted((y, x) for line in ax.lines for x, y in line.get_xydata())
    low, high = min(x for _, x in points), max(x for _, x in points)
    room = (high / low) ** 0.34  # beside the outermost dots, for their values
    ax.set_xlim(low / room, high * room)
    for row in range(rows):
        values = [x for y, x in points if y == row]
        ax.hlines(row, min(values), max(values), color=style.FAINT, zorder=0, lw=3)
        for value in (min(values), max(values))[: len(set(values))]:
            left = value == min(values) and len(set(values)) > 1
            ax.annotate(
                short(value), (value, row), xytext=(-10 if left else 10, 0), va="center",
                textcoords="offset points", ha="right" if left else "left",
            )  # fmt: skip
    ax.axhline(rows - 1.5, color=style.MUTED, linewidth=1)
    ax.tick_params(axis="y", length=0)
    ax.set_xticks([])
    ax.set_xticks([], minor=True)
    ax.spines[:].set_visible(False)


def _merged(tables: Mapping[str, Mapping]) -> dict[str, list[str]]:
    """Row label -> its layers; neighbors that only the same one network has are one."""
    layers = list(max(tables.values(), key=len))
    layers += [x for t in tables.values() for x in t if x not in layers]
    groups: list[tuple[tuple, list[str]]] = []
    for layer in layers:
        owners = tuple(name for name, table in tables.items() if layer in table)
        kind = layer.split()[0]
        last = groups[-1] if groups else None
        if len(tables) > 1 and len(owners) == 1 and last and last[0] == (owners, kind):
            last[1].append(layer)
        else:
            groups.append(((owners, kind), [layer]))
    return {
        g[0] if len(g) == 1 else f"{g[0]}–{g[-1].split()[-1]}": g for _, g in groups
    }


@style.styled
def parameters_and_macs(summaries: Mapping, *, title: str = "What networks cost"):
    """Parameters, MACs and activation memory of several networks on log axes.

    ``summaries`` maps a name to what ``summarize`` returns (.params, .macs and
    .activation_bytes, all for one image), drawn from top to bottom.
    """
    summaries = named(summaries, "summaries")
    costs = {
        "parameters": [s.params for s in summaries.values()],
        "MACs an image": [s.macs for s in summaries.values()],
        "activations": [s.activation_bytes for s in summaries.values()],
    }
    fig, panels = style.axes(1, 3, size=(9.5, 0.5 * len(summaries) + 1.3))
    colors = (style.KERNEL, style.BLUE, style.OUTPUT)
    for ax, (what, values), color in zip(panels, costs.items(), colors, strict=True):
        unit = "B" if what == "activations" else ""
        texts = [short(v) + unit for v in values]
        names = list(summaries) if ax is panels[0] else None
        barh(ax, np.array(values, float), texts, names, log=True, color=color)
        ax.set_title(what)
    fig.suptitle(f"{title} (log scale)")
    told = [
        f"{name}: {short(p)} parameters, {short(m)} MACs, {short(a)}B of activations"
        for name, p, m, a in zip(summaries, *costs.values(), strict=True)
    ]
    return style.picture(fig, f"{title}, for one image. " + "; ".join(told) + ".")


@style.styled
def imagenet_top5(
    results: Sequence[tuple[int, str, float]],
    *,
    human: float | None = 5.1,
    title: str = "ImageNet top-5 accuracy (%) of each year's winner",
):
    """The slide's chart: top-5 accuracy, which is 100 - error, by year.

    ``results`` holds (year, network, top-5 error in %) and ``human`` the error of a
    trained person, drawn as a dashed line unless None.
    """
    if not len(results):
        raise ValueError("results is empty: expected (year, network, error in %) rows")
    results = sorted((int(y), str(n), float(e)) for y, n, e in results)
    if not all(0 <= error <= 100 for _, _, error in results):
        raise ValueError("results holds an error outside 0..100 %")
    fig, ax = style.axes(size=(9.5, 4.8))
    accuracies = [100 - error for _, _, error in results]
    for i, ((_, name, _), accuracy) in enumerate(zip(results, accuracies, strict=True)):
        deep = i and results[i - 1][2] - results[i][2] > 8  # the year it jumped
        color = style.VERMILLION if deep else style.BLUE
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
        ax.axhline(100 - human, color=style.INK, ls="--", lw=1.8, zorder=0)
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
    person = f" A trained person reaches {100 - human:.1f}." if human is not None else ""
    return style.picture(fig, f"{title}: {listed(told)}.{person}")


@style.styled
def timeline(
    events: Sequence[tuple[int, str, str]],
    *,
    highlight: Sequence[str] = (),
    title: str | None = None,
):
    """Events on a time axis that is to scale, their names and words beside it.

    ``events`` holds (year, name, what it brought), time running downwards. Names in
    ``highlight`` are larger dots.
    """
    if not len(events):
        raise ValueError("events is empty: expected (year, name, words) rows")
    events = sorted(events, key=lambda event: event[0])
    years = np.array([event[0] for event in events], float)
    fig, ax = style.axes(size=(9.5, 0.62 * len(events) + (0.9 if title else 0.4)))
    last = len(events) - 1
    span = years[-1] - years[0] or 1
    beside = 1.85 + 0.155 * max(len(name) for _, name, _ in events)
    scaled = (years - years[0]) / span * last
    ax.plot([0, 0], [-0.4, last + 0.4], color=style.MUTED, linewidth=3)
    for row, (y, (year, name, words)) in enumerate(zip(scaled, events, strict=True)):
        marked = name in highlight
        color = style.VERMILLION if marked else style.BLUE
        ax.plot([0, 0.35, 0.75, 0.95], [y, y, row, row], color=style.FAINT, linewidth=2)
        ax.plot(0, y, "D" if marked else "o", color=color, markersize=12 - 3 * (not marked))
        ax.text(1.0, row, f"{year:.0f}", va="center", fontweight="bold", color=color)
        ax.text(1.75, row, name, va="center", fontweight="bold")
        ax.text(beside, row, fill(words, int((10 - beside) / 0.122)), va="center")
    ax.set(xlim=(-0.2, 10), ylim=(last + 0.6, -0.6))
    style.bare(ax, aspect=None)
    if title:
        ax.set_title(title)
    told = [f"{year:.0f} {name} ({words})" for year, name, words in events]
    start = f"Timeline, {title}" if title else "Timeline"
    return style.picture(fig, f"{start}: {listed(told)}.")
