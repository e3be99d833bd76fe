"""Picture files: decoded, turned upright, cropped to a square and brought to a size."""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

__all__ = ["decode", "decode_all", "is_hidden", "read_images", "upright_size"]

_MODES = {1: "L", 3: "RGB"}
_HIDDEN = {"thumbs.db", "desktop.ini", "__macosx"}  # what file managers leave behind
_TRANSPOSED = {5, 6, 7, 8}  # EXIF orientations that exchange height and width
_ORIENTATION = 0x0112
_QUIET_SECONDS = 3.0
_BLOCK = 32  # files that a thread takes at once


def read_images(paths, size: int, channels: int = 3) -> Tensor:
    """Read one's own pictures as uint8 (N, C, size, size), to be predicted.

    ``paths`` is a picture, a folder of pictures (taken in order of their names) or a
    list of pictures. Each is turned upright, cropped to its central square and resized;
    ``channels`` is 3 for color or 1 for grayscale. Raises FileNotFoundError for a path
    that is not there and ValueError for a file that is not an image, naming it.
    """
    check_size(size)
    if channels not in _MODES:
        raise ValueError(f"channels must be 1 or 3, not {channels!r}.")
    return decode_all(list(_files(paths)), size, channels)


def _files(paths) -> Iterable[Path]:
    if not isinstance(paths, (str, os.PathLike)):
        paths = [Path(path) for path in paths]
        if not paths:
            raise ValueError("paths is empty: expected at least one picture.")
        return paths
    path = Path(paths).expanduser()
    if not path.is_dir():
        return [path]
    files = sorted(p for p in path.iterdir() if p.is_file() and not is_hidden(p))
    if not files:
        raise ValueError(f"{path} holds no pictures.")
    return files


def is_hidden(path: Path) -> bool:
    """Whether a file or folder is one that a system keeps for itself."""
    return path.name.startswith(".") or path.name.lower() in _HIDDEN


def decode_all(files: list[Path], size: int, channels: int = 3) -> Tensor:
    """Decode many files at once: uint8 (N, C, size, size), contiguous.

    A progress bar appears only when it takes more than a few seconds.
    """
    from tqdm import tqdm

    pixels = np.empty((len(files), channels, size, size), np.uint8)

    def fill(start: int) -> int:
        some = files[start : start + _BLOCK]
        for i, file in enumerate(some, start):
            # PIL gives (H, W) or (H, W, C); networks read (C, H, W).
            array = decode(file, size, channels)
            pixels[i] = array.reshape(size, size, channels).transpose(2, 0, 1)
        return len(some)

    bar = tqdm(
        total=len(files),
        desc="reading images",
        unit="image",
        delay=_QUIET_SECONDS,
        leave=False,
    )
    with bar, ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        try:
            for done in pool.map(fill, range(0, len(files), _BLOCK)):
                bar.update(done)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return torch.from_numpy(pixels)


def decode(path: Path, size: int, channels: int = 3) -> np.ndarray:
    """One picture as uint8 (size, size, 3), or (size, size) for one channel."""
    mode = _MODES[channels]
    try:
        with Image.open(path) as image:
            # Lets JPEG decode large photographs at a fraction of their resolution.
            image.draft(mode, (2 * size, 2 * size))
            image.load()
            upright = ImageOps.exif_transpose(image)
    except FileNotFoundError:
        raise FileNotFoundError(f"{path} does not exist.") from None
    except Exception as error:  # PIL raises nearly anything for a damaged file
        raise _refuse(path, error) from None
    square = _to_mode(upright, mode)
    if square.size != (size, size):
        square = ImageOps.fit(square, (size, size), Image.Resampling.BICUBIC)
    return np.asarray(square)


def upright_size(path: Path) -> tuple[int, int]:
    """Width and height of a picture as it is to be seen; its pixels are not decoded."""
    try:
        with Image.open(path) as image:
            width, height = image.size
            turned = image.getexif().get(_ORIENTATION) in _TRANSPOSED
    except Exception as error:
        raise _refuse(path, error) from None
    return (height, width) if turned else (width, height)


def _to_mode(image: Image.Image, mode: str) -> Image.Image:
    if image.mode == mode:
        return image
    if image.mode.startswith("I"):  # 16 bits a pixel, which convert() would clip
        values = np.asarray(image).astype(np.float64)
        image = Image.fromarray((values / 257).clip(0, 255).round().astype(np.uint8))
    elif image.has_transparency_data:
        # What is transparent is shown on white, as on a page.
        image = image.convert("RGBA")
        page = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(page, image)
    return image.convert(mode)


def _refuse(path: Path, error: Exception) -> ValueError:
    if isinstance(error, UnidentifiedImageError):
        return ValueError(f"{path} is not an image.")
    return ValueError(f"{path} cannot be read as an image ({error}).")


def check_size(size: int) -> None:
    """Raise unless ``size`` is a whole number of pixels, at least 1."""
    if isinstance(size, bool) or not isinstance(size, int):
        raise TypeError(f"size must be an int, the pixels of a side, not {size!r}.")
    if size < 1:
        raise ValueError(f"size must be at least 1 pixel, not {size}.")
