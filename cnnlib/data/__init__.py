"""Data sets through one door: found, downloaded or stood in for; batches; augmentation.

train, test = data.load("mnist")
for images, labels in train.batches(128, shuffle=True):
    ...
"""

from .augment import Augment
from .imageset import ImageSet
from .loading import NAMES, available, load
from .mapped import MappedSet
from .pets import drawn_pets
from .photos import photo
from .pictures import read_images
from .scale import denormalize, normalize

__all__ = [
    "NAMES",
    "Augment",
    "ImageSet",
    "MappedSet",
    "available",
    "denormalize",
    "drawn_pets",
    "load",
    "normalize",
    "photo",
    "read_images",
]
