"""Folders of images, one folder a class, as data sets."""

from pathlib import Path

import torch

from .cache import CacheError, keep
from .imageset import ImageSet
from .listing import Listing, train_and_test
from .pictures import decode_all, upright_size

__all__ = ["load_folder", "load_split"]

DEFAULT_SIZE = 32
_SMALL = 16 * 2**20  # bytes; decoded anew each time, in about a second
_LIMIT = 4 * 2**30  # bytes; the most that stays in memory where no cache can be had


def load_folder(folder: Path, size: int | None = None) -> tuple[ImageSet, ImageSet]:
    """Train and test sets (N, 3, H, W) from a folder of images.

    Either ``train/<class>/*`` and ``test/<class>/*`` (or ``val``, ``valid``,
    ``validation``), or one level, ``<class>/*``. Where there is no test set, one image
    in five of each class becomes it: those whose names have the smallest SHA-1, so
    that the choice stays the same on every machine. Every image is turned upright,
    cropped to its central square and resized to ``size``; without ``size``, images all
    of one size keep it, others come to 32. More than 16 MB are decoded once and kept in
    the user's cache. More than CNNLIB_MEMORY megabytes (1024 unless set) stay there, as
    a ``MappedSet``, whose images come in a mixed order instead of class by class.
    Raises FileNotFoundError or ValueError, in one sentence, for whatever does not fit.
    """
    folder = Path(folder).expanduser()
    if not folder.exists():
        raise FileNotFoundError(f"The folder {folder} does not exist.")
    if not folder.is_dir():
        raise ValueError(f"{folder} is a file, not a folder of images.")
    train, test = train_and_test(folder)
    return load_split(train, test, folder, folder.resolve().name, size)


def load_split(
    train: Listing, test: Listing, folder: Path, name: str, size: int | None = None
) -> tuple[ImageSet, ImageSet]:
    """Decode two listings of files; the classes are those of ``train``, in order."""
    files = [f for part in (train, test) for files in part.values() for f in files]
    if sum(f.bytes for f in files) <= _SMALL:
        size = size or _common_size([f.path for f in files])
        if _pixels(files, size) <= _SMALL:
            return _decoded(train, test, name, size)
    try:
        return keep(train, test, folder, name, size, DEFAULT_SIZE)
    except CacheError as error:
        size = size or _common_size([f.path for f in files])
        _say_that_memory_serves(error, files, name, size)
        return _decoded(train, test, name, size)


def _pixels(files: list, size: int) -> int:
    return len(files) * 3 * size * size


def _say_that_memory_serves(error: CacheError, files, name: str, size: int) -> None:
    taken = f"{len(files):,} images of {size}×{size}"
    if _pixels(files, size) > _LIMIT:
        gigabytes = _pixels(files, size) / 2**30
        raise CacheError(
            f"{name}: {taken} take {gigabytes:.0f} GB, too much for memory, and cannot "
            f"be kept on disk ({error}); make room there or pass a smaller size=."
        ) from None
    print(f"{name}: {taken} are decoded to memory; they cannot be kept ({error}).")


def _decoded(train: Listing, test: Listing, name: str, size: int):
    """Both parts decoded to memory."""
    classes, sets = tuple(train), []
    for part in (train, test):
        files = [file.path for c in classes for file in part.get(c, [])]
        labels = [k for k, c in enumerate(classes) for _ in part.get(c, [])]
        images = decode_all(files, size)
        sets.append(ImageSet(images, torch.tensor(labels), classes, name))
    return tuple(sets)


def _common_size(files: list[str]) -> int:
    """The side that all images can keep, or the default one if they differ."""
    sizes = set()
    for file in files:
        sizes.add(upright_size(file))
        if len(sizes) > 1:
            return DEFAULT_SIZE
    return min(sizes.pop())
