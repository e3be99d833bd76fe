"""Picture files as images: upright, cropped to a square, of one size."""

import io
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

MODES = {1: "L", 3: "RGB"}
# What cameras, phones and browsers write. For an EPS, PIL would start Ghostscript.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "ICO", "AVIF")
_HIDDEN = {"thumbs.db", "desktop.ini", "__macosx"}  # what file managers leave behind
_TRANSPOSED = {5, 6, 7, 8}  # EXIF orientations that exchange height and width
_ORIENTATION = 0x0112
_QUIET_SECONDS = 3.0
_BLOCK = 32  # pictures that a thread decodes at once


def read_images(paths, size: int, channels: int = 3) -> Tensor:
    """Read picture files as uint8 (N, C, size, size), for ``training.predict``.

    ``paths`` is a picture, a folder of pictures (in order of their names) or a list of
    pictures. Each is turned upright, cropped to its central square and resized;
    ``channels`` is 3 for color or 1 for grayscale. Raises FileNotFoundError for a path
    that does not exist and ValueError for a file that is not an image, naming it.
    """
    check_size(size)
    if channels not in MODES:
        raise ValueError(f"expected channels to be 1 or 3, but got {channels!r}")
    blocks = decode_blocks(_files(paths), size, channels)
    return torch.from_numpy(np.concatenate(list(blocks)))


def _files(paths) -> list[Path]:
    if isinstance(paths, (str, os.PathLike)):
        return picture_files(paths)
    paths = [Path(path) for path in paths]
    if not paths:
        raise ValueError("expected paths to name pictures, but it is empty")
    return paths


def picture_files(path: str | os.PathLike) -> list[Path]:
    """The pictures of a folder in order of their names; of a picture, itself.

    Raises ValueError for a folder without pictures.
    """
    path = Path(path).expanduser()
    if not path.is_dir():
        return [path]
    files = sorted(p for p in path.iterdir() if p.is_file() and not is_hidden(p.name))
    if not files:
        raise ValueError(f"{path} holds no pictures")
    return files


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is one that a system keeps for itself."""
    return name.startswith(".") or name.lower() in _HIDDEN


def check_size(size: int) -> None:
    """Raise unless ``size`` is a whole number of pixels, at least 1."""
    if isinstance(size, bool) or not isinstance(size, int):
        raise TypeError(f"expected size to be an int, pixels a side, but got {size!r}")
    if size < 1:
        raise ValueError(f"expected size to be at least 1 pixel, but got {size}")


def decode_blocks(
    files: Sequence[str | Path], size: int, channels: int = 3
) -> Iterator[np.ndarray]:
    """Decode many files in threads: blocks (n, C, size, size) uint8, in order.

    A progress bar appears if it takes more than a few seconds.
    """
    from tqdm import tqdm

    blocks = [files[start : start + _BLOCK] for start in range(0, len(files), _BLOCK)]

    def decode_block(block):
        pixels = np.empty((len(block), channels, size, size), np.uint8)
        for image, file in zip(pixels, block, strict=True):
            image[:] = decode(file, size, channels)
        return pixels

    bar = tqdm(
        total=len(files),
        desc="reading images",
        unit="image",
        delay=_QUIET_SECONDS,
        leave=False,
    )
    with bar, ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        try:
            for block in pool.map(decode_block, blocks):
                yield block
                bar.update(len(block))
        finally:
            pool.shutdown(cancel_futures=True)


def decode(path: str | Path, size: int, channels: int = 3) -> np.ndarray:
    """One picture as uint8 (C, size, size): upright, its central square, resized.

    Raises FileNotFoundError, or ValueError for what is not an image, naming the file.
    """
    mode = MODES[channels]
    try:
        _check_is_file(path)
        with open(path, "rb") as file:  # at once: PIL reads a JPEG byte by byte
            image = Image.open(io.BytesIO(file.read()), formats=_formats())
        if mode == "L" or min(image.size) >= 4 * size:
            # Lets JPEG decode large photographs at a fraction of their resolution.
            image.draft(mode, (2 * size, 2 * size))
        image.load()
        if _may_be_turned(image):
            image = ImageOps.exif_transpose(image)
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} does not exist") from None
    except Exception as error:  # PIL raises nearly anything for a damaged file
        raise _not_an_image(path, error) from None
    image = _to_mode(image, mode)
    if image.size != (size, size):
        image = ImageOps.fit(image, (size, size), Image.Resampling.BICUBIC)
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def upright_size(path: str | Path) -> tuple[int, int]:
    """Width and height of a picture as it is seen; its pixels are not decoded."""
    try:
        _check_is_file(path)
        with Image.open(path, formats=_formats()) as image:
            width, height = image.size
            turned = image.getexif().get(_ORIENTATION) in _TRANSPOSED
    except Exception as error:
        raise _not_an_image(path, error) from None
    return (height, width) if turned else (width, height)


@cache
def _formats() -> list[str]:
    """Those of FORMATS that this version of PIL knows."""
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _check_is_file(path: str | Path) -> None:
    """A pipe or a device would be waited for without end."""
    if Path(path).exists() and not Path(path).is_file():
        raise OSError("it is not a file")


def _may_be_turned(image: Image.Image) -> bool:
    """Whether to look for an orientation: a fifth of the time of a small JPEG."""
    return image.format != "JPEG" or "exif" in image.info or "xmp" in image.info


def _to_mode(image: Image.Image, mode: str) -> Image.Image:
    if image.mode == mode:
        return image
    if image.mode.startswith(("I", "F")):  # which convert() would clip
        values = np.asarray(image).astype(np.float64)
        # 16 bits a pixel; floating point is 0 to 1 or 0 to 255, as a rule.
        whole = image.mode.startswith("I") or values.max() > 255
        scale = 1 / 257 if whole else 1 if values.max() > 1 else 255
        image = Image.fromarray((scale * values).clip(0, 255).round().astype(np.uint8))
    elif image.has_transparency_data:  # shown on white, as on a page
        image = image.convert("RGBA")
        page = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(page, image)
    return image.convert(mode)


def _not_an_image(path, error: Exception) -> ValueError:
    if isinstance(error, UnidentifiedImageError):
        return ValueError(f"{path} is not an image")
    return ValueError(f"{path} cannot be read as an image ({error})")
