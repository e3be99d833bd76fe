"""One's own picture files as a batch: upright, cropped to a square, of one size."""

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .decoding import MODES, decode, to_planes, upright_size

__all__ = [
    "check_size",
    "decode_all",
    "is_hidden",
    "is_hidden_name",
    "read_images",
    "upright_size",
]

_HIDDEN = {"thumbs.db", "desktop.ini", "__macosx"}  # what file managers leave behind
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
    if channels not in MODES:
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


def is_hidden(path: str | os.PathLike) -> bool:
    """Whether a file or folder is one that a system keeps for itself."""
    return is_hidden_name(os.path.basename(path))


def is_hidden_name(name: str) -> bool:
    """The same for a name alone, which tens of thousands of files are asked by."""
    return name.startswith(".") or name.lower() in _HIDDEN


def decode_all(files: Sequence[str | Path], size: int, channels: int = 3) -> Tensor:
    """Decode many files at once: uint8 (N, C, size, size), contiguous.

    A progress bar appears only when it takes more than a few seconds.
    """
    from tqdm import tqdm

    pixels = np.empty((len(files), channels, size, size), np.uint8)

    def fill(start: int) -> int:
        some = files[start : start + _BLOCK]
        for i, file in enumerate(some, start):
            pixels[i] = to_planes(decode(file, size, channels))
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


def check_size(size: int) -> None:
    """Raise unless ``size`` is a whole number of pixels, at least 1."""
    if isinstance(size, bool) or not isinstance(size, int):
        raise TypeError(f"size must be an int, the pixels of a side, not {size!r}.")
    if size < 1:
        raise ValueError(f"size must be at least 1 pixel, not {size}.")
