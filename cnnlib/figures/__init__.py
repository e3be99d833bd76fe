"""Every picture and animation in the notebooks, in one visual language.

Each function returns a ``Picture``: an image with its alt text, which a notebook shows
when it is the last expression of a cell.
"""

from cnnlib.figures.animation import animate_convolution, animate_pooling
from cnnlib.figures.answers import predictions, shift_experiment, templates
from cnnlib.figures.arrays import convolution, equation, matrix
from cnnlib.figures.connections import (
    dense_versus_convolution,
    receptive_field,
    weight_sharing,
)
from cnnlib.figures.equivariance import moved
from cnnlib.figures.filtering import filtered_photo
from cnnlib.figures.images import (
    before_after,
    channels,
    image_grid,
    photo,
    pixels,
    samples,
)
from cnnlib.figures.losses import minus_log, probabilities
from cnnlib.figures.pools import gradient_routing, max_beside_average, pooling
from cnnlib.figures.scores import bars
from cnnlib.figures.shapes import output_sizes, padding_and_stride
from cnnlib.figures.style import Picture, picture

__all__ = [
    "Picture",
    "animate_convolution",
    "animate_pooling",
    "bars",
    "before_after",
    "channels",
    "convolution",
    "dense_versus_convolution",
    "equation",
    "filtered_photo",
    "gradient_routing",
    "image_grid",
    "matrix",
    "max_beside_average",
    "minus_log",
    "moved",
    "output_sizes",
    "padding_and_stride",
    "photo",
    "picture",
    "pixels",
    "pooling",
    "predictions",
    "probabilities",
    "receptive_field",
    "samples",
    "shift_experiment",
    "templates",
    "weight_sharing",
]
