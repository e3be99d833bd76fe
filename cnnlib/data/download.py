"""Fetching a published data set: mirrors, checksums, atomic files, no long waits."""

import gzip
import os
import shutil
import tarfile
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from .sources import Source

__all__ = ["DownloadError", "fetch"]

TIMEOUT = 5.0  # seconds until a mirror that does not answer is given up

_failed: dict[str, str] = {}  # by folder: why it failed, so that nobody waits twice


class DownloadError(OSError):
    """A data set could not be downloaded; the message says why."""


def fetch(source: Source, root: Path) -> None:
    """Bring the files of ``source`` that are missing to ``root``.

    A file appears under its name only when it is whole and its MD5 sum is right, so
    another process at the same time does no harm. A failure is remembered: a second
    call raises the same DownloadError at once.
    """
    key = source.folder
    if key in _failed:
        raise DownloadError(_failed[key])
    try:
        _fetch(source, root)
    except (OSError, ValueError, EOFError, tarfile.TarError) as error:
        _failed[key] = _reason(error)
        raise DownloadError(_failed[key]) from None


def _fetch(source: Source, root: Path) -> None:
    mirrors = _answering(source)
    if not mirrors:
        raise OSError("no mirror answered")
    root.mkdir(parents=True, exist_ok=True)
    # In the same file system as the target, so that moving there is atomic.
    with tempfile.TemporaryDirectory(dir=root, prefix=".download-") as scratch:
        for name, md5 in source.files.items():
            if name.endswith(".tar.gz"):
                archive = _retrieve(name, md5, mirrors, Path(scratch))
                _unpack(archive, source, root, Path(scratch))
            elif name.removesuffix(".gz") in source.missing(root):
                archive = _retrieve(name, md5, mirrors, Path(scratch))
                _unzip(archive, root / source.folder)


def _retrieve(name: str, md5: str, mirrors: list[str], folder: Path) -> Path:
    """Download one file from the first mirror that delivers it unharmed."""
    import pooch

    downloader = pooch.HTTPDownloader(timeout=TIMEOUT, progressbar=True)
    problem = None
    for mirror in mirrors:
        try:
            with _quiet(pooch.get_logger()):
                path = pooch.retrieve(
                    mirror + name, f"md5:{md5}", name, folder, downloader=downloader
                )
            return Path(path)
        except (OSError, ValueError) as error:
            problem = error
    raise problem


@contextmanager
def _quiet(logger):
    """The progress bar says enough."""
    level = logger.level
    logger.setLevel("WARNING")
    try:
        yield
    finally:
        logger.setLevel(level)


def _answering(source: Source) -> list[str]:
    """The mirrors to try: the first that has the first file, and those after it.

    All are asked at once, in threads, because a name server that keeps silent cannot
    be given a time-out; whoever has not answered in time is left alone.
    """
    name = next(iter(source.files))
    answers = {}
    threads = [
        threading.Thread(target=_ask, args=(mirror, name, answers), daemon=True)
        for mirror in source.mirrors
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + TIMEOUT
    for i, (mirror, thread) in enumerate(zip(source.mirrors, threads, strict=True)):
        thread.join(max(0.0, deadline - time.monotonic()))
        if answers.get(mirror):
            return [m for m in source.mirrors[i:] if answers.get(m, True)]
    return []


def _ask(mirror: str, name: str, answers: dict[str, bool]) -> None:
    import requests

    try:
        reply = requests.head(mirror + name, timeout=TIMEOUT, allow_redirects=True)
        answers[mirror] = reply.ok
    except (OSError, ValueError):
        answers[mirror] = False


def _unzip(archive: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    partial = archive.with_suffix(".partial")
    with gzip.open(archive) as packed, partial.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    os.replace(partial, folder / archive.stem)
    archive.unlink()


def _unpack(archive: Path, source: Source, root: Path, scratch: Path) -> None:
    """Take just the files that are wanted out of a tar archive, by their own names."""
    target = root / source.folder
    target.mkdir(exist_ok=True)
    with tarfile.open(archive) as tar:
        for name in source.makes:
            member = tar.extractfile(f"{source.folder}/{name}")
            partial = scratch / name
            with partial.open("wb") as unpacked:
                shutil.copyfileobj(member, unpacked)
            os.replace(partial, target / name)
    archive.unlink()


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else text[:157] + "…"
