"""The layers of the 1998 network that later networks do without.

Source of all: LeCun, Bottou, Bengio and Haffner (1998), Gradient-based learning applied
to document recognition, Proceedings of the IEEE 86(11), 2278-2324, sections II.B and
II.C, table I and appendix A, doi:10.1109/5.726791.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

AMPLITUDE, SLOPE = 1.7159, 2 / 3

# Table I: the maps of S2 (0 to 5) that each of C3's 16 maps reads. Different inputs
# force the maps to become different features, and save connections.
C3_TABLE = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip

# Target codes of the output layer: each digit as a picture of 12 rows and 7 columns,
# drawn in the manner of the paper's figure 3. Digits that look alike have codes that
# lie near each other, which tells a later stage what else a digit might be.
BITMAPS = """
....... ....... ....... ....... ....... ....... ....... ....... ....... .......
..###.. ...#... .#####. ####### .....#. ####### ...###. ####### ..###.. .#####.
.#...#. ..##... #.....# ......# ....##. #...... ..#.... ......# .#...#. #.....#
#.....# .#.#... ......# .....#. ...#.#. #...... .#..... ......# #.....# #.....#
#.....# ...#... ......# ....#.. ..#..#. #.####. #...... .....#. .#...#. #.....#
#.....# ...#... .....#. ...##.. .#...#. ##....# #.####. .....#. ..###.. .######
#.....# ...#... ....#.. .....#. #....#. ......# ##....# ....#.. .#...#. ......#
#.....# ...#... ...#... ......# ####### ......# #.....# ....#.. #.....# ......#
#.....# ...#... ..#.... ......# .....#. ......# #.....# ...#... #.....# .....#.
.#...#. ...#... .#..... #.....# .....#. #.....# #.....# ...#... .#...#. ....#..
..###.. .#####. ####### .#####. .....#. .#####. .#####. ...#... ..###.. .###...
....... ....... ....... ....... ....... ....... ....... ....... ....... .......
"""


def digit_codes() -> Tensor:
    """The ten bitmaps as rows of 84 numbers, +1 for ink and -1 for paper: (10, 84)."""
    rows = [line.split() for line in BITMAPS.strip().splitlines()]
    drawn = ["".join(row[digit] for row in rows) for digit in range(10)]
    return torch.tensor([[1.0 if ink == "#" else -1.0 for ink in d] for d in drawn])


def fan_in_uniform_(weight: Tensor, bias: Tensor, fan_in: int) -> None:
    """Fill with random numbers within 2.4 / fan_in, so that the tanh starts linear."""
    nn.init.uniform_(weight, -2.4 / fan_in, 2.4 / fan_in)
    nn.init.uniform_(bias, -2.4 / fan_in, 2.4 / fan_in)


class ScaledTanh(nn.Module):
    """1.7159 * tanh(2/3 * x), which maps 1 to 1 and -1 to -1 (appendix A)."""

    def forward(self, input: Tensor) -> Tensor:
        return AMPLITUDE * torch.tanh(SLOPE * input)


class Subsampling(nn.Module):
    """Sum of each 2x2 window, times a trainable coefficient, plus a trainable bias.

    (N, channels, H, W) to (N, channels, H // 2, W // 2); one coefficient and one bias
    a map. With a coefficient of 1/4 it is average pooling.
    """

    kernel_size = stride = 2

    def __init__(self, channels: int):
        super().__init__()
        self.channels = channels
        self.weight = nn.Parameter(torch.empty(channels))
        self.bias = nn.Parameter(torch.empty(channels))
        fan_in_uniform_(self.weight, self.bias, fan_in=4)

    def forward(self, input: Tensor) -> Tensor:
        total = F.avg_pool2d(input, 2, divisor_override=1)
        return total * self.weight[:, None, None] + self.bias[:, None, None]

    def macs(self, input: Tensor, output: Tensor) -> int:
        """Four inputs an output, all with the same weight."""
        return 4 * output.numel()

    def extra_repr(self) -> str:
        return f"{self.channels}"


class PartialConv2d(nn.Module):
    """A convolution whose output maps read only the input maps that a table names.

    (N, in_channels, H, W) to (N, len(table), H - k + 1, W - k + 1). ``table`` has a
    tuple of input maps for each output map. ``weight`` holds one k x k kernel for each
    connected pair, in the table's order, (pairs, k, k); ``bias`` (len(table),).
    ValueError if the table names a map that is not there, or one twice.
    """

    stride = 1

    def __init__(self, in_channels: int, table=C3_TABLE, kernel_size: int = 5):
        super().__init__()
        for i, maps in enumerate(table):
            if len(set(maps)) < len(maps) or not set(maps) <= set(range(in_channels)):
                raise ValueError(
                    "expected table to name different maps from 0 to "
                    f"{in_channels - 1}, but got {maps} for output map {i}"
                )
        self.in_channels = in_channels
        self.out_channels = len(table)
        self.kernel_size = kernel_size
        pairs = [(i, j) for i, maps in enumerate(table) for j in maps]
        reads = torch.zeros(len(table), in_channels, dtype=torch.bool)
        for pair in pairs:
            reads[pair] = True
        self.register_buffer("reads", reads, persistent=False)
        self.weight = nn.Parameter(torch.empty(len(pairs), kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.empty(len(table)))
        start = 0
        for i, maps in enumerate(table):
            kernels = self.weight[start : start + len(maps)]
            fan_in_uniform_(kernels, self.bias[i], kernels.numel())
            start += len(maps)

    def dense_weight(self) -> Tensor:
        """The kernels as an ordinary convolution's, zeros where nothing is read."""
        k = self.kernel_size
        empty = self.weight.new_zeros(self.out_channels, self.in_channels, k, k)
        reads = self.reads[:, :, None, None].expand_as(empty)
        return empty.masked_scatter(reads, self.weight)

    def forward(self, input: Tensor) -> Tensor:
        return F.conv2d(input, self.dense_weight(), self.bias)

    def macs(self, input: Tensor, output: Tensor) -> int:
        """Of the connected pairs only."""
        return self.weight.numel() * output.numel() // self.out_channels

    def extra_repr(self) -> str:
        return (
            f"{self.in_channels}, {self.out_channels}, "
            f"kernel_size={self.kernel_size}, connected pairs={len(self.weight)}"
        )


class RBF(nn.Module):
    """Squared distance to each class's code: (N, features) to (N, classes).

    Euclidean radial basis functions around fixed ``codes`` (classes, features): the
    smaller the output, the better the fit. Nothing is trainable.
    """

    def __init__(self, codes: Tensor):
        super().__init__()
        self.register_buffer("codes", codes.clone(), persistent=False)

    def forward(self, input: Tensor) -> Tensor:
        return (input[:, None] - self.codes).square().sum(2)

    def macs(self, input: Tensor, output: Tensor) -> int:
        """A difference is squared and added for each feature and class."""
        return output.numel() * self.codes.shape[1]

    def extra_repr(self) -> str:
        classes, features = self.codes.shape
        return f"{features}, {classes}"


class MAPLoss(nn.Module):
    """The paper's loss, equation 9: pull the right code near, push the others away.

    Takes logits (N, K), the negative distances -y, and labels (N,); returns the mean of
    y_label + log(exp(-j) + sum_i exp(-y_i)). The first term pulls towards the right
    code, the second pushes away from wrong ones that are near. The constant ``j`` > 0
    stands for "none of the classes": the right code must come nearer than about j, and
    wrong ones that are farther than that are left alone. The paper gives no value; with
    10 the network learns digits better than with 1 or 100.
    """

    def __init__(self, j: float = 10.0):
        super().__init__()
        if not j > 0:
            raise ValueError(f"expected j to be positive, but got {j!r}")
        self.j = j

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        none = logits.new_full((len(logits), 1), -self.j)
        others = torch.cat([logits, none], 1).logsumexp(1)
        right = logits.gather(1, labels[:, None]).squeeze(1)
        return (others - right).mean()

    def extra_repr(self) -> str:
        return f"j={self.j}"
