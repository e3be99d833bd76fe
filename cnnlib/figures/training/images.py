"""Images as they are: photographs, grids, color channels, pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from matplotlib.patches import Rectangle

from cnnlib.drawing import palette, style
from cnnlib.drawing.format import number
from cnnlib.drawing.picture import Picture
from cnnlib.drawing.style import styled
from cnnlib.figures.convolution.arithmetic import as_pair

MOST_IMAGES = 400


def pixels_of(image, name: str = "image") -> np.ndarray:
    """An image as matplotlib draws it: (H, W, 3) or (H, W), uint8 or float in [0, 1].

    ``image`` is a tensor or array (H, W), (1, H, W) or (3, H, W). Raises ValueError for
    other shapes and for floats outside [0, 1] (``data.denormalize`` brings them there).
    """
    if isinstance(image, torch.Tensor):
        image = image.detach().cpu().numpy()
    array = np.asarray(image)
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3 or len(array) not in (1, 3) or array.size == 0:
        raise ValueError(
            f"{name} has shape {np.shape(image)}, expected (H, W), (1, H, W) "
            "or (3, H, W)"
        )
    if array.dtype != np.uint8:
        array = array.astype(np.float64)
        if not (array.min() >= -1e-6 and array.max() <= 1 + 1e-6):
            raise ValueError(
                f"{name} has values from {array.min():.3g} to {array.max():.3g}, "
                "expected uint8 or floats in [0, 1]"
            )
        array = array.clip(0, 1)
    return array[0] if len(array) == 1 else array.transpose(1, 2, 0)


def show(ax, image, title: str | None = None, name: str = "image"):
    """Draw an image on a bare Axes, black to white whatever its darkest pixel is."""
    array = pixels_of(image, name)
    top = 255 if array.dtype == np.uint8 else 1
    ax.imshow(array, cmap="gray", vmin=0, vmax=top)
    return style.bare(ax, title)


def balanced(count: int, most: int) -> tuple[int, int]:
    """Rows and columns that hold ``count`` things, at most ``most`` abreast."""
    rows = -(-count // most)
    return rows, -(-count // rows)


@styled
def image_grid(
    images, titles: Sequence[str] | None = None, columns: int | None = None, title=""
) -> Picture:
    """Images (N, C, H, W) in rows, each with its title above it.

    Takes uint8 or floats in [0, 1], also a list of images of different sizes. Raises
    ValueError when ``titles`` are not one an image.
    """
    images = list(images)
    if not 0 < len(images) <= MOST_IMAGES:
        raise ValueError(f"images holds {len(images)}, expected 1 to {MOST_IMAGES}")
    if titles is not None and len(titles) != len(images):
        raise ValueError(f"{len(titles)} titles for {len(images)} images")
    rows, columns = balanced(len(images), columns or (10 if titles is None else 6))
    arrays = [pixels_of(image, "an image") for image in images]
    tall = max(array.shape[0] / array.shape[1] for array in arrays)
    side = min(3.0, style.WIDEST / columns)
    head = 0.0 if titles is None else 0.34
    size = (side * columns, (side * tall + head) * rows + (0.4 if title else 0))
    fig, axes = style.axes(rows, columns, size, squeeze=False)
    for n, ax in enumerate(axes.flat):
        style.bare(ax)
        if n < len(images):
            show(ax, images[n], str(titles[n]) if titles is not None else None)
    if title:
        fig.suptitle(title, fontsize=style.TITLE)
    named = f": {', '.join(map(str, titles))}" if titles is not None else ""
    sizes = {f"{array.shape[1]}×{array.shape[0]}" for array in arrays}
    count = f"{len(images)} image{'s' * (len(images) > 1)}"
    count += f" of {sizes.pop()} pixels" if len(sizes) == 1 else ""
    alt = f"{title + ': ' if title else ''}{count}{named}."
    return style.picture(fig, alt, photo=any(_photo_like(array) for array in arrays))


def _photo_like(array: np.ndarray) -> bool:
    """Whether an image has so many tones that JPEG is the smaller file."""
    return array.ndim == 3 or min(array.shape[:2]) > 64


@styled
def samples(imageset, per_class: int = 10) -> Picture:
    """The first images of each class of an ImageSet, one row a class."""
    images, labels = imageset.images.cpu(), imageset.labels.cpu()
    _, C, H, W = images.shape
    pad = max(1, H // 14)
    count = len(imageset.classes)
    sheet = np.full(
        (count * (H + pad) - pad, per_class * (W + pad) - pad, C), 255, np.uint8
    )
    for k in range(count):
        for n, image in enumerate(images[labels == k][:per_class]):
            y, x = k * (H + pad), n * (W + pad)
            sheet[y : y + H, x : x + W] = image.permute(1, 2, 0).numpy()
    cell = min(0.66, 8 / per_class) if count > 4 else min(1.2, 8 / per_class)
    tall = cell * sheet.shape[0] / (H + pad)
    fig, ax = style.axes(size=(cell * per_class + 1.6, tall + 0.7))
    show(ax, sheet.transpose(2, 0, 1), f"{imageset.name}: {len(imageset):,} images")
    middles = [k * (H + pad) + H / 2 for k in range(count)]
    ax.set_yticks(middles, imageset.classes)
    ax.tick_params(length=0)
    names = ", ".join(imageset.classes)
    return style.picture(
        fig,
        f"{imageset.name}, {len(imageset):,} images of {W}×{H} pixels: up to "
        f"{per_class} of each class, one row a class: {names}.",
        photo=C == 3,
    )


@styled
def pixels(image, corner=(0, 0), size=8) -> Picture:
    """An image and, beside it, the numbers of a small patch of its gray values.

    ``corner`` is the patch's upper left (row, column), ``size`` its rows and columns.
    The image is (H, W) or (1, H, W), or (3, H, W), of which the mean is taken. Raises
    ValueError when the patch is not inside it.
    """
    array = pixels_of(image)
    gray = array.mean(2).round().astype(array.dtype) if array.ndim == 3 else array
    (row, column), (rows, columns) = (
        as_pair(corner, "corner", 0),
        as_pair(size, "size", 1),
    )
    patch = gray[row : row + rows, column : column + columns]
    if patch.shape != (rows, columns):
        raise ValueError(
            f"a patch of {rows}×{columns} at {tuple(corner)} is not inside "
            f"{gray.shape[0]}×{gray.shape[1]} pixels"
        )
    fig, (left, right) = style.axes(1, 2, (9.2, 4.6))
    show(left, gray, f"{gray.shape[1]}×{gray.shape[0]} pixels")
    edge = {"fill": False, "edgecolor": palette.WINDOW, "linewidth": 3}
    at = (column - 0.5, row - 0.5)
    left.add_patch(Rectangle(at, columns, rows, **edge))
    _numbers(right, patch, top=255 if gray.dtype == np.uint8 else 1)
    right.add_patch(Rectangle((-0.5, -0.5), columns, rows, clip_on=False, **edge))
    style.bare(right, "the numbers in the outlined patch")
    return style.picture(
        fig,
        f"An image of {gray.shape[1]}×{gray.shape[0]} pixels, and the {rows}×{columns} "
        f"gray values at row {row}, column {column}, from {number(patch.min())} to "
        f"{number(patch.max())}.",
        photo=_photo_like(array),
    )


def _numbers(ax, patch: np.ndarray, top: float) -> None:
    """A patch as gray cells with their values written in them."""
    ax.imshow(patch, cmap="gray", vmin=0, vmax=top)
    size = min(style.TEXT, 110 / max(patch.shape))
    for (i, j), value in np.ndenumerate(patch):
        ink = style.ink_on((float(value) / top,) * 3)
        ax.text(j, i, number(value), ha="center", va="center", color=ink, fontsize=size)
