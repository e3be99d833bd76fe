"""Which pictures a folder of images holds: to train on and to test on, by class."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from .pictures import is_hidden, is_hidden_name

__all__ = ["Listing", "Picture", "class_files", "split_listing", "train_and_test"]

TEST_NAMES = ("test", "val", "valid", "validation")
_TEST_FRACTION = 5  # one image in five, where the folder has no test set of its own


class Picture(NamedTuple):
    """A file, and by what a later change of it is noticed."""

    path: str
    bytes: int
    modified: int  # nanoseconds

    @property
    def name(self) -> str:
        return os.path.basename(self.path)


Listing = dict[str, list[Picture]]  # class name -> its files


def train_and_test(folder: Path) -> tuple[Listing, Listing]:
    """The pictures to train on and those to test on, in one of the known layouts."""
    inside = {p.name.lower(): p for p in _subfolders(folder)}
    test = next((inside[n] for n in TEST_NAMES if n in inside), None)
    if "train" not in inside:
        if test is not None:
            raise ValueError(f"{folder} has a folder {test.name} but no folder train.")
        return split_listing(class_files(folder))
    train = class_files(inside["train"])
    if test is None:
        return split_listing(train)
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
    classes = {name: _pictures(path) for name, path in folders.items()}
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


def _pictures(folder: str | Path) -> list[Picture]:
    """All files below a class folder, in order, without hidden ones."""
    files = []
    # scandir knows which entries are folders without asking for each; and no Path is
    # made for a file, which would take as long as all the rest.
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda e: e.name):
            if is_hidden_name(entry.name):
                continue
            if entry.is_dir():
                files += _pictures(entry.path)
            else:
                status = entry.stat()
                files.append(Picture(entry.path, status.st_size, status.st_mtime_ns))
    return files


def split_listing(everything: Listing) -> tuple[Listing, Listing]:
    """One picture in five of each class for the test: those of the smallest SHA-1."""
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


def _rank(file: Picture) -> tuple[str, str]:
    digest = hashlib.sha1(file.name.encode(), usedforsecurity=False).hexdigest()
    return digest, file.path
