"""Signals that wait until it suits: Ctrl-C, or a machine that is being taken away."""

import signal
import threading
import time

HELD = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """Keeps SIGINT and SIGTERM waiting from ``hold`` to ``release``.

    Only in the main thread, where Python handles signals; elsewhere nothing is held.
    A signal that is ignored, or not handled by Python, is left alone. A signal counts
    as ``waiting`` when ``patience`` seconds have passed since it came.
    """

    def __init__(self, patience: float = 0.0):
        self.patience, self.earlier = patience, {}
        self.came, self.since = None, 0.0

    def hold(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        for number in HELD:
            if signal.getsignal(number) not in (signal.SIG_IGN, None):
                self.earlier[number] = signal.signal(number, self._note)

    def _note(self, number, frame) -> None:
        self.came, self.since = number, time.monotonic()

    @property
    def waiting(self) -> bool:
        return self.came is not None and time.monotonic() - self.since >= self.patience

    def deliver(self) -> None:
        """Let the signal do what it would have done; hold again if it did nothing."""
        self.release()
        self.hold()

    def release(self) -> None:
        """Put the earlier handlers back, and deliver what came."""
        for number, handler in self.earlier.items():
            signal.signal(number, handler)
        self.earlier, came, self.came = {}, self.came, None
        if came is not None:
            signal.raise_signal(came)
