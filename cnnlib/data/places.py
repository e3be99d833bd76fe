"""Where data sets are looked for, and where downloads are written."""

import os
from importlib.util import find_spec
from pathlib import Path


def search_places(root: str | os.PathLike | None = None) -> list[Path]:
    """The folders to look in, in order.

    Only ``root``, if given; else CNNLIB_DATA, the repository's ``data/`` (if the
    package runs from a checkout) and the user's cache. Raises FileNotFoundError if
    ``root`` or CNNLIB_DATA names a folder that does not exist.
    """
    if root is not None:
        return [_existing("root", root)]
    places = []
    if os.environ.get("CNNLIB_DATA"):
        places.append(_existing("CNNLIB_DATA", os.environ["CNNLIB_DATA"]))
    repository = checkout()
    if repository is not None:
        places.append(repository / "data")
    return [*places, cache_place()]


def download_place(root: str | os.PathLike | None = None) -> Path:
    """The first of the places that can be written to; it is made if need be."""
    for place in search_places(root):
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(place, os.W_OK):
            return place
    raise PermissionError("no folder to download to can be written")


def cache_place() -> Path:
    """The user's cache folder of this package; it need not exist yet."""
    import pooch

    return Path(pooch.os_cache("cnnlib"))


def in_sklearn(name: str) -> Path:
    """A file of scikit-learn's ``datasets`` folder, such as "images/china.jpg".

    It is found without importing scikit-learn, which takes a second.
    """
    spec = find_spec("sklearn")
    if spec is None:
        raise ModuleNotFoundError("scikit-learn, which ships this data, is missing")
    return Path(spec.origin).parent / "datasets" / name


def offline() -> bool:
    """Whether CNNLIB_OFFLINE=1 forbids downloads."""
    return os.environ.get("CNNLIB_OFFLINE", "0") not in ("", "0")


def _existing(name: str, value: str | os.PathLike) -> Path:
    path = Path(value).expanduser()
    if not path.is_dir():
        raise FileNotFoundError(f"expected {name} to name a folder, but got {path}")
    return path


def checkout() -> Path | None:
    """The repository that this file is in, or None for an installed package."""
    top = Path(__file__).resolve().parents[2]
    is_ours = (top / "pyproject.toml").is_file() and (top / "notebooks").is_dir()
    return top if is_ours else None
