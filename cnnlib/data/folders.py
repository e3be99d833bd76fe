"""Folders of images, one folder for each class, as data sets."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from .cache import CacheError, cached
from .imageset import ImageSet
from .pictures import decode_blocks, is_hidden, upright_size

TEST_NAMES = ("test", "val", "valid", "validation")
DEFAULT_SIZE, LARGEST_SIZE = 32, 224
_TEST_FRACTION = 5  # one image in five, where the folder has no test set of its own
_SMALL = 16 * 2**20  # bytes; decoded anew each time, in about a second
_LIMIT = 4 * 2**30  # bytes; the most that is decoded to memory where no cache works


class Picture(NamedTuple):
    """A file, and what shows a later change of it."""

    path: str
    bytes: int
    modified: int  # nanoseconds


Listing = dict[str, list[Picture]]  # class name -> its files


def load_folder(folder: Path, size: int | None = None) -> tuple[ImageSet, ImageSet]:
    """Train and test sets (N, 3, S, S) from a folder of images.

    Either ``train/<class>/*`` and ``test/<class>/*`` (or ``val``, ``valid``,
    ``validation``), or one level, ``<class>/*``. Without a test set, one image in five
    of each class is taken for it: those whose names have the smallest SHA-1, so that
    the choice is the same on every machine. Every image is turned upright, cropped to
    its central square and resized to ``size``; by default images of one size keep it,
    up to 224 pixels, and others come to 32. More than 16 MB are decoded once and kept
    in the user's cache. Raises FileNotFoundError or ValueError, in one sentence, for
    what does not fit.
    """
    folder = Path(folder).expanduser()
    if not folder.exists():
        raise FileNotFoundError(f"the folder {folder} does not exist")
    if not folder.is_dir():
        raise ValueError(f"expected a folder of images, but {folder} is a file")
    train, test = train_and_test(folder)
    return load_listings(train, test, folder, folder.resolve().name, size)


def load_listings(
    train: Listing, test: Listing, folder: Path, name: str, size: int | None = None
) -> tuple[ImageSet, ImageSet]:
    """Decode two listings of files; the classes are those of ``train``, in order."""
    classes, parts, labels = tuple(train), [], []
    for part in (train, test):
        parts.append([file for c in classes for file in part.get(c, [])])
        labels.append([k for k, c in enumerate(classes) for _ in part.get(c, [])])
    pixels = _pixels(parts[0] + parts[1], folder, size).split([*map(len, parts)])
    return tuple(
        ImageSet(images, torch.tensor(names), classes, name)
        for images, names in zip(pixels, labels, strict=True)
    )


def _pixels(files: list[Picture], folder: Path, size: int | None) -> torch.Tensor:
    """All pixels (N, 3, S, S): of a small folder in memory, of others in the cache."""
    paths = [file.path for file in files]
    if sum(file.bytes for file in files) <= _SMALL:
        size = size or _common_size(paths)
        if _bytes(files, size) <= _SMALL:
            return _decoded(paths, size)
    try:
        return cached(files, folder, size, lambda: _common_size(paths))
    except CacheError as error:
        size = size or _common_size(paths)
        if _bytes(files, size) > _LIMIT:
            raise CacheError(
                f"{folder}: {len(files):,} images of {size}×{size} are too many for "
                f"memory and cannot be kept on disk ({error}): free some space there "
                "or pass a smaller size="
            ) from None
        print(f"{folder.name} is decoded to memory; it cannot be kept ({error}).")
        return _decoded(paths, size)


def _bytes(files: list, size: int) -> int:
    return len(files) * 3 * size * size


def _decoded(paths: list[str], size: int) -> torch.Tensor:
    return torch.from_numpy(np.concatenate(list(decode_blocks(paths, size))))


def _common_size(files: list[str]) -> int:
    """The side that all images can keep, at most 224; the default if they differ."""
    sizes = set()
    for file in files:
        sizes.add(upright_size(file))
        if len(sizes) > 1:
            return DEFAULT_SIZE
    return min(*sizes.pop(), LARGEST_SIZE)


def train_and_test(folder: Path) -> tuple[Listing, Listing]:
    """The pictures to train on and those to test on; only a ``train`` makes a split."""
    inside = {p.name.lower(): p for p in _subfolders(folder)}
    if "train" not in inside:
        return split(class_files(folder))
    train = class_files(inside["train"])
    test_folder = next((inside[n] for n in TEST_NAMES if n in inside), None)
    if test_folder is None:
        return split(train)
    test = class_files(test_folder, least=1)
    unknown = [c for c in test if c not in train]
    if unknown:
        raise ValueError(
            f"expected {test_folder} to have the classes of the training set "
            f"({', '.join(train)}), but it has {unknown[0]!r}"
        )
    return train, test


def class_files(folder: Path, least: int = 2, only: Iterable[str] = ()) -> Listing:
    """The files of each class in ``folder``, its subfolders in order of their names.

    With ``only``, just these classes are listed, if they are there.
    """
    folders = {p.name: p for p in _subfolders(folder)}
    if only:
        folders = {name: folders[name] for name in only if name in folders}
    classes = {name: _pictures(path) for name, path in folders.items()}
    if len(classes) < least or not classes:
        found = f"only {next(iter(classes))!r}" if classes else "none"
        raise ValueError(
            f"expected {folder} to hold a folder of images for each of at least "
            f"{least} classes, but it has {found}"
        )
    for name, files in classes.items():
        if not files:
            raise ValueError(f"the class folder {folder / name} holds no images")
    return classes


def _subfolders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and not is_hidden(p.name))


def _pictures(folder: str | Path) -> list[Picture]:
    """All files below a class folder, in order, without hidden ones."""
    files = []
    # scandir knows which entries are folders, and makes no Path for each file: half of
    # the time for ten thousand files.
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: e.name):
            if is_hidden(entry.name):
                continue
            if entry.is_dir():
                files += _pictures(entry.path)
            else:
                status = entry.stat()
                files.append(Picture(entry.path, status.st_size, status.st_mtime_ns))
    return files


def split(everything: Listing) -> tuple[Listing, Listing]:
    """One picture in five of each class for the test: those of the smallest SHA-1."""
    train, test = {}, {}
    for name, files in everything.items():
        if len(files) < 2:
            raise ValueError(
                f"expected at least two images of class {name!r}, to split them into "
                "train and test, but got one"
            )
        ranked = sorted(files, key=_rank)
        cut = max(1, round(len(files) / _TEST_FRACTION))
        test[name], train[name] = sorted(ranked[:cut]), sorted(ranked[cut:])
    return train, test


def _rank(file: Picture) -> tuple[str, str]:
    name = os.path.basename(file.path).encode()
    return hashlib.sha1(name, usedforsecurity=False).hexdigest(), file.path
