"""Notebook 01. Reference: Dumoulin and Visin (2016), arXiv:1603.07285."""

import torch
from torch.nn import functional as F

from ..exercise import Exercise, Mistake, mistake

CONVOLUTIONS = (
    "conv1d",
    "conv2d",
    "conv3d",
    "convolution",
    "_convolution",
    "conv_transpose2d",
    "correlate",
    "correlate2d",
    "convolve",
    "convolve2d",
)
WINDOWS = "slices of the image: each times the kernel, and summed"


def cross_correlate(image, kernel):
    windows = image.unfold(0, len(kernel), 1).unfold(1, kernel.shape[1], 1)
    return (windows * kernel).sum((2, 3))


def products(image, kernel):
    """The products that belong to each output, (H - h + 1, W - w + 1, h, w)."""
    windows = image.unfold(0, len(kernel), 1).unfold(1, kernel.shape[1], 1)
    return windows * kernel


@mistake(
    "You read the window at image[j:, i:]: i counts rows and belongs to the first "
    "index, j counts columns and belongs to the second. Rows and columns are swapped."
)
def window_swapped(image, kernel):
    result = cross_correlate(image, kernel)
    out = torch.zeros_like(result)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            window = image[j : j + len(kernel), i : i + kernel.shape[1]]
            out[i, j] = (window * kernel).sum()
    return out


@mistake(
    "You use the height where the width belongs, so that it works only for square "
    "images and kernels. Read both sizes: H, W = image.shape and h, w = kernel.shape."
)
def only_square(image, kernel):
    h, n = len(kernel), len(image) - len(kernel) + 1
    out = torch.zeros(n, n, dtype=image.dtype)
    for i in range(n):
        for j in range(n):
            out[i, j] = (image[i : i + h, j : j + h] * kernel).sum()
    return out


@mistake(
    "You use the width where the height belongs, so that it works only for square "
    "images and kernels. Read both sizes: H, W = image.shape and h, w = kernel.shape."
)
def only_square_by_width(image, kernel):
    return only_square.does(image.T, kernel.T).T


CROSS_CORRELATE = Exercise(
    cross_correlate,
    lambda r: [
        (r.tensor(2, 3), r.tensor(1, 2)),
        (r.tensor(3, 3), r.tensor(2, 2)),
        (r.tensor(1, 1), r.tensor(1, 1)),
        (r.tensor(4, 4), r.tensor(1, 1)),
        (r.tensor(5, 4), r.tensor(3, 2)),
        (r.tensor(4, 7), r.tensor(2, 3)),
        (r.tensor(6, 6), r.tensor(3, 3)),
        (r.tensor(3, 5), r.tensor(3, 5)),
        (r.tensor(9, 6), r.tensor(2, 4)),
    ],
    (
        Mistake(
            "Your kernel is turned by 180°: that is the true convolution of "
            "mathematics. Cross-correlation lays the kernel on the image as it is, "
            "so do not flip it.",
            lambda i, k: cross_correlate(i, k.flip(0, 1)),
        ),
        Mistake(
            "Your kernel is flipped upside down (its rows in reverse order). Lay it "
            "on the image as it is.",
            lambda i, k: cross_correlate(i, k.flip(0)),
        ),
        Mistake(
            "Your kernel is flipped left to right (its columns in reverse order). "
            "Lay it on the image as it is.",
            lambda i, k: cross_correlate(i, k.flip(1)),
        ),
        Mistake(
            "Your kernel is transposed: rows and columns are swapped. Its entry "
            "[u, v] belongs to the pixel image[i + u, j + v].",
            lambda i, k: cross_correlate(i, k.T),
        ),
        Mistake(
            "Your result is transposed: rows and columns are swapped. The window "
            "that starts at row i and column j gives out[i, j].",
            lambda i, k: cross_correlate(i, k).T,
        ),
        window_swapped,
        only_square,
        only_square_by_width,
        Mistake(
            "Your output is one row and one column too small: the last window is "
            "missing. There are H - h + 1 places for it, so range(H - h + 1), not "
            "range(H - h).",
            lambda i, k: cross_correlate(i, k)[:-1, :-1],
        ),
        Mistake(
            "Your output is one row and one column too large. The window fits at "
            "H - h + 1 places, from row 0 to row H - h.",
            lambda i, k: F.pad(cross_correlate(i, k), (0, 1, 0, 1)),
        ),
        Mistake(
            "You multiply window and kernel, but do not sum the products: each "
            "output is one number, the sum over the whole window.",
            products,
        ),
        Mistake(
            "You keep only the first product of each window. Each output is the sum "
            "of all of them.",
            lambda i, k: products(i, k)[..., 0, 0],
        ),
        Mistake(
            "Each product overwrites the one before, so that only the last of the "
            "window is left. Add them up: += instead of =.",
            lambda i, k: products(i, k)[..., -1, -1],
        ),
        Mistake(
            "The sum goes on from window to window. Start again from 0 for each "
            "output.",
            lambda i, k: (
                cross_correlate(i, k)
                .flatten()
                .cumsum(0)
                .view(cross_correlate(i, k).shape)
            ),
        ),
        Mistake(
            "You sum the window, but leave out the kernel.",
            lambda i, k: cross_correlate(i, torch.ones_like(k)),
        ),
        Mistake(
            "You take the mean of the products. Cross-correlation is their sum.",
            lambda i, k: cross_correlate(i, k) / k.numel(),
        ),
        Mistake(
            "You take the largest product. Cross-correlation sums all of them.",
            lambda i, k: products(i, k).amax((2, 3)),
        ),
        Mistake(
            "You add pixel and weight. They are multiplied, and the products added.",
            lambda i, k: (products(i, torch.ones_like(k)) + k).sum((2, 3)),
        ),
        Mistake(
            "You multiply the sum of the window by the sum of the kernel. Multiply "
            "pixel by pixel first, and sum after that.",
            lambda i, k: cross_correlate(i, torch.ones_like(k)) * k.sum(),
        ),
        Mistake(
            "You sum over the rows of the window only (or over its columns only). "
            "Sum over both.",
            lambda i, k: products(i, k).sum(2),
        ),
        Mistake(
            "You sum over the columns of the window only. Sum over both, rows and "
            "columns.",
            lambda i, k: products(i, k).sum(3),
        ),
        Mistake(
            "You multiply window and kernel as matrices (@ or matmul). Multiply "
            "entry by entry, with *.",
            lambda i, k: (i.unfold(0, len(k), 1).unfold(1, k.shape[1], 1) @ k).sum(
                (2, 3)
            ),
        ),
        Mistake(
            "The windows stand side by side. Move on by one pixel each time, not by "
            "the size of the kernel.",
            lambda i, k: cross_correlate(i, k)[:: k.shape[0], :: k.shape[1]],
        ),
        Mistake(
            "The image is padded with zeros, so that the output is as large as the "
            "image. Only windows that lie inside count.",
            lambda i, k: cross_correlate(
                F.pad(
                    i,
                    (
                        (k.shape[1] - 1) // 2,
                        k.shape[1] // 2,
                        (len(k) - 1) // 2,
                        len(k) // 2,
                    ),
                ),
                k,
            ),
        ),
        Mistake(
            "The image is padded all round (a “full” correlation): windows that "
            "overlap the image only in part count, too. Only windows that lie "
            "inside should.",
            lambda i, k: F.conv2d(
                i[None, None], k[None, None], padding=(len(k) - 1, k.shape[1] - 1)
            )[0, 0],
        ),
    ),
    (
        "Read four sizes first: H, W = image.shape and h, w = kernel.shape. How many "
        "places are there for the kernel's top row?",
        "The output has H - h + 1 rows and W - w + 1 columns. Two loops, i over its "
        "rows and j over its columns, visit each window once.",
        "The window at (i, j) is image[i:i + h, j:j + w]. Multiply it by the kernel, "
        "entry by entry, and sum: that is out[i, j].",
    ),
    shortcuts=CONVOLUTIONS,
    instead=WINDOWS,
)


def output_size(n, k, p=0, s=1, d=1):
    return (n + 2 * p - d * (k - 1) - 1) // s + 1


OUTPUT_SIZE = Exercise(
    output_size,
    lambda r: [
        (5, 3),
        (5, 3, 1),
        (5, 3, 1, 2),
        (6, 3, 0, 2),
        (1, 1),
        (7, 7),
        (8, 3, 0, 1, 2),
        (9, 2, 0, 3, 4),
        (10, 3, 0, 4),
        (28, 5, 2),
        (224, 11, 2, 4),
        (11, 4, 3, 3, 3),
        (10, 1, 2, 4),
        (13, 3, 1, 5, 2),
        (17, 5, 4, 2, 3),
        (3, 5, 1, 7, 1),
    ],
    (
        Mistake(
            "The padding is counted once. p pixels are added on each side, left and "
            "right, so the axis grows by 2p.",
            lambda n, k, p=0, s=1, d=1: (n + p - d * (k - 1) - 1) // s + 1,
        ),
        Mistake(
            "You divide without rounding down. A window that only fits in part does "
            "not count: use //.",
            lambda n, k, p=0, s=1, d=1: (n + 2 * p - d * (k - 1) - 1) / s + 1,
        ),
        Mistake(
            "You round up. A window that only fits in part does not count: round "
            "down, with //.",
            lambda n, k, p=0, s=1, d=1: -(-(n + 2 * p - d * (k - 1) - 1) // s) + 1,
        ),
        Mistake(
            "You round to the nearest whole number. A window that only fits in part "
            "does not count: round down, with //.",
            lambda n, k, p=0, s=1, d=1: round((n + 2 * p - d * (k - 1) - 1) / s + 1),
        ),
        Mistake(
            "You add 1 before you divide. The 1 is the first window, which needs no "
            "step: divide the distance by s first, then add 1.",
            lambda n, k, p=0, s=1, d=1: (n + 2 * p - d * (k - 1) - 1 + 1) // s,
        ),
        Mistake(
            "The final + 1 is missing: the first window needs no step, but it counts.",
            lambda n, k, p=0, s=1, d=1: (n + 2 * p - d * (k - 1) - 1) // s,
        ),
        Mistake(
            "You divide by the stride before you add the padding. The padding is part "
            "of the axis: add it first, then divide.",
            lambda n, k, p=0, s=1, d=1: (n - d * (k - 1) - 1) // s + 1 + 2 * p,
        ),
        Mistake(
            "You divide by the stride before you add the padding. The padding is part "
            "of the axis: add it first, then divide.",
            lambda n, k, p=0, s=1, d=1: (n - d * (k - 1) - 1) // s + 2 * p // s + 1,
        ),
        Mistake(
            "You divide n by the stride before you subtract the kernel. First find how "
            "far the window can move, n + 2p - d(k - 1) - 1, then divide that.",
            lambda n, k, p=0, s=1, d=1: n // s + 2 * p - d * (k - 1) - 1 + 1,
        ),
        Mistake(
            "You take d * k for the size of the dilated kernel. There are k - 1 gaps "
            "between k entries, so it spans d * (k - 1) + 1 pixels.",
            lambda n, k, p=0, s=1, d=1: (n + 2 * p - d * k) // s + 1,
        ),
        Mistake(
            "The dilated kernel's size lacks its + 1: k entries with k - 1 gaps span "
            "d * (k - 1) + 1 pixels.",
            lambda n, k, p=0, s=1, d=1: (n + 2 * p - d * (k - 1)) // s + 1,
        ),
        Mistake(
            "You add the dilation to the kernel's size. Each of the k - 1 gaps is d "
            "wide, so the kernel spans d * (k - 1) + 1 pixels.",
            lambda n, k, p=0, s=1, d=1: (n + 2 * p - (k + d - 1)) // s + 1,
        ),
        Mistake(
            "You add d to the kernel's size. Each of the k - 1 gaps is d wide, so the "
            "kernel spans d * (k - 1) + 1 pixels.",
            lambda n, k, p=0, s=1, d=1: (n + 2 * p - (k + (k - 1) * d)) // s + 1,
        ),
        Mistake(
            "Your padding is subtracted. It makes the axis longer: n + 2p.",
            lambda n, k, p=0, s=1, d=1: (n - 2 * p - d * (k - 1) - 1) // s + 1,
        ),
        Mistake(
            "You multiply by the stride. With larger steps there are fewer windows: "
            "divide.",
            lambda n, k, p=0, s=1, d=1: (n + 2 * p - d * (k - 1) - 1) * s + 1,
        ),
        Mistake(
            "You subtract k where the window can still start at its first place: the "
            "distance it can move is n + 2p - d(k - 1) - 1, and one is missing.",
            lambda n, k, p=0, s=1, d=1: (n + 2 * p - d * (k - 1) - 2) // s + 1,
        ),
    ),
    (
        "How far can the window move from its first place to its last? Try it without "
        "padding, stride and dilation: an axis of 5 and a kernel of 3.",
        "Padding makes the axis n + 2p long. A kernel with gaps spans d(k - 1) + 1 "
        "pixels, so the window can move by n + 2p - d(k - 1) - 1.",
        "Divide this distance by the stride, round down with //, and add 1 for the "
        "first place.",
    ),
    whole=True,
    shortcuts=("output_size", *CONVOLUTIONS),
    instead="the formula",
)


def conv2d(input, weight, bias):
    return F.conv2d(input[None], weight, bias)[0]


def per_channel(input, weight):
    """Each input channel's share of each output, (C, O, H', W')."""
    return torch.stack(
        [F.conv2d(c[None, None], weight[:, [i]])[0] for i, c in enumerate(input)]
    )


def with_bias(sums, bias):
    return sums + bias[:, None, None]


CONV2D = Exercise(
    conv2d,
    lambda r: [
        (r.tensor(1, 2, 2), r.tensor(1, 1, 1, 2), r.tensor(1)),
        (r.tensor(2, 2, 2), r.tensor(1, 2, 2, 2), r.tensor(1)),
        (r.tensor(1, 1, 1), r.tensor(3, 1, 1, 1), r.tensor(3)),
        (r.tensor(2, 3, 3), r.tensor(2, 2, 2, 2), r.tensor(2)),
        (r.tensor(3, 4, 4), r.tensor(2, 3, 1, 1), r.tensor(2)),
        (r.tensor(2, 5, 4), r.tensor(3, 2, 3, 2), r.tensor(3)),
        (r.tensor(3, 4, 7), r.tensor(3, 3, 2, 3), r.tensor(3)),
        (r.tensor(4, 6, 5), r.tensor(2, 4, 3, 3), r.tensor(2)),
        (r.tensor(2, 3, 5), r.tensor(4, 2, 3, 5), r.tensor(4)),
    ],
    (
        Mistake(
            "The bias is forgotten. bias[o] is added to every entry of output map o.",
            lambda x, w, b: F.conv2d(x[None], w)[0],
        ),
        Mistake(
            "The bias is added once for each input channel. Sum over the channels "
            "first, then add it once.",
            lambda x, w, b: with_bias(F.conv2d(x[None], w)[0], b * len(x)),
        ),
        Mistake(
            "The bias is added once for each entry of the kernel. Sum the products "
            "of the whole window first, then add it once.",
            lambda x, w, b: with_bias(F.conv2d(x[None], w)[0], b * w[0].numel()),
        ),
        Mistake(
            "The bias is added once for each place in the kernel. Sum the products "
            "of the whole window first, then add it once.",
            lambda x, w, b: with_bias(F.conv2d(x[None], w)[0], b * w[0, 0].numel()),
        ),
        Mistake(
            "The bias is subtracted. Add it.",
            lambda x, w, b: with_bias(F.conv2d(x[None], w)[0], -b),
        ),
        Mistake(
            "The outputs are multiplied by the bias. Add it.",
            lambda x, w, b: F.conv2d(x[None], w)[0] * b[:, None, None],
        ),
        Mistake(
            "Every output map gets the first bias. Map o gets bias[o].",
            lambda x, w, b: with_bias(F.conv2d(x[None], w)[0], b[:1]),
        ),
        Mistake(
            "Every output map gets the sum of all biases. Map o gets bias[o].",
            lambda x, w, b: F.conv2d(x[None], w)[0] + b.sum(),
        ),
        Mistake(
            "The bias is laid along the width of the output. It belongs to the output "
            "maps: bias[:, None, None].",
            lambda x, w, b: F.conv2d(x[None], w)[0] + b,
        ),
        Mistake(
            "The input channels are not summed: you return one map for each pair of "
            "output and input channel. out[o] is the sum over all c.",
            lambda x, w, b: per_channel(x, w).transpose(0, 1) + b[:, None, None, None],
        ),
        Mistake(
            "Only the first input channel is used. Each output is a sum over all "
            "channels.",
            lambda x, w, b: with_bias(per_channel(x, w)[0], b),
        ),
        Mistake(
            "The channels are not summed: each one overwrites the one before, and "
            "only the last is left. Use +=.",
            lambda x, w, b: with_bias(per_channel(x, w)[-1], b),
        ),
        Mistake(
            "You take the mean over the input channels. A convolution sums them.",
            lambda x, w, b: with_bias(per_channel(x, w).mean(0), b),
        ),
        Mistake(
            "You take the largest of the input channels. A convolution sums them.",
            lambda x, w, b: with_bias(per_channel(x, w).amax(0), b),
        ),
        Mistake(
            "Input and output channels are swapped: weight is (O, C, h, w), its first "
            "index is the output map.",
            lambda x, w, b: F.conv2d(x[None], w.transpose(0, 1), b)[0],
        ),
        Mistake(
            "All output maps are the same: you use weight[0] for each. Map o uses "
            "weight[o].",
            lambda x, w, b: conv2d(x, w[:1].expand_as(w), b),
        ),
        Mistake(
            "Every input channel meets the kernel of the first channel, weight[o, 0]. "
            "Channel c meets weight[o, c].",
            lambda x, w, b: conv2d(x, w[:, :1].expand_as(w), b),
        ),
        Mistake(
            "Your sums go on from output map to output map. Start again from 0 for "
            "each.",
            lambda x, w, b: with_bias(F.conv2d(x[None], w)[0].cumsum(0), b),
        ),
        Mistake(
            "Only the first output map is computed. There are O of them.",
            lambda x, w, b: conv2d(x, w, b)[:1],
        ),
        Mistake(
            "You sum the output maps. Each kernel weight[o] makes a map of its own.",
            lambda x, w, b: conv2d(x, w, b).sum(0),
        ),
        Mistake(
            "Your kernels are turned by 180° (a true convolution). Lay them on the "
            "input as they are, without a flip.",
            lambda x, w, b: conv2d(x, w.flip(2, 3), b),
        ),
        Mistake(
            "The kernels' rows and columns are swapped: weight[o, c, u, v] belongs to "
            "input[c, i + u, j + v].",
            lambda x, w, b: conv2d(x, w.transpose(2, 3), b),
        ),
        Mistake(
            "The output's rows and columns are swapped: the shape is (O, H', W').",
            lambda x, w, b: conv2d(x, w, b).transpose(1, 2),
        ),
        Mistake(
            "The channels are in reverse order. Input channel c meets weight[o, c].",
            lambda x, w, b: conv2d(x.flip(0), w, b),
        ),
        Mistake(
            "The output maps stand last, (H', W', O). They come first: (O, H', W').",
            lambda x, w, b: conv2d(x, w, b).permute(1, 2, 0),
        ),
        Mistake(
            "Your output is one row and one column too small: the last window is "
            "missing. There are H - h + 1 places for it.",
            lambda x, w, b: conv2d(x, w, b)[:, :-1, :-1],
        ),
        Mistake(
            "Negative outputs have become 0: a ReLU comes after a convolution, it is "
            "no part of it.",
            lambda x, w, b: conv2d(x, w, b).relu(),
        ),
    ),
    (
        "Each output map o has a kernel of its own, weight[o], with one slice for "
        "each input channel: (C, h, w). Begin with one output map.",
        "For one output map, cross-correlate each channel input[c] with its slice "
        "weight[o, c], and sum the C results.",
        "Add bias[o] once, after the sum over the channels. In one line for one place: "
        "out[o, i, j] = (input[:, i:i + h, j:j + w] * weight[o]).sum() + bias[o].",
    ),
    shortcuts=CONVOLUTIONS,
    instead=WINDOWS,
)


def conv2d_strided(image, kernel, stride, padding):
    padded = F.pad(image, (padding,) * 4)
    return cross_correlate(padded, kernel)[::stride, ::stride]


def border(mode):
    """The exercise with another way of padding."""

    def pad(image, kernel, stride, padding):
        padded = F.pad(image[None, None], (padding,) * 4, mode=mode)[0, 0]
        return cross_correlate(padded, kernel)[::stride, ::stride]

    return pad


def uneven(image, kernel, stride, top, bottom):
    padded = F.pad(image, (top, bottom, top, bottom))
    return cross_correlate(padded, kernel)[::stride, ::stride]


def unscaled(image, kernel, stride, padding):
    right = conv2d_strided(image, kernel, stride, padding)
    every = conv2d_strided(image, kernel, 1, padding)
    return every[: right.shape[0], : right.shape[1]]


CONV2D_STRIDED = Exercise(
    conv2d_strided,
    lambda r: [
        (r.tensor(2, 2), r.tensor(2, 2), 1, 1),
        (r.tensor(3, 3), r.tensor(1, 1), 2, 0),
        (r.tensor(3, 3), r.tensor(2, 2), 1, 0),
        (r.tensor(1, 1), r.tensor(3, 3), 1, 1),
        (r.tensor(4, 5), r.tensor(2, 3), 2, 0),
        (r.tensor(5, 4), r.tensor(3, 2), 1, 2),
        (r.tensor(6, 6), r.tensor(3, 3), 2, 1),
        (r.tensor(5, 7), r.tensor(2, 2), 3, 1),
        (r.tensor(7, 5), r.tensor(3, 3), 2, 2),
        (r.tensor(8, 6), r.tensor(2, 3), 4, 3),
        (r.tensor(5, 6), r.tensor(1, 3), 2, 1),
    ],
    (
        Mistake(
            "You take the padding as a total for both sides together. In PyTorch it "
            "is per side: padding zeros on the left, and as many on the right.",
            lambda i, k, s, p: uneven(i, k, s, p // 2, p - p // 2),
        ),
        Mistake(
            "You take the padding as a total for both sides together. In PyTorch it "
            "is per side: padding zeros on the left, and as many on the right.",
            lambda i, k, s, p: uneven(i, k, s, p // 2, p // 2),
        ),
        Mistake(
            "You pad at the top and left only. Padding goes on all four sides.",
            lambda i, k, s, p: uneven(i, k, s, p, 0),
        ),
        Mistake(
            "You pad at the bottom and right only. Padding goes on all four sides.",
            lambda i, k, s, p: uneven(i, k, s, 0, p),
        ),
        Mistake(
            "You pad only left and right. Add rows of zeros at the top and bottom, "
            "too.",
            lambda i, k, s, p: cross_correlate(F.pad(i, (p, p)), k)[::s, ::s],
        ),
        Mistake(
            "You pad only at the top and bottom. Add columns of zeros left and right, "
            "too.",
            lambda i, k, s, p: cross_correlate(F.pad(i, (0, 0, p, p)), k)[::s, ::s],
        ),
        Mistake(
            "You pad twice as much as asked: padding is per side, not half of it.",
            lambda i, k, s, p: conv2d_strided(i, k, s, 2 * p),
        ),
        Mistake(
            "The padding is ignored. Surround the image with zeros first.",
            lambda i, k, s, p: conv2d_strided(i, k, s, 0),
        ),
        Mistake(
            "The stride is ignored. Between neighboring outputs the window moves by "
            "stride pixels.",
            lambda i, k, s, p: conv2d_strided(i, k, 1, p),
        ),
        Mistake(
            "The stride is used only across (for the columns). Use it for the rows, "
            "too.",
            lambda i, k, s, p: conv2d_strided(i, k, 1, p)[:, ::s],
        ),
        Mistake(
            "The stride is used only down (for the rows). Use it for the columns, too.",
            lambda i, k, s, p: conv2d_strided(i, k, 1, p)[::s],
        ),
        Mistake(
            "Your output has the right size, but the windows move by one pixel: output "
            "(i, j) belongs to the window at (i * stride, j * stride).",
            unscaled,
        ),
        Mistake(
            "You pad with the values at the image's edge. PyTorch's convolution pads "
            "with zeros.",
            border("replicate"),
        ),
        Mistake(
            "You pad by mirroring the image. PyTorch's convolution pads with zeros.",
            border("reflect"),
        ),
        Mistake(
            "You pad with the image's opposite side. PyTorch's convolution pads with "
            "zeros.",
            border("circular"),
        ),
        Mistake(
            "You pad with ones. PyTorch's convolution pads with zeros.",
            lambda i, k, s, p: conv2d_strided(i - 1, k, s, p) + k.sum(),
        ),
        Mistake(
            "You pad the result, not the image. The zeros belong around the image, "
            "before the windows are read.",
            lambda i, k, s, p: F.pad(cross_correlate(i, k)[::s, ::s], (p,) * 4),
        ),
        Mistake(
            "You take every stride-th pixel of the image first. The stride moves the "
            "window; inside a window all pixels count.",
            lambda i, k, s, p: cross_correlate(F.pad(i, (p,) * 4)[::s, ::s], k),
        ),
        Mistake(
            "Your kernel is turned by 180° (a true convolution). Lay it on the image "
            "as it is, without a flip.",
            lambda i, k, s, p: conv2d_strided(i, k.flip(0, 1), s, p),
        ),
        Mistake(
            "Stride and padding are swapped: the third argument is the stride, the "
            "fourth the padding.",
            lambda i, k, s, p: conv2d_strided(i, k, p, s),
        ),
        Mistake(
            "The kernel's rows and columns are swapped.",
            lambda i, k, s, p: conv2d_strided(i, k.T, s, p),
        ),
        Mistake(
            "Your output's rows and columns are swapped.",
            lambda i, k, s, p: conv2d_strided(i, k, s, p).T,
        ),
        Mistake(
            "You start with the second window. The first one starts at row 0 and "
            "column 0 of the padded image.",
            lambda i, k, s, p: conv2d_strided(i, k, 1, p)[s - 1 :: s, s - 1 :: s],
        ),
        Mistake(
            "You round the number of windows up, so that the last one hangs over the "
            "edge. A window that does not fit does not count: use //.",
            lambda i, k, s, p: F.conv2d(
                F.pad(i, (p, p + s - 1, p, p + s - 1))[None, None],
                k[None, None],
                stride=s,
            )[0, 0],
        ),
        Mistake(
            "The last row and column of windows is missing: there are "
            "(H + 2 * padding - h) // stride + 1 of them down.",
            lambda i, k, s, p: conv2d_strided(i, k, s, p)[:-1, :-1],
        ),
    ),
    (
        "First surround the image with zeros: torch.zeros(H + 2 * padding, "
        "W + 2 * padding), and write the image into its middle.",
        "The number of windows down is (H + 2 * padding - h) // stride + 1, and "
        "likewise across.",
        "Output (i, j) belongs to the window whose corner is at (i * stride, "
        "j * stride) of the padded image.",
    ),
    shortcuts=CONVOLUTIONS,
    instead=WINDOWS,
)


def receptive_field(layers):
    field, jump = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * jump
        jump *= stride
    return field


def walk(layers, start=1, own=False, less=1, power=True, use=True):
    """The receptive field with one step of it done differently."""
    field, jump = start, 1
    for kernel, stride in layers:
        if own:
            jump *= stride
        field += (kernel - less) * (jump if use else 1)
        if not own:
            jump = jump * stride if power else stride
    return field


@mistake(
    "The strides are added up. A step of the second layer is as many pixels as the "
    "strides before it multiplied: jump *= s."
)
def strides_added(layers):
    field, jump = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * jump
        jump += stride - 1
    return field


@mistake(
    "You multiply the field by the stride. The stride makes the steps of later layers "
    "larger, not what has been seen: field += (k - 1) * jump, then jump *= s."
)
def field_scaled(layers):
    field = 1
    for kernel, stride in layers:
        field = (field + kernel - 1) * stride
    return field


@mistake(
    "The strides are added up. Neighbors in a later layer lie as many pixels apart as "
    "all strides before it multiplied: jump *= s."
)
def strides_summed(layers):
    field, jump = 1, 1
    for i, (kernel, stride) in enumerate(layers):
        field += (kernel - 1) * jump
        jump = stride if i == 0 else jump + stride
    return field


RECEPTIVE_FIELD = Exercise(
    receptive_field,
    lambda r: [
        ([],),
        ([(3, 1)],),
        ([(3, 1), (3, 1)],),
        ([(3, 2), (3, 1)],),
        ([(1, 1)],),
        ([(5, 3)],),
        ([(2, 2), (3, 2), (5, 1)],),
        ([(5, 1), (2, 2), (5, 1), (2, 2)],),
        ([(11, 4), (3, 2), (5, 1), (3, 2), (3, 1)],),
        ([(1, 3), (4, 1), (2, 5), (3, 2)],),
        ([(3, 1)] * 4 + [(2, 2)],),
    ],
    (
        Mistake(
            "The stride is ignored. After a layer with stride s, neighboring units lie "
            "s pixels apart, so each later kernel reaches s times as far.",
            lambda layers: walk(layers, use=False),
        ),
        Mistake(
            "Each layer's own stride is used for its own kernel. The stride matters "
            "for the layers that come after it: update the jump after the field.",
            lambda layers: walk(layers, own=True),
        ),
        Mistake(
            "You start at 0. Without any layer, a pixel sees itself: start at 1.",
            lambda layers: walk(layers, start=0),
        ),
        Mistake(
            "You add whole kernels. The kernel's first entry lies on what was seen "
            "already: only k - 1 are new.",
            lambda layers: walk(layers, less=0),
        ),
        Mistake(
            "You add whole kernels, starting from 0. Start at 1, and add k - 1 for "
            "each layer.",
            lambda layers: walk(layers, start=0, less=0),
        ),
        Mistake(
            "Only the stride of the layer before is used. Neighbors lie as many pixels "
            "apart as all the strides before multiplied: jump *= s, not jump = s.",
            lambda layers: walk(layers, power=False),
        ),
        Mistake(
            "The kernels are multiplied. Each layer adds to the field: (k - 1) times "
            "the strides before it.",
            lambda layers: int(torch.tensor([1, *(k for k, _ in layers)]).prod()),
        ),
        Mistake(
            "Each kernel is multiplied by its own layer's stride. What counts is the "
            "product of all strides before it.",
            lambda layers: 1 + sum((k - 1) * s for k, s in layers),
        ),
        Mistake(
            "You sum up kernel times stride. Each layer adds k - 1, times the product "
            "of all strides before it, to a field that starts at 1.",
            lambda layers: sum(k * s for k, s in layers),
        ),
        Mistake(
            "You sum up the kernels. Each layer adds k - 1, times the strides before "
            "it, to a field that starts at 1.",
            lambda layers: sum(k for k, _ in layers),
        ),
        Mistake(
            "The layers are read in the wrong order: the first of the list is the one "
            "that reads the picture. (field = (field - 1) * s + k goes from the last "
            "layer to the first; from the first on, keep the product of the strides: "
            "field += (k - 1) * jump, then jump *= s.)",
            lambda layers: receptive_field(layers[::-1]),
        ),
        strides_added,
        strides_summed,
        field_scaled,
        Mistake(
            "You return the product of all strides (how far apart the units lie), not "
            "how much one unit sees.",
            lambda layers: int(torch.tensor([1, *(s for _, s in layers)]).prod()),
        ),
        Mistake(
            "Only the last layer is counted. Each layer adds to what was seen before.",
            lambda layers: layers[-1][0] if layers else 1,
        ),
        Mistake(
            "Only the largest kernel is counted. Each layer adds to the field.",
            lambda layers: max((k for k, _ in layers), default=1),
        ),
        Mistake(
            "Half of the field is missing: a kernel reaches (k - 1) / 2 to both sides, "
            "so it adds k - 1.",
            lambda layers: 1 + (receptive_field(layers) - 1) // 2,
        ),
        Mistake(
            "You return the field's area. The answer is its width, from edge to edge.",
            lambda layers: receptive_field(layers) ** 2,
        ),
        Mistake(
            "Only the last layer's effect is lost: the loop ends before it.",
            lambda layers: receptive_field(layers[:-1]),
        ),
        Mistake(
            "The first layer is left out.",
            lambda layers: receptive_field(layers[1:]),
        ),
        Mistake(
            "Kernel and stride are swapped: each pair is (k, s).",
            lambda layers: receptive_field([(s, k) for k, s in layers]),
        ),
    ),
    (
        "Start with one pixel: field = 1. What does one layer with a 3×3 kernel add?",
        "A kernel of k adds k - 1 to the field, counted in steps of its own input. How "
        "many pixels is one such step? The product of all strides before it.",
        "Keep both: field = 1 and jump = 1. For each (k, s), field += (k - 1) * jump, "
        "and only then jump *= s.",
    ),
    shortcuts=("receptive_field", "receptive_fields", "summarize"),
    instead="a loop over the layers",
)


def conv_cost(c_in, c_out, k, h_out, w_out):
    weights = c_out * c_in * k * k
    return weights + c_out, weights * h_out * w_out


def cost(parameters=None, macs=None):
    """The right pair, with one or both of its numbers computed differently."""

    def count(c_in, c_out, k, h, w):
        right = conv_cost(c_in, c_out, k, h, w)
        first = right[0] if parameters is None else parameters(c_in, c_out, k, h, w)
        second = right[1] if macs is None else macs(c_in, c_out, k, h, w)
        return first, second

    return count


CONV_COST = Exercise(
    conv_cost,
    lambda r: [
        (1, 1, 1, 1, 1),
        (1, 1, 3, 2, 2),
        (2, 3, 1, 4, 5),
        (3, 2, 2, 1, 6),
        (3, 96, 11, 54, 54),
        (6, 16, 5, 10, 10),
        (64, 128, 3, 56, 28),
    ],
    (
        Mistake(
            "One bias is counted for the whole layer. Each output channel has one: "
            "c_out of them.",
            cost(lambda i, o, k, h, w: i * o * k * k + 1),
        ),
        Mistake(
            "The biases are missing from the parameters: one for each output channel.",
            cost(lambda i, o, k, h, w: i * o * k * k),
        ),
        Mistake(
            "A bias is counted for each pair of input and output channel. There is one "
            "for each output channel.",
            cost(lambda i, o, k, h, w: o * i * (k * k + 1)),
        ),
        Mistake(
            "The biases are counted by input channels. There is one for each output "
            "channel.",
            cost(lambda i, o, k, h, w: o * i * k * k + i),
        ),
        Mistake(
            "A bias is counted for each output pixel. All places of a map share one.",
            cost(lambda i, o, k, h, w: o * i * k * k + o * h * w),
        ),
        Mistake(
            "The input channels are forgotten: each kernel has k * k weights for every "
            "input channel.",
            lambda i, o, k, h, w: (o * (k * k + 1), o * k * k * h * w),
        ),
        Mistake(
            "The input channels are forgotten in the number of parameters: each kernel "
            "has k * k weights for every input channel.",
            cost(lambda i, o, k, h, w: o * (k * k + 1)),
        ),
        Mistake(
            "The input channels are forgotten in the MACs: each output needs "
            "c_in * k * k products.",
            cost(None, lambda i, o, k, h, w: o * k * k * h * w),
        ),
        Mistake(
            "The output channels are forgotten in the MACs: every one of c_out maps "
            "is computed.",
            cost(None, lambda i, o, k, h, w: i * k * k * h * w),
        ),
        Mistake(
            "You count FLOPs. A multiplication and its addition are one MAC, so MACs "
            "are half as many.",
            cost(None, lambda i, o, k, h, w: 2 * o * i * k * k * h * w),
        ),
        Mistake(
            "You count FLOPs, and the biases with them. A multiplication and its "
            "addition are one MAC, and biases do not count here.",
            cost(None, lambda i, o, k, h, w: 2 * (o * i * k * k + o) * h * w),
        ),
        Mistake(
            "The output's size is forgotten in the MACs: each weight is used at all "
            "h_out * w_out places.",
            cost(None, lambda i, o, k, h, w: o * i * k * k),
        ),
        Mistake(
            "The output's size is forgotten in the MACs, and the biases counted among "
            "them: each weight is used at all h_out * w_out places, biases do not "
            "count.",
            cost(None, lambda i, o, k, h, w: o * i * k * k + o),
        ),
        Mistake(
            "Only one side of the output counts in your MACs: the places are "
            "h_out * w_out.",
            cost(None, lambda i, o, k, h, w: o * i * k * k * h),
        ),
        Mistake(
            "Only one side of the output counts in your MACs: the places are "
            "h_out * w_out.",
            cost(None, lambda i, o, k, h, w: o * i * k * k * w),
        ),
        Mistake(
            "You square the output's height. The places are h_out * w_out.",
            cost(None, lambda i, o, k, h, w: o * i * k * k * h * h),
        ),
        Mistake(
            "You add height and width of the output. The places are h_out * w_out.",
            cost(None, lambda i, o, k, h, w: o * i * k * k * (h + w)),
        ),
        Mistake(
            "The biases are counted among the MACs. The exercise asks for the MACs "
            "without biases: weights times places.",
            cost(None, lambda i, o, k, h, w: (o * i * k * k + o) * h * w),
        ),
        Mistake(
            "k is not squared: a kernel is k × k.",
            lambda i, o, k, h, w: (o * (i * k + 1), o * i * k * h * w),
        ),
        Mistake(
            "The two numbers are in the wrong order: parameters first, MACs second.",
            lambda *case: conv_cost(*case)[::-1],
        ),
        Mistake(
            "The output's size has got into the parameters. All places share the same "
            "weights.",
            cost(lambda i, o, k, h, w: (o * i * k * k + o) * h * w),
        ),
        Mistake(
            "Input and output channels are added. Each output channel reads every "
            "input channel: c_in * c_out.",
            lambda i, o, k, h, w: ((i + o) * k * k + o, (i + o) * k * k * h * w),
        ),
    ),
    (
        "One output channel reads all input channels through a kernel of its own. How "
        "many weights has that kernel, and how many biases?",
        "The weights are c_out * c_in * k * k; each output channel has one bias.",
        "Each weight is used once at each place of the output: MACs are the weights "
        "times h_out * w_out.",
    ),
)

EXERCISES = (
    CROSS_CORRELATE,
    OUTPUT_SIZE,
    CONV2D,
    CONV2D_STRIDED,
    RECEPTIVE_FIELD,
    CONV_COST,
)
