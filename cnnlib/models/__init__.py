"""The lecture's networks: images (N, C, S, S) in [-1, 1] to logits (N, num_classes).

Each documents its source and its shapes, refuses in one sentence an input that does
not fit, and keeps its constructor's arguments in ``config``.
"""

from functools import partial

from ._network import Network, choose
from .alexnet import AlexNet, AlexNet_2012, small_alexnet
from .batch_norm import with_batch_norm
from .lenet import LeNet5
from .lenet_1998 import LeNet5_1998
from .softmax_regression import SoftmaxRegression
from .vgg import BLOCKS, VGG, small_vgg, vgg_block

__all__ = [
    "BLOCKS",
    "NAMES",
    "VGG",
    "AlexNet",
    "AlexNet_2012",
    "LeNet5",
    "LeNet5_1998",
    "Network",
    "SoftmaxRegression",
    "build",
    "small_alexnet",
    "small_vgg",
    "vgg_block",
    "with_batch_norm",
]

_BUILDERS = {
    "softmax_regression": SoftmaxRegression,
    "lenet5": LeNet5,
    "lenet5_1998": LeNet5_1998,
    "alexnet": AlexNet,
    "alexnet_2012": AlexNet_2012,
    "small_alexnet": small_alexnet,
    "small_vgg": small_vgg,
}
for _depth in (11, 13, 16, 19):
    _BUILDERS[f"vgg{_depth}"] = partial(VGG, _depth)
    _BUILDERS[f"vgg{_depth}_bn"] = partial(VGG, _depth, batch_norm=True)

NAMES = tuple(_BUILDERS)


def build(
    name: str,
    num_classes: int | None = None,
    in_channels: int | None = None,
    image_size: int | None = None,
) -> Network:
    """The network of that name, one of ``NAMES``.

    What is not given is as in the network's own class: ``build("vgg11")`` is VGG-11 for
    ImageNet. Raises ValueError for an unknown name, listing the known ones, and for
    sizes that the network cannot take.
    """
    builder = choose("name", name, _BUILDERS)
    sizes = {
        "num_classes": num_classes,
        "in_channels": in_channels,
        "image_size": image_size,
    }
    return builder(**{key: n for key, n in sizes.items() if n is not None})
