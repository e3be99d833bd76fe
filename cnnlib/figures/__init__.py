"""Every picture and animation in the notebooks, in one visual language.

Each function returns a ``Picture``: an image with its alt text, which a notebook shows
when it is the last expression of a cell.
"""

from cnnlib.drawing.picture import Picture

from .convolution.arrays import animate_convolution, convolution, equation, matrix
from .convolution.filtering import filtered_photo, moved
from .convolution.output_shape import output_sizes, padding_and_stride
from .convolution.pooling import animate_pooling, gradient_routing, max_beside_average
from .convolution.receptive_field import (
    animate_field_on_photo,
    animate_receptive_field,
    receptive_field,
)
from .convolution.weights import dense_versus_convolution, weight_sharing
from .networks.blocks import network
from .networks.class_activation import class_activation
from .networks.costs import complexity, parameters_and_macs
from .networks.feature_maps import feature_maps, filters, filters_over_time
from .networks.history import imagenet_top5, timeline
from .networks.occlusion import animate_occlusion, occlusion
from .networks.preferred_inputs import preferred_inputs
from .networks.stacks import networks_side_by_side, vgg_table
from .networks.top_patches import top_patches
from .networks.two_gpus import two_gpus
from .training.experiments import bars, runs, staircase
from .training.gradients import (
    activations,
    gradient_per_layer,
    gradient_sizes,
)
from .training.images import image_grid, pixels, samples
from .training.learning_curves import learning_curves
from .training.loss import (
    animate_gradient_descent_on_p,
    minus_log,
    probabilities,
)
from .training.predictions import (
    confusion_matrix,
    ranked_mistakes,
    shift_experiment,
    templates,
)

__all__ = [
    "Picture",
    "activations",
    "animate_convolution",
    "animate_field_on_photo",
    "animate_gradient_descent_on_p",
    "animate_occlusion",
    "animate_pooling",
    "animate_receptive_field",
    "bars",
    "class_activation",
    "complexity",
    "confusion_matrix",
    "convolution",
    "dense_versus_convolution",
    "equation",
    "feature_maps",
    "filtered_photo",
    "filters",
    "filters_over_time",
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
    "pixels",
    "preferred_inputs",
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
