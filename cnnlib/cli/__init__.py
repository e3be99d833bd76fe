"""The command line: train, predict, data, grade, handout and doctor.

``--help`` is answered by ``arguments`` and ``recipes`` alone, which import nothing
that takes time; a command's own module is imported when the command runs.
"""

import os
import sys
from importlib import import_module

from .arguments import parser

__all__ = ["main"]

FAILED, INTERRUPTED = 2, 130  # exit statuses; 130 is a shell's own for Ctrl-C


def main(arguments: list[str] | None = None) -> int:
    """Run one command line (``sys.argv`` unless given); return its exit status.

    An error that the user can correct is one sentence on stderr and status 2; a bug
    keeps its traceback.
    """
    options = parser().parse_args(arguments)
    try:
        return import_module(f".{options.module}", __name__).run(options)
    except KeyboardInterrupt as stop:
        say(str(stop) or "Stopped.")
        return INTERRUPTED
    except BrokenPipeError:  # `... | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (OSError, ValueError, RuntimeError, FloatingPointError) as error:
        say(f"error: {one_line(error)}")
        return FAILED


def say(sentence: str) -> None:
    """Print to stderr, with the process's number where there are several."""
    alone = os.environ.get("WORLD_SIZE", "1") == "1"  # as runtime.rank has it
    rank = "0" if alone else os.environ.get("RANK", "0")
    print(sentence if rank == "0" else f"[{rank}] {sentence}", file=sys.stderr)


def one_line(error: Exception) -> str:
    """An error in at most 400 characters, without its line breaks."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 400 else f"{text[:399]}…"
