"""One visual language: colors, type, axes, and the Picture every figure returns.

The colors are Okabe and Ito's, which people with the common color vision deficiencies
tell apart (Okabe, Ito 2008, https://jfly.uni-koeln.de/color/). Color is never the only
carrier: lines also differ in dash and marker, and cells carry numbers.
"""

from __future__ import annotations

import base64
import functools
import html
import io
import re
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"

# Each role has one color in all seven notebooks, and a pale one for cells with numbers.
INPUT, KERNEL, OUTPUT, WINDOW = BLUE, ORANGE, GREEN, VERMILLION
INPUT_PALE, KERNEL_PALE, OUTPUT_PALE = "#D3E6F5", "#FBE6BD", "#CDEBDD"
# Dark enough for words and numbers in a role's color on white (contrast above 6).
INPUT_INK, KERNEL_INK, OUTPUT_INK = "#00527F", "#7A5000", "#00614A"
WINDOW_INK = "#A34700"
INK, MUTED, FAINT, PAPER = "#1A1A1A", "#5F6368", "#D5D8DC", "#FFFFFF"
PALE = {INPUT: INPUT_PALE, KERNEL: KERNEL_PALE, OUTPUT: OUTPUT_PALE}

TIMES_KERNEL = "\u2217"  # the asterisk operator, which stands at half height

# For several lines in one plot: ax.plot(x, y, **style.SERIES[i]).
SERIES = tuple(
    {"color": color, "linestyle": dash, "marker": marker, "markersize": 7}
    for color, dash, marker in (
        (BLUE, "-", "o"),
        (VERMILLION, "--", "s"),
        (GREEN, "-.", "^"),
        (PURPLE, ":", "D"),
        (ORANGE, (0, (5, 1)), "v"),
        (BLACK, (0, (1, 1)), "P"),
        (SKY, (0, (3, 1, 1, 1)), "X"),
    )
)
# Below zero, zero, above zero: for weights, gradients and differences.
DIVERGING = LinearSegmentedColormap.from_list("lecture", (BLUE, PAPER, VERMILLION))
HATCHES = ("", "//", "..", "xx", "\\\\", "oo", "++")  # for bars beside each other

# Points. At CSS_DPI a point in the figure is a point on the page.
SMALL, TEXT, TITLE = 12, 14, 16
CSS_DPI = 96  # an inch of a figure is as many CSS pixels in the notebook
DPI = 144  # drawn finer than shown, so that a projector or a phone stays sharp
PHOTO_DPI = 110  # photographs are soft anyway, and large
WIDEST = 9.5  # inches; about the width of a cell's output in JupyterLab

_RC = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so it is everywhere the same
    "mathtext.fontset": "dejavusans",
    "font.size": TEXT,
    "axes.titlesize": TITLE,
    "axes.labelsize": TEXT,
    "xtick.labelsize": TEXT,
    "ytick.labelsize": TEXT,
    "legend.fontsize": TEXT,
    "legend.frameon": False,
    "figure.facecolor": PAPER,
    "axes.facecolor": PAPER,
    "savefig.facecolor": PAPER,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": FAINT,
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


def series(n: int) -> list[dict]:
    """Line styles for ``n`` lines: color, dash and marker, repeated when n > 7."""
    return list(islice(cycle(SERIES), n))


def number(value: float) -> str:
    """A number as a cell shows it: 19, -1, 0.25, 3.1e+06; with a real minus sign."""
    text = f"{value:.3g}" if abs(value) < 1000 else f"{value:.6g}"
    return ("0" if text == "-0" else text).replace("-", "\u2212")


def ink_on(color) -> str:
    """Black or white, whichever reads better on ``color`` (any matplotlib color)."""
    channels = np.asarray(matplotlib.colors.to_rgb(color))
    linear = np.where(
        channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
    )
    luminance = linear @ (0.2126, 0.7152, 0.0722)  # WCAG 2: relative luminance
    return PAPER if luminance < 0.2 else INK


@dataclass(frozen=True, repr=False)
class Picture:
    """A finished picture and its alt text; shows itself in a notebook.

    ``content`` holds the bytes of one image of type ``mime`` ("image/png",
    "image/jpeg" or "image/svg+xml"), ``width`` its shown width in CSS pixels.
    Raises ValueError when ``alt`` is empty: every picture says what it shows.
    """

    content: bytes
    alt: str
    width: int
    mime: str = "image/png"

    def __post_init__(self):
        if not isinstance(self.alt, str) or not self.alt.strip():
            raise ValueError("alt is empty: say in one sentence what the picture shows")

    def __repr__(self) -> str:
        return self.alt

    @property
    def html(self) -> str:
        """The picture as one ``<img>`` that needs no other file."""
        data = base64.b64encode(self.content).decode("ascii")
        return (
            f'<img alt="{html.escape(self.alt)}" width="{self.width}" '
            'style="max-width:100%;height:auto;background:#fff;border-radius:8px" '
            f'src="data:{self.mime};base64,{data}">'
        )

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        # An <img> in HTML is what keeps alt text and animation in every renderer, and
        # image/png beside it would store the same bytes a second time.
        return {"text/html": self.html, "text/plain": self.alt}

    def save(self, path) -> Path:
        """Write the image to ``path``; its suffix must be the image's kind."""
        path = Path(path)
        kind = {"image/jpeg": (".jpg", ".jpeg"), "image/svg+xml": (".svg",)}
        suffixes = kind.get(self.mime, (".png",))
        if path.suffix.lower() not in suffixes:
            raise ValueError(
                f"path ends in {path.suffix!r}, but this picture is {suffixes[0]!r}"
            )
        path.write_bytes(self.content)
        return path


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


def svg_picture(svg: str, alt: str, width: int) -> Picture:
    """A Picture from SVG text; ``width`` is its shown width in CSS pixels."""
    return Picture(svg.encode("utf-8"), alt, width, "image/svg+xml")
