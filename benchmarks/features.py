"""Hand-made or learned features: which classify better, with few images and with more?

    python -m benchmarks.features [--seeds 5]

A linear classifier on the pixels, the same on histograms of oriented gradients (Dalal
and Triggs 2005), and LeNet, on digits and on photos. Everything else is the same for
the three; learning rates are chosen as in ``benchmarks.staircase``. What notebook 05
quotes comes from here.
"""

import torch
from torch import nn

from benchmarks import measuring
from benchmarks.staircase import PLAIN, Study, staircase
from cnnlib import data, models
from cnnlib import functional as F


class HistogramOfGradients(nn.Module):
    """Images (N, C, H, W) to (N, bins * H/cell * W/cell); it has no parameters."""

    def __init__(self, bins=9, cell=4):
        super().__init__()
        self.bins, self.cell = bins, cell

    def forward(self, images):
        gray = images.mean(1, keepdim=True)
        padded = nn.functional.pad(gray, (1, 1, 1, 1), mode="replicate")
        right = torch.tensor([[[[-1.0, 0, 1]]]], device=images.device)
        dx = F.conv2d(padded[:, :, 1:-1], right)
        dy = F.conv2d(padded[..., 1:-1], right.mT)
        strength = (dx**2 + dy**2).sqrt()
        turn = torch.atan2(dy, dx) / torch.pi * self.bins
        maps = gray.new_zeros(len(gray), self.bins, *gray.shape[2:])
        maps.scatter_(1, turn.floor().long() % self.bins, strength)
        cells = F.avg_pool2d(maps, self.cell)
        return (cells / (cells.norm(dim=1, keepdim=True) + 0.1)).flatten(1)


def contestants(classes: int, channels: int, size: int) -> dict:
    features = 9 * (size // 4) ** 2
    return {
        "pixels, linear": lambda: models.SoftmaxRegression(classes, channels, size),
        "histograms, linear": lambda: nn.Sequential(
            HistogramOfGradients(), nn.Linear(features, classes)
        ),
        "LeNet": lambda: models.LeNet5(classes, channels, size),
    }


def study(name: str, n: int, tiny: bool) -> Study:
    """``n`` images a class to learn from, and up to 1,000 more a class to validate."""
    train, test = data.load(name, **({"size": 32} if name == "cats_vs_dogs" else {}))
    if train.name != name and not tiny:
        raise SystemExit(f"this needs {name}")
    n, held = (10, 10) if tiny else (n, min(n, 1_000))
    chosen = train.per_class(n + held)
    number = torch.arange(len(chosen)) % (n + held)
    channels, size, _ = chosen.image_shape
    networks = contestants(len(train.classes), channels, size)
    return Study(
        f"{n * len(train.classes):,} images of {train.name}", networks,
        chosen[number < n], chosen[number >= n], test[:2_000],
        epochs=8, batch_size=32 if n < 500 else 128, norms=(PLAIN,),
    )  # fmt: skip


def main(arguments=None) -> None:
    parser = measuring.options(__doc__, repeat=1)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    seeds = 1 if options.tiny else options.seeds
    sizes = {"mnist": (130, 1_000), "cats_vs_dogs": (1_000, 4_000)}
    tables = [
        staircase(study(name, n, options.tiny), seeds)[0]
        for name, several in sizes.items()
        for n in several
    ]
    question = __doc__.splitlines()[0]
    content = {"question": question, "tables": tables, "charts": []}
    measuring.write("features", content, options)


if __name__ == "__main__":
    main()
