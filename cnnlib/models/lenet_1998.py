"""LeNet-5 as published in 1998, to the last parameter."""

from torch import Tensor, nn

from ..layers.lenet_1998 import (
    RBF,
    MAPLoss,
    PartialConv2d,
    ScaledTanh,
    Subsampling,
    digit_codes,
    fan_in_uniform_,
)
from ._network import Network

PAPER, INK = -0.1, 1.175  # mean about 0 and variance about 1 over the images


class LeNet5_1998(Network):  # noqa: N801 - the year is part of the name
    """The 1998 network: 60,000 trainable parameters and 340,908 connections.

    Takes images (N, 1, 28, 28) in [-1, 1] with ink at 1, as all networks here do, and
    brings them to the paper's 32x32 with paper at -0.1 and ink at 1.175 itself. Returns
    logits (N, 10): the negative distances from the ten digits' codes::

        C1  convolution 5x5          (N,   6, 28, 28)      156 parameters
        S2  trainable subsampling    (N,   6, 14, 14)       12
        C3  partial convolution 5x5  (N,  16, 10, 10)    1,516
        S4  trainable subsampling    (N,  16,  5,  5)       32
        C5  convolution 5x5          (N, 120,  1,  1)   48,120
        F6  dense                    (N,  84)           10,164
        output  RBF                  (N,  10)                0

    with 1.7159 * tanh(2/3 * x) after each layer from C1 to F6. ``loss`` is the paper's
    loss for these logits, equation 9. Weights start uniform within 2.4 / fan-in.

    Source: LeCun, Bottou, Bengio and Haffner (1998), section II.B, table I (C3's
    connections), figure 3 (the codes), section II.C (the loss), appendix A (the tanh).
    """

    def __init__(self, num_classes=10, in_channels=1, image_size=28):
        super().__init__(
            num_classes=num_classes, in_channels=in_channels, image_size=image_size
        )
        if (num_classes, in_channels, image_size) != (10, 1, 28):
            raise ValueError(
                "LeNet5_1998 expected the ten digits at 1x28x28, but got "
                f"{num_classes} classes at {in_channels}x{image_size}x{image_size}"
            )
        self.c1 = nn.Conv2d(1, 6, kernel_size=5)
        self.s2 = Subsampling(6)
        self.c3 = PartialConv2d(6)
        self.s4 = Subsampling(16)
        self.c5 = nn.Conv2d(16, 120, kernel_size=5)
        self.f6 = nn.Linear(120, 84)
        self.squash = ScaledTanh()
        self.output = RBF(digit_codes())
        self.loss = MAPLoss()
        for layer in (self.c1, self.c5, self.f6):
            fan_in_uniform_(layer.weight, layer.bias, layer.weight[0].numel())

    def forward(self, images: Tensor) -> Tensor:
        self.check(images)
        x = nn.functional.pad(images, (2, 2, 2, 2), value=-1.0)
        x = PAPER + (x + 1) / 2 * (INK - PAPER)
        x = self.squash(self.s2(self.squash(self.c1(x))))
        x = self.squash(self.s4(self.squash(self.c3(x))))
        x = self.squash(self.c5(x)).flatten(1)
        return -self.output(self.squash(self.f6(x)))
