"""Layers: ``torch.nn.Module``s that compute with ``cnnlib.functional``."""

from .standard import (
    AvgPool2d,
    Conv2d,
    CrossEntropyLoss,
    Flatten,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
)

__all__ = [
    "AvgPool2d",
    "Conv2d",
    "CrossEntropyLoss",
    "Flatten",
    "Linear",
    "LocalResponseNorm",
    "MaxPool2d",
    "ReLU",
]
