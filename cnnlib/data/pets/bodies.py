"""The four poses: everything below the head, which is at (0, 0)."""

from .animals import Animal
from .canvas import Color, Pen, darker

__all__ = ["BODIES", "BOXES"]

# The box that each pose needs, the head included: left, top, right, bottom.
BOXES = {
    "portrait": (-1.35, -1.45, 1.35, 1.75),
    "sitting": (-1.7, -1.45, 1.9, 3.15),
    "standing": (-1.25, -1.45, 3.3, 2.75),
    "lying": (-1.4, -1.45, 2.9, 1.75),
}


def _portrait(pen: Pen, a: Animal) -> None:
    neck = 0.62 if a.is_cat else 0.68
    side = [(neck, 0.55), (neck + 0.1, 1.0), (1.15, 1.5), (1.3, 2.6)]
    pen.shape([*side, *((-x, y) for x, y in reversed(side))], a.fur)
    if a.coat == "bibbed":
        pen.ellipse(0, 1.75, 0.5, 0.9, a.second)
    if a.coat == "striped":
        for y in (1.45, 1.75):
            for s in (-1, 1):
                pen.stroke([(s * 1.15, y), (s * 0.75, y + 0.1)], 0.1, a.stripe)
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


BODIES = {
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


def _markings(pen: Pen, a: Animal, x: float, y: float, r: float) -> None:
    if a.coat == "striped":
        for i in (-1, 0, 1):
            left = x + i * 0.42 * r
            pen.stroke(
                [(left, y - 0.45), (left + 0.08, y), (left, y + 0.3)], 0.11, a.stripe
            )
    if a.coat == "patched":
        pen.ellipse(x + 0.2 * r, y - 0.05, 0.42 * r, 0.36, a.second, degrees=20)
