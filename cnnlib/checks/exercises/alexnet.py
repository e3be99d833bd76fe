"""Notebook 05. Source: Krizhevsky, Sutskever and Hinton (2012), sections 3.1 to 4.2."""

import torch

from ..exercise import Exercise, Mistake


def relu_backward(x, grad):
    return grad * (x > 0)


def activations(r):
    cases = [
        (torch.tensor([-1.0, 0.0, 2.0]).double(), r.tensor(3)),
        (r.tensor(1), r.tensor(1)),
        (r.tensor(2, 2), r.tensor(2, 2)),
        (torch.zeros(2, 3).double(), r.tensor(2, 3)),
        (r.tensor(2, 3, 4, 5), r.tensor(2, 3, 4, 5)),
        (r.tensor(7, 3), r.tensor(7, 3)),
    ]
    for x, _ in cases[-2:]:
        x.view(-1)[::5] = 0
    return cases


RELU_BACKWARD = Exercise(
    relu_backward,
    activations,
    (
        Mistake(
            "You multiply by the sign of x, which is -1 for negative x. There the "
            "derivative is 0: nothing passes.",
            lambda x, g: g * x.sign(),
        ),
        Mistake(
            "You block the gradient where grad is negative. Look at x: what matters is "
            "whether the unit was active going forward.",
            lambda x, g: g * (g > 0),
        ),
        Mistake(
            "You block the gradient also where grad is negative. Only x decides: a "
            "negative gradient passes an active unit as well.",
            lambda x, g: g * (x > 0) * (g > 0),
        ),
        Mistake(
            "The gradient passes at x = 0. There ReLU's derivative is taken as 0: "
            "x > 0, not x >= 0.",
            lambda x, g: g * (x >= 0),
        ),
        Mistake(
            "Half of the gradient passes at x = 0. There ReLU's derivative is taken "
            "as 0.",
            lambda x, g: g * ((x > 0).double() + 0.5 * (x == 0).double()),
        ),
        Mistake(
            "You return ReLU's derivative, ones and zeros. Multiply it by grad: that "
            "is the chain rule.",
            lambda x, g: (x > 0).double(),
        ),
        Mistake(
            "You return relu(x), the forward pass. Backward, grad passes where x > 0.",
            lambda x, g: x.relu(),
        ),
        Mistake(
            "You multiply grad by relu(x). The derivative is 1 where x > 0, however "
            "large x is.",
            lambda x, g: g * x.relu(),
        ),
        Mistake(
            "You multiply grad by x. The derivative is 1 where x > 0, and 0 elsewhere.",
            lambda x, g: g * x,
        ),
        Mistake(
            "The gradient comes back as it was. It is blocked where x is not positive.",
            lambda x, g: g.clone(),
        ),
        Mistake(
            "It is the wrong way round: the gradient passes where x > 0, and is "
            "blocked where x is negative.",
            lambda x, g: g * (x < 0),
        ),
        Mistake(
            "It is the wrong way round: the gradient passes where x > 0, and is "
            "blocked elsewhere.",
            lambda x, g: g * (x <= 0),
        ),
        Mistake(
            "Some gradient passes where x is negative: that is a leaky ReLU. Here "
            "nothing passes.",
            lambda x, g: torch.where(x > 0, g, 0.01 * g),
        ),
        Mistake(
            "You use the sigmoid's derivative. ReLU's is 1 where x > 0, and 0 "
            "elsewhere.",
            lambda x, g: g * torch.sigmoid(x) * (1 - torch.sigmoid(x)),
        ),
        Mistake(
            "Your gradient has lost its sign. It passes as it is.",
            lambda x, g: g.abs() * (x > 0),
        ),
        Mistake(
            "The gradient is turned around. It passes as it is.",
            lambda x, g: -g * (x > 0),
        ),
        Mistake(
            "Where nothing passes you return x. The gradient there is 0.",
            lambda x, g: torch.where(x > 0, g, x),
        ),
        Mistake(
            "x and grad are swapped: grad passes where x > 0.",
            lambda x, g: x * (g > 0),
        ),
        Mistake(
            "The gradient is cut at 1 or above. Only x decides, and what passes is "
            "grad as it is.",
            lambda x, g: g.clamp(-1, 1) * (x > 0),
        ),
    ),
    (
        "What is the slope of ReLU for x = 2, and what for x = -2?",
        "The slope is 1 where x > 0 and 0 elsewhere; at x = 0 it is taken as 0.",
        "Chain rule: multiply grad by the slope, entry by entry.",
    ),
    shortcuts=("backward", "grad", "vjp", "threshold_backward", "jacobian"),
    instead="the slope itself, as a comparison of x with 0",
)


def flip_some(images, which):
    return torch.where(which[:, None, None, None], images.flip(3), images)


def chosen(change):
    """The exercise with another change of the chosen images."""
    return lambda x, w: torch.where(w[:, None, None, None], change(x), x)


def batches(r):
    def case(n, c, h, w, *which):
        return r.tensor(n, c, h, w), torch.tensor(which)

    return [
        case(1, 1, 1, 2, True),
        case(1, 1, 2, 2, True),
        case(1, 1, 2, 2, False),
        case(2, 1, 2, 3, True, False),
        case(2, 3, 1, 1, True, True),
        case(2, 3, 3, 2, False, False),
        case(3, 2, 4, 4, True, False, False),
        case(4, 3, 3, 5, False, True, True, False),
        case(3, 3, 3, 3, True, True, True),
    ]


FLIP_SOME = Exercise(
    flip_some,
    batches,
    (
        Mistake(
            "You turn images upside down. Left to right means along the last axis, the "
            "width.",
            chosen(lambda x: x.flip(2)),
        ),
        Mistake(
            "You turn images by 180°: upside down and left to right. Flip only the "
            "last axis, the width.",
            chosen(lambda x: x.flip(2, 3)),
        ),
        Mistake(
            "All images are flipped. Flip those for which `which` is True.",
            lambda x, w: x.flip(3),
        ),
        Mistake(
            "No image is flipped: the result is the input.",
            lambda x, w: x.clone(),
        ),
        Mistake(
            "Your channels are reversed. Flip the last axis, the width.",
            chosen(lambda x: x.flip(1)),
        ),
        Mistake(
            "Your channels are reversed as well. Flip the last axis, the width, alone.",
            chosen(lambda x: x.flip(1, 3)),
        ),
        Mistake(
            "All axes are reversed, the channels too. Flip the last one, the width.",
            chosen(lambda x: x.flip(1, 2, 3)),
        ),
        Mistake(
            "It is the wrong way round: you flip the images for which `which` is "
            "False.",
            lambda x, w: flip_some(x, ~w),
        ),
        Mistake(
            "Rows and columns are swapped: that is a transposition, not a flip.",
            chosen(lambda x: x.transpose(2, 3)),
        ),
        Mistake(
            "You return only the images that were flipped. The others stay in the "
            "batch, as they are.",
            lambda x, w: x[w].flip(3),
        ),
        Mistake(
            "The order of the images is reversed. They stay in their places, and each "
            "chosen one is flipped.",
            lambda x, w: x.flip(0),
        ),
        Mistake(
            "The chosen images are also put in reverse order. Each stays in its place.",
            lambda x, w: reordered(x, w),
        ),
        Mistake(
            "All images are flipped as soon as one is chosen.",
            lambda x, w: x.flip(3) if w.any() else x,
        ),
        Mistake(
            "Only the first of the chosen images is flipped.",
            lambda x, w: flip_some(x, w & (w.cumsum(0) == 1)),
        ),
        Mistake(
            "All images are flipped when the first is chosen. Look at each for itself.",
            lambda x, w: x.flip(3) if w[0] else x,
        ),
        Mistake(
            "The images that are not chosen become 0. They stay as they are.",
            lambda x, w: x.flip(3) * w[:, None, None, None],
        ),
        Mistake(
            "You take the negative of the chosen images. A flip moves pixels from left "
            "to right.",
            chosen(lambda x: -x),
        ),
        Mistake(
            "The pixels move on by one place. A flip reverses their order in each row.",
            chosen(lambda x: x.roll(1, 3)),
        ),
    ),
    (
        "The axes are (N, C, H, W). Along which of them do pixels move when left and "
        "right are exchanged?",
        "images.flip(-1) mirrors all of them. Choose: for those that are True the "
        "mirrored image, for the others the image itself.",
        "Work on a copy: result = images.clone(), then "
        "result[which] = images[which].flip(-1).",
    ),
)


def reordered(x, w):
    result = x.clone()
    result[w] = x[w].flip(0, 3)
    return result


def dropout(x, p, training):
    if not training or p == 0:
        return x
    keep = torch.rand(x.shape) >= p
    return x * keep / (1 - p) if p < 1 else x * 0


def masked(mask, scale=lambda p: 1 / (1 - p) if p < 1 else 0.0, evaluation=None):
    """A dropout with another mask, scale, or behavior in evaluation mode."""

    def drop(x, p, training):
        if not training:
            return x if evaluation is None else evaluation(x, p)
        return x * mask(x, p) * scale(p)

    return drop


def usual(x, p):
    return torch.rand(x.shape) >= p


def same_each_time(x, p):
    generator = torch.Generator().manual_seed(0)
    return torch.rand(x.shape, generator=generator) >= p


def also_in_evaluation(x, p):
    return x * usual(x, p) * (1 / (1 - p) if p < 1 else 0.0)


def exact_division(x, p, training):
    """Divides by 1 - p whatever p is: 0 / 0 for p = 1."""
    return x * usual(x, p) / (1 - p) if training else x


DROPOUT = Exercise(
    dropout,
    lambda r: [
        (r.tensor(100, 160), p, training)
        for p, training in [
            (0.5, True),
            (0.2, True),
            (0.8, True),
            (0.3, False),
            (0.0, True),
            (1.0, True),
        ]
    ],
    (
        Mistake(
            "p is the share that is kept in your function. It is the share that is "
            "dropped: keep where torch.rand(x.shape) >= p.",
            masked(lambda x, p: torch.rand(x.shape) < p, lambda p: 1 / p if p else 0.0),
        ),
        Mistake(
            "p is the share that is kept in your function, but you divide by 1 - p. "
            "It is the share that is dropped: keep where torch.rand(x.shape) >= p.",
            masked(lambda x, p: torch.rand(x.shape) < p),
        ),
        Mistake(
            "p is the share that is kept in your function, and what is kept is not "
            "rescaled. Drop the share p, and divide the rest by 1 - p.",
            masked(lambda x, p: torch.rand(x.shape) < p, lambda p: 1.0),
        ),
        Mistake(
            "What is kept is not rescaled. Divide by 1 - p, so that the mean stays the "
            "same.",
            masked(usual, lambda p: 1.0),
        ),
        Mistake(
            "You rescale when the network is used (times 1 - p), as AlexNet's paper "
            "did. nn.Dropout divides by 1 - p during training and leaves x alone "
            "afterwards.",
            masked(usual, lambda p: 1.0, lambda x, p: x * (1 - p)),
        ),
        Mistake(
            "x is rescaled in evaluation mode, too. There it passes as it is.",
            masked(usual, evaluation=lambda x, p: x * (1 - p)),
        ),
        Mistake(
            "x is rescaled in evaluation mode, too. There it passes as it is.",
            masked(usual, evaluation=lambda x, p: x / (1 - p)),
        ),
        Mistake(
            "You drop in evaluation mode, too. Where training is False, x passes as it "
            "is.",
            masked(usual, evaluation=also_in_evaluation),
        ),
        Mistake(
            "You drop in evaluation mode, too, and never rescale. Where training is "
            "False, x passes as it is.",
            masked(usual, lambda p: 1.0, lambda x, p: x * usual(x, p)),
        ),
        Mistake(
            "It is the wrong way round: you drop in evaluation mode and not in "
            "training.",
            lambda x, p, t: dropout(x, p, not t),
        ),
        Mistake(
            "Nothing is dropped in training mode.",
            lambda x, p, t: x,
        ),
        Mistake(
            "Nothing is dropped in training mode, only rescaled.",
            lambda x, p, t: x / (1 - p) if t and p < 1 else x,
        ),
        Mistake(
            "The mask is the same each time: you seed the generator in the function. "
            "Draw a new one with every call.",
            masked(same_each_time),
        ),
        Mistake(
            "One mask is drawn for all rows: whole columns are dropped. Draw a number "
            "for each entry, torch.rand(x.shape).",
            masked(lambda x, p: torch.rand(x.shape[1]) >= p),
        ),
        Mistake(
            "One number is drawn for each row: whole rows are dropped. Draw one for "
            "each entry, torch.rand(x.shape).",
            masked(lambda x, p: torch.rand(x.shape[0], 1) >= p),
        ),
        Mistake(
            "One number decides for the whole tensor. Draw one for each entry, "
            "torch.rand(x.shape).",
            masked(lambda x, p: torch.rand(1) >= p),
        ),
        Mistake(
            "You divide by p. What is kept is divided by 1 - p, the share that is "
            "left.",
            masked(usual, lambda p: 1 / p if p else 1.0),
        ),
        Mistake(
            "You multiply by 1 - p. Dividing by it makes up for what was dropped.",
            masked(usual, lambda p: 1 - p),
        ),
        Mistake(
            "You multiply by p. What is kept is divided by 1 - p.",
            masked(usual, lambda p: p),
        ),
        Mistake(
            "p = 1 divides by 0 and gives nan. Everything is dropped then: return "
            "zeros.",
            exact_division,
        ),
        Mistake(
            "You drop the small entries. Chance decides, whatever the entries are.",
            masked(lambda x, p: x.abs() > x.abs().flatten().quantile(p)),
        ),
        Mistake(
            "The scale is drawn at random for each entry. What is kept is divided by "
            "1 - p.",
            masked(lambda x, p: torch.rand(x.shape)),
        ),
        Mistake(
            "You add noise where entries should become 0. Multiply by a mask of zeros "
            "and ones.",
            lambda x, p, t: x + torch.randn(x.shape, dtype=x.dtype) * p if t else x,
        ),
        Mistake(
            "Your random numbers come from torch.randn, which is not uniform: "
            "torch.rand is below p in a share p of all cases.",
            masked(lambda x, p: torch.randn(x.shape) >= p),
        ),
    ),
    (
        "In evaluation mode nothing happens. In training mode each entry is dropped "
        "with probability p: torch.rand(x.shape) gives one number for each.",
        "keep = torch.rand(x.shape) >= p is a mask of True and False. Multiply x by "
        "it.",
        "Divide what is kept by 1 - p. For p = 1 nothing is kept: return zeros before "
        "you divide by 0.",
    ),
    probe="two_masks",
    parts=(
        "share of entries that are dropped",
        "share of entries that two calls both drop",
        "share of dropped entries with a dropped neighbor to the right",
        "share of dropped entries with a dropped neighbor below",
        "share of entries that are neither 0 nor scaled like the others",
        "scale of what is kept, times 1 - p,",
        "input after the call (1 if it is as before)",
        "result's number of nan (1 if there are any)",
        "size of the dropped entries (1 if it is unlike the others')",
    ),
    shortcuts=("dropout", "dropout1d", "dropout2d", "feature_dropout", "alpha_dropout"),
    instead="a random mask",
    tolerance=0.03,
    random=True,
)


def alexnet_shapes():
    return shapes()


def shapes(
    padding=(1, 2, 1, 1, 1), window=3, ceil=False, maps=(96, 256, 384, 384, 256),
    stride=4, pooled=(0, 1, 4), pool_stride=2,
):  # fmt: skip
    """The slide's network, or one that differs from it in one respect."""
    rows, side = [], 224
    for i, (out, kernel) in enumerate(zip(maps, (11, 5, 3, 3, 3), strict=True)):
        side = (side + 2 * padding[i] - kernel) // (stride if i == 0 else 1) + 1
        rows.append((out, side, side))
        if i in pooled:
            side = max((side - window + ceil) // pool_stride + 1, 1)
            rows.append((out, side, side))
    return [*rows, (4096,), (4096,), (1000,)]


CEIL_OR_TWO = (
    "Your poolings give one pixel too many: they have windows of 2, or round up "
    "(ceil_mode). AlexNet's windows are 3×3 with stride 2, rounded down: 54 becomes "
    "(54 - 3) // 2 + 1 = 26."
)

ALEXNET_SHAPES = Exercise(
    alexnet_shapes,
    lambda r: [()],
    (
        Mistake(CEIL_OR_TWO, lambda: shapes(window=2)),
        Mistake(CEIL_OR_TWO, lambda: shapes(ceil=True)),
        Mistake(
            "The padding is forgotten: the second convolution has padding 2, the ones "
            "after it 1, so that they keep the size of their maps.",
            lambda: shapes(padding=(0,) * 5),
        ),
        Mistake(
            "The second convolution's padding is forgotten. It has kernels of 5×5 and "
            "padding 2, so that 26×26 stays 26×26.",
            lambda: shapes(padding=(1, 0, 1, 1, 1)),
        ),
        Mistake(
            "The second convolution has padding 1 in your list. Kernels of 5×5 need 2 "
            "to keep the size.",
            lambda: shapes(padding=(1, 1, 1, 1, 1)),
        ),
        Mistake(
            "The last three convolutions' padding is forgotten. They have kernels of "
            "3×3 and padding 1, so that 12×12 stays 12×12.",
            lambda: shapes(padding=(1, 2, 0, 0, 0)),
        ),
        Mistake(
            "Your first maps are 55×55. That is the paper's network (padding 2, or an "
            "image of 227); the slide's has padding 1, which gives 54×54.",
            lambda: shapes(padding=(2, 2, 1, 1, 1)),
        ),
        Mistake(
            "You have the channel counts of torchvision's AlexNet, 64-192-384-256-256. "
            "The slide's are 96-256-384-384-256.",
            lambda: shapes(maps=(64, 192, 384, 256, 256), padding=(2, 2, 1, 1, 1)),
        ),
        Mistake(
            "You have the channel counts of torchvision's AlexNet, 64-192-384-256-256. "
            "The slide's are 96-256-384-384-256.",
            lambda: shapes(maps=(64, 192, 384, 256, 256)),
        ),
        Mistake(
            "The input is listed, too. The list starts after the first convolution.",
            lambda: [(3, 224, 224), *shapes()],
        ),
        Mistake(
            "The flattened maps are listed, too, (6400,). The list has the "
            "convolutions, poolings and dense layers only.",
            lambda: [*shapes()[:8], (6400,), *shapes()[8:]],
        ),
        Mistake(
            "The poolings are missing from your list: 3 of them belong to the 11 "
            "entries.",
            lambda: [s for i, s in enumerate(shapes()) if i not in (1, 3, 7)],
        ),
        Mistake(
            "The dense layers are missing: 4096, 4096 and 1000 units.",
            lambda: shapes()[:8],
        ),
        Mistake(
            "The first dense layer is missing: there are 4096, 4096 and 1000 units.",
            lambda: [*shapes()[:9], (1000,)],
        ),
        Mistake(
            "The channels stand last. The order is (C, H, W).",
            lambda: [s if len(s) == 1 else (s[1], s[2], s[0]) for s in shapes()],
        ),
        Mistake(
            "The batch is listed, too. An entry is (C, H, W), or (units,).",
            lambda: [(1, *s) for s in shapes()],
        ),
        Mistake(
            "The dense layers stand as plain numbers. Each entry is a tuple: (4096,).",
            lambda: [s if len(s) == 3 else s[0] for s in shapes()],
        ),
        Mistake(
            "The last layer has 1000 units, one for each of ImageNet's classes.",
            lambda: [*shapes()[:10], (10,)],
        ),
        Mistake(
            "The stride of the first convolution is forgotten: it moves by 4 pixels.",
            lambda: shapes(stride=1),
        ),
        Mistake(
            "The poolings come after every convolution in your list. They follow the "
            "first, second and fifth.",
            lambda: shapes(pooled=range(5)),
        ),
        Mistake(
            "The poolings have stride 3, the size of their windows, in your list. It "
            "is 2: the windows overlap.",
            lambda: shapes(pool_stride=3),
        ),
    ),
    (
        "Go layer by layer with ⌊(n + 2p - k) / s⌋ + 1. The first: n = 224, k = 11, "
        "s = 4, p = 1.",
        "A pooling of 3×3 with stride 2 follows the first, second and fifth "
        "convolution. The second convolution (5×5) has padding 2, the others (3×3) "
        "padding 1, so that they keep the size.",
        "The channels are 96, 256, 384, 384, 256. The last maps are 5×5; then come "
        "(4096,), (4096,) and (1000,).",
    ),
    shortcuts=("summarize", "AlexNet", "AlexNet_2012", "build"),
    instead="the formula for the sizes",
)


EXERCISES = (RELU_BACKWARD, FLIP_SOME, DROPOUT, ALEXNET_SHAPES)
