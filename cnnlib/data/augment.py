"""Random changes to a whole batch of images, each image getting its own."""

import math
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["Augment"]


@dataclass(frozen=True, repr=False)
class Augment:
    """Change each image of a batch (N, C, H, W) at random, in ways that keep its class.

    shift:  up to this many whole pixels each way, up/down and left/right
    flip:   left and right exchanged for about half of the images
    rotate: up to this many degrees each way about the center
    scale:  a factor between 1 - scale and 1 + scale
    erase:  one square of that many pixels a side, somewhere inside, made black
            (DeVries and Taylor 2017, "Cutout", arXiv:1708.04552)

    What comes in from outside the image is black: -1 in a float batch, 0 in uint8.
    The result has the input's shape, dtype and device. With a ``generator`` it is
    reproducible; a generator on the CPU gives the same changes on every device.
    ``Augment()`` returns its input. Raises TypeError or ValueError for amounts that
    make no sense, and for input that is not a batch of images.
    """

    shift: int = 0
    flip: bool = False
    rotate: float = 0.0
    scale: float = 0.0
    erase: int = 0

    def __post_init__(self):
        for name in ("shift", "erase"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise ValueError(
                    f"{name} must be a number of pixels, an int >= 0, not {value!r}."
                )
        if not isinstance(self.flip, bool):
            raise TypeError(f"flip must be True or False, not {self.flip!r}.")
        for name, high, unit in (
            ("rotate", 180, "degrees"),
            ("scale", 1, "a fraction"),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise TypeError(f"{name} must be a number, not {value!r}.")
            if not 0 <= value <= high or value == 1 == high:
                end = "below 1" if high == 1 else "at most 180"
                raise ValueError(f"{name} ({unit}) must be from 0, {end}; not {value}.")

    def __repr__(self) -> str:
        parts = (
            f"{field.name}={getattr(self, field.name)!r}"
            for field in fields(self)
            if getattr(self, field.name) != field.default
        )
        return f"Augment({', '.join(parts)})"

    def __call__(
        self,
        images: Tensor,
        generator: torch.Generator | None = None,
        share: tuple[int, int] | None = None,
    ) -> Tensor:
        """Return the changed batch; ``images`` itself is left as it was.

        ``share=(start, total)``: the images are those from ``start`` on of a batch of
        ``total``, and change as they would change there.
        """
        self._check(images)
        if len(images) == 0:
            return images
        draw = _Draw(images, generator, share)
        if self.rotate or self.scale:
            images = _turn(images, self.rotate, self.scale, draw)
        if self.shift or self.flip:
            images = _move(images, self.shift, self.flip, draw)
        if self.erase:
            images = _erase(images, self.erase, draw)
        return images

    def _check(self, images):
        if not isinstance(images, Tensor):
            raise TypeError(f"images must be a tensor, not {type(images).__name__}.")
        if images.dtype != torch.uint8 and not images.is_floating_point():
            raise TypeError(f"images must be uint8 or float, not {images.dtype}.")
        if images.ndim != 4:
            raise ValueError(
                f"images must have shape (N, C, H, W), not {tuple(images.shape)}."
            )
        if self.erase > min(images.shape[2:]):
            H, W = images.shape[2:]
            raise ValueError(
                f"erase is {self.erase}, more than an image of {H}×{W} has."
            )


class _Draw:
    """Random numbers, one an image, drawn where the generator is and moved there."""

    def __init__(self, images: Tensor, generator: torch.Generator | None, share):
        start, self.n = share or (0, len(images))
        self.ours = slice(start, start + len(images))
        self.to, self.generator = images.device, generator
        self.on = generator.device if generator is not None else torch.device("cpu")

    def integers(self, low: int, high: int) -> Tensor:
        """(N,) int64 from low to high, both included."""
        drawn = torch.randint(
            low, high + 1, (self.n,), generator=self.generator, device=self.on
        )
        return drawn[self.ours].to(self.to)

    def uniform(self, low: float, high: float) -> Tensor:
        """(N,) float32 from low to high."""
        drawn = torch.rand(self.n, generator=self.generator, device=self.on)
        return (low + (high - low) * drawn[self.ours]).to(self.to)


def _black(images: Tensor) -> int:
    return 0 if images.dtype == torch.uint8 else -1


def _move(images: Tensor, shift: int, flip: bool, draw: _Draw) -> Tensor:
    """Shift and flip in one gather: each output pixel names the one it comes from."""
    N, C, H, W = images.shape
    rows = torch.arange(H, device=images.device).expand(N, H)
    columns = torch.arange(W, device=images.device).expand(N, W)
    if flip:
        turned = draw.integers(0, 1).bool()
        columns = torch.where(turned[:, None], W - 1 - columns, columns)
    if shift:
        rows = rows + draw.integers(0, 2 * shift)[:, None]
        columns = columns + draw.integers(0, 2 * shift)[:, None]
        images = F.pad(images, (shift,) * 4, value=_black(images))
    # (N, 1, H·W) positions in the padded plane; all channels of an image share them.
    source = rows[:, :, None] * (W + 2 * shift) + columns[:, None, :]
    source = source.view(N, 1, H * W).expand(N, C, H * W)
    return images.flatten(2).gather(2, source).view(N, C, H, W)


def _turn(images: Tensor, degrees: float, scale: float, draw: _Draw) -> Tensor:
    """Rotate and scale about the center, reading between pixels bilinearly."""
    H, W = images.shape[2:]
    angle = draw.uniform(-degrees, degrees) * (math.pi / 180)
    factor = draw.uniform(1 - scale, 1 + scale)
    cos, sin, none = angle.cos() / factor, angle.sin() / factor, torch.zeros_like(angle)
    # affine_grid maps output to input with both sides running from -1 to 1, hence the
    # ratios where an image is not square.
    rows = (cos, -sin * (H / W), none, sin * (W / H), cos, none)
    theta = torch.stack(rows, dim=1).view(-1, 2, 3)
    black = _black(images)
    working = torch.promote_types(images.dtype, torch.float32)
    # grid_sample fills with 0, so black has to be 0 while it works.
    values = images.to(working) - black
    grid = F.affine_grid(theta.to(working), list(images.shape), align_corners=False)
    turned = F.grid_sample(values, grid, align_corners=False) + black
    if images.dtype == torch.uint8:
        turned = turned.round_().clamp_(0, 255)
    return turned.to(images.dtype)


def _erase(images: Tensor, side: int, draw: _Draw) -> Tensor:
    """Make one square of side × side pixels black, wholly inside the image."""
    H, W = images.shape[2:]
    top, left = draw.integers(0, H - side), draw.integers(0, W - side)
    rows = torch.arange(H, device=images.device) - top[:, None]
    columns = torch.arange(W, device=images.device) - left[:, None]
    inside_rows = (rows >= 0) & (rows < side)
    inside_columns = (columns >= 0) & (columns < side)
    square = inside_rows[:, None, :, None] & inside_columns[:, None, None, :]
    return images.masked_fill(square, _black(images))
