"""What a training shows while it runs: one line, updated, that remains at the end."""

import html
import os
import sys
import time

from torch import Tensor

from .history import History, result
from .panel import Panel

GLANCE = 1.0  # seconds between two looks at the loss


class Progress:
    """Shows a training in a notebook, in a terminal or in a log file; or not at all.

    A notebook gets one display, updated about once a second, that ends as one stored
    line of text; where somebody watches, in JupyterLab or Colab, pictures of the
    network are below it, and stay as an animation. A terminal gets a bar on stderr that
    ends as that line; where stderr is a file or a pipe, one line an epoch is written.

    ``due()`` says that it is time to look at the loss. On a GPU that look waits for
    all work in flight, so ``fit`` takes it at no other time.
    """

    def __init__(
        self,
        history: History,
        epochs: int,
        steps: int,
        panel: Panel,
        shown: bool = True,
        epoch: int = 0,
        step: int = 0,
    ):
        self.history, self.epochs, self.steps = history, epochs, steps
        self.panel = panel if shown and _is_watched() else None
        self.epoch, self.before = epoch, epoch * steps + step  # where it starts
        self.started = self.looked = time.perf_counter()
        self.screen = _screen(epochs * steps, self.panel) if shown else _Nothing()

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
        if self.panel:
            self.panel.look(done, loss)
        self.screen.moved(done, f"{self._title()}: {', '.join(parts)}", left)

    def epoch_done(self, answers: Tensor | None) -> None:
        """An epoch is over; ``answers`` (N,): the classes given to the test images."""
        record = self.history.records[-1]
        if self.panel:
            self.panel.measured(answers)
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
        if self.panel and kind is None:
            self.panel.look()
        self.screen.ended(
            line if kind is None else f"{line} (stopped: {kind.__name__})"
        )

    def _title(self) -> str:
        return f"{self.history.model} on {self.history.data}"


def _screen(total: int, panel: Panel | None):
    if panel:
        return _Lanes(total, panel)
    if _in_notebook():
        return _Notebook(total)
    return _Terminal(total) if sys.stderr.isatty() else _Log()


def _in_notebook() -> bool:
    """Whether a Jupyter kernel (JupyterLab, Colab, nbconvert, nbval) runs this."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None


def _is_watched() -> bool:
    """Whether somebody sees the notebook run: Jupyter's server names the session.

    What nbconvert and nbval run is stored or compared: there the line must do.
    """
    page = "JPY_SESSION_NAME" in os.environ or "google.colab" in sys.modules
    stored = os.environ.get("CNNLIB_WIDGETS") == "still"
    return page and not stored and _in_notebook()


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
        self._show(line, f"<div>{self._bar(done)}{html.escape(line)}</div>")

    def _bar(self, done) -> str:
        return f'<progress max="{self.total}" value="{done}"></progress> '

    def _show(self, line, content):
        self._put({"text/plain": line, "text/html": content})

    def ended(self, line):
        self._put({"text/plain": line})

    def _put(self, content):
        from IPython.display import display

        if self.handle is None:
            self.handle = display(content, raw=True, display_id=True)
        else:
            self.handle.update(content, raw=True)


class _Lanes(_Notebook):
    """The line with the panel below it; trainings of one cell stand side by side."""

    cell, lanes, display = None, (), None  # of the cell that ran last

    def __init__(self, total, panel):
        super().__init__(total)
        self.panel = panel
        cell = sys.modules["IPython"].get_ipython().execution_count
        if _Lanes.cell != cell:
            _Lanes.cell, _Lanes.lanes, _Lanes.display = cell, [], None
        self.handle, self.place = _Lanes.display, len(_Lanes.lanes)
        _Lanes.lanes.append(("", ""))

    def ended(self, line):
        self._lay_out(line, f"<div>{html.escape(line)}</div>{self.panel.film()}")

    def _show(self, line, content):
        self._lay_out(line, content + self.panel.html())

    def _lay_out(self, line, content):
        _Lanes.lanes[self.place] = (line, content)
        lanes = "".join(
            f'<div style="flex:1 1 280px;max-width:450px">{content}</div>'
            for _, content in _Lanes.lanes
        )
        page = f'<div style="display:flex;flex-wrap:wrap;gap:16px">{lanes}</div>'
        text = "\n".join(line for line, _ in _Lanes.lanes)
        self._put({"text/plain": text, "text/html": page})
        _Lanes.display = self.handle
