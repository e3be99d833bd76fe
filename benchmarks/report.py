"""benchmarks/RESULTS.md and its plots, from the JSON files in benchmarks/results.

python -m benchmarks.report
"""

import json
import textwrap
from pathlib import Path

from benchmarks.measuring import RESULTS
from cnnlib.drawing import palette

ORDER = (
    "epoch",
    "time_to_accuracy",
    "lenet5_1998",
    "staircase",
    "features",
    "operations",
    "convolution",
    "image_folder",
    "processes",
    "busy",
    "import_time",
    "notebooks",
)
HEAD = """\
# Measured

Made by `make bench`, which runs each script of this folder and collects its results.
Contestants take turns in one run; a value is a median, the range behind it the middle
half. Ratios are taken round by round. Compare ratios, not seconds: seconds are those of
the machine that is named.
"""


def write(results: Path = RESULTS) -> Path:
    """Write RESULTS.md beside the folder of results, and the plots into it."""
    known = sorted(results.glob("*.json"), key=place)
    parts, asked = [HEAD], None
    for path in known:
        content = json.loads(path.read_text(encoding="utf-8"))
        pictures = []
        for i, chart in enumerate(content.get("charts", [])):
            file = f"{path.stem}{f'-{i + 1}' if i else ''}.svg"
            pictures.append((f"{results.name}/{file}", draw(chart, results / file)))
        if content["question"] == asked:  # the same on another device
            content["question"] = None
        asked = content["question"] or asked
        parts.append(markdown(content | {"pictures": pictures}))
    page = results.parent / "RESULTS.md"
    page.write_text("\n".join(parts), encoding="utf-8")
    return page


def place(path: Path) -> tuple:
    """Where a result stands in the report: by ORDER, the processor's first."""
    name, _, device = path.stem.partition("-")
    return ORDER.index(name) if name in ORDER else len(ORDER), name, device


def markdown(content: dict) -> str:
    """One benchmark as Markdown: question, machine, tables, pictures."""
    question = content["question"]
    lines = [f"## {question}", ""] if question else []
    lines += [f"*{where(content['machine'])}*", ""]
    for table in content["tables"]:
        columns = table["columns"]
        lines += [f"**{table['title']}**", ""]
        lines += [row(columns), row(["---"] + ["--:"] * (len(columns) - 1))]
        lines += [row(cells) for cells in table["rows"]]
        lines += ["", *(f"{note}\n" for note in table.get("notes", []))]
    lines += [f"![{alt}]({file})\n" for file, alt in content.get("pictures", [])]
    return "\n".join(lines)


def row(cells) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def where(machine: dict) -> str:
    """The machine in one line."""
    return (
        f"{machine['processor']} ({machine['capability']}), {machine['threads']} of "
        f"{machine['cores']} cores, computing on {machine['device']}; torch "
        f"{machine['torch']}, Python {machine['python']}, {machine['system']}"
    )


def draw(chart: dict, path: Path) -> str:
    """Draw one chart as SVG in the lecture's look; return its alt text.

    kind "bars":  ``values`` {name: {"median", "low", "high"}} and their ``unit``
    kind "lines": ``lines`` {name: [[x, y], ...]}, axes named ``x`` and ``y``, ``logx``
                  and ``logy`` for logarithmic ones
    """
    picture = {"bars": bars, "lines": lines}[chart["kind"]](chart)
    picture.save(path)
    return picture.alt


def bars(chart: dict):
    from cnnlib.drawing import style

    values, unit = chart["values"], chart["unit"]

    @style.styled
    def drawn():
        labels = [textwrap.fill(name, 44) for name in values]
        lines = sum(1 + label.count("\n") for label in labels)
        fig, ax = style.axes(size=(9, 0.24 * lines + 0.3 * len(values) + 1.2))
        middles = [value["median"] for value in values.values()]
        left = [value["median"] - value["low"] for value in values.values()]
        right = [value["high"] - value["median"] for value in values.values()]
        places = range(len(values))
        ax.barh(places, middles, color=palette.INPUT, height=0.6)
        ax.errorbar(
            middles,
            places,
            xerr=(left, right),
            fmt="none",
            ecolor=palette.INK,
            capsize=4,
        )
        for y, value in zip(places, values.values(), strict=True):
            text = f"  {value['median']:.3g}{unit}"
            ax.text(value["high"], y, text, va="center", ha="left")
        ax.set_yticks(places, labels, fontsize=style.SMALL)
        ax.invert_yaxis()
        ax.set_xlim(0, 1.2 * max(value["high"] for value in values.values()))
        ax.set_title(chart["title"], loc="left")
        told = ", ".join(f"{n} {v['median']:.3g}{unit}" for n, v in values.items())
        return style.drawing(fig, f"{chart['title']}: {told}.")

    return drawn()


def lines(chart: dict):
    from cnnlib.drawing import style

    @style.styled
    def drawn():
        fig, ax = style.axes(size=(9, 4.5))
        looks = style.series(len(chart["lines"]))
        ends = []
        for (name, points), look in zip(chart["lines"].items(), looks, strict=True):
            xs, ys = zip(*points, strict=True)
            ax.plot(xs, ys, label=name, **look)
            ends.append(f"{name} from {ys[0]:.3g} to {ys[-1]:.3g}")
        for axis in "xy":
            if chart.get(f"log{axis}"):
                ax.set(**{f"{axis}scale": "log"})
        ax.set(xlabel=chart["x"], ylabel=chart["y"])
        ax.set_title(chart["title"], loc="left")
        ax.grid(axis="y")
        ax.legend(loc="best")
        told = f"{chart['title']}, {chart['y']} by {chart['x']}: {', '.join(ends)}."
        return style.drawing(fig, told)

    return drawn()


if __name__ == "__main__":
    print(write())
