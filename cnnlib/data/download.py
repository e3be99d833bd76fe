"""Downloading a published data set: mirrors, checksums, atomic files, short waits."""

import gzip
import logging
import os
import shutil
import socket
import tarfile
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from .published import Published

TIMEOUT = 3.0  # seconds until a mirror that does not answer is given up


class DownloadError(OSError):
    """A data set could not be downloaded; the message says why."""


def fetch(published: Published, place: Path) -> None:
    """Download the files of a set that are missing below ``place``.

    A file appears under its name only when it is complete and its MD5 sum is right, so
    two processes that download at once do no harm. Raises DownloadError.
    """
    try:
        mirrors = _reachable(published.mirrors)
        if not mirrors:
            raise OSError("no mirror answered")
        place.mkdir(parents=True, exist_ok=True)
        # In the same file system as the target, so that moving there is atomic.
        with tempfile.TemporaryDirectory(dir=place, prefix=".download-") as scratch:
            for name, md5 in published.downloads.items():
                missing = published.missing(place)
                if missing and (name.endswith(".tar.gz") or name[:-3] in missing):
                    archive = _retrieve(name, md5, mirrors, Path(scratch))
                    _unpack(archive, missing, place / published.folder)
    except (OSError, ValueError, EOFError, KeyError, tarfile.TarError) as error:
        text = " ".join(str(error).split()) or type(error).__name__
        raise DownloadError(text[:160]) from None


def _reachable(mirrors: tuple[str, ...]) -> list[str]:
    """The mirrors that accept a connection within the time-out, in their order.

    All are tried at once in threads, because a name server that does not answer cannot
    be given a time-out.
    """
    answers: dict[str, bool] = {}

    def connect(mirror: str) -> None:
        address = urlsplit(mirror)
        port = address.port or (443 if address.scheme == "https" else 80)
        try:
            socket.create_connection((address.hostname, port), TIMEOUT).close()
            answers[mirror] = True
        except OSError:
            answers[mirror] = False

    for mirror in mirrors:
        threading.Thread(target=connect, args=(mirror,), daemon=True).start()
    deadline = time.monotonic() + TIMEOUT
    while len(answers) < len(mirrors) and time.monotonic() < deadline:
        time.sleep(0.01)
    return [mirror for mirror in mirrors if answers.get(mirror)]


def _retrieve(name: str, md5: str, mirrors: list[str], folder: Path) -> Path:
    """Download one file from the first mirror that delivers it undamaged."""
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)  # the progress bar says enough
    downloader = pooch.HTTPDownloader(timeout=TIMEOUT, progressbar=True)
    problem = None
    for mirror in mirrors:
        try:
            return Path(
                pooch.retrieve(
                    mirror + name, f"md5:{md5}", name, folder, downloader=downloader
                )
            )
        except (OSError, ValueError) as error:
            problem = error
    raise problem


def _unpack(archive: Path, missing: list[str], folder: Path) -> None:
    """Take the missing files out of a .gz or .tar.gz archive, by their own names."""
    folder.mkdir(parents=True, exist_ok=True)
    if archive.name.endswith(".tar.gz"):
        with tarfile.open(archive) as tar:
            for name in missing:
                _put(tar.extractfile(f"{folder.name}/{name}"), archive, folder / name)
    else:
        with gzip.open(archive) as packed:
            _put(packed, archive, folder / archive.stem)
    archive.unlink()


def _put(content, archive: Path, path: Path) -> None:
    partial = archive.with_name("partial")
    with partial.open("wb") as file:
        shutil.copyfileobj(content, file)
    os.replace(partial, path)
