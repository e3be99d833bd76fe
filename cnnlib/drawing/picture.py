"""A finished picture with its alt text, which shows itself in a notebook."""

from __future__ import annotations

import base64
import html
from dataclasses import dataclass
from pathlib import Path

SMALLEST = 0.57  # of its width: then type of 12 points is 9 CSS pixels high


@dataclass(frozen=True, repr=False)
class Picture:
    """A finished picture and its alt text; shows itself in a notebook.

    ``content`` holds the bytes of one image of type ``mime`` ("image/png",
    "image/jpeg" or "image/svg+xml"), ``width`` its shown width in CSS pixels. A picture
    that moves has ``steps`` of ``seconds`` each; with scripts it can be paused and
    stepped through. Raises ValueError when ``alt`` is empty: every picture says what it
    shows.
    """

    content: bytes
    alt: str
    width: int
    mime: str = "image/png"
    steps: int = 1
    seconds: float = 0.0
    first: int = 0  # the step that it stands still at; 0: it moves by itself

    def __post_init__(self):
        if not isinstance(self.alt, str) or not self.alt.strip():
            raise ValueError("alt is empty: say in one sentence what the picture shows")

    def __repr__(self) -> str:
        return self.alt

    @property
    def html(self) -> str:
        """The picture as one ``<img>`` that needs no other file."""
        data = base64.b64encode(self.content).decode("ascii")
        # On a phone a wide picture scrolls before its words become too small to read.
        least = round(SMALLEST * self.width)
        image = (
            f'<img alt="{html.escape(self.alt)}" width="{self.width}" '
            f'style="max-width:100%;min-width:{least}px;height:auto;background:#fff;'
            f'border-radius:8px" src="data:{self.mime};base64,{data}">'
        )
        controls = self._controls() if self.steps > 1 else ""
        return f'<div style="overflow-x:auto">{image}{controls}</div>'

    def _controls(self) -> str:
        """The script that puts a button and a slider under a picture that moves."""
        script = Path(__file__).with_name("player.js").read_text(encoding="utf-8")
        image = "document.currentScript.previousElementSibling"
        call = f"addControls({image}, {self.steps}, {self.seconds:g}, {self.first});"
        return f"<script>(() => {{\n{script}{call}\n}})();</script>"

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        # An <img> in HTML is what keeps alt text and animation in every renderer, and
        # image/png beside it would store the same bytes a second time.
        return {"text/html": self.html, "text/plain": self.alt}

    def save(self, path) -> Path:
        """Write the image to ``path``; its suffix must be the image's kind."""
        path = Path(path)
        kind = {"image/jpeg": (".jpg", ".jpeg"), "image/svg+xml": (".svg",)}
        suffixes = kind.get(self.mime, (".png",))
        if path.suffix.lower() not in suffixes:
            raise ValueError(
                f"path ends in {path.suffix!r}, but this picture is {suffixes[0]!r}"
            )
        path.write_bytes(self.content)
        return path


def svg_picture(svg: str, alt: str, width: int) -> Picture:
    """A Picture from SVG text; ``width`` is its shown width in CSS pixels."""
    return Picture(svg.encode("utf-8"), alt, width, "image/svg+xml")
