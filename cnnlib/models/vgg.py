"""VGG: blocks of 3x3 convolutions. All depths come from one table of numbers."""

from torch import Tensor, nn

from ._network import Network, choose, dense_head, flatten

# For each depth the blocks: (number of 3x3 convolutions, channels). A 2x2 pooling
# ends a block. Simonyan and Zisserman (2014), table 1, columns A, B, D and E.
BLOCKS = {
    11: ((1, 64), (1, 128), (2, 256), (2, 512), (2, 512)),
    13: ((2, 64), (2, 128), (2, 256), (2, 512), (2, 512)),
    16: ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)),
    19: ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512)),
    "small": ((1, 16), (1, 48), (2, 96), (1, 128)),  # ours, for a lecture's minutes
}


class VGG(Network):
    """VGG with 11, 13, 16 or 19 layers that have weights.

    132,863,336 / 133,047,848 / 138,357,544 / 143,667,240 parameters at 224x224
    with 1000 classes. Takes images (N, C, S, S), returns logits (N, num_classes).
    ``features`` are blocks of 3x3 convolutions (padding 1, ReLU), each ended by a
    2x2 max pooling that halves the map: 224, 112, 56, 28, 14, 7. ``classifier`` is
    25088 to 4096 to 4096 to num_classes, with dropout on the hidden layers.

    Images of fewer than 128 pixels get hidden layers of 512 in place of 4096, and a
    pooling that finds a map of one pixel is left out, so that S = 28 works too; 16
    pixels are the fewest. ``depth="small"`` is the lecture's own VGG in small (see
    ``BLOCKS``), with hidden layers of 128. ``batch_norm`` adds batch normalization
    before each ReLU.

    State dicts of ``torchvision.models.vgg11`` to ``vgg19``, and of ``vgg11_bn`` to
    ``vgg19_bn`` with ``batch_norm=True``, load and give the same logits. The weights
    start as there, after He, Zhang, Ren and Sun (2015), arXiv:1502.01852.

    Source: Simonyan and Zisserman (2014), arXiv:1409.1556, section 2 and table 1.
    """

    smallest_image = 16

    def __init__(
        self,
        depth=16,
        *,
        num_classes=1000,
        in_channels=3,
        image_size=224,
        batch_norm=False,
        dropout=0.5,
    ):
        super().__init__(
            depth=depth,
            num_classes=num_classes,
            in_channels=in_channels,
            image_size=image_size,
            batch_norm=batch_norm,
            dropout=dropout,
        )
        blocks = choose("depth for VGG", depth, BLOCKS)
        layers, channels, side = [], in_channels, image_size
        for convolutions, width in blocks:
            layers += vgg_block(convolutions, channels, width, batch_norm)
            channels = width
            if side > 1:
                layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
                side //= 2
        self.features = nn.Sequential(*layers)
        hidden = _hidden_width(depth, image_size)
        self.classifier = nn.Sequential(
            *dense_head(channels * side**2, hidden, num_classes, dropout=dropout)
        )
        self._initialize()

    def forward(self, images: Tensor) -> Tensor:
        self.check(images)
        return self.classifier(flatten(self.features(images)))

    def _initialize(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(
                    module.weight, mode="fan_out", nonlinearity="relu"
                )
                nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=0.01)
                nn.init.zeros_(module.bias)


def vgg_block(
    convolutions: int, in_channels: int, channels: int, batch_norm=False
) -> list[nn.Module]:
    """``convolutions`` times: 3x3 convolution, batch normalization if asked, ReLU."""
    layers = []
    for _ in range(convolutions):
        layers.append(nn.Conv2d(in_channels, channels, kernel_size=3, padding=1))
        if batch_norm:
            layers.append(nn.BatchNorm2d(channels))
        layers.append(nn.ReLU())
        in_channels = channels
    return layers


def small_vgg(num_classes=10, in_channels=3, image_size=32, dropout=0.5) -> VGG:
    """VGG in small, with batch normalization: trains within a lecture.

    ``dropout`` is the paper's by default; the short trainings of notebook 07 do better
    with 0.2.
    """
    return VGG(
        "small",
        num_classes=num_classes,
        in_channels=in_channels,
        image_size=image_size,
        batch_norm=True,
        dropout=dropout,
    )


def _hidden_width(depth, image_size: int) -> int:
    if depth == "small":
        return 128
    return 4096 if image_size >= 128 else 512
