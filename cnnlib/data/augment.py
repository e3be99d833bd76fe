"""Random changes to a whole batch of images, each image getting its own."""

import math
from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, repr=False)
class Augment:
    """Change each image of a batch (N, C, H, W) at random, in ways that keep its class.

    shift:  up to this many whole pixels each way, up/down and left/right
    flip:   left and right exchanged for about half of the images
    rotate: up to this many degrees each way about the center
    scale:  a factor between 1 - scale and 1 + scale
    crop:   a square of that many pixels a side, somewhere inside, instead of the whole
            image; images are stored larger for it, and ``ImageSet.center_crop`` takes
            the test set's
    erase:  one square of that many pixels a side, somewhere inside, made black
            (DeVries and Taylor 2017, "Cutout", arXiv:1708.04552)

    What comes in from outside the image is black: -1 in a float batch, 0 in uint8.
    The result has the input's dtype, device and, but for ``crop``, shape. With a
    ``generator`` it is reproducible; one on the CPU gives the same on every device.
    ``Augment()`` returns its input. Raises TypeError or ValueError for amounts that
    make no sense, and for input that is not a batch of images.
    """

    shift: int = 0
    flip: bool = False
    rotate: float = 0.0
    scale: float = 0.0
    erase: int = 0
    crop: int = 0

    def __post_init__(self):
        for name in ("shift", "erase", "crop"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise ValueError(
                    f"expected {name} to be a number of pixels, 0 or more, but got "
                    f"{value!r}"
                )
        if not isinstance(self.flip, bool):
            raise TypeError(f"expected flip to be True or False, but got {self.flip!r}")
        for name, high, unit in (
            ("rotate", 180, "degrees"),
            ("scale", 1, "a fraction"),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise TypeError(f"expected {name} to be a number, but got {value!r}")
            if not 0 <= value <= high or value == 1 == high:
                end = "below 1" if high == 1 else "at most 180"
                raise ValueError(
                    f"expected {name} ({unit}) to be from 0, {end}, but got {value}"
                )

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

        With ``share=(start, whole)``, the images are those from ``start`` on of a batch
        of ``whole``, and change as they would within it: so can processes divide one.
        """
        self._check(images, share)
        draw = _Draw(images, generator, share or (0, len(images)))
        if draw.whole == 0:
            return images[:, :, : self.crop or None, : self.crop or None]
        if self.rotate or self.scale:
            images = _turn(images, self.rotate, self.scale, draw)
        if self.shift or self.flip or self.crop:
            images = _move(images, self.shift, self.flip, self.crop, draw)
        if self.erase:
            images = _erase(images, self.erase, draw)
        return images

    def _check(self, images, share):
        if not isinstance(images, Tensor):
            raise TypeError(
                f"expected images to be a tensor, but got {type(images).__name__}"
            )
        if images.dtype != torch.uint8 and not images.is_floating_point():
            raise TypeError(
                f"expected images to be uint8 or float, but got {images.dtype}"
            )
        if images.ndim != 4:
            raise ValueError(
                "expected images to have shape (N, C, H, W), but got "
                f"{tuple(images.shape)}"
            )
        H, W = images.shape[2:]
        if self.crop > min(H, W):
            raise ValueError(
                f"expected crop to fit into images of {H}×{W}, but got {self.crop}"
            )
        if self.erase > (self.crop or min(H, W)):
            size = f"{self.crop}×{self.crop}" if self.crop else f"{H}×{W}"
            raise ValueError(
                f"expected erase to fit into images of {size}, but got {self.erase}"
            )
        if share is not None and not 0 <= share[0] <= share[1] - len(images):
            raise ValueError(
                "expected share to be (start, whole) of a batch with the "
                f"{len(images)} images in it, but got {share!r}"
            )


class _Draw:
    """Random numbers, one an image, drawn where the generator is and moved there."""

    def __init__(self, images: Tensor, generator: torch.Generator | None, share):
        start, self.whole = share
        self.mine = slice(start, start + len(images))
        self.to, self.generator = images.device, generator
        self.on = generator.device if generator is not None else torch.device("cpu")

    def integers(self, low: int, high: int) -> Tensor:
        """(N,) int64 from low to high, both included."""
        drawn = torch.randint(
            low, high + 1, (self.whole,), generator=self.generator, device=self.on
        )
        return drawn[self.mine].to(self.to)

    def uniform(self, low: float, high: float) -> Tensor:
        """(N,) float32 from low to high."""
        drawn = torch.rand(self.whole, generator=self.generator, device=self.on)
        return (low + (high - low) * drawn[self.mine]).to(self.to)


def _black(images: Tensor) -> int:
    return 0 if images.dtype == torch.uint8 else -1


def _move(images: Tensor, shift: int, flip: bool, crop: int, draw: _Draw) -> Tensor:
    """Crop, shift and flip in one gather: an output pixel names the one it comes from.

    Cropping and shifting both choose where an image's window begins.
    """
    N, C, H, W = images.shape
    height, width = (crop, crop) if crop else (H, W)
    rows = torch.arange(height, device=images.device).expand(N, height)
    columns = torch.arange(width, device=images.device).expand(N, width)
    if flip:
        turned = draw.integers(0, 1).bool()
        columns = torch.where(turned[:, None], width - 1 - columns, columns)
    if crop:
        rows = rows + draw.integers(0, H - crop)[:, None]
        columns = columns + draw.integers(0, W - crop)[:, None]
    if shift:
        rows = rows + draw.integers(0, 2 * shift)[:, None]
        columns = columns + draw.integers(0, 2 * shift)[:, None]
        images = F.pad(images, (shift,) * 4, value=_black(images))
    # (N, 1, h·w) positions in the padded plane; all channels of an image share them.
    source = rows[:, :, None] * (W + 2 * shift) + columns[:, None, :]
    source = source.view(N, 1, height * width).expand(N, C, height * width)
    return images.flatten(2).gather(2, source).view(N, C, height, width)


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
