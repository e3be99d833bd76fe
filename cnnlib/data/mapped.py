"""Sets of images larger than memory: they stay in a file and are read as needed."""

import mmap
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .imageset import ImageSet

__all__ = ["MappedFile", "MappedSet", "memory_limit"]

_DEFAULT_MEGABYTES = 1024
_WINDOW = 8  # an order mixes images of an eighth of the memory allowed
_BLOCKS = 64  # from so many places in the file
_DENSE = 8  # a block is read ahead where an eighth of it is wanted


def memory_limit() -> int:
    """Bytes that the images of one set may take in memory: CNNLIB_MEMORY megabytes.

    A larger set from a folder stays on disk. 1024 MB if the variable is not set;
    ValueError if it is no number above 0.
    """
    asked = os.environ.get("CNNLIB_MEMORY", "").strip() or str(_DEFAULT_MEGABYTES)
    try:
        megabytes = float(asked)
    except ValueError:
        megabytes = 0
    if not 0 < megabytes < float("inf"):
        raise ValueError(f"CNNLIB_MEMORY={asked!r}: expected a number of megabytes.")
    return int(megabytes * 2**20)


class MappedFile:
    """A file seen as one tensor, of which only what is read takes memory."""

    def __init__(self, path: Path):
        with open(path, "rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, **_private())
        self.bytes = torch.from_numpy(np.frombuffer(self._map, np.uint8))

    def forget(self) -> None:
        """Give back the memory of everything that was read, where a system can."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)

    def read_ahead(self, start: int, stop: int) -> None:
        """Start reading the bytes from ``start`` to ``stop``, without waiting."""
        if hasattr(mmap, "MADV_WILLNEED"):
            start -= start % mmap.PAGESIZE
            self._map.madvise(mmap.MADV_WILLNEED, start, stop - start)

    def place_of(self, images: Tensor) -> int:
        """Where in the file a view of its bytes begins."""
        return images.data_ptr() - self.bytes.data_ptr()


def _private() -> dict:
    """A mapping whose changes stay this process's own and never reach the file."""
    if not hasattr(mmap, "MAP_PRIVATE"):
        return {"access": mmap.ACCESS_COPY}
    # Memory for changes that nobody makes is not to be set aside: Linux would refuse
    # to map a file larger than the machine's memory.
    no_reserve = getattr(
        mmap, "MAP_NORESERVE", 0x4000 if sys.platform == "linux" else 0
    )
    return {
        "flags": mmap.MAP_PRIVATE | no_reserve,
        "prot": mmap.PROT_READ | mmap.PROT_WRITE,
    }


@dataclass(frozen=True, repr=False, eq=False)
class MappedSet(ImageSet):
    """An ``ImageSet`` whose images stay in a file; on the CPU, to be read only.

    ``images`` can be indexed like any tensor. What is written to it reaches neither
    the file nor, for certain, the next batch. A slice is again a set on disk; any other
    index, and another device, make an ImageSet in memory.
    """

    file: MappedFile

    def __repr__(self) -> str:
        return super().__repr__().removesuffix("cpu") + "disk"

    def __getitem__(self, index) -> ImageSet:
        if isinstance(index, slice) and index.step in (None, 1):
            return super().__getitem__(index)
        return self._in_memory()[index]

    def to(self, device: torch.device | str) -> ImageSet:
        """The set itself for the CPU; for another device, an ImageSet in its memory."""
        if torch.device(device).type == "cpu":
            return self
        return self._in_memory().to(device)

    def center_crop(self, n: int) -> "MappedSet":
        self._check_crop(n)
        return self._cropped(n)

    def _in_memory(self) -> ImageSet:
        return ImageSet(self.images, self.labels, self.classes, self.name)

    def order(self, generator: torch.Generator | None = None) -> Tensor:
        """A new random order that reads well from disk: indices (N,) int64, on the CPU.

        Blocks of neighbouring images come in a random order; the images of 64 blocks
        at a time, an eighth of CNNLIB_MEMORY, are mixed. What it costs: images of one
        block are never further apart than those 64 blocks, in any epoch. As the file
        itself was mixed once, a block is a random choice of images of all classes.
        """
        where = generator.device if generator is not None else "cpu"
        rows = self._rows_of_a_block()
        starts = torch.arange(0, len(self), rows)
        mixed = torch.randperm(len(starts), generator=generator, device=where).cpu()
        order = (starts[mixed, None] + torch.arange(rows)).flatten()
        order = order[order < len(self)]  # the last block may be shorter
        windows = order.split(rows * _BLOCKS)
        return (
            torch.cat(
                [
                    w[torch.randperm(len(w), generator=generator, device=where).cpu()]
                    for w in windows
                ]
            )
            if windows
            else order
        )

    def _rows_of_a_block(self) -> int:
        return max(1, memory_limit() // _WINDOW // _BLOCKS // self.images.stride(0))

    def _pieces(self, order, batch_size) -> Iterator[tuple[Tensor, Tensor]]:
        """As an ImageSet's, a window at a time, while the next one is read ahead."""
        if order is None:
            order = torch.arange(len(self))
        rows = self._rows_of_a_block() * _BLOCKS
        windows = order.split(max(1, rows // batch_size) * batch_size)
        for here, ahead in zip(windows, (*windows[1:], None), strict=True):
            if ahead is not None:
                self._read_ahead(ahead)
            yield from super()._pieces(here, batch_size)
            self.file.forget()

    def _read_ahead(self, order: Tensor) -> None:
        rows, image = self._rows_of_a_block(), self.images.stride(0)
        first = self.file.place_of(self.images)
        wanted = torch.bincount(order // rows)
        for block in (wanted >= max(1, rows // _DENSE)).nonzero().flatten().tolist():
            start = first + block * rows * image
            stop = first + min((block + 1) * rows, len(self)) * image
            self.file.read_ahead(start, min(stop, len(self.file.bytes)))
