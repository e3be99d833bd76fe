"""Decoding a folder of images to a cache, and going on where an earlier run ended."""

import shutil
from pathlib import Path

import torch

from ..decoding import upright_size
from ..listing import Listing
from .index import BLOCK, VERSION, Index, file_of, write_index
from .readers import CacheError, decode_blocks

__all__ = ["build"]

_QUIET_SECONDS = 3.0


class _SizesDifferError(Exception):
    """The pictures are not all of one size."""


def build(
    stem: Path,
    train: Listing,
    test: Listing,
    folder: Path,
    size: int | None,
    default: int,
) -> Index:
    """Decode the two listings to the cache ``stem``; its index is put there last."""
    index, paths = _plan(train, test, folder)
    file_of(stem, "json").unlink(missing_ok=True)
    try:
        _decode_at_size(stem, index, paths, size, default)
    except CacheError:
        for kind in ("images", "journal"):  # a full disk is not left full
            file_of(stem, kind).unlink(missing_ok=True)
        raise
    write_index(stem, index)
    file_of(stem, "journal").unlink()
    return index


def _plan(train: Listing, test: Listing, folder: Path) -> tuple[Index, list[str]]:
    """What is to be decoded, and to which row.

    Mixed, the same way always: images of a class are neighbours in a folder, and a
    larger set is read from disk neighbour by neighbour.
    """
    generator = torch.Generator().manual_seed(0)
    index = Index(VERSION, str(folder.resolve()), 0, list(train), [], [], [], [])
    paths = []
    for part in (train, test):
        files = [f.path for c in index.classes for f in part.get(c, [])]
        labels = [k for k, c in enumerate(index.classes) for _ in part.get(c, [])]
        order = torch.randperm(len(files), generator=generator).tolist()
        index.parts.append(len(files))
        index.labels += [labels[i] for i in order]
        index.order += order
        paths += [files[i] for i in order]
    return index, paths


def _decode_at_size(stem: Path, index: Index, paths, size: int | None, default: int):
    """Decode at ``size``, or at the one that all pictures have, or at ``default``."""
    if size is None:
        # Where sizes differ, a few pictures nearly always show it; if not, all will.
        sizes = {upright_size(path) for path in paths[:BLOCK]}
        if len(sizes) == 1:
            (same,) = sizes
            try:
                index.size = min(same)
                index.sums = _decode(stem, index, paths, same)
                return
            except _SizesDifferError:
                pass
    index.size = size or default
    index.sums = _decode(stem, index, paths, None)


def _decode(stem: Path, index: Index, paths: list[str], same) -> list[int]:
    """Decode what is not decoded yet; the CRC-32 of each block."""
    from tqdm import tqdm

    images, journal = file_of(stem, "images"), file_of(stem, "journal")
    sums = _begun(images, journal, index)
    blocks = [
        (row, paths[row : row + BLOCK])
        for row in range(0, len(paths), BLOCK)
        if row not in sums
    ]
    todo = sum(len(block) for _, block in blocks)
    bar = tqdm(
        total=len(paths),
        initial=len(paths) - todo,
        desc="reading images, once",
        unit="image",
        delay=_QUIET_SECONDS,
        leave=False,
    )
    with journal.open("a") as log, bar:
        for (row, block), crc, sizes in decode_blocks(
            blocks, images, index.size, measure=same is not None
        ):
            if same is not None and sizes != {same}:
                raise _SizesDifferError
            sums[row] = crc
            log.write(f"{row} {crc}\n")
            log.flush()
            bar.update(len(block))
    return [sums[row] for row in range(0, len(paths), BLOCK)]


def _begun(images: Path, journal: Path, index: Index) -> dict[int, int]:
    """The sum of each block that an earlier run has decoded, by its first row."""
    header = f"size {index.size}"
    try:
        lines = journal.read_text().split("\n")
        if lines[0] == header and images.stat().st_size == index.bytes:
            # The last line may be half of one; an empty one follows a whole one.
            return {int(a): int(b) for a, b in (n.split() for n in lines[1:-1])}
    except (OSError, ValueError):
        pass
    free = shutil.disk_usage(images.parent).free
    if free < index.bytes:
        need = index.bytes / 2**20
        raise CacheError(
            f"{images.parent} has {free / 2**20:,.0f} MB free, {need:,.0f} are needed"
        )
    images.unlink(missing_ok=True)  # somebody may still read the old one
    with images.open("wb") as file:
        file.truncate(index.bytes)
    journal.write_text(header + "\n")
    return {}
