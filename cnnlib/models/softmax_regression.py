"""Softmax regression: a network without a hidden layer."""

from torch import Tensor, nn

from ._network import Network, flatten


class SoftmaxRegression(Network):
    """One dense layer on the flattened image.

    Takes images (N, C, S, S), returns logits (N, num_classes). Row k of
    ``dense.weight``, reshaped to (C, S, S), is the template of class k.
    Source: the lecture's slides on softmax and cross-entropy.
    """

    def __init__(self, num_classes=10, in_channels=1, image_size=28):
        super().__init__(
            num_classes=num_classes, in_channels=in_channels, image_size=image_size
        )
        self.dense = nn.Linear(in_channels * image_size**2, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        self.check(images)
        return self.dense(flatten(images))
