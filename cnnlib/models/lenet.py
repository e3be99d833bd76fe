"""LeNet-5 as on the lecture's slide."""

import torch

from ._network import Network


class LeNet5(Network):
    """The slide's LeNet-5, with ReLU and max pooling: 61,706 parameters at 1x28x28.

    Takes images (N, C, S, S), returns logits (N, num_classes). Shapes for S = 28::

        image  (N,  1, 28, 28)
        conv1  (N,  6, 28, 28)   5x5, padding 2     max_pool_1  (N,  6, 14, 14)
        conv2  (N, 16, 10, 10)   5x5                max_pool_2  (N, 16,  5,  5)
        fc1    (N, 120)          fc2 (N, 84)        fc3         (N, 10)

    Images of another size change only the number of inputs of ``fc1``; 12 pixels
    are the fewest. Source: the slide "LeNet in PyTorch"; it simplifies LeCun,
    Bottou, Bengio and Haffner (1998), section II.B, which is ``LeNet5_1998``.
    """

    smallest_image = 12

    def __init__(self, num_classes=10, in_channels=1, image_size=28):
        super().__init__(
            num_classes=num_classes, in_channels=in_channels, image_size=image_size
        )
        side = (image_size // 2 - 4) // 2  # 5 for 28: pooled, 4 less, pooled again
        self.conv1 = torch.nn.Conv2d(in_channels, 6, kernel_size=5, padding=2)
        self.max_pool_1 = torch.nn.MaxPool2d(kernel_size=2)
        self.conv2 = torch.nn.Conv2d(6, 16, kernel_size=5)
        self.max_pool_2 = torch.nn.MaxPool2d(kernel_size=2)
        self.fc1 = torch.nn.Linear(16 * side * side, 120)
        self.fc2 = torch.nn.Linear(120, 84)
        self.fc3 = torch.nn.Linear(84, num_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.check(x)
        x = torch.nn.functional.relu(self.conv1(x))
        x = self.max_pool_1(x)
        x = torch.nn.functional.relu(self.conv2(x))
        x = self.max_pool_2(x)
        # The slide's view would refuse images that are stored channels last.
        x = x.reshape(-1, self.fc1.in_features)
        x = torch.nn.functional.relu(self.fc1(x))
        x = torch.nn.functional.relu(self.fc2(x))
        return self.fc3(x)
