"""What is behind the animal and, sometimes, in front of it."""

from random import Random

import numpy as np
from PIL import Image

from .canvas import Color, Pen, darker, lighter, mix

__all__ = ["background", "occluder"]

_SOFT = (
    (244, 196, 180),
    (250, 221, 160),
    (190, 222, 190),
    (170, 210, 232),
    (206, 190, 228),
    (228, 228, 222),
    (120, 160, 170),
    (178, 110, 100),
    (92, 104, 140),
    (96, 130, 100),
)
_GREENS = ((108, 160, 74), (84, 140, 76), (146, 178, 84), (74, 120, 84))


def background(random: Random, side: int) -> Image.Image:
    """A square picture of ``side`` pixels with nobody in it."""
    kind = random.choice((_plain, _gradient, _meadow, _room, _specks))
    return kind(random, side)


def _color(random: Random) -> Color:
    return tuple(
        min(255, max(0, c + random.randint(-18, 18))) for c in random.choice(_SOFT)
    )


def _plain(random: Random, side: int) -> Image.Image:
    return Image.new("RGB", (side, side), _color(random))


def _gradient(random: Random, side: int) -> Image.Image:
    """A smooth run between the colors of four corners."""
    corners = np.array([_color(random) for _ in range(4)], np.uint8).reshape(2, 2, 3)
    # The part between the four pixels' centers; beyond, there is nothing to blend.
    middle = (0.5, 0.5, 1.5, 1.5)
    return Image.fromarray(corners).resize(
        (side, side), Image.Resampling.BILINEAR, box=middle
    )


def _meadow(random: Random, side: int) -> Image.Image:
    """Grass below a sky, with hills, a sun or a cloud, and flowers."""
    sky = mix((150, 205, 240), (250, 214, 180), random.random() * 0.8)
    image = Image.new("RGB", (side, side), sky)
    pen = Pen(image)
    with pen.placed(scale=side):
        if random.random() < 0.5:
            pen.ellipse(random.random(), 0.15, 0.1, fill=(255, 236, 150))
        if random.random() < 0.6:
            _cloud(pen, random.random(), random.uniform(0.1, 0.3))
        horizon = random.uniform(0.45, 0.75)
        green = random.choice(_GREENS)
        pen.ellipse(random.random(), horizon + 0.15, 0.6, 0.28, lighter(green, 0.25))
        slope = random.uniform(-0.06, 0.06)
        pen.polygon([(0, horizon), (1, horizon + slope), (1, 1), (0, 1)], green)
        for _ in range(14):
            x, y = random.random(), random.uniform(horizon + 0.05, 1.0)
            blade = darker(green, random.uniform(0.1, 0.3))
            pen.stroke(
                [(x, y), (x + random.uniform(-0.03, 0.03), y - 0.06)], 0.012, blade
            )
        for _ in range(random.choice((0, 0, 5))):
            x, y = random.random(), random.uniform(horizon + 0.08, 1.0)
            pen.ellipse(
                x, y, 0.018, fill=random.choice(((255, 250, 240), (250, 210, 90)))
            )
    return image


def _cloud(pen: Pen, x: float, y: float) -> None:
    for dx, r in ((-0.09, 0.05), (0, 0.075), (0.09, 0.055)):
        pen.ellipse(x + dx, y, r, r * 0.8, (255, 255, 255, 210))


def _room(random: Random, side: int) -> Image.Image:
    """Striped wallpaper above a floor, perhaps with a framed picture."""
    wall, floor = _color(random), mix((150, 110, 75), _color(random), 0.3)
    image = Image.new("RGB", (side, side), wall)
    pen = Pen(image)
    with pen.placed(scale=side):
        width, shade = random.uniform(0.05, 0.14), random.choice((darker, lighter))
        stripe = shade(wall, random.uniform(0.1, 0.25))
        start = -random.random() * width
        for i in range(int(1 / width) + 2):
            x = start + i * 2 * width
            pen.polygon([(x, 0), (x + width, 0), (x + width, 1), (x, 1)], stripe)
        if random.random() < 0.4:
            _frame(pen, random)
        edge = random.uniform(0.65, 0.85)
        pen.polygon([(0, edge), (1, edge), (1, 1), (0, 1)], floor)
        pen.stroke([(0, edge), (1, edge)], 0.025, lighter(wall, 0.5))
    return image


def _frame(pen: Pen, random: Random) -> None:
    x, y = random.uniform(0.0, 0.8), random.uniform(0.05, 0.25)
    for edge, color in ((0.0, (130, 92, 60)), (0.025, (250, 246, 232))):
        left, top, right, bottom = x + edge, y + edge, x + 0.22 - edge, y + 0.18 - edge
        pen.polygon([(left, top), (right, top), (right, bottom), (left, bottom)], color)
    pen.ellipse(x + 0.11, y + 0.1, 0.045, fill=_color(random))


def _specks(random: Random, side: int) -> Image.Image:
    """Blurred noise, like leaves or a carpet out of focus."""
    base, cells = np.array(_color(random)), random.choice((5, 9, 16, 28))
    # RandomState's numbers are promised to stay the same in every numpy.
    noise = np.random.RandomState(random.getrandbits(32)).uniform(
        -1, 1, (cells, cells, 3)
    )
    gray = noise.mean(2, keepdims=True)
    values = base + 45 * gray + 18 * noise
    small = Image.fromarray(values.clip(0, 255).astype(np.uint8))
    return small.resize((side, side), Image.Resampling.BICUBIC)


def occluder(random: Random, pen: Pen) -> None:
    """Something in front of the animal, in units of the picture's side."""
    random.choice((_tall_grass, _ball, _post, _cushion))(random, pen)


def _tall_grass(random: Random, pen: Pen) -> None:
    green = random.choice(_GREENS)
    center, spread = random.random(), random.uniform(0.12, 0.3)
    pen.ink = darker(green, 0.5)
    for _ in range(16):
        x = center + random.uniform(-spread, spread)
        top = random.uniform(0.62, 0.85)
        lean = random.uniform(-0.08, 0.08)
        color = mix(darker(green, 0.35), lighter(green, 0.2), random.random())
        pen.tail([(x, 1.05), (x + lean / 3, 0.9), (x + lean, top)], 0.035, 0.004, color)


def _ball(random: Random, pen: Pen) -> None:
    x, r, color = random.random(), random.uniform(0.08, 0.15), _color(random)
    y = 1 - r * random.uniform(0.5, 1.1)
    pen.ellipse(x, y, r, fill=darker(color, 0.25))
    pen.ellipse(x, y, r * 0.9, fill=color)
    pen.stroke(
        [(x - r * 0.8, y), (x, y + r * 0.3), (x + r * 0.8, y)],
        0.02,
        lighter(color, 0.6),
    )
    pen.ellipse(x - r * 0.35, y - r * 0.4, r * 0.18, fill=(255, 255, 255, 190))


def _post(random: Random, pen: Pen) -> None:
    """A fence post or the leg of a table."""
    x = random.choice((random.uniform(0.0, 0.3), random.uniform(0.7, 1.0)))
    w, color = random.uniform(0.05, 0.1), mix((150, 110, 75), _color(random), 0.3)
    top = random.choice((-0.1, 0.3, 0.5))
    pen.polygon([(x, top), (x + w, top), (x + w, 1.1), (x, 1.1)], darker(color, 0.3))
    inner = [(x + 0.01, top + 0.01), (x + w * 0.7, top + 0.01)]
    pen.polygon([*inner, (x + w * 0.7, 1.1), (x + 0.01, 1.1)], color)


def _cushion(random: Random, pen: Pen) -> None:
    x, color = random.random(), _color(random)
    w, top = random.uniform(0.25, 0.4), random.uniform(0.78, 0.9)
    points = [(x - w, top + 0.03), (x, top), (x + w, top + 0.03), (x + w * 0.95, 1.1)]
    pen.ink = darker(color, 0.3)
    pen.shape([*points, (x - w * 0.95, 1.1)], color)
