"""Heads: ears, eyes, muzzle and whiskers."""

from .animals import Animal
from .canvas import Pen, darker, mix

__all__ = ["draw_head"]

_PINK = (240, 168, 162)
_TONGUE = (236, 120, 128)

_CAT_HEAD = [(0.45, -0.8), (0.86, -0.36), (1.0, 0.14), (0.74, 0.62), (0.32, 0.82)]
_DOG_HEAD = [(0.42, -0.86), (0.8, -0.5), (0.84, 0.05), (0.64, 0.52), (0.4, 0.86)]


def draw_head(pen: Pen, a: Animal) -> None:
    """The head, where nearly everything is that tells a cat from a dog."""
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
            pen.stroke([(x + shift, -0.76), (x * 0.7 + shift, -0.42)], 0.09, a.stripe)
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
