"""The gradient on its way back through a network, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnnlib.drawing import palette, style
from cnnlib.drawing.motion import Film
from cnnlib.drawing.picture import Picture
from cnnlib.drawing.svg import FITS, TYPE, Canvas, text_width
from cnnlib.figures.arguments import named

HIGH = 84.0  # CSS pixels: the tallest bar of a network
BETWEEN = 46.0  # room above a network's bars for their numbers
MOST_LAYERS, MOST_NETWORKS = 12, 5


def animate_gradient_sizes(
    sizes: Mapping[str, Mapping[str, float] | Sequence[float]],
    *,
    title: str = "The gradient on its way back",
    seconds: float = 1.2,
) -> Picture:
    """Bars of the gradient's size appear from the last layer back to the first.

    ``sizes`` maps a network's name to {layer: size}, as ``gradient_per_layer`` returns
    it, or to a sequence of sizes, input to output. Heights are linear, each network on
    a scale of its own; the numbers are shares of its last layer's gradient. Raises
    ValueError for a negative size, a last layer without gradient, and for too many
    layers or networks.
    """
    networks = {name: _shares(name, one) for name, one in named(sizes, "sizes").items()}
    if len(networks) > MOST_NETWORKS:
        raise ValueError(f"sizes has {len(networks)} networks, over {MOST_NETWORKS}")
    layers = max((list(one) for one in networks.values()), key=len)
    canvas = Canvas()
    film = Film(canvas, len(layers) + 1, seconds, "give fewer layers")
    _Chart(canvas, networks, layers, title).draw(film)
    told = [
        f"{name}: {share_words(next(iter(one.values())))} in {next(iter(one))}"
        for name, one in networks.items()
    ]
    return canvas.picture(
        f"Animation: {title}. Bars appear from {layers[-1]} back to {layers[0]}. What "
        f"arrives in the first layer, as a share of the last one's: {'; '.join(told)}."
    )


def _shares(name: str, sizes) -> dict[str, float]:
    """Layer -> its gradient's size, with 1 for the last layer."""
    pairs = sizes.items() if isinstance(sizes, Mapping) else enumerate(sizes, 1)
    found = {str(layer): float(size) for layer, size in pairs}
    if not 2 <= len(found) <= MOST_LAYERS:
        raise ValueError(
            f"sizes[{name!r}] has {len(found)} layers, expected 2 to {MOST_LAYERS}"
        )
    last = [*found.values()][-1]
    if not last > 0 or not min(found.values()) >= 0:
        raise ValueError(
            f"sizes[{name!r}] is {list(found.values())}: expected sizes of 0 or more, "
            "and the last layer's above 0"
        )
    return {layer: size / last for layer, size in found.items()}


def share_words(share: float) -> str:
    """A share in few characters: 1.3 -> "130 %", 0.0234 -> "2.3 %", 4e-5 -> "1/25,000".

    Below a thousandth a fraction says more than a percentage; it has two digits.
    """
    if share == 0:
        return "0"
    if share >= 1e-3:
        percent = 100 * share
        return f"{percent:.0f} %" if percent >= 9.95 else f"{percent:.2g} %"
    times = float(f"{1 / share:.1e}")
    return f"1/{times:,.0f}" if times < 1e6 else f"1/{times:.0e}".replace("e+0", "e")


class _Chart:
    """One row of bars a network, one column a layer; the output at the right."""

    def __init__(self, canvas: Canvas, networks, layers, title: str):
        self.canvas, self.networks, self.layers = canvas, networks, layers
        self.title = title
        names = max(text_width(name, TYPE + 2) for name in networks)
        self.left = names + 24
        self.column = min(96.0, (FITS - self.left) / len(layers))
        self.right = self.left + self.column * len(layers)
        self.bottom = len(networks) * (HIGH + BETWEEN)
        shown = [share_words(s) for one in networks.values() for s in one.values()]
        self.size = self._fitting([w for w in shown if w])
        self.name_size = self._fitting(layers)

    def _fitting(self, words: Sequence[str]) -> float:
        """The size of type with which all ``words`` fit into a column."""
        longest = max(text_width(word, 1) for word in words)
        return max(9.0, min(TYPE, 0.94 * self.column / longest))

    def _x(self, back: int) -> float:
        """The left of the layer that the gradient reaches ``back`` layers later."""
        return self.right - (back + 1) * self.column

    def draw(self, film: Film) -> None:
        """Lines and names that stay, then a step for each layer, from the last one."""
        self.canvas.text(self.left, -34, self.title, 24, anchor="start")
        colors = [look["color"] for look in style.series(len(self.networks))]
        for row, name in enumerate(self.networks):
            base = self._base(row)
            self.canvas.line(self.left, base, self.right, base, palette.MUTED, 1.5)
            at = (self.left - 16, base - HIGH / 2)
            self.canvas.text(*at, name, TYPE + 2, anchor="end", font_weight="bold")
        for back, layer in enumerate(reversed(self.layers)):
            middle = self._x(back) + self.column / 2
            self.canvas.text(middle, self.bottom + 20, layer, self.name_size)
            with self.canvas.group(**film.since(back + 1)):
                for row, color in enumerate(colors):
                    self._bar(row, back, color)
        self._way(film)

    def _base(self, row: int) -> float:
        return (row + 1) * (HIGH + BETWEEN)

    def _bar(self, row: int, back: int, color: str) -> None:
        shares = [*[*self.networks.values()][row].values()]
        if back >= len(shares):
            return
        share, base = shares[-1 - back], self._base(row)
        tall = HIGH * share / max(shares)
        x, wide = self._x(back) + 0.14 * self.column, 0.72 * self.column
        self.canvas.rect(x, base - tall, wide, tall, color)
        middle = x + wide / 2
        self.canvas.text(middle, base - tall - 16, share_words(share), self.size)

    def _way(self, film: Film) -> None:
        """The outline that goes back with the gradient, and what it says there."""
        y = self.bottom + 50
        self.canvas.arrow(self.right, y, self.left, y, palette.WINDOW, 3)
        for line, words in enumerate(
            (
                "the gradient comes from the loss, at the right",
                "numbers: what arrives, as a share of the last layer's gradient",
            )
        ):
            at = (self.left, y + 28 + 30 * line)
            self.canvas.text(*at, words, TYPE, palette.WINDOW_INK, "start")
        last = len(self.layers) - 1
        # The first picture shows the whole way, so its outline is at the way's end.
        stops = [last, *range(last + 1)]
        moves = [f"translateX({(last - back) * self.column:g}px)" for back in stops]
        look = {"stroke": palette.WINDOW, "stroke_width": 4, "rx": 4}
        with self.canvas.group(**film.gliding("w", moves)):
            top = BETWEEN - 36
            self.canvas.rect(
                self._x(last), top, self.column, self.bottom - top + 36, **look
            )
