"""The one door to every data set: look for it, download it, or fall back."""

import difflib
import os
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F

from .digits import load_digits
from .download import DownloadError, fetch
from .folders import load_folder
from .imageset import ImageSet
from .pets import load_drawn_pets
from .pictures import check_size
from .places import download_place, offline, search_places
from .published import PUBLISHED, find, read

Sets = tuple[ImageSet, ImageSet]

_SHIPPED: dict[str, tuple[Callable[[int | None], Sets], str]] = {
    "digits": (
        lambda size: load_digits(),
        "scikit-learn's 1,797 real handwritten digits",
    ),
    "drawn_pets": (load_drawn_pets, "cats and dogs drawn by the lecture's generator"),
}
NAMES = (*PUBLISHED, *_SHIPPED)


def load(
    name: str | os.PathLike,
    *,
    size: int | None = None,
    root: str | os.PathLike | None = None,
    download: bool = True,
    fallback: bool = True,
) -> Sets:
    """The train and the test set by name, or from a folder of images.

    name: mnist, fashion_mnist, cifar10, cats_vs_dogs (CIFAR-10's two classes), digits,
        drawn_pets; or the path of a folder with ``train/<class>/*`` and
        ``test/<class>/*``, or just ``<class>/*``
    size: resize every image to size × size pixels
    root: look only in this folder (and download to it)
    download, fallback: whether these are allowed if the set is not found

    Looks in the folder that CNNLIB_DATA names, in the repository's ``data/``, in the
    user's cache; then downloads, unless CNNLIB_OFFLINE=1; then falls back, saying so
    in one line: to ``digits`` for mnist and fashion_mnist, to ``drawn_pets`` for
    cifar10 and cats_vs_dogs. The sets' ``name`` says what they are.

    Raises ValueError for an unknown name or damaged files, FileNotFoundError for a
    folder that does not exist, and for a set that is not found if ``fallback=False``.
    """
    if size is not None:
        check_size(size)
    if not isinstance(name, (str, os.PathLike)):
        raise TypeError(f"expected name to be a string or a path, but got {name!r}")
    if name in _SHIPPED:
        return _resized(_SHIPPED[name][0](size), size)
    if name in PUBLISHED:
        return _resized(_load_published(name, size, root, download, fallback), size)
    return load_folder(_as_folder(name), size)


def _as_folder(name: str | os.PathLike) -> Path:
    path = Path(name).expanduser()
    looks_like_a_path = isinstance(name, os.PathLike) or len(path.parts) != 1
    if path.exists() or looks_like_a_path:
        return path
    close = difflib.get_close_matches(name.lower().replace("-", "_"), NAMES, n=1)
    hint = f". Did you mean {close[0]!r}?" if close else ""
    raise ValueError(
        f"expected name to be one of {', '.join(NAMES)} or the path of a folder of "
        f"images, but got {name!r}{hint}"
    )


def _load_published(name, size, root, may_download, fallback) -> Sets:
    published = PUBLISHED[name]
    for place in search_places(root):
        found = find(name, place)
        if found is not None:
            return read(name, found, size)
    try:
        if not may_download:
            raise DownloadError("download=False")
        if offline():
            raise DownloadError("CNNLIB_OFFLINE=1")
        place = download_place(root)
        fetch(published, place)
        return read(name, place / published.folder, size)
    except OSError as error:
        reason = str(error)
    advice = (
        f"run once with a network ({published.megabytes} MB), or let CNNLIB_DATA name "
        f"a folder that holds {published.folder}"
    )
    if not fallback:
        raise FileNotFoundError(f"{name} is not at hand ({reason}): {advice}")
    stand_in = published.stand_in
    load_stand_in, description = _SHIPPED[stand_in]
    print(
        f"{name} is not at hand ({reason}); using {stand_in} instead, {description}. "
        f"For the real one, {advice}."
    )
    return load_stand_in(size)


def _resized(sets: Sets, size: int | None) -> Sets:
    """Resize what was not read at the wanted size."""
    if size is None or all(s.images.shape[2:] == (size, size) for s in sets):
        return sets
    return tuple(
        ImageSet(_resize(s.images, size), s.labels, s.classes, s.name) for s in sets
    )


def _resize(images: torch.Tensor, size: int) -> torch.Tensor:
    pieces = []
    for piece in images.split(1000):  # float32 takes four times the memory
        resized = F.interpolate(
            piece.float(), size=(size, size), mode="bilinear", antialias=True
        )
        pieces.append(resized.round_().clamp_(0, 255).to(torch.uint8))
    return torch.cat(pieces)


class Availability(tuple):
    """One row (name, where it was found or None, what it is) for each known set."""

    def __repr__(self) -> str:
        lines = [("name", "found in", "what it is")]
        lines += [(name, str(where or "—"), what) for name, where, what in self]
        widths = [max(len(line[i]) for line in lines) for i in (0, 1)]
        return "\n".join(f"{a:{widths[0]}}  {b:{widths[1]}}  {c}" for a, b, c in lines)


def available(root: str | os.PathLike | None = None) -> Availability:
    """A table of the known data sets and the folders where they were found.

    Rows are ``(name, folder or None, description)``; what ships with the lecture is
    "built in". Nothing is read or downloaded.
    """
    rows = []
    places = search_places(root)
    for name, published in PUBLISHED.items():
        found = (find(name, place) for place in places)
        where = next((str(f) for f in found if f is not None), None)
        rows.append((name, where, published.description))
    rows += [(name, "built in", text) for name, (_, text) in _SHIPPED.items()]
    return Availability(rows)
