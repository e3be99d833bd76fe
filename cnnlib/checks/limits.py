"""A time limit that works in a notebook's kernel on Linux, macOS and Windows.

The work runs in a thread. When its time is over an exception is raised inside it, which
ends every loop written in Python; signals would need the main thread, and do not exist
on Windows. Work that cannot be ended (one long call inside a library) is left behind in
its thread, and the kernel goes on.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable

_GRACE = 0.8  # seconds to react to the exception


class TimeIsOver(BaseException):
    """Raised inside the work. No Exception, so that ``except Exception`` lets it by."""


def run_limited(work: Callable[[], object], seconds: float) -> tuple[bool, bool]:
    """Run ``work()``; whether it finished in time, and whether it could not be ended.

    An exception of the work is raised here. Ctrl-C or "interrupt the kernel" ends the
    work, too.
    """
    failure: list[BaseException] = []

    def guarded():
        try:
            work()
        except TimeIsOver:
            failure.append(TimeIsOver())
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=guarded, daemon=True, name="checks")
    thread.start()
    try:
        thread.join(seconds)
    except BaseException:
        _end(thread)
        raise
    stuck = thread.is_alive() and not _end(thread)
    late = stuck or any(isinstance(error, TimeIsOver) for error in failure)
    if failure and not late:
        raise failure[0]
    return not late, stuck


def _end(thread: threading.Thread) -> bool:
    """Raise TimeIsOver in a thread until it ends; False when it does not."""
    end = time.monotonic() + _GRACE
    while thread.is_alive() and time.monotonic() < end:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(TimeIsOver)
        )
        thread.join(0.05)
    return not thread.is_alive()
