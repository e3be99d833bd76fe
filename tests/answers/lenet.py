"""Answers to notebook 04's exercises. A docstring is what the diagnosis must say."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def layers(padding=2, end=()):
    side = 5 if padding == 2 else 4
    return [
        nn.Conv2d(1, 6, 5, padding=padding),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * side * side, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
        *end,
    ]


def lenet__sequential():
    return nn.Sequential(*layers())


def lenet__module():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.ModuleList([nn.Linear(400, 120), nn.Linear(120, 84)])
            self.last = nn.Linear(84, 10)
            self.convs = nn.ModuleList(
                [nn.Conv2d(6, 16, 5), nn.Conv2d(1, 6, 5, padding=2)]
            )

        def forward(self, x):
            x = F.max_pool2d(F.relu(self.convs[1](x)), 2)
            x = F.max_pool2d(F.relu(self.convs[0](x)), (2, 2)).flatten(1)
            for fc in self.fc:
                x = fc(x).relu()
            return self.last(x)

    return Net()


def lenet__dense_as_convolution():
    return nn.Sequential(
        *layers()[:6], nn.Conv2d(16, 120, 5), nn.ReLU(), nn.Flatten(), *layers()[9:]
    )


def lenet__lazy():
    return nn.Sequential(*layers()[:7], nn.LazyLinear(120), *layers()[8:])


def lenet__no_padding():
    """padding is missing"""
    return nn.Sequential(*layers(padding=0))


def lenet__softmax():
    """softmax at the end"""
    return nn.Sequential(*layers(end=[nn.Softmax(dim=1)]))


def lenet__no_activation():
    """no activation"""
    return nn.Sequential(*[m for m in layers() if not isinstance(m, nn.ReLU)])


def lenet__stride_for_pooling():
    """61,706 parameters are the same"""
    found = layers()
    found[3] = nn.Conv2d(6, 16, 5, stride=2)
    del found[5]
    return nn.Sequential(*found)


def dense_and_conv_parameters__formula(c, side, c_out, k):
    return (c * side * side + 1) * c_out, (c * k * k + 1) * c_out


def dense_and_conv_parameters__counted(c, side, c_out, k):
    two = nn.Linear(c * side**2, c_out), nn.Conv2d(c, c_out, k)
    return [sum(p.numel() for p in layer.parameters()) for layer in two]


def dense_and_conv_parameters__tensors(c, side, c_out, k):
    dense = torch.tensor([c, side, side, c_out]).prod() + c_out
    return torch.stack([dense, torch.tensor(c_out * c * k**2 + c_out)])


def dense_and_conv_parameters__no_biases(c, side, c_out, k):
    """biases are missing"""
    return c * side**2 * c_out, c * k**2 * c_out


def dense_and_conv_parameters__side(c, side, c_out, k):
    """side is not squared"""
    return c * side * c_out + c_out, c * k**2 * c_out + c_out


def dense_and_conv_parameters__bias_per_input(c, side, c_out, k):
    """counted for each input map"""
    return c * side**2 * c_out + c_out, c_out * c * (k**2 + 1)


def dense_and_conv_parameters__kernel(c, side, c_out, k):
    """k is not squared"""
    return c * side**2 * c_out + c_out, c * k * c_out + c_out


def c3_table__written():
    rows = "012 123 234 345 450 501 0123 1234 2345 3450 4501 5012 0134 1245 0235 012345"
    return [tuple(map(int, row)) for row in rows.split()]


def c3_table__computed():
    threes = [{i, (i + 1) % 6, (i + 2) % 6} for i in range(6)]
    fours = [{(i + j) % 6 for j in range(4)} for i in range(6)]
    pairs = [sorted({i, i + 1, i + 3, (i + 4) % 6}) for i in range(3)]
    return [*threes, *fours, *pairs, range(6)]


def c3_table__lists():
    return np.array([sorted(row) for row in c3_table__written()], dtype=object).tolist()


def c3_table__complete():
    """complete"""
    return [tuple(range(6)) for _ in range(16)]


def c3_table__all_contiguous():
    """not contiguous"""
    table = c3_table__written()
    table[12:15] = [(0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5)]
    return table


def c3_table__last():
    """last map is not right"""
    return [*c3_table__written()[:15], (0, 1, 2, 3, 4)]


def c3_table__from_one():
    """numbered from 1"""
    return [tuple(i + 1 for i in row) for row in c3_table__written()]


def shift(image, middle=13.5):
    n = torch.arange(28, dtype=image.dtype)
    total = image.sum()
    rows = (image.sum(1) @ n / total).item()
    columns = (image.sum(0) @ n / total).item()
    return round(middle - rows), round(middle - columns)


def placed(image, down, right):
    out = torch.zeros_like(image)
    for i in range(28):
        for j in range(28):
            if 0 <= i + down < 28 and 0 <= j + right < 28:
                out[i + down, j + right] = image[i, j]
    return out


def center_by_mass__loops(image):
    if image.sum() == 0:
        return image
    return placed(image, *shift(image))


def center_by_mass__padded(image):
    if not image.any():
        return torch.zeros(28, 28)
    down, right = shift(image)
    wide = F.pad(image, (28, 28, 28, 28))
    return wide[28 - down : 56 - down, 28 - right : 56 - right]


def center_by_mass__numpy(image):
    a = image.numpy()
    if a.sum() == 0:
        return a.copy()
    rows, columns = np.indices(a.shape)
    down = int(np.rint(13.5 - (rows * a).sum() / a.sum()))
    right = int(np.rint(13.5 - (columns * a).sum() / a.sum()))
    moved = np.roll(a, (down, right), (0, 1))
    if down > 0:
        moved[:down] = 0
    elif down < 0:
        moved[down:] = 0
    if right > 0:
        moved[:, :right] = 0
    elif right < 0:
        moved[:, right:] = 0
    return moved


def center_by_mass__wraps(image):
    """wraps around"""
    return image.roll(shift(image), (0, 1)) if image.any() else image


def center_by_mass__box(image):
    """box around the ink"""
    if not image.any():
        return image
    rows, columns = torch.nonzero(image, as_tuple=True)
    down = round(13.5 - (rows.min() + rows.max()).item() / 2)
    right = round(13.5 - (columns.min() + columns.max()).item() / 2)
    return placed(image, down, right)


def center_by_mass__sign(image):
    """wrong way"""
    if not image.any():
        return image
    down, right = shift(image)
    return placed(image, -down, -right)


def center_by_mass__swapped(image):
    """Rows and columns are swapped"""
    return placed(image, *shift(image)[::-1]) if image.any() else image


def center_by_mass__empty(image):
    """empty image divides by 0"""
    return placed(image, *shift(image))
