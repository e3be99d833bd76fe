"""Notebook 04. Source: LeCun, Bottou, Bengio and Haffner (1998), doi:10.1109/5.726791,
and the slide "LeNet in PyTorch"."""

import torch
from torch import nn
from torch.nn import functional as F

from cnnlib.layers.lenet_1998 import C3_TABLE

from ..exercise import Exercise, Mistake, mistake


def lenet():
    return network()


def network(
    padding=2, conv_act=nn.ReLU, dense_act=nn.ReLU, pool=None, pools=2, end=None,
    dense=(120, 84), stride=(1, 1), bias=True, maps=(6, 16), kernel=5, extra=(),
):  # fmt: skip
    """The slide's network, or one that differs from it in one respect."""
    pool = pool or (lambda: nn.MaxPool2d(2))
    layers = [
        nn.Conv2d(1, maps[0], kernel, stride[0], padding=padding, bias=bias),
        conv_act(),
        *([pool()] if pools > 0 else []),
        nn.Conv2d(maps[0], maps[1], kernel, stride[1], bias=bias),
        conv_act(),
        *([pool()] if pools > 1 else []),
        nn.Flatten(),
    ]
    with torch.no_grad():
        width = nn.Sequential(*layers)(torch.zeros(1, 1, 28, 28)).shape[1]
    for units in dense:
        layers += [nn.Linear(width, units, bias=bias), dense_act(), *extra]
        width = units
    layers.append(nn.Linear(width, 10, bias=bias))
    return nn.Sequential(*layers, *([end] if end else []))


def differing(**settings):
    return lambda: network(**settings)


def one_missing_activation():
    """A ReLU left out in one of its four places."""
    says = (
        "One activation is missing, after {}. A ReLU follows each layer but the last."
    )

    def without(place):
        def build():
            layers = list(network())
            at = [i for i, layer in enumerate(layers) if isinstance(layer, nn.ReLU)]
            layers[at[place]] = nn.Identity()
            return nn.Sequential(*layers)

        return build

    places = "the first convolution", "the second convolution", "fc1", "fc2"
    return [Mistake(says.format(p), without(i)) for i, p in enumerate(places)]


def first_strided():
    layers = list(network())
    layers[0] = nn.Conv2d(1, 6, 5, stride=2, padding=2)
    layers[2] = nn.Identity()
    return nn.Sequential(*layers)


def images(r):
    return [(torch.rand(n, 1, 28, 28, generator=r.generator).double(),) for n in (1, 3)]


LENET = Exercise(
    lenet,
    images,
    (
        Mistake(
            "The padding is missing: the first convolution has padding=2, so that "
            "28×28 stays 28×28. Otherwise the last maps are 4×4.",
            differing(padding=0),
        ),
        Mistake(
            "The first convolution has padding 1. It takes 2, so that 28×28 stays "
            "28×28.",
            differing(padding=1),
        ),
        Mistake(
            "There is no activation at all: without one, all layers together are no "
            "more than one linear layer. A ReLU follows each convolution and each "
            "dense layer but the last.",
            differing(conv_act=nn.Identity, dense_act=nn.Identity),
        ),
        Mistake(
            "The activation is missing after the dense layers. A ReLU follows fc1 and "
            "fc2, too.",
            differing(dense_act=nn.Identity),
        ),
        Mistake(
            "The activation is missing after the convolutions. A ReLU follows each of "
            "them.",
            differing(conv_act=nn.Identity),
        ),
        *one_missing_activation(),
        Mistake(
            "Your activation is a sigmoid. The slide's network has ReLU.",
            differing(conv_act=nn.Sigmoid, dense_act=nn.Sigmoid),
        ),
        Mistake(
            "Your activation is tanh, as in 1998. The slide's network has ReLU.",
            differing(conv_act=nn.Tanh, dense_act=nn.Tanh),
        ),
        Mistake(
            "There is a softmax at the end. The network returns logits: the loss takes "
            "the softmax itself.",
            differing(end=nn.Softmax(1)),
        ),
        Mistake(
            "There is a log-softmax at the end. The network returns logits: the loss "
            "takes the softmax itself.",
            differing(end=nn.LogSoftmax(1)),
        ),
        Mistake(
            "There is an activation after the last layer. Logits may be negative: the "
            "last layer has none.",
            differing(end=nn.ReLU()),
        ),
        Mistake(
            "There is an activation after the last layer, a sigmoid. The network "
            "returns logits: the last layer has none.",
            differing(end=nn.Sigmoid()),
        ),
        Mistake(
            "The second pooling is missing. In its place the second convolution has "
            "stride 2: the shapes and the 61,706 parameters are the same, but what is "
            "computed is not.",
            differing(pools=1, stride=(1, 2)),
        ),
        Mistake(
            "The poolings are missing. In their place the convolutions have stride 2.",
            differing(pools=0, stride=(2, 2)),
        ),
        Mistake(
            "The first pooling is missing. In its place the first convolution has "
            "stride 2.",
            first_strided,
        ),
        Mistake(
            "The second pooling is missing: each convolution is followed by one.",
            differing(pools=1),
        ),
        Mistake(
            "The poolings are missing: each convolution is followed by one of 2×2.",
            differing(pools=0),
        ),
        Mistake(
            "You pool by the mean. The slide's network takes the maximum.",
            differing(pool=lambda: nn.AvgPool2d(2)),
        ),
        Mistake(
            "Your pooling windows are 3×3 with stride 2. They are 2×2.",
            differing(pool=lambda: nn.MaxPool2d(3, 2, padding=1)),
        ),
        Mistake(
            "A dense layer is missing: after the maps come 120, 84 and 10 units.",
            differing(dense=(120,)),
        ),
        Mistake(
            "A dense layer is missing: after the maps come 120, 84 and 10 units.",
            differing(dense=(84,)),
        ),
        Mistake(
            "Two dense layers are missing: after the maps come 120, 84 and 10 units.",
            differing(dense=()),
        ),
        Mistake(
            "There are no biases. Every convolution and dense layer has them.",
            differing(bias=False),
        ),
        Mistake(
            "Your kernels are 3×3. The slide's are 5×5.",
            differing(kernel=3, padding=1),
        ),
        Mistake(
            "The dense layers are in the wrong order: 120 units, then 84, then 10.",
            differing(dense=(84, 120)),
        ),
        Mistake(
            "The numbers of maps are swapped or wrong: 6 first, then 16.",
            differing(maps=(16, 6)),
        ),
    ),
    (
        "Write the shape beside each layer: 1×28×28, 6×28×28, 6×14×14, 16×10×10, "
        "16×5×5, 120, 84, 10.",
        "28×28 stays 28×28 under a kernel of 5 only with padding=2. The second "
        "convolution has no padding. Each pooling is nn.MaxPool2d(2).",
        "nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), …, "
        "nn.Flatten(), nn.Linear(16 * 5 * 5, 120), …). The last layer returns logits, "
        "without ReLU and softmax.",
    ),
    probe="network",
    parts=("number of parameters", "output of your network"),
    shortcuts=("LeNet5", "build"),
    instead="torch.nn's layers",
)


def dense_and_conv_parameters(c, side, c_out, k):
    return c * side**2 * c_out + c_out, c_out * (c * k**2 + 1)


def counted(dense=None, conv=None):
    """The right pair, with one or both of its numbers computed differently."""

    def count(c, side, out, k):
        right = dense_and_conv_parameters(c, side, out, k)
        first = right[0] if dense is None else dense(c, side, out, k)
        return first, right[1] if conv is None else conv(c, side, out, k)

    return count


DENSE_AND_CONV_PARAMETERS = Exercise(
    dense_and_conv_parameters,
    lambda r: [
        (1, 1, 1, 1),
        (1, 2, 1, 1),
        (2, 3, 1, 2),
        (3, 4, 2, 3),
        (1, 28, 6, 5),
        (6, 14, 16, 5),
        (3, 224, 96, 11),
        (2, 5, 7, 1),
    ],
    (
        Mistake(
            "The biases are missing: one for each output unit or map, c_out in both.",
            lambda c, s, o, k: (c * s * s * o, o * c * k * k),
        ),
        Mistake(
            "The dense layer's biases are missing: one for each of the c_out units.",
            counted(lambda c, s, o, k: c * s * s * o),
        ),
        Mistake(
            "The convolution's biases are missing: one for each of the c_out maps.",
            counted(None, lambda c, s, o, k: o * c * k * k),
        ),
        Mistake(
            "The convolution's biases are counted for each input map. There is one for "
            "each output map.",
            counted(None, lambda c, s, o, k: o * c * (k * k + 1)),
        ),
        Mistake(
            "The dense layer's biases are counted for each input map. There is one for "
            "each output unit.",
            counted(lambda c, s, o, k: o * c * (s * s + 1)),
        ),
        Mistake(
            "The biases are counted for each input map. There is one for each output "
            "unit or map.",
            lambda c, s, o, k: (o * c * (s * s + 1), o * c * (k * k + 1)),
        ),
        Mistake(
            "A single bias is counted for a whole layer. There is one for each output "
            "unit or map, c_out in both.",
            lambda c, s, o, k: (c * s * s * o + 1, o * c * k * k + 1),
        ),
        Mistake(
            "The biases are counted by inputs. There is one for each output unit or "
            "map.",
            lambda c, s, o, k: (c * s * s * (o + 1), o * c * k * k + c),
        ),
        Mistake(
            "side is not squared: a map has side × side pixels, and each is an input "
            "of the dense layer.",
            counted(lambda c, s, o, k: c * s * o + o),
        ),
        Mistake(
            "k is not squared: a kernel is k × k.",
            counted(None, lambda c, s, o, k: o * (c * k + 1)),
        ),
        Mistake(
            "Neither side nor k is squared: maps are side × side, kernels k × k.",
            lambda c, s, o, k: (c * s * o + o, o * (c * k + 1)),
        ),
        Mistake(
            "The input maps are forgotten in the dense layer: it reads all "
            "c × side × side numbers.",
            counted(lambda c, s, o, k: s * s * o + o),
        ),
        Mistake(
            "The input maps are forgotten in the convolution: each kernel has k × k "
            "weights for every input map.",
            counted(None, lambda c, s, o, k: o * (k * k + 1)),
        ),
        Mistake(
            "The input maps are forgotten in both.",
            lambda c, s, o, k: (s * s * o + o, o * (k * k + 1)),
        ),
        Mistake(
            "The image's size has got into the convolution. Its weights are the same "
            "at all places.",
            counted(None, lambda c, s, o, k: o * (c * k * k + 1) * s * s),
        ),
        Mistake(
            "The dense layer has c_out units, not c_out maps of side × side units.",
            counted(lambda c, s, o, k: c * s * s * o * s * s + o * s * s),
        ),
        Mistake(
            "The two numbers are in the wrong order: the dense layer first.",
            lambda *case: dense_and_conv_parameters(*case)[::-1],
        ),
        Mistake(
            "c is squared in the dense layer. It reads c × side × side numbers.",
            counted(lambda c, s, o, k: (c * s) ** 2 * o + o),
        ),
        Mistake(
            "The output units are forgotten in the dense layer: every one of c_out "
            "units has a weight for each input.",
            counted(lambda c, s, o, k: c * s * s + o),
        ),
    ),
    (
        "How many numbers does one dense unit read from c maps of side × side?",
        "A dense unit has one weight for each of the c * side² numbers, and one bias. "
        "A map of the convolution has c * k² weights and one bias.",
        "Multiply both by c_out.",
    ),
)


def c3_table():
    return C3_TABLE


def contiguous(n):
    return [tuple(sorted((i + j) % 6 for j in range(n))) for i in range(6)]


@mistake(
    "Your last three fours are not the paper's: maps 12 to 14 of C3 read four that are "
    "not contiguous, such as (0, 1, 3, 4)."
)
def all_contiguous():
    return [*contiguous(3), *contiguous(4), *contiguous(4)[:3], tuple(range(6))]


def fixed(rows, *replaced):
    rows = list(rows)
    for at, row in replaced:
        rows[at] = row
    return rows


C3_TABLE_EXERCISE = Exercise(
    c3_table,
    lambda r: [()],
    (
        Mistake(
            "Your table is complete: every map reads all six. In the paper, most of "
            "them read only three or four.",
            lambda: [tuple(range(6))] * 16,
        ),
        all_contiguous,
        Mistake(
            "The last map reads all six input maps.",
            lambda: C3_TABLE[:15],
        ),
        *(
            Mistake(
                "The last map is not right: it reads all six input maps.",
                lambda row=row: fixed(C3_TABLE, (15, row)),
            )
            for row in [
                (0, 1, 2, 3),
                (2, 3, 4, 5),
                (0, 1, 2, 3, 4),
                (1, 2, 3, 4, 5),
                (0, 1, 2),
                (1, 3, 5),
                (0, 2, 4),
                (),
                (5,),
                (0, 3, 4, 5),
                (0, 2, 3, 5),
                (0, 1, 4, 5),
                (0, 1, 3, 4),
                (1, 2, 4, 5),
                (0, 1, 2, 5),
                (1, 2, 3, 4),
                (3, 4, 5),
                (0, 2, 3, 4, 5),
            ]
        ),
        Mistake(
            "The input maps are numbered from 1. Count from 0, as the paper does.",
            lambda: [tuple(i + 1 for i in row) for row in C3_TABLE],
        ),
        Mistake(
            "Your table is turned around: for each input map, which output maps read "
            "it. Give 16 tuples, one for each output map.",
            lambda: [tuple(o for o in range(16) if i in C3_TABLE[o]) for i in range(6)],
        ),
        Mistake(
            "The contiguous ones do not wrap around: after (3, 4, 5) come (0, 4, 5) "
            "and (0, 1, 5).",
            lambda: (
                [tuple(range(i, min(i + 3, 6))) for i in range(6)]
                + [tuple(range(i, min(i + 4, 6))) for i in range(6)]
                + list(C3_TABLE[12:])
            ),
        ),
        Mistake(
            "The fours that are not contiguous are missing: the paper has three of "
            "them, before the last map, which reads all six.",
            lambda: [*C3_TABLE[:12], C3_TABLE[15]],
        ),
        Mistake(
            "You list the first four input maps for each of the fours. They move on "
            "like the threes.",
            lambda: [*C3_TABLE[:6], *[(0, 1, 2, 3)] * 9, C3_TABLE[15]],
        ),
    ),
    (
        "Table I of the paper has 16 columns: six maps read three input maps, nine "
        "read four, and the last reads all six.",
        "The first six are contiguous threes, (0, 1, 2), (1, 2, 3), …, which wrap "
        "around after 5. The next six are contiguous fours, in the same manner.",
        "The three fours that remain leave out two maps that are opposite to each "
        "other: (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5). The last map reads all six.",
    ),
    probe="tables",
)


def center_by_mass(image):
    return moved_by(image, *shift_of(image))


def shift_of(image, middle=13.5):
    total = image.sum()
    if total == 0:
        return 0, 0
    axis = torch.arange(28, dtype=image.dtype)
    rows = (image.sum(1) * axis).sum() / total
    columns = (image.sum(0) * axis).sum() / total
    return round(float(middle - rows)), round(float(middle - columns))


def moved_by(image, down, right):
    return F.pad(image, (right, -right, down, -down))


def moved(how):
    """The exercise with another shift, for images that are not empty."""

    def center(image):
        return moved_by(image, *how(image)) if image.sum() > 0 else image.clone()

    return center


def box_shift(image):
    rows, columns = (image > 0).nonzero().T
    return tuple(
        round(13.5 - float(axis.min() + axis.max()) / 2) for axis in (rows, columns)
    )


def exact(image, middle=13.5):
    """The shift before it is rounded."""
    axis = torch.arange(28, dtype=image.dtype)
    total = image.sum()
    return (
        float(middle - (image.sum(1) * axis).sum() / total),
        float(middle - (image.sum(0) * axis).sum() / total),
    )


def strokes(r):
    """Blots whose center of mass is far from a tie, some with ink that will leave."""
    found = [torch.zeros(28, 28).double()]
    spots = [
        [(3, 5, 2, 4)], [(20, 2, 6, 3)], [(1, 20, 5, 7)], [(0, 0, 2, 2)],
        [(20, 20, 8, 8), (0, 0, 1, 1)], [(2, 3, 3, 9), (25, 14, 2, 2)],
        [(10, 1, 4, 2), (12, 27, 1, 1)], [(9, 15, 7, 3)], [(5, 12, 3, 13)],
    ]  # fmt: skip
    for blots in spots:
        for _ in range(60):
            image = torch.zeros(28, 28).double()
            for top, left, h, w in blots:
                image[top : top + h, left : left + w] = r.tensor(h, w, scale=1).abs()
            far = all(abs(s % 1 - 0.5) > 0.08 for s in exact(image))
            if far and all(abs(s % 1 - 0.5) > 0.02 for s in exact(image, 14)):
                found.append(image)
                break
    return [(image,) for image in found]


CENTER_BY_MASS = Exercise(
    center_by_mass,
    strokes,
    (
        Mistake(
            "You center the box around the ink. The exercise asks for the center of "
            "mass, where each pixel counts with its brightness.",
            moved(box_shift),
        ),
        Mistake(
            "Every inked pixel counts the same. In a center of mass each counts with "
            "its brightness.",
            moved(lambda x: shift_of((x > 0).to(x.dtype))),
        ),
        Mistake(
            "The image moves the wrong way: the shift is 13.5 minus the center of "
            "mass, and positive means down and to the right.",
            moved(lambda x: tuple(-s for s in shift_of(x))),
        ),
        Mistake(
            "Rows and columns are swapped: image.sum(dim=1) has one sum for each row.",
            moved(lambda x: shift_of(x)[::-1]),
        ),
        Mistake(
            "What leaves on one side comes in on the other: torch.roll wraps around. "
            "Zeros come in, and what leaves is lost.",
            lambda x: torch.roll(x, shift_of(x), (0, 1)),
        ),
        Mistake(
            "An empty image divides by 0: its center of mass is nan. Return it as it "
            "is.",
            lambda x: moved_by(x, *map(round, exact(x))),
        ),
        Mistake(
            "Your center is at 14 (or, which comes to the same, you round up). With "
            "28 pixels, numbered 0 to 27, the middle lies at 13.5.",
            moved(lambda x: shift_of(x, 14.0)),
        ),
        Mistake(
            "Your center is at 13 (or, which comes to the same, you round down). With "
            "28 pixels, numbered 0 to 27, the middle lies at 13.5.",
            moved(lambda x: shift_of(x, 13.0)),
        ),
        Mistake(
            "You cut off the decimals of the shift (int). Take the nearest whole "
            "number: round.",
            moved(lambda x: tuple(int(s) for s in exact(x))),
        ),
        Mistake(
            "The image moves up and down only. Move it left and right, too.",
            moved(lambda x: (shift_of(x)[0], 0)),
        ),
        Mistake(
            "The image moves left and right only. Move it up and down, too.",
            moved(lambda x: (0, shift_of(x)[1])),
        ),
        Mistake(
            "The image comes back as it was.",
            lambda x: x.clone(),
        ),
        Mistake(
            "You move the brightest pixel to the middle. The exercise asks for the "
            "center of mass.",
            moved(lambda x: (13 - int(x.argmax()) // 28, 13 - int(x.argmax()) % 28)),
        ),
        Mistake(
            "You move the brightest pixel to the middle. The exercise asks for the "
            "center of mass.",
            moved(lambda x: (14 - int(x.argmax()) // 28, 14 - int(x.argmax()) % 28)),
        ),
    ),
    (
        "The center of mass has a row and a column: the mean of the row numbers, each "
        "weighted by the ink in that row (image.sum(dim=1)), and likewise the columns.",
        "The shift is round(13.5 - center), for rows and columns. An image without "
        "ink has no center: return it as it is.",
        "Write the part that stays inside into a new torch.zeros(28, 28); torch.roll "
        "would bring back on one side what leaves on the other.",
    ),
)


EXERCISES = (LENET, DENSE_AND_CONV_PARAMETERS, C3_TABLE_EXERCISE, CENTER_BY_MASS)
