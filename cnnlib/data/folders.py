"""Folders of images, one folder a class, as data sets."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

import torch

from .imageset import ImageSet
from .pictures import decode_all, is_hidden, upright_size

__all__ = ["class_files", "load_folder", "load_split"]

TEST_NAMES = ("test", "val", "valid", "validation")
DEFAULT_SIZE = 32
_TEST_FRACTION = 5  # one image in five, where the folder has no test set of its own
_LIMIT = 4 * 2**30  # bytes; a set stays in memory as a whole

Listing = dict[str, list[Path]]  # class name -> its files


def load_folder(folder: Path, size: int | None = None) -> tuple[ImageSet, ImageSet]:
    """Train and test sets (N, 3, H, W) from a folder of images.

    Either ``train/<class>/*`` and ``test/<class>/*`` (or ``val``, ``valid``,
    ``validation``), or one level, ``<class>/*``. Where there is no test set, one image
    in five of each class becomes it: those whose names have the smallest SHA-1, so
    that the choice stays the same on every machine. Every image is turned upright,
    cropped to its central square and resized to ``size``; without ``size``, images all
    of one size keep it, others come to 32. Raises FileNotFoundError or ValueError, in
    one sentence, for whatever does not fit.
    """
    folder = Path(folder).expanduser()
    if not folder.exists():
        raise FileNotFoundError(f"The folder {folder} does not exist.")
    if not folder.is_dir():
        raise ValueError(f"{folder} is a file, not a folder of images.")
    train, test = _find(folder)
    return load_split(train, test, folder.resolve().name, size)


def load_split(
    train: Listing, test: Listing, name: str, size: int | None = None
) -> tuple[ImageSet, ImageSet]:
    """Decode two listings of files; the classes are those of ``train``, in order."""
    size = size or _common_size(train, test)
    total = sum(len(files) for part in (train, test) for files in part.values())
    if total * 3 * size * size > _LIMIT:
        gigabytes = total * 3 * size * size / 2**30
        raise ValueError(
            f"{total:,} images of {size}×{size} take {gigabytes:.0f} GB in memory; "
            "pass a smaller size=."
        )
    classes = tuple(train)
    return _decode(train, classes, name, size), _decode(test, classes, name, size)


def _decode(listing: Listing, classes: tuple[str, ...], name: str, size: int):
    files = [file for c in classes for file in listing.get(c, [])]
    labels = [k for k, c in enumerate(classes) for _ in listing.get(c, [])]
    return ImageSet(decode_all(files, size), torch.tensor(labels), classes, name)


def _find(folder: Path) -> tuple[Listing, Listing]:
    inside = {p.name.lower(): p for p in _subfolders(folder)}
    test = next((inside[n] for n in TEST_NAMES if n in inside), None)
    if "train" not in inside:
        if test is not None:
            raise ValueError(f"{folder} has a folder {test.name} but no folder train.")
        return _split(class_files(folder))
    train = class_files(inside["train"])
    if test is None:
        return _split(train)
    return train, _matching(class_files(test, least=1), train, test)


def _matching(test: Listing, train: Listing, folder: Path) -> Listing:
    unknown = [c for c in test if c not in train]
    if unknown:
        raise ValueError(
            f"{folder} has the class {unknown[0]!r}, which the training set has not: "
            f"it has {', '.join(train)}."
        )
    return test


def class_files(folder: Path, least: int = 2, only: Iterable[str] = ()) -> Listing:
    """The files of each class in ``folder``, its subfolders in order of their names.

    With ``only``, just those classes are listed, if they are there.
    """
    folders = {p.name: p for p in _subfolders(folder)}
    if only:
        folders = {name: folders[name] for name in only if name in folders}
    classes = {name: _images(path) for name, path in folders.items()}
    if not classes:
        raise ValueError(
            f"{folder} has no classes: expected one folder of images for each class."
        )
    if len(classes) < least:
        raise ValueError(
            f"{folder} has only one class, {next(iter(classes))!r}: "
            "at least two are needed."
        )
    for name, files in classes.items():
        if not files:
            raise ValueError(f"The class folder {folder / name} holds no images.")
    return classes


def _subfolders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and not is_hidden(p))


def _images(folder: Path) -> list[Path]:
    """All files below a class folder, in order, without hidden ones."""
    files = []
    # scandir knows which entries are folders without asking for each.
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: e.name):
            path = folder / entry.name
            if is_hidden(path):
                continue
            files += _images(path) if entry.is_dir() else [path]
    return files


def _split(everything: Listing) -> tuple[Listing, Listing]:
    train, test = {}, {}
    for name, files in everything.items():
        if len(files) < 2:
            raise ValueError(
                f"The class {name!r} has one image only; to split it into train and "
                "test, at least two are needed."
            )
        ranked = sorted(files, key=_rank)
        cut = max(1, round(len(files) / _TEST_FRACTION))
        test[name], train[name] = sorted(ranked[:cut]), sorted(ranked[cut:])
    return train, test


def _rank(file: Path) -> tuple[str, str]:
    digest = hashlib.sha1(file.name.encode(), usedforsecurity=False).hexdigest()
    return digest, str(file)


def _common_size(*listings: Listing) -> int:
    """The side that all images can keep, or the default one if they differ."""
    sizes = set()
    for files in (files for part in listings for files in part.values()):
        for file in files:
            sizes.add(upright_size(file))
            if len(sizes) > 1:
                return DEFAULT_SIZE
    return min(sizes.pop())
