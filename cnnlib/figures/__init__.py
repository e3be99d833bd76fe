"""Every picture and animation in the notebooks, in one visual language.

Each function returns a ``Picture``: an image with its alt text, which a notebook shows
when it is the last expression of a cell.
"""

from cnnlib.drawing.picture import Picture
from cnnlib.drawing.style import picture
from cnnlib.figures.animation import animate_convolution, animate_pooling
from cnnlib.figures.answers import predictions, shift_experiment, templates
from cnnlib.figures.arrays import convolution, equation, matrix
from cnnlib.figures.backwards import animate_gradient_sizes
from cnnlib.figures.comparisons import bars, runs, staircase
from cnnlib.figures.connections import (
    dense_versus_convolution,
    receptive_field,
    weight_sharing,
)
from cnnlib.figures.costs import complexity, parameters_and_macs
from cnnlib.figures.curves import learning_curves
from cnnlib.figures.descent import animate_gradient_descent_on_p
from cnnlib.figures.equivariance import moved
from cnnlib.figures.fields import animate_receptive_field
from cnnlib.figures.filtering import filtered_photo
from cnnlib.figures.gpus import two_gpus
from cnnlib.figures.gradients import (
    activations,
    gradient_descent_on_p,
    gradient_per_layer,
    gradient_sizes,
)
from cnnlib.figures.hiding import animate_occlusion
from cnnlib.figures.images import (
    before_after,
    channels,
    image_grid,
    photo,
    pixels,
    samples,
)
from cnnlib.figures.inside import feature_maps, filters
from cnnlib.figures.landmarks import imagenet_top5, timeline
from cnnlib.figures.looking import class_activation, occlusion
from cnnlib.figures.losses import minus_log, probabilities
from cnnlib.figures.mistakes import confusion_matrix, per_class, ranked_mistakes
from cnnlib.figures.networks import network
from cnnlib.figures.patches import top_patches
from cnnlib.figures.pools import gradient_routing, max_beside_average, pooling
from cnnlib.figures.shapes import output_sizes, padding_and_stride
from cnnlib.figures.stacks import networks_side_by_side, vgg_table

__all__ = [
    "Picture",
    "activations",
    "animate_convolution",
    "animate_gradient_descent_on_p",
    "animate_gradient_sizes",
    "animate_occlusion",
    "animate_pooling",
    "animate_receptive_field",
    "bars",
    "before_after",
    "channels",
    "class_activation",
    "complexity",
    "confusion_matrix",
    "convolution",
    "dense_versus_convolution",
    "equation",
    "feature_maps",
    "filtered_photo",
    "filters",
    "gradient_descent_on_p",
    "gradient_per_layer",
    "gradient_routing",
    "gradient_sizes",
    "image_grid",
    "imagenet_top5",
    "learning_curves",
    "matrix",
    "max_beside_average",
    "minus_log",
    "moved",
    "network",
    "networks_side_by_side",
    "occlusion",
    "output_sizes",
    "padding_and_stride",
    "parameters_and_macs",
    "per_class",
    "photo",
    "picture",
    "pixels",
    "pooling",
    "predictions",
    "probabilities",
    "ranked_mistakes",
    "receptive_field",
    "runs",
    "samples",
    "shift_experiment",
    "staircase",
    "templates",
    "timeline",
    "top_patches",
    "two_gpus",
    "vgg_table",
    "weight_sharing",
]
