"""A cat and a dog: what they share, and the features that tell them apart.

Colors, coats, poses, sizes and collars are drawn from the same distributions for both.
What differs is what differs in life: a cat has pointed ears, almond eyes with slit
pupils, a small nose, long whiskers and a long thin tail; a dog has drooping or folded
ears, round eyes, a long muzzle with a large nose and a shorter, thicker tail.

The unit is about half the width of a head; y points down.
"""

from dataclasses import dataclass
from random import Random

from .canvas import Color, Pen, darker, lighter, mix

__all__ = ["POSES", "Animal", "draw_animal", "random_animal"]

_FURS = (
    (58, 54, 58),
    (138, 136, 142),
    (240, 236, 228),
    (236, 208, 162),
    (226, 148, 70),
    (134, 92, 60),
    (92, 66, 50),
    (112, 124, 142),
    (206, 166, 96),
    (176, 98, 62),
)
_EYES = ((120, 168, 70), (222, 168, 50), (96, 160, 204), (150, 96, 48))
_NOSES = ((58, 44, 44), (112, 70, 62), (222, 132, 132))
_COLLARS = (
    (214, 64, 62),
    (52, 108, 186),
    (58, 150, 100),
    (240, 176, 48),
    (150, 84, 170),
)
_PINK = (240, 168, 162)
_TONGUE = (236, 120, 128)

COATS = ("plain", "striped", "patched", "bibbed")
# The pose, and the box that it needs: left, top, right, bottom.
POSES = {
    "portrait": (-1.35, -1.45, 1.35, 1.75),
    "sitting": (-1.7, -1.45, 1.9, 3.15),
    "standing": (-1.25, -1.45, 3.3, 2.75),
    "lying": (-1.4, -1.45, 2.9, 1.75),
}


@dataclass(frozen=True)
class Animal:
    """Everything that decides how one animal looks."""

    is_cat: bool
    pose: str
    fur: Color
    second: Color  # belly, muzzle, socks
    coat: str
    eye: Color
    nose: Color
    collar: Color | None
    turn: float  # where it looks: -1 left, 1 right
    tilt: float  # of the head, in degrees
    mood: float  # 0 eyes half closed, 1 wide open
    tongue: bool
    folded: bool  # a dog's ears, folded rather than hanging
    ears: float  # length of the ears, about 1
    wag: float  # which way the tail goes, -1..1

    @property
    def ink(self) -> Color:
        """The color of outlines: darker than the fur, or lighter if that is black."""
        return lighter(self.fur, 0.3) if sum(self.fur) < 240 else darker(self.fur, 0.55)


def random_animal(random: Random, is_cat: bool) -> Animal:
    """Draw all features; the species decides about none of the random ones."""
    fur, light = random.choice(_FURS), random.uniform(-0.18, 0.18)
    fur = lighter(fur, light) if light > 0 else darker(fur, -light)
    fur = mix(fur, random.choice(_FURS), random.uniform(0, 0.15))
    second = random.choice(
        (lighter(fur, 0.45), lighter(fur, 0.7), (246, 242, 234), darker(fur, 0.25))
    )
    return Animal(
        is_cat=is_cat,
        pose=random.choice(tuple(POSES)),
        fur=fur,
        second=second,
        coat=random.choice(COATS),
        eye=random.choice(_EYES),
        nose=random.choice(_NOSES),
        collar=random.choice(_COLLARS) if random.random() < 0.4 else None,
        turn=random.uniform(-1, 1),
        tilt=random.uniform(-16, 16),
        mood=random.uniform(0.75, 1.0),
        tongue=random.random() < 0.3,
        folded=random.random() < 0.35,
        ears=random.uniform(0.85, 1.15),
        wag=random.uniform(-1, 1),
    )


def draw_animal(pen: Pen, animal: Animal) -> None:
    """Draw the animal with its head at (0, 0)."""
    pen.ink = animal.ink
    _BODIES[animal.pose](pen, animal)
    with pen.placed(degrees=animal.tilt):
        _head(pen, animal)


# --- bodies -------------------------------------------------------------------------


def _portrait(pen: Pen, a: Animal) -> None:
    neck = 0.62 if a.is_cat else 0.68
    side = [(neck, 0.55), (neck + 0.1, 1.0), (1.15, 1.5), (1.3, 2.6)]
    pen.shape([*side, *((-x, y) for x, y in reversed(side))], a.fur)
    if a.coat == "bibbed":
        pen.ellipse(0, 1.75, 0.5, 0.9, a.second)
    if a.coat == "striped":
        for y in (1.45, 1.75):
            for s in (-1, 1):
                pen.stroke([(s * 1.15, y), (s * 0.75, y + 0.1)], 0.1, _stripe(a))
    _collar(pen, a, 0.0, 0.95, 0.72)


def _sitting(pen: Pen, a: Animal) -> None:
    _shadow(pen, 0.05, 3.0, 1.5)
    _tail(pen, a, (0.7, 2.6))
    side = [(0.5, 0.5), (0.78, 1.5), (1.12, 2.4), (0.8, 3.0)]
    pen.shape(
        [*side, (0, 3.05), *((-x, y) for x, y in reversed(side))],
        a.fur,
    )
    _markings(pen, a, 0.0, 1.7, 0.85)
    if a.coat != "plain":
        pen.ellipse(0, 1.55, 0.42, 0.75, a.second)
    for s in (-1, 1):
        pen.ellipse(s * 0.82, 2.9, 0.36, 0.2, _sock(a), outlined=True)
        pen.stroke([(s * 0.46, 1.95), (s * 0.5, 2.5)], pen.line_width)
    for s in (-1, 1):
        leg = [(s * 0.1, 1.8), (s * 0.42, 1.8), (s * 0.42, 2.9), (s * 0.1, 2.9)]
        pen.polygon(leg, a.fur)
        pen.stroke([(s * 0.08, 1.95), (s * 0.08, 2.85)], pen.line_width)
        pen.ellipse(s * 0.28, 2.95, 0.26, 0.16, _sock(a), outlined=True)
    _collar(pen, a, 0.0, 0.9, 0.62)


def _standing(pen: Pen, a: Animal) -> None:
    _shadow(pen, 1.2, 2.62, 1.7)
    _tail(pen, a, (2.5, 0.9))
    for x in (0.55, 2.0):
        _leg(pen, a, x + 0.28, 1.3, 2.5, darker(a.fur, 0.18))
    back = [(0.0, 0.55), (1.2, 0.55), (2.2, 0.55), (2.72, 1.0)]
    belly = [(2.5, 1.65), (1.3, 1.72), (0.35, 1.7), (-0.1, 1.1)]
    pen.shape(back + belly, a.fur)
    _markings(pen, a, 1.45, 1.1, 1.0)
    if a.coat == "bibbed":
        pen.ellipse(1.3, 1.52, 0.85, 0.18, a.second)
    for x in (0.3, 2.2):
        _leg(pen, a, x, 1.3, 2.6, a.fur)
    _collar(pen, a, 0.12, 0.85, 0.58)


def _leg(pen: Pen, a: Animal, x: float, top: float, bottom: float, fur: Color) -> None:
    outline = [(x - 0.24, top), (x + 0.24, top), (x + 0.19, bottom), (x - 0.19, bottom)]
    pen.polygon(outline, fur)
    for s in (-1, 1):
        pen.stroke([(x + s * 0.23, top + 0.35), (x + s * 0.19, bottom)], pen.line_width)
    pen.ellipse(x - 0.06, bottom, 0.27, 0.15, _sock(a), outlined=True)


def _lying(pen: Pen, a: Animal) -> None:
    _shadow(pen, 0.8, 1.55, 1.9)
    _tail(pen, a, (2.3, 1.1))
    back = [(-0.7, 0.5), (0.6, 0.3), (1.7, 0.3), (2.5, 0.8)]
    belly = [(2.45, 1.45), (1.2, 1.58), (-0.4, 1.55), (-0.9, 1.1)]
    pen.shape(back + belly, a.fur)
    _markings(pen, a, 1.4, 0.85, 0.9)
    pen.shape([(1.5, 0.95), (2.1, 0.85), (2.45, 1.3), (2.2, 1.56), (1.6, 1.5)], a.fur)
    pen.ellipse(1.65, 1.5, 0.36, 0.16, _sock(a), outlined=True)
    for x in (-0.45, 0.4):
        pen.ellipse(x, 1.45, 0.42, 0.2, _sock(a), outlined=True)
    _collar(pen, a, 0.05, 0.82, 0.62)


_BODIES = {
    "portrait": _portrait,
    "sitting": _sitting,
    "standing": _standing,
    "lying": _lying,
}


def _shadow(pen: Pen, x: float, y: float, rx: float) -> None:
    pen.ellipse(x, y, rx, 0.22, (0, 0, 0, 60))


def _collar(pen: Pen, a: Animal, x: float, y: float, rx: float) -> None:
    if a.collar is None:
        return
    pen.stroke([(x - rx, y - 0.1), (x, y + 0.1), (x + rx, y - 0.1)], 0.17, a.collar)
    pen.ellipse(x, y + 0.24, 0.12, fill=(250, 214, 96))


def _tail(pen: Pen, a: Animal, start: tuple[float, float]) -> None:
    """A cat's: long, thin, with a hook. A dog's: shorter, thick at the root."""
    x, y = start
    lean = 0.25 * a.wag
    if a.is_cat:
        path = [(x, y), (x + 0.55, y - 0.1), (x + 0.75 + lean, y - 0.9)]
        path += [(x + 0.6 + lean, y - 1.55), (x + 0.95 + 2 * lean, y - 1.9)]
        pen.tail(path, 0.26, 0.2, a.fur)
    else:
        path = [(x, y), (x + 0.4, y - 0.35), (x + 0.62 + lean, y - 0.95)]
        pen.tail(path, 0.44, 0.12, a.fur)


def _sock(a: Animal) -> Color:
    return a.second if a.coat in ("bibbed", "patched") else a.fur


def _stripe(a: Animal) -> Color:
    return lighter(a.fur, 0.22) if sum(a.fur) < 240 else darker(a.fur, 0.32)


def _markings(pen: Pen, a: Animal, x: float, y: float, r: float) -> None:
    if a.coat == "striped":
        for i in (-1, 0, 1):
            left = x + i * 0.42 * r
            pen.stroke(
                [(left, y - 0.45), (left + 0.08, y), (left, y + 0.3)], 0.11, _stripe(a)
            )
    if a.coat == "patched":
        pen.ellipse(x + 0.2 * r, y - 0.05, 0.42 * r, 0.36, a.second, degrees=20)


# --- heads --------------------------------------------------------------------------

_CAT_HEAD = [(0.45, -0.8), (0.86, -0.36), (1.0, 0.14), (0.74, 0.62), (0.32, 0.82)]
_DOG_HEAD = [(0.42, -0.86), (0.8, -0.5), (0.84, 0.05), (0.64, 0.52), (0.4, 0.86)]


def _head(pen: Pen, a: Animal) -> None:
    half = _CAT_HEAD if a.is_cat else _DOG_HEAD
    if a.is_cat:
        _cat_ears(pen, a)
    pen.shape([*half, *((-x, y) for x, y in reversed(half))], a.fur)
    _coat_of_head(pen, a)
    if a.is_cat:
        _cat_face(pen, a)
    else:
        _dog_face(pen, a)
        _dog_ears(pen, a)


def _coat_of_head(pen: Pen, a: Animal) -> None:
    shift = 0.2 * a.turn
    if a.coat == "striped":
        for x in (-0.22, 0, 0.22):
            pen.stroke([(x + shift, -0.76), (x * 0.7 + shift, -0.42)], 0.09, _stripe(a))
    if a.coat == "patched":
        side = 1 if a.wag > 0 else -1
        pen.ellipse(side * 0.42 + shift, -0.12, 0.34, 0.4, a.second)


def _cat_ears(pen: Pen, a: Animal) -> None:
    for s in (-1, 1):
        far = 1 - 0.25 * max(0.0, s * a.turn)  # the ear turned away looks narrower
        tip = (s * (0.86 - 0.1 * s * a.turn), -0.72 - 0.62 * a.ears)
        outer, inner = (s * 0.98 * far, -0.1), (s * 0.12, -0.74)
        pen.polygon([outer, tip, inner], a.fur, outlined=True)
        middle = (s * 0.58, -0.55)
        pink = mix(_PINK, a.fur, 0.25)
        pen.polygon([_toward(p, middle, 0.32) for p in (outer, tip, inner)], pink)


def _dog_ears(pen: Pen, a: Animal) -> None:
    color = darker(a.fur, 0.2) if a.coat != "patched" else a.second
    for s in (-1, 1):
        dx = -0.08 * a.turn
        if a.folded:
            ear = [
                (0.3, -0.84),
                (0.72, -1.02),
                (1.08, -0.66),
                (0.98, -0.3),
                (0.68, -0.6),
            ]
        else:
            end = 0.1 + 0.42 * a.ears
            ear = [
                (0.48, -0.84),
                (0.88, -0.8),
                (1.2, -0.2),
                (1.16, end),
                (0.9, end + 0.06),
            ]
            ear += [(0.78, -0.05), (0.66, -0.5)]
        pen.shape([(s * x + dx, y) for x, y in ear], color)


def _toward(p, q, share: float):
    return tuple(u + (v - u) * share for u, v in zip(p, q, strict=True))


def _cat_face(pen: Pen, a: Animal) -> None:
    with pen.placed(x=0.26 * a.turn, y=0.04):
        squeeze = 1 - 0.12 * abs(a.turn)
        for s in (-1, 1):
            _eye(pen, a, s * 0.42 * squeeze, -0.1, 0.235, 0.19 * a.mood, s * -14)
        for s in (-1, 1):
            pen.ellipse(s * 0.15, 0.42, 0.21, 0.16, a.second)
        _tongue(pen, a, 0.56, 0.09)
        pen.polygon([(-0.12, 0.22), (0.12, 0.22), (0, 0.35)], a.nose)
        _mouth(pen, 0.34, 0.16, 0.2)
        white = (255, 255, 255) if sum(a.fur) < 600 else (120, 112, 108)
        for s in (-1, 1):
            for rise in (-0.16, 0.02, 0.2):
                start, end = (s * 0.3, 0.42 + rise * 0.3), (s * 1.25, 0.38 + rise * 1.4)
                pen.stroke([start, (s * 0.8, 0.36 + rise), end], 0.035, white)


def _dog_face(pen: Pen, a: Animal) -> None:
    with pen.placed(x=0.24 * a.turn, y=0.0):
        squeeze = 1 - 0.12 * abs(a.turn)
        for s in (-1, 1):
            _eye(pen, a, s * 0.36 * squeeze, -0.2, 0.165, 0.17 * a.mood, 0)
            pen.stroke([(s * 0.24, -0.5), (s * 0.42, -0.5)], 0.06)
    with pen.placed(x=0.34 * a.turn, y=0.0):  # the muzzle stands out, so it moves more
        _tongue(pen, a, 0.78, 0.16)
        muzzle = [(0.2, 0.02), (0.4, 0.35), (0.44, 0.66), (0.24, 0.86)]
        pen.shape([*muzzle, *((-x, y) for x, y in reversed(muzzle))], a.second)
        pen.shape(
            [
                (0, 0.1),
                (0.2, 0.14),
                (0.17, 0.28),
                (0, 0.38),
                (-0.17, 0.28),
                (-0.2, 0.14),
            ],
            a.nose,
            outlined=False,
        )
        pen.ellipse(-0.06, 0.17, 0.05, 0.03, (255, 255, 255, 150))
        _mouth(pen, 0.36, 0.26, 0.3)


def _eye(pen: Pen, a: Animal, x: float, y: float, rx: float, ry: float, slant) -> None:
    """Almond with a slit for a cat, round for a dog; both with a light in it."""
    dark = (34, 28, 30)
    pen.ellipse(x, y, rx + 0.045, ry + 0.045, dark, degrees=slant)
    pen.ellipse(x, y, rx, ry, a.eye, degrees=slant)
    look = 0.05 * a.turn
    if a.is_cat:
        pen.ellipse(x + look, y, 0.07, ry * 0.95, dark)
    else:
        pen.ellipse(x + look, y, rx * 0.68, ry * 0.68, dark)
    pen.ellipse(x - 0.06 + look, y - 0.07, 0.055, fill=(255, 255, 255))


def _tongue(pen: Pen, a: Animal, y: float, r: float) -> None:
    if a.tongue:
        pen.ellipse(0, y, r, r * 1.5, _TONGUE)
        pen.stroke([(0, y), (0, y + r)], 0.03, darker(_TONGUE, 0.25))


def _mouth(pen: Pen, y: float, drop: float, width: float) -> None:
    pen.stroke([(0, y), (0, y + drop)], 0.045)
    for s in (-1, 1):
        curve = [
            (0, y + drop),
            (s * width * 0.55, y + drop + 0.08),
            (s * width, y + drop - 0.03),
        ]
        pen.stroke(curve, 0.045)
