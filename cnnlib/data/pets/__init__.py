"""Cats and dogs drawn by the lecture itself."""

from random import Random

import numpy as np
import torch

from ..imageset import ImageSet
from .animals import random_animal
from .bodies import BODIES, BOXES
from .canvas import SUPERSAMPLING, Pen
from .heads import draw_head
from .scenery import background, occluder

__all__ = ["drawn_pets", "load_drawn_pets"]

CLASSES = ("cat", "dog")
_TRAIN, _TEST = 2000, 500
_SMALLEST = 32


def drawn_pets(n: int, size: int = 64, seed: int = 0) -> ImageSet:
    """``n`` drawn cats and dogs in turn: images (n, 3, size, size), 0 cat, 1 dog.

    Each picture has its own pose, coat, colors, background, place and size; a quarter
    are partly hidden. Cats and dogs differ only in what tells them apart in life: the
    ears, the muzzle, the eyes, the whiskers and the tail. The same seed draws the same
    animals on every machine, at every size, and the first of many are those of few.
    Raises ValueError for n < 1 or size < 32, where whiskers no longer show.
    """
    for name, value, least in (("n", n, 1), ("size", size, _SMALLEST)):
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(f"expected {name} to be an int, but got {value!r}")
        if value < least:
            raise ValueError(f"expected {name} to be at least {least}, but got {value}")
    pixels = np.stack([_picture(i, size, seed) for i in range(n)])
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).contiguous()
    return ImageSet(images, torch.arange(n) % len(CLASSES), CLASSES, "drawn_pets")


def load_drawn_pets(size: int | None = None) -> tuple[ImageSet, ImageSet]:
    """The lecture's own train (2,000) and test (500) sets, 64×64 unless said."""
    # Smaller than can be drawn, the door shrinks them afterwards.
    pets = drawn_pets(_TRAIN + _TEST, max(size or 64, _SMALLEST))
    return pets[:_TRAIN], pets[_TRAIN:]


def _picture(i: int, size: int, seed: int) -> np.ndarray:
    """Picture number ``i``, uint8 (size, size, 3)."""
    # A string as seed gives the same numbers on every platform and Python.
    random = Random(f"drawn pets {seed} {i}")
    side = size * SUPERSAMPLING
    image = background(random, side)
    animal = random_animal(random, is_cat=i % 2 == 0)
    pen = Pen(image)
    left, top, right, bottom = BOXES[animal.pose]
    fills = random.uniform(0.62, 1.02)
    scale = fills / max(right - left, bottom - top)
    mirrored, degrees = random.random() < 0.5, random.uniform(-6, 6)
    # The room that is left, and a little more, decides where the animal may be.
    room_x, room_y = 1 - scale * (right - left), 1 - scale * (bottom - top)
    x = 0.5 + random.uniform(-0.5, 0.5) * (room_x + 0.08)
    y = 0.5 + random.uniform(-0.5, 0.5) * (room_y + 0.08)
    if animal.pose == "portrait":
        y = 1 - scale * (bottom - top) / 2  # the shoulders reach the lower border
    middle_x = (left + right) / 2 * (-1 if mirrored else 1)
    x, y = x - scale * middle_x, y - scale * (top + bottom) / 2
    with pen.placed(scale=side), pen.placed(x, y, scale, degrees, mirrored):
        pen.ink = animal.ink
        BODIES[animal.pose](pen, animal)
        with pen.placed(degrees=animal.tilt):
            draw_head(pen, animal)
    if random.random() < 0.25:
        with pen.placed(scale=side):
            pen.line_width = 0.012
            occluder(random, pen)
    return np.asarray(image.reduce(SUPERSAMPLING))
