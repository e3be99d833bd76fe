"""The lecture's networks: images (N, C, S, S) in [-1, 1] to logits (N, num_classes).

Each documents its source and its shapes, complains in one sentence about an input
that does not fit, and keeps its constructor's arguments in ``config``.
"""

from functools import partial

from ._network import Network, choose
from .alexnet import AlexNet, AlexNet_2012, small_alexnet
from .lenet import LeNet5
from .lenet_1998 import LeNet5_1998
from .linear import Linear
from .vgg import BLOCKS, VGG, small_vgg, vgg_block

__all__ = [
    "BLOCKS",
    "NAMES",
    "VGG",
    "AlexNet",
    "AlexNet_2012",
    "LeNet5",
    "LeNet5_1998",
    "Linear",
    "Network",
    "build",
    "small_alexnet",
    "small_vgg",
    "vgg_block",
]

_BUILDERS = {
    "linear": Linear,
    "lenet5": LeNet5,
    "lenet5_1998": LeNet5_1998,
    "alexnet": AlexNet,
    "alexnet_2012": AlexNet_2012,
    "small_alexnet": small_alexnet,
    "vgg11": partial(VGG, 11),
    "vgg13": partial(VGG, 13),
    "vgg16": partial(VGG, 16),
    "vgg19": partial(VGG, 19),
    "vgg11_bn": partial(VGG, 11, batch_norm=True),
    "vgg13_bn": partial(VGG, 13, batch_norm=True),
    "vgg16_bn": partial(VGG, 16, batch_norm=True),
    "vgg19_bn": partial(VGG, 19, batch_norm=True),
    "small_vgg": small_vgg,
}

NAMES = tuple(_BUILDERS)


def build(name: str, num_classes: int, in_channels: int, image_size: int) -> Network:
    """The network of that name (see ``NAMES``) for these classes and images.

    Raises ValueError for an unknown name, listing the known ones, and for sizes that
    the network cannot take.
    """
    builder = choose("network", name, _BUILDERS)
    return builder(
        num_classes=num_classes, in_channels=in_channels, image_size=image_size
    )
