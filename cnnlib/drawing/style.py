"""Type, axes and line styles for matplotlib, and how its figures become pictures."""

from __future__ import annotations

import functools
import html
import io
import re
from collections.abc import Iterable
from itertools import cycle

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image

from cnnlib.drawing import palette
from cnnlib.drawing.picture import Picture, svg_picture

TIMES_KERNEL = "\u2217"  # the asterisk operator, which stands at half height

# For several lines in one plot: ax.plot(x, y, **style.SERIES[i]).
SERIES = tuple(
    {"color": color, "linestyle": dash, "marker": marker, "markersize": 7}
    for color, dash, marker in (
        (palette.BLUE, "-", "o"),
        (palette.VERMILLION, "--", "s"),
        (palette.GREEN, "-.", "^"),
        (palette.PURPLE, ":", "D"),
        (palette.ORANGE, (0, (5, 1)), "v"),
        (palette.BLACK, (0, (1, 1)), "P"),
        (palette.SKY, (0, (3, 1, 1, 1)), "X"),
    )
)
# Below zero, zero, above zero: for weights, gradients and differences.
DIVERGING = LinearSegmentedColormap.from_list(
    "lecture", (palette.BLUE, palette.PAPER, palette.VERMILLION)
)
HATCHES = ("", "//", "..", "xx", "\\\\", "oo", "++")  # for bars beside each other

# Points. At CSS_DPI a point in the figure is a point on the page.
SMALL, TEXT, TITLE = 12, 14, 16
CSS_DPI = 96  # an inch of a figure is as many CSS pixels in the notebook
DPI = 192  # two dots a pixel, so that a projector or a phone stays sharp
PHOTO_DPI = 110  # photographs are soft anyway, and large
WIDEST = 9.5  # inches; about the width of a cell's output in JupyterLab

_RC = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so it is everywhere the same
    "mathtext.fontset": "dejavusans",
    "text.parse_math": False,  # a class may be called "$5"
    "font.size": TEXT,
    "axes.titlesize": TITLE,
    "axes.labelsize": TEXT,
    "xtick.labelsize": TEXT,
    "ytick.labelsize": TEXT,
    "legend.fontsize": TEXT,
    "legend.frameon": False,
    "figure.facecolor": palette.PAPER,
    "axes.facecolor": palette.PAPER,
    "savefig.facecolor": palette.PAPER,
    "text.color": palette.INK,
    "axes.labelcolor": palette.INK,
    "axes.edgecolor": palette.MUTED,
    "xtick.color": palette.INK,
    "ytick.color": palette.INK,
    "grid.color": palette.FAINT,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 2.5,
    "hatch.linewidth": 1.2,
    "image.interpolation": "nearest",
    "image.cmap": "gray",
}


def styled(function):
    """Decorate a function that draws: it runs with the lecture's type and colors.

    Nothing leaks: matplotlib's own settings are as before when the function returns.
    """

    @functools.wraps(function)
    def draw(*args, **kwargs):
        with matplotlib.rc_context(_RC):
            return function(*args, **kwargs)

    return draw


@styled
def axes(rows: int = 1, cols: int = 1, size: tuple[float, float] = (8, 4), **kw):
    """A new figure and its axes, without pyplot: ``fig, ax = axes(size=(8, 4))``.

    ``size`` is the whole figure's (width, height) in inches of 96 CSS pixels. ``ax`` is
    one Axes for 1 x 1 and else an array of shape (rows, cols) without its axes of
    length 1. Further keywords go to ``Figure.subplots``. Nothing is shown by itself:
    hand the figure to ``picture``.
    """
    fig = Figure(figsize=size, layout="constrained")
    return fig, fig.subplots(rows, cols, **kw)


def bare(ax, title: str | None = None, aspect: str | None = "equal"):
    """Take ticks and frame off an Axes that holds a picture; returns the Axes."""
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
    if aspect:
        ax.set_aspect(aspect)
    if title:
        ax.set_title(title, fontsize=TEXT)
    return ax


def series(names: int | Iterable[str]) -> list[dict]:
    """Line styles for ``n`` lines or for lines of these names: color, dash and marker.

    What is named after a network, such as "LeNet, batch norm", has the network's color,
    the first of each also its dash and marker. Styles are repeated when n > 7.
    """
    names = [""] * names if isinstance(names, int) else [str(name) for name in names]
    owners = [_network_color(name) for name in names]
    free = [look for look in SERIES if look["color"] not in owners]
    spare, looks = cycle(free or SERIES), []
    for owner in owners:
        taken = [look["marker"] for look in looks]
        own = next((look for look in SERIES if look["color"] == owner), None)
        look = own if own and own["marker"] not in taken else next(spare)
        looks.append(look if owner is None else look | {"color": owner})
    return looks


def _network_color(name: str) -> str | None:
    return next((c for key, c in palette.NETWORKS.items() if key in name), None)


def ink_on(color) -> str:
    """Black or white, whichever reads better on ``color`` (any matplotlib color)."""
    channels = np.asarray(matplotlib.colors.to_rgb(color))
    linear = np.where(
        channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
    )
    luminance = linear @ (0.2126, 0.7152, 0.0722)  # WCAG 2: relative luminance
    return palette.PAPER if luminance < 0.2 else palette.INK


@styled
def picture(fig: Figure, alt: str, *, photo: bool = False) -> Picture:
    """Finish a matplotlib figure: a small PNG (JPEG for photographs) with alt text.

    The same figure gives the same bytes on the same machine. Raises ValueError when
    ``alt`` is empty.
    """
    drawn, dpi = io.BytesIO(), PHOTO_DPI if photo else DPI
    # The margin is cut off around what was drawn, so nothing at the edge is lost.
    fig.savefig(
        drawn,
        format="png",
        dpi=dpi,
        bbox_inches="tight",
        pad_inches=0.1,
        pil_kwargs={"compress_level": 0},  # it is read again at once
    )
    image = Image.open(drawn).convert("RGB")
    width = round(image.width * CSS_DPI / dpi)
    small = io.BytesIO()
    if photo:
        image.save(small, "JPEG", quality=78, optimize=True, progressive=True)
        return Picture(small.getvalue(), alt, width, "image/jpeg")
    reduced = image.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    reduced.save(small, "PNG", optimize=True)
    return Picture(small.getvalue(), alt, width)


@styled
def drawing(fig: Figure, alt: str) -> Picture:
    """Finish a matplotlib figure as SVG with its alt text inside: for files and pages.

    The same figure gives the same bytes on the same machine. Raises ValueError when
    ``alt`` is empty.
    """
    drawn = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "cnnlib"}):  # else ids are random
        fig.savefig(
            drawn,
            format="svg",
            bbox_inches="tight",
            pad_inches=0.1,
            metadata={"Date": None},
        )
    _, tag, rest = drawn.getvalue().partition("<svg")
    width = float(re.search(r'width="([\d.]+)pt"', rest).group(1)) * CSS_DPI / 72
    told = f' role="img"><title>{html.escape(alt)}</title>'
    return svg_picture(tag + rest.replace(">", told, 1), alt, round(width))
