"""What a training shows while it runs: one line, updated, that remains at the end."""

import html
import sys
import time

from .history import History, result

GLANCE = 1.0  # seconds between two looks at the loss


class Progress:
    """Shows a training in a notebook, in a terminal or in a log file; or not at all.

    A notebook gets one display, updated about once a second, that ends as one stored
    line of text. A terminal gets a bar on stderr that ends as that line; where stderr
    is a file or a pipe, one line an epoch is written.

    ``due()`` says that it is time to look at the loss. On a GPU that look waits for
    all work in flight, so ``fit`` takes it at no other time.
    """

    def __init__(
        self,
        history: History,
        epochs: int,
        steps: int,
        shown: bool = True,
        epoch: int = 0,
        step: int = 0,
    ):
        self.history, self.epochs, self.steps = history, epochs, steps
        self.epoch, self.before = epoch, epoch * steps + step  # where it starts
        self.started = self.looked = time.perf_counter()
        self.screen = _screen(epochs * steps) if shown else _Nothing()

    def due(self) -> bool:
        now = time.perf_counter()
        if now - self.looked < GLANCE:
            return False
        self.looked = now
        return True

    def show(self, epoch: int, step: int, loss: float) -> None:
        """Step ``step`` of epoch ``epoch`` (both from 0) is done."""
        done = epoch * self.steps + step + 1
        left = (time.perf_counter() - self.started) / (done - self.before)
        left *= self.epochs * self.steps - done
        parts = [f"epoch {epoch + 1} of {self.epochs}", f"loss {loss:.3f}"]
        if self.history.records:
            parts.append(result(self.history.records[-1]))
        self.screen.moved(done, f"{self._title()}: {', '.join(parts)}", left)

    def epoch_done(self) -> None:
        record = self.history.records[-1]
        self.screen.epoch(
            f"{self._title()}: epoch {len(self.history.records)} of {self.epochs}, "
            f"{record['seconds']:.1f} s, loss {record['train_loss']:.3f}, "
            f"{result(record)}"
        )

    def __enter__(self) -> "Progress":
        epoch = min(self.epoch + 1, self.epochs)
        line = f"{self._title()}: epoch {epoch} of {self.epochs}"
        self.screen.moved(self.before, line, None)
        return self

    def __exit__(self, kind, error, trace) -> None:
        line = repr(self.history)
        self.screen.ended(
            line if kind is None else f"{line} (stopped: {kind.__name__})"
        )

    def _title(self) -> str:
        return f"{self.history.model} on {self.history.data}"


def _screen(total: int):
    if _in_notebook():
        return _Notebook(total)
    return _Terminal(total) if sys.stderr.isatty() else _Log()


def _in_notebook() -> bool:
    """Whether a Jupyter kernel (JupyterLab, Colab, nbconvert, nbval) runs this."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


class _Nothing:
    def moved(self, done, line, left): ...

    def epoch(self, line): ...

    def ended(self, line): ...


class _Log(_Nothing):
    """A file or a pipe: nothing is ever rewritten."""

    def epoch(self, line):
        print(line, file=sys.stderr, flush=True)

    ended = epoch


class _Terminal(_Nothing):
    def __init__(self, total):
        from tqdm import tqdm

        form = "{desc} {percentage:3.0f}% |{bar}| {elapsed}, {remaining} left"
        self.bar = tqdm(total=total, bar_format=form, leave=False, dynamic_ncols=True)

    def moved(self, done, line, left):
        self.bar.n = done
        self.bar.set_description_str(line)

    def ended(self, line):
        self.bar.close()
        print(line, file=sys.stderr)


class _Notebook(_Nothing):
    def __init__(self, total):
        self.total, self.handle = total, None

    def moved(self, done, line, left):
        if left is not None:
            line += f", {max(1, round(left))} s left"
        bar = f'<progress max="{self.total}" value="{done}"></progress> '
        text = html.escape(line)
        self._put({"text/plain": line, "text/html": f"<div>{bar}{text}</div>"})

    def ended(self, line):
        self._put({"text/plain": line})

    def _put(self, content):
        from IPython.display import display

        if self.handle is None:
            self.handle = display(content, raw=True, display_id=True)
        else:
            self.handle.update(content, raw=True)
