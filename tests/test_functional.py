"""cnnlib.functional: values computed by hand, then PyTorch's own answers."""

import ast
import math
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as reference
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from torch import inf, nan

from cnnlib import functional as F

pytestmark = pytest.mark.filterwarnings(
    "ignore:Using padding='same' with even kernel lengths:UserWarning"
)
generated = settings(
    derandomize=True,
    deadline=None,
    max_examples=80,
    suppress_health_check=list(HealthCheck),
)


def tensor(*shape, seed=0, dtype=torch.float64, grad=True):
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(shape, generator=generator, dtype=torch.float64)
    return values.to(dtype).requires_grad_(grad)


def outcome(function, *arguments, **options):
    """Results and gradients of a call; or the exception that it raises."""
    leaves = [a for a in arguments if isinstance(a, torch.Tensor) and a.requires_grad]
    try:
        output = function(*arguments, **options)
        results = output if isinstance(output, tuple) else (output,)
        if not leaves:
            return results
        # Every element of the output counts differently.
        slope = torch.linspace(-1, 2, results[0].numel(), dtype=torch.float64)
        slope = slope.view(results[0].shape).to(results[0].dtype)
        return results + torch.autograd.grad((results[0] * slope).sum(), leaves)
    except (ValueError, RuntimeError, TypeError, IndexError) as error:
        return error


def agree(name, *arguments, rtol=1e-9, atol=1e-9, **options):
    """Ours and PyTorch's give the same results and gradients, or refuse alike."""
    expected = outcome(getattr(reference, name), *arguments, **options)
    ours = outcome(getattr(F, name), *arguments, **options)
    if isinstance(expected, Exception):
        assert isinstance(ours, Exception), f"PyTorch refuses: {expected}"
        return
    if isinstance(ours, Exception):
        raise ours
    assert len(ours) == len(expected)
    for mine, theirs in zip(ours, expected, strict=True):
        torch.testing.assert_close(mine, theirs, rtol=rtol, atol=atol, equal_nan=True)


# --- by hand -----------------------------------------------------------------------


def test_convolution_of_the_slide():
    image = torch.arange(9.0).view(1, 1, 3, 3)
    kernel = torch.arange(4.0).view(1, 1, 2, 2)
    expected = [[19, 25], [37, 43]]  # 0*0 + 1*1 + 3*2 + 4*3 = 19
    for convolve in (F.conv2d, F.conv2d_loops):
        assert convolve(image, kernel)[0, 0].tolist() == expected
        biased = convolve(image, kernel, torch.tensor([1.0]))
        assert biased[0, 0].tolist() == [[20, 26], [38, 44]]


def test_convolution_of_two_channels():
    image = torch.stack([torch.arange(9.0), torch.arange(1.0, 10)]).view(1, 2, 3, 3)
    kernel = torch.stack([torch.arange(4.0), torch.arange(1.0, 5)]).view(1, 2, 2, 2)
    for convolve in (F.conv2d, F.conv2d_loops):
        assert convolve(image, kernel)[0, 0].tolist() == [[56, 72], [104, 120]]


def test_padding_stride_dilation_and_groups_by_hand():
    image = torch.arange(9.0).view(1, 1, 3, 3)
    kernel = torch.arange(4.0).view(1, 1, 2, 2)
    for convolve in (F.conv2d, F.conv2d_loops):
        # Padding is per side: 3 + 2 * 1 - 2 + 1 = 4 positions.
        padded = convolve(image, kernel, padding=1)[0, 0]
        assert padded.tolist() == [
            [0, 3, 8, 4],
            [9, 19, 25, 10],
            [21, 37, 43, 16],
            [6, 7, 8, 0],
        ]
        assert convolve(image, kernel, padding=1, stride=(3, 2))[0, 0].tolist() == [
            [0, 8],
            [6, 8],
        ]
        dilated = convolve(image, kernel, dilation=2)
        assert dilated.flatten().tolist() == [0 * 0 + 2 * 1 + 6 * 2 + 8 * 3]
        two = torch.cat([image, 10 * image], 1)
        weight = torch.tensor([1.0, 2.0, 3.0, 4.0]).view(4, 1, 1, 1)
        grouped = convolve(two, weight, groups=2)[0, :, 0, 1]
        assert grouped.tolist() == [1, 2, 30, 40]
        # "same" with an even kernel: the odd zero goes to the right and bottom.
        same = convolve(image, kernel, padding="same")[0, 0]
        assert same.tolist() == [[19, 25, 10], [37, 43, 16], [7, 8, 0]]


def test_pooling_by_hand():
    image = torch.arange(9.0).view(1, 1, 3, 3)
    for pool in (F.max_pool2d, F.max_pool2d_loops):
        assert pool(image, 2, 1)[0, 0].tolist() == [[4, 5], [7, 8]]  # max(0,1,3,4) = 4
        assert pool(image, 2)[0, 0].tolist() == [[4]]
        assert pool(image, 2, ceil_mode=True)[0, 0].tolist() == [[4, 5], [7, 8]]
    for pool in (F.avg_pool2d, F.avg_pool2d_loops):
        assert pool(image, 2, 1)[0, 0].tolist() == [[2, 3], [5, 6]]  # (0+1+3+4)/4 = 2
        assert pool(image, 2, padding=1)[0, 0].tolist() == [[0, 0.75], [2.25, 6]]
        inside = pool(image, 2, padding=1, count_include_pad=False)
        assert inside[0, 0].tolist() == [[0, 1.5], [4.5, 6]]
        assert pool(image, 2, divisor_override=2)[0, 0].tolist() == [[4]]
    _, place = F.max_pool2d(image, 2, 1, return_indices=True)
    assert place[0, 0].tolist() == [[4, 5], [7, 8]]


def test_losses_by_hand():
    assert F.relu(torch.tensor([-1.0, 0.0, 2.0])).tolist() == [0, 0, 2]
    torch.testing.assert_close(
        F.softmax(torch.tensor([0.0, math.log(3)]), 0), torch.tensor([0.25, 0.75])
    )
    probability = torch.tensor([[0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
    losses = F.cross_entropy(probability.log(), torch.tensor([1, 2]), reduction="none")
    assert losses[0].item() == pytest.approx(0.223, abs=5e-4)  # -log 0.8
    assert losses[1].item() == pytest.approx(0.511, abs=5e-4)  # -log 0.6
    mean = F.cross_entropy(probability.log(), torch.tensor([1, 2]))
    assert mean.item() == pytest.approx((0.22314 + 0.51083) / 2, abs=1e-4)
    # Smoothing 0.3 over three classes: 0.8 of the true one, 0.1 of each other one.
    smooth = F.cross_entropy(
        probability[:1].log(), torch.tensor([1]), label_smoothing=0.3
    )
    expected = -0.8 * math.log(0.8) - 0.2 * math.log(0.1)
    assert smooth.item() == pytest.approx(expected, abs=1e-6)


def test_weighted_mean_by_hand():
    """The mean's divisor is the sum of the weights of the samples that count."""
    losses = torch.tensor([[0.5, 0.5], [0.25, 0.75], [0.5, 0.5]]).log()
    target, weight = torch.tensor([0, 1, -100]), torch.tensor([1.0, 3.0])
    mean = F.cross_entropy(losses, target, weight)
    expected = (1 * math.log(2) + 3 * math.log(4 / 3)) / (1 + 3)
    assert mean.item() == pytest.approx(expected, abs=1e-6)


def test_scores_beyond_the_range_of_exp():
    scores = torch.tensor([[1000.0, 1001.0], [-1000.0, -1001.0]])
    odds = 1 / (1 + math.e)
    expected = torch.tensor([[odds, 1 - odds], [1 - odds, odds]])
    torch.testing.assert_close(F.softmax(scores, 1), expected)
    torch.testing.assert_close(F.log_softmax(scores, 1), expected.log())
    assert F.cross_entropy(torch.tensor([[0.0, 500.0]]), torch.tensor([0])) == 500


def test_local_response_norm_by_hand():
    input = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1)
    output = F.local_response_norm(input, size=2, alpha=2, beta=1, k=1)
    # The channel itself and the one before: means of squares 0.5, 2.5, 6.5.
    torch.testing.assert_close(output.flatten(), torch.tensor([1 / 2, 2 / 6, 3 / 14]))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((28, 5), 24),
        ((28, 5, 1, 2), 28),
        ((224, 11, 4), 54),
        ((224, 11, 4, 2), 55),
        ((7, 3, 1, 0, 2), 3),
        ((5, 2, 2), 2),
        ((5, 2, 2, 0, 1, True), 3),
        ((3, 2, 2, 1, 1, True), 2),  # a third window would start in the padding
        ((4, 2, 3, 1, 1, True), 2),
        ((6, 7, 2, 0, 1, True), 1),
    ],
)
def test_output_size(arguments, expected):
    assert F.output_size(*arguments) == expected


# --- against PyTorch, on generated arguments ----------------------------------------

sizes = st.integers(1, 3)
size_or_pair = sizes | st.tuples(sizes, sizes) | st.tuples(sizes)
dilations = st.sampled_from([1, 1, 1, 2, (1, 2), [3, 1]])
seeds = st.integers(0, 2**16)
batches = st.sampled_from([None, 0, 1, 1, 2, 3])  # None: no batch axis


def pair(value):
    """(vertical, horizontal) of what may be one integer for both."""
    values = value if isinstance(value, (tuple, list)) else (value,)
    return values[0], values[-1]


def image(draw, channels, dtype=torch.float64):
    batch = draw(batches)
    shape = (channels, draw(st.integers(1, 9)), draw(st.integers(1, 9)))
    shape = shape if batch is None else (batch, *shape)
    images = tensor(*shape, seed=draw(seeds), dtype=dtype)
    if draw(st.booleans()):  # not contiguous
        images = images.detach().mT.contiguous().mT.requires_grad_()
    return images


@st.composite
def convolutions(draw):
    groups = draw(sizes)
    images = image(draw, groups * draw(sizes))
    channels = images.shape[-3] // groups
    weight = tensor(
        groups * draw(sizes),
        channels,
        draw(st.integers(1, 4)),
        draw(st.integers(1, 4)),
        seed=draw(seeds),
    )
    bias = tensor(len(weight)) if draw(st.booleans()) else None
    padding = draw(st.sampled_from(["same", "valid", 0, 1, 2, (0, 1), [3, 0], (2,)]))
    stride = 1 if padding == "same" else draw(size_or_pair)
    return images, weight, bias, stride, padding, draw(dilations), groups


@generated
@given(convolutions())
def test_conv2d_agrees_with_pytorch(arguments):
    agree("conv2d", *arguments)


@generated
@given(convolutions())
def test_conv2d_is_its_loops(arguments):
    fast = outcome(F.conv2d, *arguments)
    assume(not isinstance(fast, Exception) and 0 < fast[0].numel() < 400)
    for one, other in zip(fast, outcome(F.conv2d_loops, *arguments), strict=True):
        torch.testing.assert_close(one, other)


@st.composite
def poolings(draw):
    images = image(draw, draw(sizes)).detach()
    kind = draw(st.sampled_from(["distinct", "ties", "nan", "-inf"]))
    if kind == "ties":
        images = images.round()
    elif kind != "distinct":
        hidden = torch.rand(images.shape, generator=torch.Generator().manual_seed(0))
        images = images.masked_fill(hidden < 0.5, float(kind))
    kernel_size = draw(size_or_pair)
    stride = draw(st.none() | st.just(()) | size_or_pair)
    padding = draw(st.sampled_from([0, 0, 1, (0, 1), [1, 0]]))
    return images.requires_grad_(), kernel_size, stride, padding


@generated
@given(poolings(), dilations, st.booleans(), st.booleans())
def test_max_pool2d_agrees_with_pytorch(arguments, dilation, ceil_mode, indices):
    images, _, _, padding = arguments
    for n, p, d in zip(images.shape[-2:], pair(padding), pair(dilation), strict=True):
        # A window whose every element is padding: PyTorch writes outside the image.
        assume(p == 0 or d <= n)
    agree("max_pool2d", *arguments, dilation, ceil_mode, indices)


def test_window_of_padding_only():
    x = tensor(1, 1, 1, 4)
    output = F.max_pool2d(x, (2, 1), 1, (1, 0), (2, 1))  # rows -1 and 1 of row 0 alone
    assert torch.equal(output, torch.full((1, 1, 1, 4), -inf, dtype=torch.float64))
    output.sum().backward()
    assert not x.grad.any()


divisors = st.sampled_from([None, None, 1, 3, -2])


@generated
@given(poolings(), st.booleans(), st.booleans(), divisors)
def test_avg_pool2d_agrees_with_pytorch(arguments, ceil_mode, include_pad, divisor):
    agree("avg_pool2d", *arguments, ceil_mode, include_pad, divisor)


@generated
@given(poolings(), dilations, st.booleans(), st.booleans(), divisors)
def test_pooling_is_its_loops(arguments, dilation, ceil_mode, include_pad, divisor):
    for fast, loops, options in (
        (F.max_pool2d, F.max_pool2d_loops, (dilation, ceil_mode)),
        (F.avg_pool2d, F.avg_pool2d_loops, (ceil_mode, include_pad, divisor)),
    ):
        expected = outcome(fast, *arguments, *options)
        if not isinstance(expected, Exception):
            loop = loops(*arguments, *options)
            torch.testing.assert_close(loop, expected[0], equal_nan=True)


@generated
@given(st.integers(1, 12), sizes, sizes, st.integers(0, 3), sizes, st.booleans())
def test_output_size_is_pytorchs(n, kernel_size, stride, padding, dilation, ceil_mode):
    arguments = n, kernel_size, stride, padding, dilation, ceil_mode
    line = torch.zeros(1, 1, 1, n)
    tuples = [(1, kernel_size), (1, stride), (0, padding), (1, dilation)]
    expected = outcome(reference.max_pool2d, line, *tuples, ceil_mode)
    if ceil_mode and not isinstance(expected, Exception):
        assert F.output_size(*arguments) == expected[0].shape[-1]
    if not ceil_mode:
        kernel = torch.zeros(1, 1, 1, kernel_size)
        expected = outcome(reference.conv2d, line, kernel, None, *tuples[1:])
        if isinstance(expected, Exception):
            with pytest.raises(F.ArgumentError, match="kernel_size"):
                F.output_size(*arguments)
        else:
            assert F.output_size(*arguments) == expected[0].shape[-1]


@st.composite
def scores(draw):
    shape = draw(
        st.sampled_from(
            [
                (5,),
                (4, 5),
                (1, 5),
                (0, 5),
                (3, 1),
                (2, 5, 3),
                (2, 5, 2, 3),
                (2, 5, 0, 3),
                (2, 5, 2, 1, 2),
                (0, 5, 2, 3),
            ]
        )
    )
    return tensor(*shape, seed=draw(seeds)), 0 if len(shape) == 1 else 1


@generated
@given(scores(), st.integers(-5, 4), st.sampled_from([None, float, torch.float32]))
def test_softmax_agrees_with_pytorch(arguments, dim, dtype):
    input, _ = arguments
    for name in ("softmax", "log_softmax"):
        agree(name, input, dim, dtype=dtype, **({} if dtype is None else LOOSE))


LOOSE = {"rtol": 1e-5, "atol": 1e-6}


@generated
@given(
    scores(),
    st.booleans(),
    st.booleans(),
    st.sampled_from([-100, -1, 0, 2]),
    st.sampled_from(["none", "mean", "sum"]),
    st.sampled_from([0.0, 0.0, 0.1, 1]),
    st.sampled_from([torch.int64, torch.uint8]),
)
def test_cross_entropy_agrees_with_pytorch(
    arguments, probabilities, weighted, ignore_index, reduction, smoothing, dtype
):
    input, axis = arguments
    C = input.shape[axis]
    if probabilities:
        target = tensor(*input.shape, seed=1).detach().softmax(axis).requires_grad_()
        ignore_index = min(ignore_index, -1)
    else:
        generator = torch.Generator().manual_seed(1)
        shape = input.shape[:axis] + input.shape[axis + 1 :]
        target = torch.randint(C, shape, generator=generator).to(dtype)
        if ignore_index == -1 and dtype == torch.int64:
            target = target.where(target > 1, -1)
    options = {
        "weight": tensor(C, seed=2, grad=False).abs() if weighted else None,
        "ignore_index": ignore_index,
        "reduction": reduction,
        "label_smoothing": smoothing,
    }
    agree("cross_entropy", input, target, **options)


@generated
@given(
    st.sampled_from(
        [(2, 5, 3), (2, 5, 3, 2), (1, 1, 2, 2), (2, 4, 1, 2, 3), (0, 5, 3, 3)]
    ),
    st.integers(1, 9),
    st.sampled_from([(1e-4, 0.75, 1.0), (0.5, 0.6, 2), (1, 1, 0.1)]),
    seeds,
)
def test_local_response_norm_agrees_with_pytorch(shape, size, constants, seed):
    alpha, beta, k = constants
    input = tensor(*shape, seed=seed)
    agree("local_response_norm", input, size, alpha=alpha, beta=beta, k=k)
    agree("local_response_norm", input, size)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("ignore_index", [-100, 1])
@pytest.mark.parametrize("shape", [(5,), (6, 5), (2, 5, 3), (2, 5, 3, 2)])
def test_weighted_cross_entropy(reduction, smoothing, ignore_index, shape):
    axis = 0 if len(shape) == 1 else 1
    counted = math.prod(shape) // 5
    target = torch.arange(counted).view(shape[:axis] + shape[axis + 1 :]) % 5
    weight = torch.arange(1.0, 6, dtype=torch.float64)
    options = {"reduction": reduction, "label_smoothing": smoothing, "weight": weight}
    agree("cross_entropy", tensor(*shape), target, ignore_index=ignore_index, **options)
    soft = tensor(*shape, seed=1).detach().softmax(axis).requires_grad_()
    agree("cross_entropy", tensor(*shape), soft, **options)


# --- dtypes, gradients of gradients, special values ---------------------------------

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-12, torch.bfloat16: 0.02}


@pytest.mark.parametrize("dtype", TOLERANCE)
def test_dtypes(dtype):
    tolerance = {"rtol": TOLERANCE[dtype], "atol": TOLERANCE[dtype]}
    x = tensor(2, 4, 8, 8, dtype=dtype)
    weight, bias = tensor(6, 2, 3, 3, dtype=dtype), tensor(6, dtype=dtype)
    # Sums of 18 products: the gradients' rounding errors grow with their sizes.
    conv = {"rtol": tolerance["rtol"] * 2, "atol": tolerance["atol"] * 20}
    agree("conv2d", x, weight, bias, 2, 1, 1, 2, **conv)
    agree("max_pool2d", x, 3, 2, 1, **tolerance)
    agree("avg_pool2d", x, 3, 2, 1, **tolerance)
    agree("relu", x, **tolerance)
    agree("softmax", x, 1, **tolerance)
    agree("log_softmax", x, 1, **tolerance)
    agree("cross_entropy", x, torch.zeros(2, 8, 8, dtype=torch.int64), **tolerance)
    mine = F.local_response_norm(x, 3, 0.5)
    tolerance = {"rtol": TOLERANCE[dtype] + 1e-6, "atol": TOLERANCE[dtype] + 1e-6}
    theirs = reference.local_response_norm(x.float(), 3, 0.5)  # no bfloat16 on CPU
    assert mine.dtype == dtype
    torch.testing.assert_close(mine.float(), theirs, **tolerance)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_16_bits_are_rounded_once(dtype):
    """What is added up is added up in 32 bits."""
    x = tensor(2, 8, 9, 9, dtype=dtype, grad=False)
    weight, bias = tensor(4, 8, 3, 3, dtype=dtype), tensor(4, dtype=dtype)
    for function, *arguments in (
        (F.conv2d, x, weight, bias),
        (F.avg_pool2d, x, 3),
        (lambda x: F.softmax(x, 1), x),
        (lambda x: F.log_softmax(x, 1), x),
    ):
        precise = function(
            *(a.float() if torch.is_tensor(a) else a for a in arguments)
        ).to(dtype)
        assert torch.equal(function(*arguments), precise)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8, torch.int8])
def test_integer_images(dtype):
    x = (10 * tensor(2, 2, 5, 5, grad=False)).to(dtype)
    agree("conv2d", x, x[:1, :, :2, :2])
    agree("max_pool2d", x, 3, 2, 1, return_indices=True)
    agree("avg_pool2d", x, 2)  # PyTorch averages int64 only
    agree("relu", x)
    agree("softmax", x, 1)
    agree("softmax", x, 1, dtype=torch.float64)


def test_gradients_by_finite_differences():
    x, weight, bias = tensor(2, 2, 4, 5), tensor(2, 1, 2, 3), tensor(2)
    target = torch.tensor([1, 3])
    for function, inputs in (
        (lambda *a: F.conv2d(*a, (1, 2), (1, 0), (2, 1), 2), (x, weight, bias)),
        (lambda x: F.conv2d(x, weight.detach(), padding="same", groups=2), (x,)),
        (lambda w: F.conv2d(x.detach(), w, groups=2, stride=2), (weight,)),
        (lambda x: F.max_pool2d(x, 3, 2, 1, 1, True), (x,)),
        (lambda x: F.avg_pool2d(x, 3, 2, 1, True, False), (x,)),
        (F.relu, (x,)),
        (lambda x: F.softmax(x, 1), (x,)),
        (lambda x: F.log_softmax(x, -1), (x,)),
        (lambda x: F.cross_entropy(x, target, label_smoothing=0.1), (tensor(2, 4),)),
        (F.cross_entropy, (tensor(2, 4), tensor(2, 4, seed=1))),
        (lambda x: F.local_response_norm(x, 3, 0.5), (x,)),
    ):
        assert torch.autograd.gradcheck(function, inputs)
        assert torch.autograd.gradgradcheck(function, inputs, fast_mode=True)


@pytest.mark.parametrize("wanted", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 1, 1)])
def test_gradients_of_some_arguments_only(wanted):
    leaves = [tensor(2, 4, 5, 5), tensor(2, 4, 3, 3), tensor(2)]
    for leaf, on in zip(leaves, wanted, strict=True):
        leaf.requires_grad_(bool(on))
    agree("conv2d", *leaves, 1, 1)
    assert not F.conv2d(*(leaf.detach() for leaf in leaves)).requires_grad


def test_nan_and_infinity():
    x = torch.tensor([nan, -inf, inf, 0.0, -0.0, 1.0], requires_grad=True)
    agree("relu", x)
    for name in ("softmax", "log_softmax"):
        for values in ([-inf, 1, 2], [-inf, -inf], [inf, 1], [nan, 1], [inf, inf]):
            values = torch.tensor(values, dtype=torch.float64, requires_grad=True)
            agree(name, values, 0)
    image = torch.full((1, 1, 4, 4), -inf, requires_grad=True)
    agree("max_pool2d", image, 3, 2, 1, return_indices=True)
    agree("max_pool2d", image.detach().fill_(nan), 3, 2, 1, return_indices=True)
    image = torch.full((1, 1, 7, 7), -inf, requires_grad=True)
    agree("max_pool2d", image, 4, 1, 2, (2, 1), return_indices=True)
    agree("max_pool2d", image, 3, 1, 1, 3, return_indices=True)
    scores = tensor(2, 2).detach()
    scores[[0, 1], [0, 1]] = -inf
    scores.requires_grad_()
    for reduction in ("none", "mean"):
        agree("cross_entropy", scores, torch.tensor([0, 0]), reduction=reduction)
        agree("cross_entropy", scores, torch.tensor([1, 0]), reduction=reduction)


@pytest.mark.parametrize("stride", [1, 2, 3, (3, 2)])
@pytest.mark.parametrize("dilation", [1, 2, (3, 1)])
@pytest.mark.parametrize("value", [nan, inf])
def test_nan_and_infinity_reach_only_the_windows_they_lie_in(stride, dilation, value):
    image = tensor(1, 2, 9, 9).detach()
    image[0, 0, 3, 3] = image[0, 1, 8, 8] = value
    image.requires_grad_()
    agree("conv2d", image, tensor(4, 1, 3, 2), None, stride, 1, dilation, 2)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_targets_that_are_all_ignored(reduction, smoothing):
    target = torch.full((3,), -100)
    options = {"reduction": reduction, "label_smoothing": smoothing}
    agree("cross_entropy", tensor(3, 4), target, **options)
    agree("cross_entropy", tensor(4), target[0], **options)
    one = F.cross_entropy(tensor(4), target[:1], **options)  # (1,) serves as ()
    expected = F.cross_entropy(tensor(4), target[0], **options)
    torch.testing.assert_close(one, expected, equal_nan=True)
    agree("cross_entropy", tensor(0, 4), target[:0], **options)
    agree("cross_entropy", tensor(0, 4), tensor(0, 4), **options)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("smoothing", [0.0, 0.2, 1.0])
def test_class_weights_that_are_zero_or_nan(reduction, smoothing):
    options = {"reduction": reduction, "label_smoothing": smoothing}
    zero, hidden = torch.tensor([[0.0, 0, 1, 0], [1, 2, nan, 3]]).double()
    agree("cross_entropy", tensor(3, 4), torch.tensor([0, 1, 3]), zero, **options)
    agree("cross_entropy", tensor(3, 4), torch.tensor([0, 1, 3]), hidden, **options)
    agree("cross_entropy", tensor(3, 4), torch.tensor([0, 1, 2]), hidden, **options)


@pytest.mark.parametrize("smoothing", [torch.tensor(0.5), np.float32(0.5), True])
def test_numbers_that_are_no_python_floats(smoothing):
    target = torch.tensor([0, 1, 3])
    agree("cross_entropy", tensor(3, 4), target, label_smoothing=smoothing)
    agree("cross_entropy", tensor(3, 4), target, ignore_index=np.int64(1))
    agree("cross_entropy", tensor(3, 4), target, ignore_index=-(2**63))
    agree("local_response_norm", tensor(1, 3, 4), 2, smoothing)


def test_empty_images():
    agree("conv2d", tensor(0, 2, 5, 5), tensor(3, 2, 3, 3), tensor(3))
    agree("conv2d", tensor(2, 0, 5, 5), tensor(3, 0, 3, 3))
    agree("max_pool2d", tensor(0, 2, 5, 5), 2, return_indices=True)
    agree("avg_pool2d", tensor(0, 2, 5, 5), 2)
    agree("softmax", tensor(3, 0, 2), 1)
    agree("local_response_norm", tensor(2, 5, 0), 3)


def test_more_images_than_fit_into_memory_at_a_time():
    """100 numbers in each of 256 windows, for 200 images: 82 of these at a time."""
    agree("conv2d", tensor(200, 4, 20, 20), tensor(8, 4, 5, 5), tensor(8))


def test_views_and_expanded_tensors():
    x = tensor(1, 4, 1, 7).detach().expand(2, 4, 6, 7).requires_grad_()
    weight = tensor(3, 4, 3, 3).detach().transpose(2, 3).flip(0).requires_grad_()
    agree("conv2d", x, weight, None, 2, 1)
    agree("conv2d", x[:, ::2, 1:, ::2], weight[:, ::2])
    agree("max_pool2d", x[:, ::2, 1:, ::2], 2)
    agree("avg_pool2d", x[:, ::2, 1:, ::2], 2)
    agree("local_response_norm", x.transpose(1, 3), 3)
    assert F.conv2d(x, weight).is_contiguous()  # so that .view works on it


def test_relu_in_place():
    x = torch.tensor([-1.0, 2.0, nan])
    assert F.relu(x, inplace=True) is x
    torch.testing.assert_close(x, torch.tensor([0.0, 2.0, nan]), equal_nan=True)
    leaf = tensor(3, 4)
    F.relu(leaf * 1, inplace=True).sum().backward()
    assert torch.equal(leaf.grad, (leaf > 0).double())
    grads = []
    for relu in (F.relu, reference.relu):  # a part of a tensor
        leaf.grad, whole = None, leaf * 2
        relu(whole[1:, ::2], inplace=True)
        (whole * whole).sum().backward()
        grads.append(leaf.grad)
    torch.testing.assert_close(*grads)


def test_softmax_without_dim_warns_and_chooses_as_pytorch():
    for shape in [(), (4,), (2, 3), (2, 3, 4), (2, 3, 4, 5)]:
        for name in ("softmax", "log_softmax"):
            with pytest.warns(UserWarning, match="Implicit dimension choice") as caught:
                agree(name, tensor(*shape))
            assert len(caught) == 2
            assert str(caught[0].message) == str(caught[1].message)
    with pytest.warns(UserWarning, match="Implicit") as caught:
        F.softmax(torch.zeros(3))
    assert caught[0].filename == __file__  # _stacklevel points at the caller


@pytest.mark.parametrize("size_average", [None, True, False, 1])
@pytest.mark.parametrize("reduce", [None, True, False, 2])
def test_deprecated_reductions(size_average, reduce):
    arguments = tensor(3, 4), torch.tensor([0, 1, 2])
    options = {"size_average": size_average, "reduce": reduce, "reduction": "none"}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        agree("cross_entropy", *arguments, **options)
    old = size_average is not None or reduce is not None
    assert len([w for w in caught if "will be deprecated" in str(w.message)]) == 2 * old


# --- what PyTorch refuses -----------------------------------------------------------

X, W, B = torch.zeros(2, 4, 6, 6), torch.zeros(6, 4, 3, 3), torch.zeros(6)
Z, T = torch.zeros(3, 5), torch.tensor([0, 1, 4])
P = Z.softmax(1)

REFUSED = [
    # function, arguments, options, what the message names
    ("conv2d", ([1.0], W), {}, "input", "list"),
    ("conv2d", (X[0, 0], W), {}, "input", "(6, 6)"),
    ("conv2d", (X[None], W), {}, "input", "(1, 2, 4, 6, 6)"),
    ("conv2d", (X.bool(), W.bool()), {}, "input", "torch.bool"),
    ("conv2d", (X[:, :3], W), {}, "input", "3 channels"),
    ("conv2d", (X[:, :, :0], W), {"padding": 2}, "input", "0"),
    ("conv2d", (X, None), {}, "weight", "NoneType"),
    ("conv2d", (X, W[0]), {}, "weight", "(4, 3, 3)"),
    ("conv2d", (X, W[:0]), {}, "weight", "(0, 4, 3, 3)"),
    ("conv2d", (X, W[..., :0]), {}, "weight", "(6, 4, 3, 0)"),
    ("conv2d", (X, W.double()), {}, "weight", "torch.float64"),
    ("conv2d", (X, W, 1.0), {}, "bias", "float"),
    ("conv2d", (X, W, B[:5]), {}, "bias", "(5,)"),
    ("conv2d", (X, W, B[None]), {}, "bias", "(1, 6)"),
    ("conv2d", (X, W, B.double()), {}, "bias", "torch.float64"),
    ("conv2d", (X, W), {"stride": 0}, "stride", "0"),
    ("conv2d", (X, W), {"stride": (1, -1)}, "stride", "-1"),
    ("conv2d", (X, W), {"stride": 1.0}, "stride", "1.0"),
    ("conv2d", (X, W), {"stride": True}, "stride", "True"),
    ("conv2d", (X, W), {"stride": None}, "stride", "None"),
    ("conv2d", (X, W), {"stride": ()}, "stride", "()"),
    ("conv2d", (X, W), {"stride": (1, 1, 1)}, "stride", "(1, 1, 1)"),
    ("conv2d", (X, W), {"stride": (1.0, 1.0, 1.0)}, "stride", "1.0 (float)"),
    ("conv2d", (X, W), {"stride": X}, "stride", "tensor([[[["),
    ("conv2d", (X, W), {"padding": -1}, "padding", "-1"),
    ("conv2d", (X, W), {"padding": "full"}, "padding", "full"),
    ("conv2d", (X, W), {"padding": "same", "stride": 2}, "padding", "2"),
    ("conv2d", (X, W), {"dilation": 0}, "dilation", "0"),
    ("conv2d", (X, W), {"groups": 0}, "groups", "0"),
    ("conv2d", (X, W), {"groups": 1.0}, "groups", "1.0"),
    ("conv2d", (X, W), {"groups": 3}, "groups", "3"),
    ("conv2d", (X, W[:, :1]), {"groups": 4}, "groups", "4"),
    ("conv2d", (X[..., :2], W), {}, "kernel_size", "2"),
    ("conv2d", (X, W), {"dilation": 3}, "kernel_size", "7"),
    ("max_pool2d", ([[1.0]], 1), {}, "input", "list"),
    ("max_pool2d", (X[0, 0], 2), {}, "input", "(6, 6)"),
    ("avg_pool2d", (X[0, 0], 2), {}, "input", "(6, 6)"),
    ("max_pool2d", (X[:, :0], 2), {}, "input", "(2, 0, 6, 6)"),
    ("max_pool2d", (X.bool(), 2), {}, "input", "torch.bool"),
    ("max_pool2d", (X, 0), {}, "kernel_size", "0"),
    ("max_pool2d", (X, "2"), {}, "kernel_size", "'2'"),
    ("max_pool2d", (X, None), {}, "kernel_size", "None"),
    ("max_pool2d", (X, X.numpy()), {}, "kernel_size", "array([[[["),
    ("max_pool2d", (X, 7), {}, "kernel_size", "7"),
    ("max_pool2d", (X, (2, 2, 2)), {}, "kernel_size", "(2, 2, 2)"),
    ("max_pool2d", (X, 2, 0), {}, "stride", "0"),
    ("max_pool2d", (X, 2, 2.0), {}, "stride", "2.0"),
    ("max_pool2d", (X, 2, 1, 2), {}, "padding", "(2, 2)"),
    ("max_pool2d", (X, 3, 1, 2, 2), {}, "padding", "(2, 2)"),
    ("max_pool2d", (X, 2, 1, -1), {}, "padding", "-1"),
    ("max_pool2d", (X, 2, 1, 0, 0), {}, "dilation", "0"),
    ("max_pool2d", (X, 2), {"ceil_mode": 1}, "ceil_mode", "1"),
    ("avg_pool2d", (X.int(), 2), {}, "input", "torch.int32"),
    ("avg_pool2d", (X[:, :, :0], 2), {}, "input", "(2, 4, 0, 6)"),
    ("avg_pool2d", (X, 7), {}, "kernel_size", "7"),
    ("avg_pool2d", (X, 2, 1, 2), {}, "padding", "(2, 2)"),
    ("avg_pool2d", (X, 2, (1, 1, 1)), {}, "stride", "(1, 1, 1)"),
    ("avg_pool2d", (X, 2), {"ceil_mode": None}, "ceil_mode", "None"),
    ("avg_pool2d", (X, 2), {"count_include_pad": 1}, "count_include_pad", "1"),
    ("avg_pool2d", (X, 2), {"divisor_override": 0}, "divisor_override", "0"),
    ("avg_pool2d", (X, 2), {"divisor_override": 2.5}, "divisor_override", "2.5"),
    ("relu", ([1.0],), {}, "input", "list"),
    ("relu", (X.bool(),), {}, "input", "torch.bool"),
    ("relu", (X + 0j,), {}, "input", "torch.complex64"),
    ("relu", (tensor(2), True), {}, "input", "inplace"),
    ("relu", (B[:1].expand(3), True), {}, "input", "inplace"),
    ("softmax", ([1.0], 0), {}, "input", "list"),
    ("softmax", (Z, 2), {}, "dim", "2"),
    ("softmax", (Z, -3), {}, "dim", "-3"),
    ("softmax", (Z, 1.0), {}, "dim", "1.0"),
    ("softmax", (Z.int(), 1), {}, "input", "torch.int32"),
    ("softmax", (Z, 1), {"dtype": torch.int64}, "dtype", "torch.int64"),
    ("softmax", (Z, 1), {"dtype": "float32"}, "dtype", "'float32'"),
    ("softmax", (Z, 1), {"dtype": Z.numpy()}, "dtype", "array([["),
    ("softmax", (Z, 1), {"dtype": int}, "dtype", "int"),
    ("log_softmax", (Z, 2), {}, "dim", "2"),
    ("log_softmax", (Z[0, 0], 1), {}, "dim", "1"),
    ("log_softmax", (Z + 0j, 1), {}, "input", "torch.complex64"),
    ("cross_entropy", ([1.0], T), {}, "input", "list"),
    ("cross_entropy", (Z.long(), T), {}, "input", "torch.int64"),
    ("cross_entropy", (Z[0, 0], T[0]), {}, "input", "()"),
    ("cross_entropy", (Z, [0, 1, 4]), {}, "target", "list"),
    ("cross_entropy", (Z, T + 1), {}, "target", "5"),
    ("cross_entropy", (Z, T - 1), {}, "target", "-1"),
    ("cross_entropy", (Z, (T - 1).byte()), {"ignore_index": -1}, "target", "255"),
    ("cross_entropy", (Z, T[:2]), {}, "target", "(2,)"),
    ("cross_entropy", (Z, T[:, None]), {}, "target", "(3, 1)"),
    ("cross_entropy", (Z[0], T[:2]), {}, "target", "(2,)"),
    ("cross_entropy", (Z, T.int()), {}, "target", "torch.int32"),
    ("cross_entropy", (Z, T.float()), {}, "target", "torch.float32"),
    ("cross_entropy", (Z, P.long()), {}, "target", "torch.int64"),
    ("cross_entropy", (Z, P[:2]), {}, "target", "(2, 5)"),
    ("cross_entropy", (Z, P), {"ignore_index": 1}, "ignore_index", "1"),
    ("cross_entropy", (Z, T), {"ignore_index": 1.0}, "ignore_index", "1.0"),
    ("cross_entropy", (Z, T, [1.0] * 5), {}, "weight", "list"),
    ("cross_entropy", (Z, T, B), {}, "weight", "(6,)"),
    ("cross_entropy", (Z, P, B[:1]), {}, "weight", "(1,)"),
    ("cross_entropy", (Z, T, B[:5].double()), {}, "weight", "torch.float64"),
    (
        "cross_entropy",
        (Z, T, tensor(5).float().detach().requires_grad_()),
        {},
        "weight",
        "gradient",
    ),
    (
        "cross_entropy",
        (Z, T),
        {"ignore_index": 2**63},
        "ignore_index",
        "9223372036854775808",
    ),
    ("cross_entropy", (Z, T), {"reduction": "average"}, "reduction", "average"),
    ("cross_entropy", (Z, T), {"reduction": None}, "reduction", "None"),
    ("cross_entropy", (Z, T), {"reduction": Z}, "reduction", "tensor([["),
    ("cross_entropy", (Z, T), {"label_smoothing": 1j}, "label_smoothing", "1j"),
    ("cross_entropy", (Z, T), {"label_smoothing": P}, "label_smoothing", "tensor([["),
    ("cross_entropy", (Z, T), {"label_smoothing": 1.1}, "label_smoothing", "1.1"),
    ("cross_entropy", (Z, T), {"label_smoothing": "a"}, "label_smoothing", "'a'"),
    ("local_response_norm", ([1.0], 2), {}, "input", "list"),
    ("local_response_norm", (Z, 2), {}, "input", "(3, 5)"),
    ("local_response_norm", (X, 0), {}, "size", "0"),
    ("local_response_norm", (X, 2.0), {}, "size", "2.0"),
    ("local_response_norm", (X, 2), {"alpha": "a"}, "alpha", "'a'"),
    ("local_response_norm", (X, 2), {"beta": None}, "beta", "None"),
]


@pytest.mark.parametrize(("name", "arguments", "options", "argument", "came"), REFUSED)
def test_what_pytorch_refuses_is_refused(name, arguments, options, argument, came):
    with pytest.raises(Exception) as theirs:  # noqa: PT011 -- whatever PyTorch raises
        getattr(reference, name)(*arguments, **options)
    with pytest.raises((ValueError, TypeError)) as ours:
        getattr(F, name)(*arguments, **options)
    # Code that catches PyTorch's error catches ours.
    if not isinstance(theirs.value, AttributeError):
        kinds = (ValueError, RuntimeError, TypeError, IndexError, NotImplementedError)
        (kind, *_) = [k for k in type(theirs.value).__mro__ if k in kinds]
        assert isinstance(ours.value, kind)
    message = str(ours.value)
    assert argument in message
    assert came in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [
        ((0, 1), "input"),
        ((-1, 1), "n "),
        ((5, 6), "kernel_size"),
        ((5, 3, 1, 0, 3), "kernel_size"),
        ((5.0, 3), "n "),
        ((5, 0), "kernel_size"),
        ((5, 3, 0), "stride"),
        ((5, 3, 1, -1), "padding"),
        ((5, 3, 1, 1, 0), "dilation"),
        ((5, 3, 1, 1, 1, 1), "ceil_mode"),
    ],
)
def test_output_size_refuses(arguments, argument):
    with pytest.raises((ValueError, TypeError), match=argument):
        F.output_size(*arguments)


def test_a_step_beyond_the_image_costs_nothing():
    """With a single window it does not matter how far the next one would be."""
    agree("conv2d", tensor(2, 3, 5, 5), tensor(2, 3, 3, 3), tensor(2), 10**9)


def test_a_window_that_lies_in_the_padding():
    agree("conv2d", tensor(2, 3, 6, 5), tensor(2, 3, 2, 2), tensor(2), 12, 3)


def test_targets_without_numbers():
    loss = F.cross_entropy(Z.to("meta"), T.to("meta"), reduction="none")
    assert loss.is_meta
    assert loss.shape == (3,)


def test_label_smoothing_below_zero_is_refused():
    with pytest.raises(ValueError, match=r"label_smoothing.*-0\.1"):
        F.cross_entropy(Z, T, label_smoothing=-0.1)


def test_nothing_is_borrowed_from_pytorch():
    """No convolution, pooling, activation or loss of PyTorch is called."""
    borrowed = {"conv", "pool", "fold", "softmax", "relu", "nll", "cross_entropy"}
    for path in Path(F.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr != "unfold":
                # Tensor.unfold is a view: it computes nothing.
                assert not any(word in node.attr for word in borrowed), node.attr
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                names = [getattr(node, "module", None), *(a.name for a in node.names)]
                assert "torch.nn" not in " ".join(filter(None, names))
