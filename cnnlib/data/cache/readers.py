"""Reader processes: one a core, each decoding blocks of pictures into one file.

Processes and not threads, because PIL keeps Python's lock for most of a small JPEG:
CIFAR-10's decode in half the time of threads on two cores. They are programs of their
own and not multiprocessing's, which would need a main guard in every script.
"""

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from .. import decoding

__all__ = ["CacheError", "decode_blocks"]

Block = tuple[int, list[str]]  # its first row in the file, and the pictures


class CacheError(OSError):
    """Decoded pictures cannot be kept on this disk; the message says why."""


def decode_blocks(
    blocks: list[Block], file: Path, size: int, measure: bool = False
) -> Iterator[tuple[Block, int, set[tuple[int, int]]]]:
    """Decode every block to its place in ``file``, in no particular order.

    Yields each block that is done with the CRC-32 of its pixels and, with ``measure``,
    the sizes that its pictures had. Raises ValueError or FileNotFoundError for a file
    that is not an image, CacheError for pixels that cannot be written. Whoever stops
    listening stops the readers.
    """
    if not blocks:
        return
    waiting: queue.SimpleQueue = queue.SimpleQueue()
    for block in blocks:
        waiting.put(block)
    answers: queue.SimpleQueue = queue.SimpleQueue()
    readers = []
    try:
        for _ in range(min(os.cpu_count() or 1, len(blocks))):
            readers.append(_start(file, size))
            work = (readers[-1], waiting, answers, measure)
            threading.Thread(target=_feed, args=work, daemon=True).start()
        for _ in blocks:
            block, answer = answers.get()
            yield block, *_understood(answer)
    finally:
        for reader in readers:
            reader.kill()
        for reader in readers:
            reader.wait()


def _start(file: Path, size: int) -> subprocess.Popen:
    try:
        reader = subprocess.Popen(
            [sys.executable, decoding.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
    except OSError as error:
        raise CacheError(f"no reader process can be started: {error}") from None
    reader.stdin.write(json.dumps([str(file), size]) + "\n")
    return reader


def _feed(reader: subprocess.Popen, waiting, answers, measure: bool) -> None:
    """Give one reader a block at a time until none is left."""
    while True:
        try:
            block = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            reader.stdin.write(json.dumps([*block, measure]) + "\n")
            reader.stdin.flush()
            answers.put((block, json.loads(reader.stdout.readline())))
        except (OSError, ValueError):  # it has ended, or was ended by us
            answers.put((block, {"disk": "a reader process has ended"}))
            return


def _understood(answer: dict) -> tuple[int, set[tuple[int, int]]]:
    if "disk" in answer:
        raise CacheError(answer["disk"])
    if "picture" in answer:
        kind = FileNotFoundError if answer["missing"] else ValueError
        raise kind(answer["picture"])
    return answer["sum"], {tuple(size) for size in answer["sizes"]}
