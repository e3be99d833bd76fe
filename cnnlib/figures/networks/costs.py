"""What networks cost: parameters, MACs and memory, layer by layer and in total."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.patches import Rectangle

from cnnlib.drawing import palette, style
from cnnlib.drawing.format import listed, memory, short
from cnnlib.figures.arguments import named
from cnnlib.figures.training.experiments import barh, log_ticks


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
def complexity(networks: Mapping):
    """Parameters and MACs of networks, layer by layer: on log axes; of one, as bars.

    ``networks`` maps a name to a summary, to {layer: (params, MACs)}, or to a table of
    ``facts`` with such values. Layers that a single network has, one after the other,
    become one row ("conv 3–5"). The last row is the total of those above; the title
    says how many times the smallest total the largest is. Raises TypeError for
    something else than a dict, ValueError for an empty one.
    """
    tables = {
        name: _pairs(one) if isinstance(one, Mapping) else layer_costs(one)
        for name, one in named(networks, "networks").items()
    }
    if len(tables) == 1:
        return _bars_by_layer(*tables.popitem())
    rows = _merged(tables)
    labels = [*rows, "total"]
    fig, panels = style.axes(
        1, 3, size=(9.5, 0.62 * len(labels) + 2.1), width_ratios=[1, 1, 0.6],
    )  # fmt: skip
    panels[1].sharey(panels[0])
    panels[1].tick_params(labelleft=False)
    told = []
    for ax, which, what in zip(panels[:2], (0, 1), ("parameters", "MACs"), strict=True):
        totals = {}
        looks = style.series(tables)
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
        ratio = f": {most / least:,.0f} × in total"
        if which == 0:
            _squares(panels[2], totals, looks)
        ax.set_title(f"{what}{ratio}")
        each = [f"{name} {short(total)}" for name, total in totals.items()]
        told.append(f"{what}{ratio} ({listed(each)})")
    panels[0].set_yticks(range(len(labels)), labels)
    panels[0].set_ylim(len(labels) - 0.5, -0.7)
    handles, names = panels[0].get_legend_handles_labels()
    fig.legend(handles, names, loc="outside lower center", ncols=len(tables))
    title = "Complexity, on a log scale"
    fig.suptitle(title)
    return style.picture(
        fig, f"{title}, for each layer of {listed([*tables])}. " + "; ".join(told) + "."
    )


def _bars_by_layer(name: str, table: Mapping):
    """One network's parameters and MACs, a bar a layer, on plain axes."""
    fig, panels = style.axes(1, 2, size=(9.5, 0.36 * len(table) + 1.3))
    told = []
    colors = (palette.KERNEL, palette.BLUE)
    for ax, which, what in zip(panels, (0, 1), ("parameters", "MACs"), strict=True):
        values = np.array([pair[which] for pair in table.values()], float)
        names = list(table) if which == 0 else None
        barh(ax, values, [short(v) for v in values], names, color=colors[which])
        total = values.sum()
        ax.set_title(f"{what}: {short(total)} in total")
        largest = list(table)[int(values.argmax())]
        told.append(f"{short(total)} {what}, most in {largest} ({short(values.max())})")
    title = f"What {name} costs, layer by layer"
    fig.suptitle(title)
    return style.picture(fig, f"{title}: {listed(told)}.")


def _squares(ax, totals: Mapping[str, float], looks) -> None:
    """The totals as squares in one corner, their areas to scale."""
    largest = max(totals.values())
    colors = {name: look["color"] for name, look in zip(totals, looks, strict=True)}
    for name in sorted(totals, key=totals.get, reverse=True):
        side = (totals[name] / largest) ** 0.5
        look = {"facecolor": colors[name], "edgecolor": palette.PAPER, "linewidth": 1}
        ax.add_patch(Rectangle((0, 0), side, side, **look))
    style.bare(ax, "parameters,\nareas to scale").set(xlim=(0, 1), ylim=(0, 1))
    ax.set_anchor("C")


def _pairs(table: Mapping) -> dict[str, tuple[int, int]]:
    return {layer: getattr(cost, "value", cost) for layer, cost in table.items()}


def _joined(ax, rows: int) -> None:
    """A log axis whose dots of one row are joined and carry their values."""
    ax.set_xscale("log")
    points = sorted((y, x) for line in ax.lines for x, y in line.get_xydata())
    low, high = min(x for _, x in points), max(x for _, x in points)
    room = (high / low) ** 0.34  # beside the outermost dots, for their values
    ax.set_xlim(low / room, high * room)
    for row in range(rows):
        values = [x for y, x in points if y == row]
        ax.hlines(row, min(values), max(values), color=palette.FAINT, zorder=0, lw=3)
        for value in (min(values), max(values))[: len(set(values))]:
            left = value == min(values) and len(set(values)) > 1
            ax.annotate(
                short(value),
                (value, row), xytext=(-10 if left else 10, 0), va="center",
                textcoords="offset points", ha="right" if left else "left",
            )  # fmt: skip
    ax.axhline(rows - 1.5, color=palette.MUTED, linewidth=1)
    ax.tick_params(axis="y", length=0)
    log_ticks(ax)


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
def parameters_and_macs(summaries: Mapping):
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
    fig, panels = style.axes(1, 3, size=(9.5, 0.5 * len(summaries) + 1.6))
    colors = (palette.KERNEL, palette.BLUE, palette.OUTPUT)
    for ax, (what, values), color in zip(panels, costs.items(), colors, strict=True):
        texts = [memory(v) if what == "activations" else short(v) for v in values]
        names = list(summaries) if ax is panels[0] else None
        barh(ax, np.array(values, float), texts, names, log=True, color=color)
        ax.set_title(what)
    fig.suptitle("What networks cost (log scale)")
    told = [
        f"{name}: {short(p)} parameters, {short(m)} MACs, {memory(a)} of activations"
        for name, p, m, a in zip(summaries, *costs.values(), strict=True)
    ]
    return style.picture(
        fig, "What networks cost, for one image. " + "; ".join(told) + "."
    )
