"""Layers: ``torch.nn.Module``s, the standard ones on ``cnnlib.functional``."""

from .lenet_1998 import RBF, MAPLoss, PartialConv2d, ScaledTanh, Subsampling
from .standard import (
    AvgPool2d,
    CrossEntropyLoss,
    Flatten,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
)
from .trainable import Conv2d, Linear

__all__ = [
    "RBF",
    "AvgPool2d",
    "Conv2d",
    "CrossEntropyLoss",
    "Flatten",
    "Linear",
    "LocalResponseNorm",
    "MAPLoss",
    "MaxPool2d",
    "PartialConv2d",
    "ReLU",
    "ScaledTanh",
    "Subsampling",
]
