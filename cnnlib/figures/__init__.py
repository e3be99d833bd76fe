"""Every picture and animation in the notebooks, in one visual language.

Each function returns a ``Picture``: an image with its alt text, which a notebook shows
when it is the last expression of a cell.
"""

from cnnlib.figures.style import Picture, picture

__all__ = [
    "Picture",
    "picture",
]
