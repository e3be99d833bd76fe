"""What all widgets share: their scripts, their still form and their output bundle."""

import base64
import json
import os
import sys
import uuid
from html import escape
from pathlib import Path

import anywidget
import traitlets as t

from cnnlib.drawing import palette
from cnnlib.drawing.svg import Canvas


def source(*names: str) -> str:
    """Return the named script or style files beside this module, one after another."""
    folder = Path(__file__).parent
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)


def styles() -> str:
    """Return the style sheet, after the palette as CSS variables."""
    colors = ("INPUT", "KERNEL", "OUTPUT", "WINDOW", "INK", "MUTED")
    pale = ("INPUT_PALE", "KERNEL_PALE", "OUTPUT_PALE", "KERNEL_INK")
    variables = "".join(
        f"--{name.lower().replace('_', '-')}:{getattr(palette, name)};"
        for name in (*colors, *pale)
    )
    return f".cnnlib{{{variables}}}\n{source('style.css')}"


def sentence(words: str) -> Canvas:
    """Return a drawing of one sentence, for settings that give nothing to draw."""
    canvas = Canvas()
    canvas.text(0, 0, words, anchor="start")
    return canvas


class Widget(anywidget.AnyWidget):
    """A widget with a still form, a description, and a repr that never varies.

    Subclasses give `_draw()` (the still), `alt()` (what it shows, in words) and
    `__repr__`. Those whose script computes everything itself name in `_page_state` the
    traits that the script needs: they come alive without a kernel.

    What is put into an output is HTML, not ipywidgets' view: JupyterLab prefers a view
    to everything beside it, and once its kernel is gone, as in every notebook opened
    again, shows "model not found" in its place. The HTML's script finds the kernel's
    model by its `link` while there is one, and does without it otherwise.
    """

    _css = styles()
    _page_state: tuple[str, ...] = ()
    _note = ""  # HTML below the picture
    # ipywidgets 7 displays through this method and would skip our bundle.
    _ipython_display_ = None
    link = t.Unicode().tag(sync=True)

    def __init__(self, **traits):
        super().__init__(**traits)
        _close_earlier(self)

    @t.default("link")
    def _new_link(self) -> str:
        return uuid.uuid4().hex

    def still(self) -> str:
        """Return what the widget shows as one picture, an SVG with its alt text."""
        return self._draw().svg(self.alt())

    def _draw(self) -> Canvas:
        raise NotImplementedError

    def alt(self) -> str:
        raise NotImplementedError

    def html(self, link: str = "") -> str:
        """Return a picture, and the script that brings it to life where it can.

        The picture is an image with alt text because that survives where scripts and
        inline SVG are stripped, as in a freshly cloned notebook; where scripts run,
        the widget takes the picture's place. link: of the kernel's model, if one runs.
        """
        encoded = base64.b64encode(self.still().encode()).decode()
        picture = (
            f'<img alt="{escape(self.alt())}" style="max-width:100%;height:auto" '
            f'src="data:image/svg+xml;base64,{encoded}">'
        )
        script = self._script() if self._page_state or link else ""
        return f'<div data-link="{link}">{picture}{self._note}</div>{script}'

    def _script(self) -> str:
        state = json.dumps({name: getattr(self, name) for name in self._page_state})
        state = state.replace("<", "\\u003c")  # "<!--<script>" would open a script
        style = json.dumps(self._css)
        module = str(self._esm).replace("export default", "return", 1)
        lines = [
            "(() => {",
            "const host = document.currentScript.previousElementSibling;",
            source("page.js"),
            f'const widget = (() => {{ "use strict"; {module} }})();',
            f"showInPage(widget, host, {state}, {style});",
            "})();",
        ]
        script = "\n".join(lines).replace("</", "<\\/")  # "</script>" would end it
        return f"<script>{script}</script>"

    def _repr_mimebundle_(self, **kwargs):
        """Return the widget as HTML, and where only a view reaches the kernel, that.

        With CNNLIB_WIDGETS=still, for notebooks that are stored, the same call gives
        the same bytes, and nothing waits for a kernel.
        """
        data, metadata = super()._repr_mimebundle_(**kwargs)
        stored = os.environ.get("CNNLIB_WIDGETS") == "still"
        if stored or self._page_state or _runs_in_jupyterlab():
            data.clear()
        data["text/plain"] = repr(self)
        data["text/html"] = self.html("" if stored else self.link)
        return data, metadata


_alive: dict[str, tuple[str, list[Widget]]] = {}  # by cell: which run, its widgets


def _close_earlier(widget: Widget) -> None:
    """Close what an earlier run of this cell made, which ipywidgets would keep."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    request = getattr(shell, "get_parent", dict)() or {}
    cell = request.get("metadata", {}).get("cellId")
    if cell is None:
        return
    run = request["header"]["msg_id"]
    known, widgets = _alive.get(cell, (run, []))
    if known != run:
        for old in widgets:
            old.close()
        widgets = []
    _alive[cell] = run, [*widgets, widget]


def _runs_in_jupyterlab() -> bool:
    """Tell whether HTML and models share a page, as in JupyterLab and Notebook 7.

    Jupyter's server names the session to its kernels; Colab and VS Code, which keep
    HTML and models apart, may have one too.
    """
    elsewhere = "google.colab" in sys.modules or "VSCODE_PID" in os.environ
    return "JPY_SESSION_NAME" in os.environ and not elsewhere
