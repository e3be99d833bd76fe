"""Data sets through one door: found, downloaded or replaced; batches; augmentation.

train, test = data.load("mnist")
for images, labels in train.batches(128, shuffle=True):
    ...
"""

from .augment import Augment
from .digits import center_digit
from .imageset import ImageSet
from .loading import NAMES, available, load
from .normalize import IMAGENET_MEAN, IMAGENET_STD, denormalize, normalize
from .pets import drawn_pets
from .photos import photo
from .pictures import read_images

__all__ = [
    "IMAGENET_MEAN",
    "IMAGENET_STD",
    "NAMES",
    "Augment",
    "ImageSet",
    "available",
    "center_digit",
    "denormalize",
    "drawn_pets",
    "load",
    "normalize",
    "photo",
    "read_images",
]
