"""Two real photographs that come with scikit-learn."""

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from .pictures import check_size
from .places import in_sklearn

PHOTOS = ("china", "flower")


def photo(name: str = "china", size: int | None = None) -> Tensor:
    """A photograph as uint8 (3, H, W): "china" (a temple) or "flower" (a dahlia).

    As it is, H = 427 and W = 640; with ``size``, its central square brought to
    (3, size, size). Raises ValueError for another name.

    Both ship with scikit-learn (``sklearn.datasets.load_sample_image``) under the
    Creative Commons Attribution license 2.0,
    https://creativecommons.org/licenses/by/2.0/:
    china.jpg, some rights reserved by danielbuechele,
    https://www.flickr.com/photos/danielbuechele/6061409035/;
    flower.jpg, some rights reserved by vultilion,
    https://www.flickr.com/photos/vultilion/6056698931/
    (scikit-learn's README names danielbuechele for both, but links to vultilion here).
    """
    if name not in PHOTOS:
        raise ValueError(
            f"expected name to be one of {', '.join(PHOTOS)}, but got {name!r}"
        )
    image = Image.open(in_sklearn(f"images/{name}.jpg"))
    if size is not None:
        check_size(size)
        image = ImageOps.fit(image, (size, size), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.asarray(image).transpose(2, 0, 1).copy())
