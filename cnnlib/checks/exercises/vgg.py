"""Notebook 06. Sources: Simonyan and Zisserman (2014), section 2; Ioffe and Szegedy
(2015), algorithm 1."""

import torch
from torch import nn
from torch.nn import functional as F

from ..exercise import Exercise, Mistake, mistake


def vgg_block(convs, c_in, c_out):
    return block()(convs, c_in, c_out)


def block(
    kernel=3, padding=1, act=nn.ReLU, pool=None, every=False, growing=True, norm=False,
    bias=True, more=0, last_act=True, first_pool=False, stride=1, widen_last=False,
    between=True,
):  # fmt: skip
    """The block, or one that differs from it in one respect."""
    pool = pool or (lambda: nn.MaxPool2d(2))

    def build(convs, c_in, c_out):
        layers = [pool()] if first_pool else []
        n = convs + more
        for i in range(n):
            a = c_in if i == 0 or not growing else c_out
            b = c_out
            if widen_last:
                a, b = c_in, c_out if i == n - 1 else c_in
            layers.append(nn.Conv2d(a, b, kernel, stride, padding=padding, bias=bias))
            layers += [nn.BatchNorm2d(b)] if norm else []
            if (between or i == n - 1) and (last_act or i < n - 1):
                layers.append(act())
            layers += [pool()] if every else []
        return nn.Sequential(*layers, *([] if every or first_pool else [pool()]))

    return build


VGG_BLOCK = Exercise(
    vgg_block,
    lambda r: [
        (convs, c_in, c_out, torch.randn(n, c_in, h, w, generator=r.generator).double())
        for convs, c_in, c_out, n, h, w in [
            (1, 1, 2, 1, 2, 2),
            (1, 3, 3, 1, 4, 4),
            (2, 2, 3, 2, 4, 6),
            (2, 3, 3, 1, 5, 7),
            (3, 2, 4, 2, 8, 8),
            (3, 4, 2, 1, 9, 6),
        ]
    ],
    (
        Mistake(
            "You pool after every convolution. One pooling ends the block.",
            block(every=True),
        ),
        Mistake(
            "Every convolution takes c_in channels. Only the first does; the ones "
            "after it take the c_out that the one before makes.",
            block(growing=False),
        ),
        Mistake(
            "Only the last convolution makes c_out channels. The first does already, "
            "and the others go on from there.",
            block(widen_last=True),
        ),
        Mistake(
            "The padding is missing: with padding=1 a 3×3 convolution keeps the size.",
            block(padding=0),
        ),
        Mistake(
            "The padding is 2. A 3×3 convolution keeps the size with padding=1.",
            block(padding=2),
        ),
        Mistake(
            "There is no ReLU. One follows each convolution.",
            block(act=nn.Identity),
        ),
        Mistake(
            "There is a ReLU only at the end of the block. One follows each "
            "convolution.",
            block(between=False),
        ),
        Mistake(
            "The ReLU is missing after the last convolution.",
            block(last_act=False),
        ),
        Mistake(
            "The pooling is missing: a 2×2 max pooling with stride 2 ends the block.",
            block(pool=nn.Identity),
        ),
        Mistake(
            "Your pooling moves by one pixel. Its stride is 2.",
            block(pool=lambda: nn.MaxPool2d(2, stride=1)),
        ),
        Mistake(
            "Your pooling window is 3×3. It is 2×2 with stride 2.",
            block(pool=lambda: nn.MaxPool2d(3, 2, padding=1)),
        ),
        Mistake(
            "Your pooling window is 3×3. It is 2×2 with stride 2.",
            block(pool=lambda: nn.MaxPool2d(3, 2)),
        ),
        Mistake(
            "Your pooling rounds up (ceil_mode). PyTorch's usual one rounds down.",
            block(pool=lambda: nn.MaxPool2d(2, ceil_mode=True)),
        ),
        Mistake(
            "You pool by the mean. VGG takes the maximum.",
            block(pool=lambda: nn.AvgPool2d(2)),
        ),
        Mistake(
            "In place of the pooling, the convolutions have stride 2.",
            block(pool=nn.Identity, stride=2),
        ),
        Mistake(
            "The pooling comes first. It ends the block.",
            block(first_pool=True),
        ),
        Mistake(
            "There is batch normalization, which the block of 2014 does not have.",
            block(norm=True),
        ),
        Mistake(
            "There is one convolution too many.",
            block(more=1),
        ),
        Mistake(
            "There is one convolution too few: convs of them.",
            block(more=-1),
        ),
        Mistake(
            "There is always one convolution. The block has convs of them.",
            lambda convs, a, b: block()(1, a, b),
        ),
        Mistake(
            "There are always two convolutions. The block has convs of them.",
            lambda convs, a, b: block()(2, a, b),
        ),
        Mistake(
            "Your kernels are 5×5. VGG's are 3×3.",
            block(kernel=5, padding=2),
        ),
        Mistake(
            "Your kernels are 1×1. VGG's are 3×3.",
            block(kernel=1, padding=0),
        ),
        Mistake(
            "The convolutions have no biases. VGG's have them.",
            block(bias=False),
        ),
        Mistake(
            "c_in and c_out are swapped.",
            lambda convs, a, b: block()(convs, b, a),
        ),
        Mistake(
            "Your activation is a sigmoid. VGG has ReLU.",
            block(act=nn.Sigmoid),
        ),
        Mistake(
            "Your activation is tanh. VGG has ReLU.",
            block(act=nn.Tanh),
        ),
        Mistake(
            "Your activation is a leaky ReLU, which lets some of the negative numbers "
            "pass. VGG has ReLU.",
            block(act=nn.LeakyReLU),
        ),
    ),
    (
        "A loop over convs: each time a 3×3 convolution with padding=1 and a ReLU. "
        "Collect the layers in a list.",
        "The first convolution takes c_in channels, all others c_out: set c_in = c_out "
        "at the end of the loop's body.",
        "Append nn.MaxPool2d(2) once, after the loop, and return "
        "nn.Sequential(*layers).",
    ),
    probe="network",
    parts=("number of parameters", "output of your network"),
)


def batch_norm(x, gamma, beta, eps=1e-5):
    return F.batch_norm(x, None, None, gamma, beta, training=True, eps=eps)


def across(shape):
    return lambda v: v.reshape(shape)


PER_CHANNEL = across((1, -1, 1, 1))


def normalized(
    dims=(0, 2, 3), correction=0, outside=False, add_eps=True, root=True, center=True,
    gamma=PER_CHANNEL, beta=PER_CHANNEL, after=None,
):  # fmt: skip
    """Batch normalization, or one that differs from it in one respect."""

    def norm(x, g, b, eps=1e-5):
        mean = x.mean(dims, keepdim=True)
        var = x.var(dims, correction=correction, keepdim=True)
        eps = eps if add_eps else 0.0
        if not root:
            scale = var + eps
        elif outside:
            scale = var.sqrt() + eps
        else:
            scale = (var + eps).sqrt()
        y = (x - mean if center else x) / scale
        if after:
            return after(y, g, b)
        return y * (gamma(g) if gamma else 1) + (beta(b) if beta else 0)

    return norm


@mistake(
    "The scale uses the square of the standard deviation's error: eps is added twice, "
    "once inside the root and once outside. It belongs inside: sqrt(var + eps)."
)
def eps_twice(x, g, b, eps=1e-5):
    mean = x.mean((0, 2, 3), keepdim=True)
    var = x.var((0, 2, 3), correction=0, keepdim=True)
    return (x - mean) / ((var + eps).sqrt() + eps) * PER_CHANNEL(g) + PER_CHANNEL(b)


BATCH_NORM = Exercise(
    batch_norm,
    lambda r: [
        (
            r.tensor(*shape, scale=2),
            r.tensor(shape[1], scale=2),
            r.tensor(shape[1], scale=2),
            *eps,
        )
        for *shape, eps in [
            (2, 1, 1, 1, [0.5]),
            (1, 1, 1, 2, []),
            (1, 2, 2, 2, [1e-5]),
            (2, 2, 1, 2, [0.5]),
            (3, 3, 3, 3, [0.1]),
            (2, 3, 4, 5, []),
            (4, 2, 3, 2, [2.0]),
            (5, 4, 1, 1, [0.3]),
            (2, 5, 3, 5, [1e-3]),
        ]
    ],
    (
        Mistake(
            "Each image is normalized for itself, each channel alone (instance "
            "normalization). The mean and variance of a channel are taken over the "
            "whole batch, too: dims (0, 2, 3).",
            normalized((2, 3)),
        ),
        Mistake(
            "Each image is normalized for itself, all channels together (layer "
            "normalization). The mean and variance are taken for each channel, over "
            "batch, height and width: dims (0, 2, 3).",
            normalized((1, 2, 3)),
        ),
        Mistake(
            "Each pixel is normalized over the batch alone. Take the mean and variance "
            "over height and width, too: dims (0, 2, 3).",
            normalized((0,)),
        ),
        Mistake(
            "Everything is normalized together. Each channel has its own mean and "
            "variance: dims (0, 2, 3).",
            normalized((0, 1, 2, 3)),
        ),
        Mistake(
            "You normalize over the channels. Each channel has its own mean and "
            "variance, taken over dims (0, 2, 3).",
            normalized((1,)),
        ),
        Mistake(
            "You leave out the width (or the height). The mean and variance are taken "
            "over dims (0, 2, 3).",
            normalized((0, 2)),
        ),
        Mistake(
            "You leave out the width (or the height). The mean and variance are taken "
            "over dims (0, 2, 3).",
            normalized((0, 3)),
        ),
        Mistake(
            "You normalize over batch and channels. The mean and variance are taken "
            "over dims (0, 2, 3).",
            normalized((0, 1)),
        ),
        Mistake(
            "Your variance is the unbiased one (divided by n - 1), which is what "
            "torch.var gives unasked. In training, batch normalization divides by n: "
            "correction=0.",
            normalized(correction=1),
        ),
        Mistake(
            "eps is added outside the root. It belongs inside: sqrt(var + eps).",
            normalized(outside=True),
        ),
        eps_twice,
        Mistake(
            "eps has no effect: it is left out, or always 1e-5. Use the argument: "
            "sqrt(var + eps).",
            normalized(add_eps=False),
        ),
        Mistake(
            "You divide by the variance. Divide by its root, the standard deviation.",
            normalized(root=False),
        ),
        Mistake(
            "The mean is not subtracted.",
            normalized(center=False),
        ),
        Mistake("beta is forgotten.", normalized(beta=None)),
        Mistake("gamma is forgotten.", normalized(gamma=None)),
        Mistake("gamma and beta are forgotten.", normalized(gamma=None, beta=None)),
        Mistake(
            "beta is added before gamma multiplies. First scale, then shift: "
            "gamma * y + beta.",
            normalized(after=lambda y, g, b: (y + PER_CHANNEL(b)) * PER_CHANNEL(g)),
        ),
        Mistake(
            "gamma and beta are swapped: gamma scales, beta shifts.",
            normalized(after=lambda y, g, b: y * PER_CHANNEL(b) + PER_CHANNEL(g)),
        ),
        Mistake(
            "beta is subtracted. Add it.",
            normalized(after=lambda y, g, b: y * PER_CHANNEL(g) - PER_CHANNEL(b)),
        ),
        Mistake(
            "You divide by gamma. Multiply.",
            normalized(after=lambda y, g, b: y / PER_CHANNEL(g) + PER_CHANNEL(b)),
        ),
        Mistake(
            "gamma and beta lie along the wrong axis (the width). They belong to the "
            "channels: gamma[:, None, None], or reshape(1, -1, 1, 1).",
            normalized(gamma=lambda v: v, beta=lambda v: v),
        ),
        Mistake(
            "gamma and beta lie along the wrong axis (the batch). They belong to the "
            "channels: gamma[:, None, None], or reshape(1, -1, 1, 1).",
            normalized(gamma=across((-1, 1, 1, 1)), beta=across((-1, 1, 1, 1))),
        ),
        Mistake(
            "gamma and beta lie along the wrong axis (the height). They belong to the "
            "channels: gamma[:, None, None], or reshape(1, -1, 1, 1).",
            normalized(gamma=across((1, 1, -1, 1)), beta=across((1, 1, -1, 1))),
        ),
        Mistake(
            "gamma lies along the wrong axis. It belongs to the channels: "
            "gamma[:, None, None].",
            normalized(gamma=across((-1, 1, 1, 1))),
        ),
        Mistake(
            "gamma lies along the wrong axis. It belongs to the channels: "
            "gamma[:, None, None].",
            normalized(gamma=lambda v: v),
        ),
        Mistake(
            "Your output is cut off at 0. A ReLU may follow batch normalization, it is "
            "no part of it.",
            normalized(
                after=lambda y, g, b: (y * PER_CHANNEL(g) + PER_CHANNEL(b)).relu()
            ),
        ),
        Mistake(
            "The mean is taken over the batch, but the variance over something else. "
            "Both are taken over dims (0, 2, 3).",
            lambda x, g, b, eps=1e-5: (
                (x - x.mean((0, 2, 3), keepdim=True))
                / (x.var((2, 3), correction=0, keepdim=True) + eps).sqrt()
                * PER_CHANNEL(g)
                + PER_CHANNEL(b)
            ),
        ),
    ),
    (
        "Each channel has one mean and one variance. Over which of the four axes "
        "(N, C, H, W) are they taken?",
        "mean = x.mean((0, 2, 3), keepdim=True); the variance is the mean of the "
        "squared differences, divided by n, not by n - 1.",
        "y = (x - mean) / sqrt(var + eps), with eps inside the root. Then gamma and "
        "beta, reshaped to (1, C, 1, 1), scale and shift each channel.",
    ),
    shortcuts=("batch_norm", "native_batch_norm"),
    instead="mean, variance and a root",
)

EXERCISES = (VGG_BLOCK, BATCH_NORM)
