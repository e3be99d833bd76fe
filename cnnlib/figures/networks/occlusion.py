"""Occlusion: how the answer changes when a square hides a part of the image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from matplotlib.colors import to_hex, to_rgb
from PIL import Image
from torch import Tensor, nn

from cnnlib.drawing import palette, style
from cnnlib.drawing.format import fixed, percent
from cnnlib.drawing.motion import Film
from cnnlib.drawing.picture import Picture
from cnnlib.drawing.svg import TYPE, Canvas
from cnnlib.figures.networks.overlay import overlaid
from cnnlib.figures.networks.tensors import as_batch, as_picture
from cnnlib.training.evaluation import device_of, evaluation_mode

SIDE = 300.0  # CSS pixels: the photo's longer side, and the map's
BAR, APART = 64.0, 96.0
FINEST = 96  # pixels of the photo's longer side: more would be a large file


@dataclass(frozen=True)
class Hidden:
    """The answers to one image with a square at each place (rows, columns) of a grid.

    ``p`` (R, C) is the probability of the class with the square there, ``whole``
    without it; ``tops`` and ``lefts`` are the squares' first pixels.
    """

    p: np.ndarray
    whole: float
    tops: list[int]
    lefts: list[int]

    def map(self, window: int) -> Tensor:
        """Each pixel's mean of ``whole`` - ``p`` over the squares that hide it."""
        size = self.tops[-1] + window, self.lefts[-1] + window
        total, count = torch.zeros(size), torch.zeros(size)
        for (i, j), p in np.ndenumerate(self.p):
            y, x = self.tops[i], self.lefts[j]
            total[y : y + window, x : x + window] += self.whole - float(p)
            count[y : y + window, x : x + window] += 1
        return total / count


@torch.no_grad()
def hide(model: nn.Module, image: Tensor, target: int, window: int, stride: int):
    """Ask ``model`` about ``image`` (C, H, W) in [-1, 1] with each part hidden."""
    tops, lefts = (starts(n, window, stride) for n in image.shape[1:])
    hidden = image.repeat(len(tops) * len(lefts), 1, 1, 1)
    gray = image.mean(dim=(1, 2), keepdim=True)
    corners = [(y, x) for y in tops for x in lefts]
    for one, (y, x) in zip(hidden, corners, strict=True):
        one[:, y : y + window, x : x + window] = gray
    with evaluation_mode(model):
        whole = float(model(image[None]).softmax(1)[0, target])
        parts = [model(part).softmax(1)[:, target] for part in hidden.split(128)]
    p = torch.cat(parts).float().cpu().numpy().reshape(len(tops), len(lefts))
    return Hidden(p, whole, tops, lefts)


def animate_occlusion(
    model: nn.Module,
    image: Tensor,
    target: int | None = None,
    *,
    window: int | None = None,
    stride: int | None = None,
    classes: Sequence[str] | None = None,
    title: str = "",
    seconds: float = 0.5,
) -> Picture:
    """A square slides over a photo, and the network's answer is measured at each place.

    ``image`` is one (C, H, W), uint8 or normalized; ``target`` defaults to the
    network's answer to it. The square's side ``window`` defaults to a quarter of the
    image, its ``stride`` to half of that. Beside the photo stands the probability of
    the class, and a map fills with its change at each place, in percentage points.
    Raises ValueError when the square does not fit or has more than 149 places.
    """
    batch = as_batch(image, device_of(model))
    if len(batch) != 1:
        raise ValueError(f"image holds {len(batch)} images, expected one")
    side = min(batch.shape[2:])
    window = max(1, side // 4) if window is None else window
    stride = max(1, window // 2) if stride is None else stride
    if not 1 <= window <= side or stride < 1:
        raise ValueError(
            f"window {window} and stride {stride} do not fit images of {side} pixels"
        )
    with torch.no_grad(), evaluation_mode(model):
        answer = model(batch).softmax(1)[0]
    target = int(answer.argmax()) if target is None else target
    if not 0 <= target < len(answer):
        raise ValueError(f"target is {target}, but there are {len(answer)} classes")
    name = str(target if classes is None else classes[target])
    canvas = Canvas()
    places = len(starts(batch.shape[2], window, stride)) * len(
        starts(batch.shape[3], window, stride)
    )
    film = Film(canvas, places + 1, seconds, "take a larger stride")
    found = hide(model, batch[0], target, window, stride)
    _Chart(canvas, as_picture(batch[0]), found, window, name, title).draw(film)
    y, x = _strongest(found)
    whole, least = percent(found.whole, 0), percent(found.p[y, x], 0)
    return film.picture(
        f"Animation{': ' + title if title else ''}: a square of {window}×{window} "
        f"pixels hides one part of the image after the other. The network says {name} "
        f"with {whole}; with the square at row {found.tops[y]}, column "
        f"{found.lefts[x]} it is {least}, the lowest of all places."
    )


def _strongest(found: Hidden) -> tuple[int, int]:
    """Where hiding costs most."""
    y, x = np.unravel_index(found.p.argmin(), found.p.shape)
    return int(y), int(x)


class _Chart:
    """The photo at the left, the probability's bar, the map of costs at the right.

    The bar stands on the height 0, from which SVG scales it.
    """

    def __init__(self, canvas, picture, found: Hidden, window: int, name, title):
        self.canvas, self.picture, self.found = canvas, picture, found
        self.window, self.name, self.title = window, name, title
        self.pixel = SIDE / max(picture.shape[:2])
        self.size = [n * self.pixel for n in picture.shape[:2]]
        self.cell = SIDE / max(found.p.shape)
        self.bar = self.size[1] + APART
        self.map = self.bar + BAR + APART
        self.points = 100 * (found.p - found.whole)

    def draw(self, film: Film) -> None:
        """The first step shows the place that costs most and the whole map."""
        rows, columns = self.found.p.shape
        way = [(y, x) for y in range(rows) for x in range(columns)]
        frames = [_strongest(self.found), *way]
        if self.title:
            self.canvas.text(0, -SIDE - 62, self.title, 24, anchor="start")
        self._names()
        self._photo(film, frames)
        self._bar(film, frames)
        self._map(film, way)
        moves = [self._shift(self.cell, place, frames[0]) for place in frames]
        with self.canvas.group(**film.gliding("c", moves)):
            y, x = self._place(frames[0])
            self._outline(x, y, self.cell, self.cell)
        for n, place in enumerate(frames):
            with self.canvas.group(**film.only(n)):
                self._say(place)

    def _names(self) -> None:
        heads = (
            (self.size[1] / 2, "input", palette.INPUT_INK),
            (self.bar + BAR / 2, f"p({self.name})", palette.OUTPUT_INK),
            (self.map + self._wide / 2, "change in points", palette.INK),
        )
        for x, words, ink in heads:
            self.canvas.text(x, -SIDE - 22, words, TYPE, ink)

    @property
    def _wide(self) -> float:
        return self.found.p.shape[1] * self.cell

    def _outline(self, x: float, y: float, wide: float, high: float) -> None:
        look = {"stroke": palette.WINDOW, "stroke_width": 4, "rx": 2}
        self.canvas.rect(x, y, wide, high, **look)

    def _photo(self, film: Film, frames) -> None:
        """The photo once, as PNG, and over it the square in the photo's mean color."""
        high, wide = self.size
        photo = Image.fromarray((255 * self.picture).round().astype(np.uint8))
        photo.thumbnail((FINEST, FINEST))
        self.canvas.image(0, -SIDE, np.asarray(photo), wide, high)
        spots = [(self.found.tops[y], self.found.lefts[x]) for y, x in frames]
        moves = [self._shift(self.pixel, spot, spots[0]) for spot in spots]
        (top, left), side = spots[0], self.window * self.pixel
        at = (left * self.pixel, top * self.pixel - SIDE)
        with self.canvas.group(**film.gliding("s", moves)):
            mean = to_hex(self.picture.mean(axis=(0, 1)))
            self.canvas.rect(*at, side, side, mean)
            self._outline(*at, side, side)

    def _shift(self, unit: float, place, home) -> str:
        y, x = (unit * (a - b) for a, b in zip(place, home, strict=True))
        return f"translate({x:.1f}px,{y:.1f}px)"

    def _bar(self, film: Film, frames) -> None:
        x, whole = self.bar, self.found.whole
        scales = [f"scaleY({self.found.p[place]:.3f})" for place in frames]
        with self.canvas.group(**film.gliding("b", scales)):
            self.canvas.rect(x, -SIDE, BAR, SIDE, palette.OUTPUT)
        look = {"stroke": palette.MUTED, "stroke_width": 1.5}
        self.canvas.rect(x, -SIDE, BAR, SIDE, **look)
        y, dash = -whole * SIDE, {"stroke_dasharray": "7 6", "stroke_width": 2.5}
        self.canvas.line(x, y, x + BAR + 14, y, palette.INK, **dash)
        for share in (0, 1):
            words = percent(share, 0)
            self.canvas.text(x - 10, -share * SIDE, words, 16, palette.MUTED, "end")

    def _place(self, place) -> tuple[float, float]:
        """The upper left corner (y, x) of a cell of the map."""
        y, x = place
        return y * self.cell - SIDE, self.map + x * self.cell

    def _map(self, film: Film, way) -> None:
        rows, columns = self.found.p.shape
        look = {"stroke": palette.FAINT, "stroke_width": 1.5}
        self.canvas.rect(self.map, -SIDE, columns * self.cell, rows * self.cell, **look)
        words = {place: fixed(self.points[place], 0, sign=True) for place in way}
        longest = max(map(len, words.values()))
        size = min(0.42 * self.cell, 0.88 * self.cell / (0.6 * longest))
        top = max(1.0, float(np.abs(self.points).max()))  # a point is little
        for n, place in enumerate(way, 1):
            y, x = self._place(place)
            color = _color(-self.points[place] / top)
            with self.canvas.group(**film.since(n)):
                self.canvas.rect(x, y, self.cell, self.cell, color)
                if size >= 11:
                    at = (x + self.cell / 2, y + self.cell / 2)
                    self.canvas.text(*at, words[place], size, style.ink_on(color))

    def _say(self, place) -> None:
        p, whole = self.found.p[place], self.found.whole
        y, x = (self.found.tops[place[0]], self.found.lefts[place[1]])
        middle = self.bar + BAR / 2
        big = {"font_weight": "bold"}
        self.canvas.text(middle, 30, percent(p, 0), 24, palette.OUTPUT_INK, **big)
        words = (
            f"Hidden at row {y}, column {x}: {self.name} {percent(p, 0)} instead of "
            f"{percent(whole, 0)}, {fixed(100 * (p - whole), 0, sign=True)} points."
        )
        self.canvas.text(0, 74, words, TYPE, anchor="start")


def _color(strength: float) -> str:
    """White for no change, orange where hiding lowers p (> 0), blue where it raises."""
    full = np.array(to_rgb(palette.WINDOW if strength > 0 else palette.BLUE))
    depth = 0.9 * min(1.0, abs(strength)) ** 0.8
    return to_hex((1 - depth) * np.ones(3) + depth * full)


def starts(length: int, window: int, stride: int) -> list[int]:
    """First pixels of windows that cover ``length``, the last flush with its end."""
    last = length - window
    return [*range(0, last, stride), last]


@style.styled
def occlusion(
    model: nn.Module,
    images: Tensor,
    target: int | None = None,
    *,
    window: int | None = None,
    stride: int | None = None,
    classes: Sequence[str] | None = None,
    title: str = "Where does hiding a patch change the answer?",
):
    """Where the network looks: what it loses when a square hides a part.

    ``images`` is one (C, H, W) or up to six (N, C, H, W), uint8 or normalized. The
    ``target`` class defaults to each image's answer. Where hiding lowers its
    probability the overlay is orange, where hiding raises it blue. The square's side
    ``window`` defaults to a fifth of the image, its ``stride`` to a third of that.
    """
    batch = as_batch(images, device_of(model))
    side = min(batch.shape[2:])
    window = max(2, round(side / 5)) if window is None else window
    stride = max(1, window // 3) if stride is None else stride
    if not 1 <= window <= side or stride < 1:
        raise ValueError(
            f"window {window} and stride {stride} do not fit images of {side} pixels"
        )

    def look(image: Tensor, k: int) -> Tensor:
        return hide(model, image, k, window, stride).map(window)

    how = (
        f"Hiding {window}×{window} pixels lowers the probability (orange) or raises it"
    )
    how += " (blue)."
    return overlaid(model, batch, target, classes, look, title, how, (100, "points"))
