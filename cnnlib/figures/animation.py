"""Convolution and pooling in motion: animated SVGs without script, font or address.

They play inside an ``<img>``: in JupyterLab (trusted or not), in exported pages and in
slides. The first frame already shows every number, and it is all that readers see who
ask their system for reduced motion.
"""

from __future__ import annotations

import numpy as np

from cnnlib.drawing.motion import positive
from cnnlib.drawing.picture import Picture
from cnnlib.figures import arrays, pools
from cnnlib.figures.sums import Convolution, Pooling


def animate_convolution(
    input, kernel, stride=1, padding=0, dilation=1, *, seconds: float = 2
) -> Picture:
    """The window slides over the input, and each output cell's sum is written out.

    ``input`` is (H, W) or (C, H, W), ``kernel`` (h, w), (C, h, w) or (O, C, h, w), as
    for ``conv2d`` without its batch. Each output cell is shown for ``seconds``. Raises
    ValueError when shapes do not fit or the output has more than 150 cells.
    """
    problem = Convolution.of(input, kernel, stride, padding, dilation)
    places = list(np.ndindex(*problem.output.shape))
    alt = (
        f"Animation, the window moves from output cell to output cell. "
        f"{arrays.described(problem)} The first: {problem.sentence(*places[0])}."
    )
    return arrays.show_convolution(problem, places, alt, positive(seconds))


def animate_pooling(
    input, kernel_size=2, stride=None, padding=0, kind="max", *, seconds: float = 2
) -> Picture:
    """The pooling window slides over a matrix (H, W), and each result is written out.

    ``kind`` is "max" or "average", ``stride`` the kernel's size when None. Raises
    ValueError as ``animate_convolution`` does.
    """
    problem = Pooling.of(input, kernel_size, stride, padding, kind)
    places = list(np.ndindex(*problem.output.shape))
    alt = (
        f"Animation, the window moves from output cell to output cell. "
        f"{pools.described(problem)} The first: {problem.sentence(*places[0])}."
    )
    return pools.show_pooling(problem, places, alt, positive(seconds))
