"""AlexNet as on the lecture's slide, and as published in 2012."""

from dataclasses import dataclass

from torch import Tensor, nn

from ._network import Network, choose, dense_head, flatten


@dataclass(frozen=True)
class Layout:
    """The numbers in which one AlexNet differs from another."""

    kernel_size: int  # of the first convolution, the stem
    stride: int
    padding: int
    channels: tuple[int, int, int, int, int]
    hidden: int  # width of the two hidden dense layers


LAYOUTS = {
    "slide": Layout(11, 4, 1, (96, 256, 384, 384, 256), 4096),
    "torchvision": Layout(11, 4, 2, (64, 192, 384, 256, 256), 4096),
    "medium": Layout(5, 2, 2, (16, 48, 96, 96, 64), 256),
    "small": Layout(5, 1, 2, (16, 48, 96, 96, 64), 256),
}

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


class AlexNet(Network):
    """The slide's AlexNet: 50,844,008 parameters at 224x224 with 1000 classes.

    Takes images (N, C, S, S), returns logits (N, num_classes). ``features`` and
    ``classifier``, with the shapes for S = 224::

        conv 11x11/4 pad 1  (N,  96, 54, 54)   max pool 3x3/2  (N,  96, 26, 26)
        conv 5x5 pad 2      (N, 256, 26, 26)   max pool 3x3/2  (N, 256, 12, 12)
        conv 3x3 pad 1      (N, 384, 12, 12)   twice
        conv 3x3 pad 1      (N, 256, 12, 12)   max pool 3x3/2  (N, 256,  5,  5)
        dense 6400 to 4096, dense 4096 to 4096, dense 4096 to num_classes

    with ReLU after each layer but the last and dropout on the two hidden dense
    layers. ``layout`` names the row of ``LAYOUTS`` to build; None takes the one for
    the image size:

    ============  ========  ===================  =======================  ======
    layout        S         first convolution    channels                 hidden
    ============  ========  ===================  =======================  ======
    slide         65 up     11x11/4, padding 1   96, 256, 384, 384, 256   4096
    medium        41 - 64   5x5/2, padding 2     16, 48, 96, 96, 64       256
    small         15 - 40   5x5/1, padding 2     16, 48, 96, 96, 64       256
    torchvision   (asked)   11x11/4, padding 2   64, 192, 384, 256, 256   4096
    ============  ========  ===================  =======================  ======

    ``AlexNet(layout="torchvision")`` has 61,100,840 parameters, loads the state
    dict of ``torchvision.models.alexnet`` and gives the same logits.
    ``activation`` is "relu", "tanh" or "sigmoid", for the lecture's comparison.

    Sources: the slide "AlexNet architecture"; Zhang, Lipton, Li and Smola, Dive
    into Deep Learning, section 8.1 (the streamlined network that the slide shows);
    torchvision's is Krizhevsky (2014), One weird trick, arXiv:1404.5997.
    """

    smallest_image = 15

    def __init__(
        self,
        num_classes=1000,
        in_channels=3,
        image_size=224,
        layout=None,
        activation="relu",
        dropout=0.5,
    ):
        super().__init__(
            num_classes=num_classes,
            in_channels=in_channels,
            image_size=image_size,
            layout=layout,
            activation=activation,
            dropout=dropout,
        )
        name = _layout_for(image_size) if layout is None else layout
        chosen = choose("layout", name, LAYOUTS)
        act = choose("activation", activation, ACTIVATIONS)
        side = _last_side(image_size, chosen)
        one, two, three, four, five = chosen.channels
        self.features = nn.Sequential(
            nn.Conv2d(
                in_channels, one, chosen.kernel_size, chosen.stride, chosen.padding
            ),
            act(),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(one, two, kernel_size=5, padding=2),
            act(),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(two, three, kernel_size=3, padding=1),
            act(),
            nn.Conv2d(three, four, kernel_size=3, padding=1),
            act(),
            nn.Conv2d(four, five, kernel_size=3, padding=1),
            act(),
            nn.MaxPool2d(kernel_size=3, stride=2),
        )
        head = dense_head(five * side**2, chosen.hidden, num_classes, act, dropout)
        if name == "torchvision":  # its dropout acts on the inputs of these layers
            head = [head[2], *head[:2], head[5], *head[3:5], head[6]]
        self.classifier = nn.Sequential(*head)

    def forward(self, images: Tensor) -> Tensor:
        self.check(images)
        return self.classifier(flatten(self.features(images)))


def small_alexnet(num_classes=10, in_channels=3, image_size=32, dropout=0.5) -> AlexNet:
    """AlexNet in small, for images of 15 to 64 pixels: trains within a lecture.

    ``dropout`` is the paper's by default; the short trainings of notebook 07 do better
    with 0.2.
    """
    layout = "small" if image_size <= 40 else "medium"
    return AlexNet(num_classes, in_channels, image_size, layout=layout, dropout=dropout)


def _layout_for(image_size: int) -> str:
    if image_size > 64:
        return "slide"
    return "medium" if image_size > 40 else "small"


def _last_side(image_size: int, layout: Layout) -> int:
    """Width of the last feature map, at least one pixel."""
    side = (image_size + 2 * layout.padding - layout.kernel_size) // layout.stride + 1
    for _ in range(3):
        side = (side - 3) // 2 + 1
    if side < 1:
        raise ValueError(
            "expected image_size to be larger for AlexNet's first convolution of "
            f"{layout.kernel_size}x{layout.kernel_size} and stride {layout.stride}, "
            f"but got {image_size}"
        )
    return side


class AlexNet_2012(Network):  # noqa: N801 - the year is part of the name
    """AlexNet as published: two GPU groups, response normalization, 60,965,224.

    Takes images (N, 3, 224, 224) or, with ``image_size=227``, (N, 3, 227, 227);
    returns logits (N, num_classes). Convolutions 2, 4 and 5 see only the half of
    the maps that lived on their GPU (``groups=2``); with ``groups=1`` the network
    is ungrouped and has 62,378,344 parameters. Shapes::

        conv 11x11/4          (N,  96, 55, 55)   normalize, max pool  (N,  96, 27, 27)
        conv 5x5, groups      (N, 256, 27, 27)   normalize, max pool  (N, 256, 13, 13)
        conv 3x3              (N, 384, 13, 13)
        conv 3x3, groups      (N, 384, 13, 13)
        conv 3x3, groups      (N, 256, 13, 13)   max pool             (N, 256,  6,  6)
        dense 9216 to 4096, dense 4096 to 4096, dense 4096 to num_classes

    Pooling windows of 3x3 at stride 2 overlap. The paper's 224 pixels give its 55
    only with two pixels of padding; without padding the image must have 227.
    Weights start as in the paper's section 5.

    Source: Krizhevsky, Sutskever and Hinton (2012), ImageNet classification with
    deep convolutional neural networks, sections 3.3 (normalization), 3.4 (pooling),
    3.5 (architecture), 4.2 (dropout), 5 (initialization).
    """

    def __init__(self, num_classes=1000, in_channels=3, image_size=224, groups=2):
        super().__init__(
            num_classes=num_classes,
            in_channels=in_channels,
            image_size=image_size,
            groups=groups,
        )
        padding = choose("image_size for AlexNet_2012", image_size, {224: 2, 227: 0})
        choose("groups for AlexNet_2012", groups, {1: 1, 2: 2})
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, 96, kernel_size=11, stride=4, padding=padding),
            nn.ReLU(),
            _response_norm(),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(96, 256, kernel_size=5, padding=2, groups=groups),
            nn.ReLU(),
            _response_norm(),
            nn.MaxPool2d(kernel_size=3, stride=2),
            nn.Conv2d(256, 384, kernel_size=3, padding=1),
            nn.ReLU(),
            nn.Conv2d(384, 384, kernel_size=3, padding=1, groups=groups),
            nn.ReLU(),
            nn.Conv2d(384, 256, kernel_size=3, padding=1, groups=groups),
            nn.ReLU(),
            nn.MaxPool2d(kernel_size=3, stride=2),
        )
        self.classifier = nn.Sequential(*dense_head(256 * 6 * 6, 4096, num_classes))
        self._initialize()

    def forward(self, images: Tensor) -> Tensor:
        self.check(images)
        return self.classifier(flatten(self.features(images)))

    def _initialize(self) -> None:
        """Weights from N(0, 0.01); biases 1 where that feeds the ReLUs, else 0."""
        conv = [m for m in self.features if isinstance(m, nn.Conv2d)]
        dense = [m for m in self.classifier if isinstance(m, nn.Linear)]
        with_ones = [conv[1], conv[3], conv[4], dense[0], dense[1]]
        for module in conv + dense:
            nn.init.normal_(module.weight, std=0.01)
            nn.init.constant_(module.bias, 1.0 if module in with_ones else 0.0)


def _response_norm() -> nn.LocalResponseNorm:
    """The paper's n = 5, k = 2, alpha = 1e-4, beta = 0.75.

    PyTorch divides alpha by n, the paper's formula does not: hence 5e-4.
    """
    return nn.LocalResponseNorm(size=5, alpha=5e-4, beta=0.75, k=2.0)
