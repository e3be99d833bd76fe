"""Paper and pen: smooth shapes at four times the resolution, in units of the animal."""

import math
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageDraw

__all__ = ["SUPERSAMPLING", "Color", "Pen", "darker", "lighter", "mix"]

SUPERSAMPLING = 4
Color = tuple[int, ...]
Point = tuple[float, float]

_STEPS = 7  # points drawn for each one that is given
_CIRCLE = 28


def _spline_weights() -> np.ndarray:
    """(steps, 4): how much each of four neighbors weighs (Catmull and Rom 1974)."""
    t = (np.arange(_STEPS) / _STEPS)[:, None]
    powers = np.hstack([np.ones_like(t), t, t**2, t**3])
    basis = [[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]
    return powers @ (np.array(basis) / 2)


_WEIGHTS = _spline_weights()
_TURN = np.linspace(0, 2 * math.pi, _CIRCLE, endpoint=False)
_UNIT_CIRCLE = np.stack([np.cos(_TURN), np.sin(_TURN)], axis=1)


class Pen:
    """Draws on an image; ``placed`` moves, turns and scales what is drawn within it."""

    def __init__(self, image: Image.Image):
        self.image = image
        self.draw = ImageDraw.Draw(image, "RGBA")
        self._matrix = np.eye(2)
        self._origin = np.zeros(2)
        self.ink: Color = (0, 0, 0)
        self.line_width = 0.05  # in units of the animal
        self.pixels = 1.0  # of the large image, in one unit

    @contextmanager
    def placed(self, x=0.0, y=0.0, scale=1.0, degrees=0.0, mirrored=False):
        """Coordinates within are relative to (x, y), turned, scaled and mirrored."""
        before = self._matrix, self._origin, self.pixels
        angle = math.radians(degrees)
        turn = np.array(
            [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
        )
        flip = np.diag([-1.0 if mirrored else 1.0, 1.0])
        self._origin = self._matrix @ (x, y) + self._origin
        self._matrix = self._matrix @ turn @ flip * scale
        self.pixels *= scale
        yield self
        self._matrix, self._origin, self.pixels = before

    def ellipse(self, x, y, rx, ry=None, fill=None, degrees=0.0, outlined=False):
        points = _UNIT_CIRCLE * (rx, rx if ry is None else ry)
        if degrees:
            angle = math.radians(degrees)
            cos, sin = math.cos(angle), math.sin(angle)
            points = points @ np.array([[cos, sin], [-sin, cos]])
        self._fill(points + np.array((x, y)), fill, outlined)

    def shape(self, points: list[Point], fill: Color, outlined=True):
        """A smooth closed shape through ``points``."""
        ring = np.asarray(points, float)
        ring = np.concatenate([ring[-1:], ring, ring[:2]])
        self._fill(_spline(ring), fill, outlined)

    def polygon(self, points: list[Point], fill: Color, outlined=False):
        """A shape with straight sides and sharp corners."""
        self._fill(np.asarray(points, float), fill, outlined)

    def stroke(self, points: list[Point], width: float, fill: Color | None = None):
        """A smooth line of a width in units; one width, with round ends."""
        path = np.asarray(points, float)
        path = np.concatenate([path[:1], path, path[-1:]])
        curve = self._to_pixels(np.concatenate([_spline(path), path[-1:]]))
        pixels = width * self.pixels
        fill = self.ink if fill is None else fill
        self.draw.line(curve.ravel().tolist(), fill, max(1, round(pixels)))
        for x, y in (curve[0], curve[-1]):
            r = pixels / 2
            if r >= 1:
                self.draw.ellipse((x - r, y - r, x + r, y + r), fill)

    def tail(self, points: list[Point], start: float, end: float, fill: Color):
        """A line that tapers from one width to another, outlined."""
        path = np.asarray(points, float)
        path = _spline(np.concatenate([path[:1], path, path[-1:]]))
        along = np.gradient(path, axis=0)
        along /= np.linalg.norm(along, axis=1, keepdims=True).clip(1e-9)
        across = np.stack([-along[:, 1], along[:, 0]], axis=1)
        half = np.linspace(start, end, len(path))[:, None] / 2
        tip = path[-1:] + along[-1:] * end / 2
        outline = np.concatenate(
            [path + across * half, tip, (path - across * half)[::-1]]
        )
        self._fill(outline, fill, outlined=True)

    def _fill(self, points: np.ndarray, fill: Color, outlined: bool):
        flat = self._to_pixels(points).ravel().tolist()
        self.draw.polygon(flat, fill)
        if outlined:
            width = max(1, round(self.line_width * self.pixels))
            self.draw.line(flat + flat[:4], self.ink, width)

    def _to_pixels(self, points: np.ndarray) -> np.ndarray:
        # Rounded, so that a last bit of the sine does not decide about a pixel.
        return np.round(points @ self._matrix.T + self._origin, 2)


def _spline(points: np.ndarray) -> np.ndarray:
    """Points between the second and the last but one, ``_STEPS`` for each."""
    neighbors = np.arange(len(points) - 3)[:, None] + np.arange(4)
    return (_WEIGHTS @ points[neighbors]).reshape(-1, 2)


def mix(a: Color, b: Color, share: float) -> Color:
    """``share`` of ``b`` in ``a``."""
    return tuple(round(p + (q - p) * share) for p, q in zip(a, b, strict=True))


def darker(color: Color, share: float = 0.4) -> Color:
    """The color with ``share`` of black."""
    return mix(color, (0, 0, 0), share)


def lighter(color: Color, share: float = 0.4) -> Color:
    """The color with ``share`` of white."""
    return mix(color, (255, 255, 255), share)
