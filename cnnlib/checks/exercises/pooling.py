"""Notebook 02."""

from itertools import product

import torch
from torch.nn import functional as F

from ..exercise import Exercise, Mistake, mistake

POOLINGS = (
    "max_pool1d",
    "max_pool2d",
    "max_pool2d_with_indices",
    "max_pool3d",
    "adaptive_max_pool2d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "adaptive_avg_pool2d",
    "lp_pool2d",
    "block_reduce",
)


def windows(x, k, s):
    """(C, H', W', k, k)"""
    return x.unfold(1, k, s).unfold(2, k, s)


def max_pool(x, k, s):
    return windows(x, k, s).amax((3, 4))


def avg_pool(x, k, s):
    return windows(x, k, s).mean((3, 4))


def pooling_cases(r):
    return [
        (-r.tensor(1, 2, 2).abs(), 2, 2),
        (r.tensor(1, 3, 3), 2, 1),
        (r.tensor(1, 1, 1), 1, 1),
        (r.tensor(2, 2, 3), 2, 2),
        (r.tensor(1, 4, 4), 2, 2),
        (r.tensor(2, 5, 5), 2, 2),
        (r.tensor(2, 3, 3), 1, 2),
        (r.tensor(2, 5, 4), 3, 1),
        (-r.tensor(3, 5, 7).abs(), 3, 2),
        (r.tensor(3, 6, 5), 2, 3),
        (r.tensor(2, 7, 8), 3, 2),
        (r.tensor(3, 9, 6), 4, 3),
    ]


def shared_mistakes(pool, word):
    """The mistakes with window and stride, which both poolings know."""
    mixing = (
        f"You mix the channels: you take the {word} over all channels of a window. "
        "Each channel is pooled for itself."
    )

    def mixed(x, k, s):
        pooled = pool(x, k, s)
        return pooled.amax(0, True) if word == "maximum" else pooled.mean(0, True)

    return (
        Mistake(
            "Your stride is always 1. The window moves on by s pixels.",
            lambda x, k, s: pool(x, k, 1),
        ),
        Mistake(
            "Your stride is always k, the window's size. Windows may overlap or leave "
            "gaps: move on by s pixels.",
            lambda x, k, s: pool(x, k, k),
        ),
        Mistake(
            "Your window is always as large as the stride. It is k × k.",
            lambda x, k, s: pool(x, s, s),
        ),
        Mistake(
            "k and s are swapped: k is the window's size, s how far it moves.",
            lambda x, k, s: pool(x, s, k),
        ),
        Mistake(
            "Your output has the right size, but the windows move by one pixel: output "
            "(i, j) belongs to the window at (i * s, j * s).",
            lambda x, k, s: pool(x, k, 1)[
                :, : pool(x, k, s).shape[1], : pool(x, k, s).shape[2]
            ],
        ),
        Mistake(mixing, lambda x, k, s: mixed(x, k, s)[0]),
        Mistake(mixing, lambda x, k, s: mixed(x, k, s).expand_as(pool(x, k, s))),
        Mistake(mixing, mixed),
        Mistake(
            "Every output channel is pooled from the first input channel. Channel c "
            "comes from x[c].",
            lambda x, k, s: pool(x[:1].expand_as(x), k, s),
        ),
        Mistake(
            "Only the first channel is pooled. There are C of them.",
            lambda x, k, s: pool(x[:1], k, s),
        ),
        Mistake(
            "Only the first channel is pooled. There are C of them.",
            lambda x, k, s: pool(x, k, s)[0],
        ),
        Mistake(
            "The windows move only down in steps of s; across they move by one. Use "
            "the stride for both.",
            lambda x, k, s: pool(x, k, 1)[:, ::s],
        ),
        Mistake(
            "The windows move only across in steps of s; down they move by one. Use "
            "the stride for both.",
            lambda x, k, s: pool(x, k, 1)[:, :, ::s],
        ),
        Mistake(
            "The last window of each row and column is missing: there are "
            "(H - k) // s + 1 of them, not (H - k) // s.",
            lambda x, k, s: pool(x, k, s)[:, :-1, :-1],
        ),
        Mistake(
            "Your output has H // s rows and W // s columns. A window of k that starts "
            "near the edge does not fit: there are (H - k) // s + 1.",
            lambda x, k, s: hanging(pool, x, k, s, x.shape[1] // s, x.shape[2] // s),
        ),
        Mistake(
            "Your output's rows and columns are swapped: the shape is (C, H', W').",
            lambda x, k, s: pool(x, k, s).transpose(1, 2),
        ),
        Mistake(
            "The width is taken for the height (or the other way round), so that it "
            "works only for square inputs. Read both sizes: C, H, W = x.shape.",
            lambda x, k, s: hanging(pool, x, k, s, *(2 * [(x.shape[1] - k) // s + 1])),
        ),
        Mistake(
            "Your windows are one pixel too small: from i * s to i * s + k, where the "
            "end of a slice does not count.",
            lambda x, k, s: pool(x, k - 1, s)[
                :, : pool(x, k, s).shape[1], : pool(x, k, s).shape[2]
            ],
        ),
        Mistake(
            "Your windows are one pixel too large: k pixels are i * s to i * s + k, "
            "where the end of a slice does not count.",
            lambda x, k, s: hanging(pool, x, k + 1, s, *pool(x, k, s).shape[1:]),
        ),
        Mistake(
            "You pool along the rows only. The window is k × k: pool along both axes.",
            lambda x, k, s: pool_row(pool, x, k, s),
        ),
    )


def hanging(pool, x, k, s, rows, columns):
    """Pool windows that may hang over the edge, where slices end."""
    out = torch.zeros(len(x), rows, columns, dtype=x.dtype)
    for i in range(rows):
        for j in range(columns):
            window = x[:, i * s : i * s + k, j * s : j * s + k]
            flat = window.flatten(1)
            out[:, i, j] = flat.amax(1) if pool is max_pool else flat.mean(1)
    return out


def pool_row(pool, x, k, s):
    strip = x.unfold(2, k, s)
    return strip.amax(3) if pool is max_pool else strip.mean(3)


def rounded_up(pool, x, k, s):
    """As many windows as start inside, the last ones cut off at the edge."""
    rows, columns = (-(-(n - k) // s) + 1 for n in x.shape[1:])
    return hanging(pool, x, k, s, rows, columns)


CEIL = (
    "You round the number of windows up (ceil_mode), so that the last one hangs over "
    "the edge. A window that does not fit does not count: (H - k) // s + 1."
)
POOL_HINTS = (
    "Read the sizes: C, H, W = x.shape. How many windows of k fit along H when each "
    "starts s pixels after the one before?",
    "There are (H - k) // s + 1 windows down and (W - k) // s + 1 across. Make an "
    "output of that size for each channel.",
)

MAX_POOL = Exercise(
    max_pool,
    pooling_cases,
    (
        Mistake(
            "Your maximum starts from 0, so that windows of negative numbers give 0. "
            'Start from the window\'s first number, or from float("-inf").',
            lambda x, k, s: max_pool(x, k, s).clamp(min=0),
        ),
        Mistake(
            "You take the mean of the window. Max pooling takes its largest number.",
            avg_pool,
        ),
        Mistake(
            "You take the smallest number of the window. Max pooling takes its "
            "largest.",
            lambda x, k, s: -max_pool(-x, k, s),
        ),
        Mistake(
            "You take the largest absolute value. -5 is smaller than 1.",
            lambda x, k, s: max_pool(x.abs(), k, s),
        ),
        Mistake(
            "You take the number that is largest without its sign. -5 is smaller than "
            "1.",
            lambda x, k, s: (
                windows(x, k, s)
                .flatten(3)
                .gather(3, windows(x, k, s).flatten(3).abs().argmax(3, keepdim=True))[
                    ..., 0
                ]
            ),
        ),
        Mistake(
            "You sum the window. Max pooling takes its largest number.",
            lambda x, k, s: windows(x, k, s).sum((3, 4)),
        ),
        Mistake(
            "You take the first number of each window. Max pooling takes the largest.",
            lambda x, k, s: windows(x, k, s)[..., 0, 0],
        ),
        Mistake(
            "You return the place of the maximum in its window, not the maximum.",
            lambda x, k, s: windows(x, k, s).flatten(3).argmax(3),
        ),
        Mistake(CEIL, lambda x, k, s: rounded_up(max_pool, x, k, s)),
        *shared_mistakes(max_pool, "maximum"),
    ),
    (
        *POOL_HINTS,
        "The window of output (i, j) is x[c, i*s:i*s + k, j*s:j*s + k]; its .max() is "
        "the output. Does it work when all numbers are negative?",
    ),
    shortcuts=POOLINGS,
    instead="slices and their maximum",
)

AVG_POOL = Exercise(
    avg_pool,
    pooling_cases,
    (
        Mistake(
            "You sum the window, but do not divide. The mean is the sum over k * k.",
            lambda x, k, s: avg_pool(x, k, s) * k * k,
        ),
        Mistake(
            "You divide by k. A window has k * k numbers.",
            lambda x, k, s: avg_pool(x, k, s) * k,
        ),
        Mistake(
            "You divide by s * s. A window has k * k numbers.",
            lambda x, k, s: avg_pool(x, k, s) * k * k / (s * s),
        ),
        Mistake(
            "Your means are whole numbers: // divides without a remainder. Use /.",
            lambda x, k, s: (avg_pool(x, k, s) * k * k) // (k * k),
        ),
        Mistake(
            "You take the largest number of the window. Average pooling takes the "
            "mean.",
            max_pool,
        ),
        Mistake(
            "You take the median of the window. Average pooling takes the mean.",
            lambda x, k, s: windows(x, k, s).flatten(3).median(3).values,
        ),
        Mistake(
            "You take the mean of the largest and the smallest number. The mean is the "
            "sum of all of them over k * k.",
            lambda x, k, s: (max_pool(x, k, s) - max_pool(-x, k, s)) / 2,
        ),
        Mistake(
            "You divide by the number of channels, too. Each channel is pooled for "
            "itself.",
            lambda x, k, s: avg_pool(x, k, s) / len(x),
        ),
        Mistake(
            "You sum over the channels, too. Each channel is pooled for itself.",
            lambda x, k, s: avg_pool(x, k, s).sum(0),
        ),
        Mistake(CEIL, lambda x, k, s: rounded_up(avg_pool, x, k, s)),
        *shared_mistakes(avg_pool, "mean"),
    ),
    (
        *POOL_HINTS,
        "The window of output (i, j) is x[c, i*s:i*s + k, j*s:j*s + k]; its .mean() is "
        "the output.",
    ),
    shortcuts=POOLINGS,
    instead="slices and their mean",
)


def max_pool_backward(x, k, grad):
    result = torch.zeros_like(x)
    for c, i, j in place_of(grad):
        window = x[c, i * k : (i + 1) * k, j * k : (j + 1) * k]
        u, v = divmod(int(window.flatten().argmax()), k)  # the first of equal ones
        result[c, i * k + u, j * k + v] = grad[c, i, j]
    return result


def place_of(grad):
    return product(*map(range, grad.shape))


def spread(x, k, grad):
    """Every pixel of a window gets its output's number; (C, H, W)."""
    whole = grad.repeat_interleave(k, 1).repeat_interleave(k, 2)
    return F.pad(
        whole, (0, x.shape[2] - whole.shape[2], 0, x.shape[1] - whole.shape[1])
    )


def tied(x, k, grad):
    """The pixels that equal their window's maximum, as booleans."""
    return (x == spread(x, k, max_pool(x, k, k))) & (
        spread(x, k, torch.ones_like(grad)) > 0
    )


@mistake(
    "In a tie the last of the equal pixels gets the gradient. It goes to the first in "
    "reading order: compare with >, not >=."
)
def last_tie(x, k, grad):
    turned = x[:, : grad.shape[1] * k, : grad.shape[2] * k].flip(1, 2)
    inside = max_pool_backward(turned, k, grad.flip(1, 2)).flip(1, 2)
    return F.pad(
        inside, (0, x.shape[2] - inside.shape[2], 0, x.shape[1] - inside.shape[1])
    )


@mistake(
    "In a tie the first of the equal pixels is searched column by column. Reading "
    "order goes row by row."
)
def tie_by_columns(x, k, grad):
    return max_pool_backward(
        x.transpose(1, 2).contiguous(), k, grad.transpose(1, 2)
    ).transpose(1, 2)


@mistake(
    "The gradient is written to the output's places, at [i, j]. It belongs to the "
    "pixel "
    "of x that was the maximum: rows i * k to i * k + k, columns j * k to j * k + k."
)
def at_output(x, k, grad):
    result = torch.zeros_like(x)
    result[:, : grad.shape[1], : grad.shape[2]] = grad
    return result


@mistake(
    "Your result covers only the windows. Pixels that are in no window get 0, so that "
    "the result has the shape of x."
)
def no_margin(x, k, grad):
    return max_pool_backward(x, k, grad)[:, : grad.shape[1] * k, : grad.shape[2] * k]


@mistake(
    "The gradient goes to the first pixel of each window. It goes to the pixel that "
    "was the maximum."
)
def to_corner(x, k, grad):
    result = torch.zeros_like(x)
    result[:, : grad.shape[1] * k : k, : grad.shape[2] * k : k] = grad
    return result


@mistake(
    "Only one pixel of each channel gets a gradient: the maximum of the whole channel. "
    "Each window has a maximum of its own."
)
def one_a_channel(x, k, grad):
    return max_pool_backward(x, k, grad) * (x == x.amax((1, 2), keepdim=True))


@mistake(
    "The channels are mixed: the place of the maximum comes from the first channel. "
    "Search in each channel."
)
def first_channel(x, k, grad):
    return max_pool_backward(x[:1].expand_as(x).clone(), k, grad)


@mistake(
    "You have found the place of the maximum inside its window, but write to that "
    "place from the corner of x. Add the window's corner, (i * k, j * k)."
)
def without_corner(x, k, grad):
    result = torch.zeros_like(x)
    for c, i, j in place_of(grad):
        window = x[c, i * k : (i + 1) * k, j * k : (j + 1) * k]
        u, v = divmod(int(window.flatten().argmax()), k)
        result[c, u, v] = grad[c, i, j]
    return result


def backward_cases(r):
    ties = r.tensor(1, 4, 4).round(decimals=0) % 2
    return [
        (r.tensor(1, 2, 2), 2, r.tensor(1, 1, 1)),
        (-r.tensor(1, 2, 2).abs(), 2, r.tensor(1, 1, 1)),
        (torch.ones(1, 2, 2).double(), 2, r.tensor(1, 1, 1)),
        (torch.tensor([[[1.0, 3.0], [3.0, 1.0]]]).double(), 2, r.tensor(1, 1, 1)),
        (r.tensor(1, 3, 3), 2, r.tensor(1, 1, 1)),
        (r.tensor(1, 2, 3), 1, r.tensor(1, 2, 3)),
        (ties, 2, r.tensor(1, 2, 2)),
        (r.tensor(2, 4, 6), 2, r.tensor(2, 2, 3)),
        (r.tensor(3, 5, 7), 2, r.tensor(3, 2, 3)),
        (-r.tensor(2, 7, 6).abs(), 3, r.tensor(2, 2, 2)),
        (torch.zeros(2, 6, 4).double(), 2, r.tensor(2, 3, 2)),
    ]


MAX_POOL_BACKWARD = Exercise(
    max_pool_backward,
    backward_cases,
    (
        Mistake(
            "The gradient is spread evenly over the window. That is average pooling: "
            "the maximum passes all of it on, to one pixel.",
            lambda x, k, g: spread(x, k, g) / (k * k),
        ),
        Mistake(
            "Every pixel of the window gets the whole gradient. Only the maximum does; "
            "the others get 0.",
            spread,
        ),
        Mistake(
            "In a tie every one of the equal pixels gets the gradient. It goes to the "
            "first in reading order only.",
            lambda x, k, g: spread(x, k, g) * tied(x, k, g),
        ),
        Mistake(
            "In a tie the gradient is shared by the equal pixels. It goes to the first "
            "in reading order only.",
            lambda x, k, g: (
                spread(x, k, g)
                * tied(x, k, g)
                / spread(x, k, windows(tied(x, k, g).double(), k, k).sum((3, 4))).clamp(
                    1
                )
            ),
        ),
        last_tie,
        tie_by_columns,
        Mistake(
            "You write 1 to the maximum's place. What arrives there is grad[c, i, j].",
            lambda x, k, g: max_pool_backward(x, k, torch.ones_like(g)),
        ),
        Mistake(
            "You write the maximum itself. What belongs at its place is grad[c, i, j].",
            lambda x, k, g: max_pool_backward(x, k, max_pool(x, k, k)),
        ),
        Mistake(
            "You multiply the gradient by the pixel. The derivative of the maximum by "
            "its largest pixel is 1, so the gradient arrives as it is.",
            lambda x, k, g: max_pool_backward(x, k, g * max_pool(x, k, k)),
        ),
        Mistake(
            "The gradient has the wrong sign: it passes the maximum as it is.",
            lambda x, k, g: -max_pool_backward(x, k, g),
        ),
        Mistake(
            "The gradient goes to the smallest pixel of each window. It goes to the "
            "largest.",
            lambda x, k, g: max_pool_backward(-x, k, g),
        ),
        Mistake(
            "The gradient goes to the pixel that is largest without its sign. -5 is "
            "smaller than 1.",
            lambda x, k, g: max_pool_backward(x.abs(), k, g),
        ),
        Mistake(
            "A maximum that is negative gets no gradient. Your search starts from 0; "
            "start from the window's first pixel.",
            lambda x, k, g: max_pool_backward(x, k, g) * (x > 0),
        ),
        at_output,
        no_margin,
        to_corner,
        one_a_channel,
        first_channel,
        without_corner,
        Mistake(
            "Negative gradients are lost. The maximum passes on gradients of any sign.",
            lambda x, k, g: max_pool_backward(x, k, g.clamp(min=0)),
        ),
        Mistake(
            "The channels are mixed: every channel gets the sum of all gradients. Each "
            "has its own.",
            lambda x, k, g: max_pool_backward(x, k, g.sum(0).expand_as(g)),
        ),
    ),
    (
        "Only the largest pixel of a window has moved the output. Which pixel of x is "
        "it, for output (c, i, j)?",
        "Start with torch.zeros_like(x). For each output, the window is "
        "x[c, i*k:(i + 1)*k, j*k:(j + 1)*k]; argmax on its flattened numbers gives the "
        "first of the largest.",
        "An argmax of n is row n // k and column n % k of the window. Add the window's "
        "corner, and write grad[c, i, j] there.",
    ),
    shortcuts=("backward", "grad", "vjp"),
    instead="the place of the maximum, which you search yourself",
)

EXERCISES = (MAX_POOL, AVG_POOL, MAX_POOL_BACKWARD)
