"""The index of a cache: what lies in its file of pixels, and whether it is whole."""

import json
import os
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["BLOCK", "VERSION", "Index", "file_of", "read_index", "write_index"]

VERSION = 1
BLOCK = 64  # pictures that a reader decodes at once, and that have one sum
_SAMPLE = 16  # blocks whose sums are checked where checking all would take long


@dataclass
class Index:
    """What lies in the file of pixels, part after part, each in a mixed order.

    labels: of each row; order: its number within its part, class by class
    sums:   the CRC-32 of each block of rows
    """

    version: int
    folder: str
    size: int
    classes: list[str]
    parts: list[int]
    labels: list[int]
    order: list[int]
    sums: list[int]

    @property
    def image(self) -> int:
        return 3 * self.size * self.size

    @property
    def bytes(self) -> int:
        return len(self.labels) * self.image


def file_of(stem: Path, kind: str) -> Path:
    """The ``kind`` of file of one cache: images, json or journal."""
    return stem.with_name(f"{stem.name}.{kind}")


def read_index(stem: Path, limit: int) -> Index | None:
    """The index, if everything is there and its sums are right.

    Of more than ``limit`` bytes, a sample of the sums is checked.
    """
    try:
        index = Index(**json.loads(file_of(stem, "json").read_text()))
        images = file_of(stem, "images")
        if images.stat().st_size != index.bytes:
            return None
        blocks = range(len(index.sums))
        if index.bytes > limit:
            blocks = blocks[:: max(1, len(blocks) // _SAMPLE)]
        with images.open("rb") as file:
            for block in blocks:
                file.seek(block * BLOCK * index.image)
                if zlib.crc32(file.read(BLOCK * index.image)) != index.sums[block]:
                    return None
        return index
    except (OSError, ValueError, TypeError):
        return None


def write_index(stem: Path, index: Index) -> None:
    """Put the index in its place, whole or not at all."""
    new = file_of(stem, "new")
    new.write_text(json.dumps(asdict(index)))
    os.replace(new, file_of(stem, "json"))
