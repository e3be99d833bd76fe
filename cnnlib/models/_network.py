"""What all networks share: one input size, a configuration, and clear errors."""

import torch
from torch import Tensor, nn


class Network(nn.Module):
    """A classifier for square images of one size: (N, C, S, S) to logits (N, K).

    ``config`` holds the constructor's arguments, so that
    ``type(network)(**network.config)`` builds the same network again.
    Raises ValueError if an argument cannot work, naming it.
    """

    smallest_image = 1

    def __init__(self, **config):
        super().__init__()
        self.config = config
        self.num_classes = config.get("num_classes", 10)
        self.in_channels = config.get("in_channels", 1)
        self.image_size = config.get("image_size", 28)
        kind = type(self).__name__
        _require_integer(kind, "num_classes", self.num_classes, 1)
        _require_integer(kind, "in_channels", self.in_channels, 1)
        _require_integer(kind, "image_size", self.image_size, self.smallest_image)

    def check(self, images: Tensor) -> None:
        """Raise ValueError unless ``images`` are floats of shape (N, C, S, S)."""
        size = self.image_size
        if images.ndim != 4 or images.shape[1:] != (self.in_channels, size, size):
            raise ValueError(
                f"{type(self).__name__} expected images of shape "
                f"(N, {self.in_channels}, {size}, {size}), but got "
                f"{tuple(images.shape)}"
            )
        if not images.is_floating_point():
            raise ValueError(
                f"{type(self).__name__} expected floating-point images, but got "
                f"{images.dtype}: cnnlib.data.normalize makes them from uint8"
            )


def dense_head(
    in_features: int, hidden: int, num_classes: int, activation=nn.ReLU, dropout=0.5
) -> list[nn.Module]:
    """Two hidden dense layers with dropout on their outputs, then the logits."""
    return [
        nn.Linear(in_features, hidden),
        activation(),
        nn.Dropout(dropout),
        nn.Linear(hidden, hidden),
        activation(),
        nn.Dropout(dropout),
        nn.Linear(hidden, num_classes),
    ]


def flatten(maps: Tensor) -> Tensor:
    """(N, C, H, W) to (N, C*H*W): each image's numbers in one row."""
    return torch.flatten(maps, 1)


def choose(name: str, value, known):
    """``known[value]``, or a ValueError that lists what is known."""
    if value not in known:
        choices = ", ".join(repr(key) for key in known)
        raise ValueError(f"expected {name} to be one of {choices}, but got {value!r}")
    return known[value]


def _require_integer(kind: str, name: str, value, smallest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < smallest:
        raise ValueError(
            f"expected {name} of {kind} to be an int of at least {smallest}, but got "
            f"{value!r}"
        )
