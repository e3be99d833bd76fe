"""A folder's place in the cache: found, filled by one process, read by all."""

import hashlib
from pathlib import Path

import torch
from filelock import FileLock

from ..imageset import ImageSet
from ..listing import Listing, Picture
from ..mapped import MappedFile, MappedSet, memory_limit
from ..places import cache_place
from .building import build
from .index import VERSION, Index, file_of, read_index
from .readers import CacheError

__all__ = ["keep"]


def keep(
    train: Listing,
    test: Listing,
    folder: Path,
    name: str,
    size: int | None,
    default: int,
) -> tuple[ImageSet, ImageSet]:
    """Train and test sets from the cache, decoded to it first if need be.

    Without ``size``, images all of one size keep it, others come to ``default``. A set
    of up to CNNLIB_MEMORY is read to memory, class by class; a larger one is a
    ``MappedSet``. One process decodes while others wait. Raises CacheError where the
    disk does not allow it, ValueError or FileNotFoundError for a file that is no image.
    """
    limit = memory_limit()
    files = [f for part in (train, test) for fs in part.values() for f in fs]
    place = _place(folder, name)
    stem = place / f"{_sum_of(files, folder)}-{size or 'own'}"
    index = read_index(stem, limit)
    try:
        if index is None:
            place.mkdir(parents=True, exist_ok=True)
            with FileLock(place / "lock"):
                index = read_index(stem, limit)  # another process may have been faster
                if index is None:
                    _remove_others(place, stem)
                    index = build(stem, train, test, folder, size, default)
        return _sets(stem, index, name, limit)
    except (CacheError, FileNotFoundError):
        raise
    except (OSError, NotImplementedError) as error:
        raise CacheError(f"{place}: {_reason(error)}") from None


def _place(folder: Path, name: str) -> Path:
    """A folder's own place: the same name elsewhere has another one."""
    path = str(folder.resolve()).encode(errors="surrogateescape")
    known = hashlib.sha1(path, usedforsecurity=False).hexdigest()[:12]
    return cache_place() / "folders" / f"{name}-{known}"


def _sum_of(files: list[Picture], folder: Path) -> str:
    start = len(str(folder))
    lines = [f"{VERSION}"]
    lines += [f"{path[start:]}\0{size}\0{time}" for path, size, time in files]
    text = "\n".join(lines).encode(errors="surrogateescape")
    return hashlib.sha1(text, usedforsecurity=False).hexdigest()[:16]


def _remove_others(place: Path, stem: Path) -> None:
    """What was decoded before the folder changed is of no use any more."""
    known = stem.name.rpartition("-")[0]
    for path in place.iterdir():
        if path.name != "lock" and not path.name.startswith(known):
            path.unlink(missing_ok=True)


def _sets(stem: Path, index: Index, name: str, limit: int) -> tuple[ImageSet, ImageSet]:
    file = MappedFile(file_of(stem, "images"))
    pixels = file.bytes.view(-1, 3, index.size, index.size).split(index.parts)
    labels = torch.tensor(index.labels).split(index.parts)
    orders = torch.tensor(index.order).split(index.parts)
    classes, sets = tuple(index.classes), []
    for images, names, order in zip(pixels, labels, orders, strict=True):
        if index.bytes > limit:
            sets.append(MappedSet(images, names, classes, name, file))
            continue
        # Read from the file one after the other, and put class by class in memory.
        images = torch.empty_like(images).index_copy_(0, order, images)
        names = torch.empty_like(names).index_copy_(0, order, names)
        sets.append(ImageSet(images, names, classes, name))
    file.forget()
    return tuple(sets)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
