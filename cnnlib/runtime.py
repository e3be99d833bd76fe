"""Where and how much to compute: the device, the seeds, the quick/full switch."""

import ctypes
import os
import random
import sys
from functools import cache
from typing import TypeVar

import numpy as np
import torch

T = TypeVar("T")


def device() -> torch.device:
    """Return the device to compute on: a GPU if there is one, else the CPU.

    The environment variable ``CNNLIB_DEVICE`` (``cpu``, ``cuda``, ``cuda:1``,
    ``mps``) decides if it is set. ValueError if it names no device of PyTorch's,
    RuntimeError if this machine does not have the device it asks for.
    """
    asked = os.environ.get("CNNLIB_DEVICE", "").strip()
    if asked:
        return _asked_for(asked)
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def _asked_for(name: str) -> torch.device:
    kinds = {"cpu": 1, "cuda": torch.cuda.device_count()}
    kinds["mps"] = int(torch.backends.mps.is_available())
    try:
        chosen = torch.device(name.lower())
    except RuntimeError:
        chosen = None
    if chosen is None or chosen.type not in kinds:
        raise ValueError(
            f"CNNLIB_DEVICE={name!r} names no device: expected cpu, cuda, cuda:0 or mps"
        )
    count = kinds[chosen.type]
    if (chosen.index or 0) >= count:
        have = ", ".join(f"{kind} ({n})" for kind, n in kinds.items() if n)
        raise RuntimeError(
            f"CNNLIB_DEVICE={name} asks for a device that is not here; this machine "
            f"has {have}"
        )
    return chosen


def seed(value: int = 0) -> None:
    """Seed the global generators of torch (every device), numpy and random."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**32:
        raise ValueError(
            f"seed must be a whole number from 0 to 2**32 - 1, got {value!r}"
        )
    random.seed(value)
    np.random.seed(value)
    torch.manual_seed(value)


def full() -> bool:
    """Say whether to run experiments in full rather than in their quick form.

    ``CNNLIB_FULL=1`` says yes and ``CNNLIB_FULL=0`` no; if it is unset, yes where
    the device is a CUDA GPU. ValueError for any other value.
    """
    asked = os.environ.get("CNNLIB_FULL", "").strip().lower()
    if not asked:
        return device().type == "cuda"
    if asked in ("1", "true", "yes"):
        return True
    if asked in ("0", "false", "no"):
        return False
    raise ValueError(f"CNNLIB_FULL={asked!r}: expected 1 or 0")


_is_full = full  # pick's argument hides the name


def pick(quick: T, full: T) -> T:
    """Return ``full`` where experiments run in full, else ``quick``."""
    return full if _is_full() else quick


@cache
def keep_memory() -> bool:
    """Have this process keep freed memory for its next use; say whether it will.

    Linux's C library hands a batch's freed arrays back to the system and asks for
    them again, zeroed page by page, at the next batch. From now on arrays of up to
    32 MiB are reused instead, and at most 256 MiB of free memory are held back.
    Nothing is done on other systems, or where ``MALLOC_TRIM_THRESHOLD_`` or
    ``MALLOC_MMAP_THRESHOLD_`` is set. Source: the manual page mallopt(3).
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
