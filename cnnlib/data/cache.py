"""A folder of pictures, decoded once and kept as one memory-mapped file.

The file is an ``.npy`` of the pixels (N, 3, size, size). Its name holds a hash of each
picture's path, size and time of change: after a change another file is made. (A hash of
the contents would take as long as decoding them.)
"""

import hashlib
import math
import mmap
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .pictures import decode_blocks
from .places import cache_place


class CacheError(OSError):
    """Decoded pictures cannot be kept on this disk; the message says why."""


def cached(
    files: list, folder: Path, size: int | None, common_size: Callable[[], int]
) -> Tensor:
    """The pixels of ``files`` in a mapped file, (N, 3, S, S) uint8, in their order.

    S is ``size``, or ``common_size()`` without it. Of several processes one decodes
    while the others wait. Raises CacheError if the disk does not allow it, ValueError
    or FileNotFoundError for a file that is not an image.
    """
    from filelock import FileLock

    place = _place(folder)
    path = place / f"{_hash_of(files, folder)}-{size or 'own'}.npy"
    try:
        pixels = _map(path, len(files))
        if pixels is None:
            place.mkdir(parents=True, exist_ok=True)
            with FileLock(place / "lock"):
                pixels = _map(path, len(files))  # another process was faster
                if pixels is None:
                    _write(path, files, size or common_size())
                    pixels = _map(path, len(files))
        return pixels
    except FileNotFoundError:
        raise
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise CacheError(f"{place}: {reason}") from None


def _place(folder: Path) -> Path:
    """The folder's place in the cache, by its whole path."""
    path = str(folder.resolve()).encode(errors="surrogateescape")
    known = hashlib.sha1(path, usedforsecurity=False).hexdigest()[:12]
    return cache_place() / "folders" / f"{folder.resolve().name}-{known}"


def _hash_of(files: list, folder: Path) -> str:
    start = len(str(folder))
    lines = [f"{path[start:]}\0{size}\0{time}" for path, size, time in files]
    text = "\n".join(lines).encode(errors="surrogateescape")
    return hashlib.sha1(text, usedforsecurity=False).hexdigest()[:16]


def _write(path: Path, files: list, size: int) -> None:
    """Decode the files under a temporary name, then rename."""
    for old in path.parent.glob("*.npy"):  # of what the folder was before
        if old.name.split("-")[0] != path.name.split("-")[0]:
            old.unlink(missing_ok=True)
    shape = (len(files), 3, size, size)
    free = shutil.disk_usage(path.parent).free
    if free < math.prod(shape):
        raise CacheError(
            f"{free / 1e6:,.0f} MB are free and {math.prod(shape) / 1e6:,.0f} needed"
        )
    unfinished = path.with_name(f".{path.name}.tmp")
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    try:
        with unfinished.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
            for block in decode_blocks([f.path for f in files], size):
                file.write(np.ascontiguousarray(block))
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _map(path: Path, images: int) -> Tensor | None:
    """The file as a tensor, of which only what is read takes memory; None if damaged.

    What is written to the tensor does not reach the file.
    """
    try:
        with path.open("rb") as file:
            np.lib.format.read_magic(file)
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
            start = file.tell()
            mapping = mmap.mmap(file.fileno(), 0, **_private())
    except (FileNotFoundError, ValueError):
        return None
    whole = len(mapping) == start + math.prod(shape)
    if dtype != np.uint8 or len(shape) != 4 or shape[0] != images or not whole:
        return None
    return torch.from_numpy(np.frombuffer(mapping, np.uint8, offset=start)).view(shape)


def _private() -> dict:
    """Arguments of a mapping whose changes stay in this process."""
    if not hasattr(mmap, "MAP_PRIVATE"):
        return {"access": mmap.ACCESS_COPY}
    # No memory is reserved for changes that nobody makes: Linux would otherwise refuse
    # to map a file that is larger than the machine's memory.
    no_reserve = getattr(
        mmap, "MAP_NORESERVE", 0x4000 if sys.platform == "linux" else 0
    )
    return {
        "flags": mmap.MAP_PRIVATE | no_reserve,
        "prot": mmap.PROT_READ | mmap.PROT_WRITE,
    }
