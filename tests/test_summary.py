"""The layer table agrees with torch's own counter and with measured gradients."""

import re

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from cnnlib import functional as scratch
from cnnlib import layers, models
from cnnlib.summary import Summary, summarize

pytestmark = pytest.mark.usefixtures("one_thread")


def flops(model, *inputs):
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        model(*inputs)
    return counter.get_total_flops()


def row(summary, name):
    (found,) = [r for r in summary.rows if r.name == name]
    return found


LENET = """\
LeNet5 on 1×28×28
layer       kind       output    params     MACs  field  stride   memory
------------------------------------------------------------------------
conv1       Conv2d     6×28×28      156  117,600      5       1  18.8 kB
max_pool_1  MaxPool2d  6×14×14        0        0      6       2   4.7 kB
conv2       Conv2d     16×10×10   2,416  240,000     14       2   6.4 kB
max_pool_2  MaxPool2d  16×5×5         0        0     16       4   1.6 kB
fc1         Linear     120       48,120   48,000      –       –    480 B
fc2         Linear     84        10,164   10,080      –       –    336 B
fc3         Linear     10           850      840      –       –     40 B
------------------------------------------------------------------------
total                            61,706  416,520                 32.4 kB"""


def test_lenet_as_a_table_in_a_terminal():
    table = summarize(models.LeNet5(), (1, 28, 28))
    assert str(table) == repr(table) == LENET
    assert max(map(len, LENET.splitlines())) <= 79


def test_a_notebook_gets_a_captioned_table_without_fixed_colors():
    html = summarize(models.LeNet5(), (1, 28, 28))._repr_html_()
    assert ">LeNet5 on 1×28×28</caption>" in html
    assert '<td style="text-align: right">48,120</td>' in html
    assert '<td style="text-align: left">conv1</td>' in html
    assert html.count("<tr>") == 1 + 7 + 1
    assert html.count('scope="col"') == 8
    assert "color" not in html  # black or white type, as the theme has it
    for tag in ("table", "thead", "tbody", "tfoot", "tr", "td", "th"):
        assert len(re.findall(f"<{tag}[ >]", html)) == html.count(f"</{tag}>")


def test_names_are_escaped():
    Odd = type("A<B>", (nn.Linear,), {})
    assert "A&lt;B&gt;" in summarize(Odd(2, 3), (2,))._repr_html_()


COUNTED = {
    "grouped": (nn.Conv2d(8, 12, 3, groups=4), (8, 9, 11)),
    "depthwise": (nn.Conv2d(6, 6, (3, 5), groups=6, padding=1), (6, 9, 11)),
    "dilated": (nn.Conv2d(3, 4, 3, stride=2, dilation=(2, 3)), (3, 15, 17)),
    "same": (nn.Conv2d(3, 4, (3, 5), padding="same", bias=False), (3, 8, 8)),
    "one axis": (nn.Conv1d(4, 6, 5, groups=2), (4, 20)),
    "three axes": (nn.Conv3d(2, 3, (1, 2, 3)), (2, 4, 5, 6)),
    "transposed": (nn.ConvTranspose2d(6, 4, 3, 2, groups=2), (6, 7, 5)),
    "dense": (nn.Linear(7, 5), (7,)),
    "dense on a sequence": (nn.Linear(7, 5), (9, 7)),
    "unknown": (nn.Bilinear(3, 4, 5), (3,), (4,)),
    "recurrent": (nn.GRU(5, 6, batch_first=True), (4, 5)),
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTED)
def test_macs_are_half_of_torchs_flops(name):
    model, *shapes = COUNTED[name]
    table = summarize(model, *shapes)
    inputs = [torch.zeros(1, *shape) for shape in shapes]
    assert 2 * table.macs == flops(model, *inputs)
    assert table.params == sum(p.numel() for p in model.parameters())
    assert table.rows[-1].output_shape == tuple(_first(model(*inputs)).shape[1:])
    batch = summarize(model, *(torch.zeros(3, *shape) for shape in shapes))
    assert 2 * batch.macs == flops(model, *(torch.zeros(3, *s) for s in shapes))


def test_layers_from_scratch_cost_what_torchs_do():
    """However they are computed: the formula counts, not the operations."""
    ours, theirs = (
        nn.Sequential(
            kind.Conv2d(4, 6, 3, padding=1, groups=2),
            kind.MaxPool2d(2),
            nn.Flatten(),
            kind.Linear(6 * 16, 3),
        )
        for kind in (layers, nn)
    )
    table = summarize(ours, (4, 8, 8))
    assert 2 * table.macs == flops(theirs, torch.zeros(1, 4, 8, 8))
    assert str(table) == str(summarize(theirs, (4, 8, 8)))


def _first(output):
    return output[0] if isinstance(output, tuple) else output


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("lenet5", (1, 28, 28)),
        ("small_vgg", (3, 32, 32)),
        ("alexnet", (3, 224, 224)),
        ("alexnet_2012", (3, 224, 224)),
        ("vgg16", (3, 224, 224)),
        ("vgg19", (3, 224, 224)),
    ],
)
def test_macs_of_the_lectures_networks_are_half_of_torchs_flops(name, shape):
    with torch.device("meta"):  # no memory, no time
        model = models.build(name, 1000, *shape[:2])
        assert 2 * summarize(model, shape).macs == flops(model, torch.zeros(1, *shape))
    table = summarize(model, shape)
    assert table.params == sum(p.numel() for p in model.parameters())
    assert sum(r.params for r in table.rows) == table.params


def random_stack(seed):
    """A few convolutions and poolings, all weights positive, and their input."""
    g = torch.Generator().manual_seed(seed)

    def pick(*choices):
        return choices[torch.randint(len(choices), (), generator=g)]

    stack = []
    for _ in range(pick(2, 3)):
        kernel_size = (pick(1, 2, 3), pick(1, 2, 3, 4))
        stack.append(
            pick(
                nn.Conv2d(2, 2, kernel_size, stride=pick(1, 2), dilation=pick(1, 2, 3)),
                nn.Conv2d(2, 2, kernel_size, padding=1, groups=2),
                nn.AvgPool2d(kernel_size, stride=pick(1, 2, None)),
                layers.Conv2d(2, 2, kernel_size, stride=(1, 2)),
                layers.AvgPool2d(pick(2, 3)),
            )
        )
    model = nn.Sequential(*stack).double()
    for parameter in model.parameters():
        nn.init.constant_(parameter, 0.5)
    return model


def reach(model, shape, i, j):
    """First and last row and column that output (i, j) depends on, by its gradient."""
    image = torch.ones(1, *shape, dtype=torch.double, requires_grad=True)
    model(image)[0, :, i, j].sum().backward()
    touched = image.grad[0].abs().sum(0).nonzero()
    return touched.min(0).values.tolist(), touched.max(0).values.tolist()


@pytest.mark.parametrize("seed", range(25))
def test_receptive_field_and_stride_are_what_gradients_show(seed):
    model, shape = random_stack(seed), (2, 61, 61)
    last = summarize(model, shape).rows[-1]
    i, j = (n // 2 for n in last.output_shape[1:])
    (top, left), (bottom, right) = reach(model, shape, i, j)
    assert _pair(last.receptive_field) == (bottom - top + 1, right - left + 1)
    (below, beside), _ = reach(model, shape, i + 1, j + 1)
    assert _pair(last.stride) == (below - top, beside - left)


def _pair(value):
    return value if isinstance(value, tuple) else (value, value)


class Functional(nn.Module):
    """Everything that can be a function is one."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3)
        self.conv2 = nn.Conv2d(4, 4, 3)
        self.kernel = nn.Parameter(torch.zeros(4, 4, 3, 3))
        self.last = nn.Conv2d(4, 2, 1)

    def forward(self, x):
        x = functional.max_pool2d(functional.relu(self.conv1(x)), 2)  # 4, stride 2
        x = functional.avg_pool2d(self.conv2(x) * 2, (2, 2), 1)  # 10
        x = functional.conv2d(x, self.kernel, stride=2, dilation=2)  # 18, stride 4
        x = functional.avg_pool2d(functional.max_pool2d(x, 3, 1, 0, 2), 2)  # 38
        return self.last(x).flatten(1).sum(1)


def test_functions_between_layers_count_too():
    model = Functional()
    table = summarize(model, (1, 64, 64))
    assert row(table, "conv2").receptive_field == 8
    assert row(table, "conv2").stride == 2
    assert row(table, "last").receptive_field == 38
    assert row(table, "last").stride == 8
    rest = table.rows[-1]
    assert rest.name == "(outside layers)"
    assert rest.params == model.kernel.numel()
    assert 2 * table.macs == flops(model, torch.zeros(1, 1, 64, 64))
    assert rest.macs > 0


class Siamese(nn.Module):
    """Two images through the same convolution, compared by a dense layer."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.conv_again = self.conv
        self.dense = nn.Linear(4 * 6 * 6, 2)

    def forward(self, left, right):
        maps = self.conv(left) - self.conv_again(right)
        return self.dense(maps.flatten(1))


def test_a_convolution_from_scratch_called_as_a_function_counts_too():
    class Convolve(nn.Module):
        def __init__(self, conv2d):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(6, 2, 3, 2))
            self.conv2d = conv2d

        def forward(self, x):
            return self.conv2d(x, self.weight, padding=1, dilation=2, groups=2)

    ours, theirs = (
        summarize(Convolve(F.conv2d), (4, 9, 8)).macs for F in (scratch, functional)
    )
    assert ours == theirs == 6 * 7 * 8 * 2 * 3 * 2


def test_shared_layers_and_several_inputs():
    model = Siamese()
    table = summarize(model, (1, 8, 8), (1, 8, 8))
    assert table.input_shapes == ((1, 8, 8), (1, 8, 8))
    assert table.caption == "Siamese on 1×8×8 and 1×8×8"
    assert [r.name for r in table.rows] == ["conv", "conv", "dense"]
    assert [r.shared for r in table.rows] == [False, True, False]
    assert table.params == sum(p.numel() for p in model.parameters()) == 40 + 290
    assert 2 * table.macs == flops(model, *torch.zeros(2, 1, 1, 8, 8))
    assert str(table).count("shared") == 1
    mixed = summarize(model, torch.zeros(5, 1, 8, 8), torch.zeros(5, 1, 8, 8))
    assert mixed.input_shapes == ((5, 1, 8, 8),) * 2
    assert mixed.rows[-1].output_shape == (5, 2)


def test_weights_tied_between_layers_count_once():
    first, second = nn.Linear(6, 6), nn.Linear(6, 6)
    second.weight = first.weight
    table = summarize(nn.Sequential(first, second), (6,))
    assert table.params == 36 + 6 + 6
    assert [r.params for r in table.rows] == [42, 42]
    assert len(table.rows) == 2


class Branches(nn.Module):
    """A wide and a narrow path that meet, as in residual networks and Inception."""

    def __init__(self):
        super().__init__()
        self.wide = nn.Conv2d(1, 2, 5, padding=2)
        self.narrow = nn.Conv2d(1, 2, 1)
        self.end = nn.Identity()

    def forward(self, x):
        return self.end(self.narrow(x) + self.wide(x) + torch.ones(1, device=x.device))


def test_paths_that_meet_have_the_larger_field():
    table = summarize(Branches(), (1, 9, 9))
    assert row(table, "wide").receptive_field == 5
    assert row(table, "narrow").receptive_field == 1
    assert row(table, "end").receptive_field == 5
    assert row(table, "end").activation_bytes == 0  # it returns what it was given


class Gated(nn.Module):
    """Maps times one number each, from all that the map sees."""

    def __init__(self):
        super().__init__()
        self.look = nn.AdaptiveAvgPool2d(1)
        self.end = nn.Identity()

    def forward(self, x):
        return self.end(x * self.look(x).sigmoid())


def test_a_stride_of_none_is_the_kernels():
    (only,) = summarize(nn.Sequential(nn.LPPool2d(2, 3)), (1, 9, 9)).rows
    assert (only.receptive_field, only.stride) == (3, 3)


def test_gated_maps_see_everything_and_stay_as_fine():
    table = summarize(Gated(), (3, 8, 8))
    assert row(table, "look").stride == 8
    assert row(table, "end").receptive_field == 8
    assert row(table, "end").stride == 1


def test_a_transposed_convolution_reads_as_many_inputs_as_overlap():
    model = nn.Sequential(nn.AvgPool2d(4), nn.ConvTranspose2d(1, 1, 3, stride=2))
    assert [r.receptive_field for r in summarize(model, (1, 16, 16)).rows] == [4, 8]


def test_adaptive_pooling_upsampling_and_transposed_convolutions():
    model = nn.Sequential(
        nn.Conv2d(1, 1, 3, stride=2, padding=1),
        nn.Upsample(scale_factor=2),
        nn.ConvTranspose2d(1, 1, 4, stride=2, padding=1),
        nn.Upsample(scale_factor=0.25),
        nn.AdaptiveAvgPool2d(1),
    )
    rows = summarize(model, (1, 16, 16)).rows
    assert [r.stride for r in rows] == [2, 1, 0.5, 2, 16]
    assert [r.receptive_field for r in rows] == [3, 3, 4, 4, 4 + 7 * 2]
    uneven = summarize(nn.Sequential(nn.AdaptiveMaxPool2d((2, 5))), (1, 5, 3)).rows[0]
    assert uneven.receptive_field == (3, 2)  # the largest window
    assert uneven.stride == (2, 1)


def test_activation_memory_is_that_of_new_tensors():
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.ReLU(), nn.ReLU(inplace=True), nn.Dropout(), nn.Flatten()
    ).to(torch.bfloat16)
    table = summarize(model, (1, 5, 5))
    assert [r.activation_bytes for r in table.rows] == [36, 36, 0, 0, 0]
    assert table.activation_bytes == 72
    assert [r.receptive_field for r in table.rows] == [3, 3, 3, 3, None]


class Declared(nn.Module):
    """A layer with parts inside that says itself what it costs."""

    kernel_size, stride = 3, 2

    def __init__(self):
        super().__init__()
        self.inside = nn.Conv2d(1, 1, 3, stride=2)

    def forward(self, x):
        return self.inside(x)

    def macs(self, input, output):
        return 7 * output.numel()


def test_a_layer_may_declare_its_costs():
    table = summarize(nn.Sequential(Declared()), (1, 9, 9))
    (only,) = table.rows
    assert (only.kind, only.macs, only.params) == ("Declared", 7 * 16, 10)
    assert (only.receptive_field, only.stride) == (3, 2)


def test_a_parametrized_layer_is_one_row():
    model = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Conv2d(2, 3, 3)))
    (only,) = summarize(model, (2, 5, 5)).rows
    assert only.macs == 9 * 3 * 2 * 9
    assert only.params == 3 * 2 * 9 + 3 + 3


class Branching(nn.Module):
    """Needs numbers: which way it goes depends on what it sees."""

    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(3, 2)

    def forward(self, x):
        return self.dense(x) if x.sum() >= 0 else x


def test_a_model_that_needs_numbers_is_run():
    image = torch.ones(4, 3)
    assert summarize(Branching(), image).macs == 4 * 6
    assert summarize(Branching(), (3,)).macs == 6
    assert not hasattr(image, "_field")
    with torch.device("meta"), pytest.raises(RuntimeError):
        summarize(Branching(), (3,))


class Silent(nn.Module):
    """A layer without tensors is no row."""

    def forward(self):
        return 3


class WithSilent(nn.Module):
    def __init__(self):
        super().__init__()
        self.silent = Silent()
        self.dense = nn.Linear(2, 2)

    def forward(self, pair):
        return self.dense(pair["x"] * self.silent())


def test_layers_without_tensors_are_left_out():
    class Named(WithSilent):
        def forward(self, x):
            return super().forward({"x": x})

    assert [r.name for r in summarize(Named(), (2,)).rows] == ["dense"]


def test_integer_inputs_come_as_tensors():
    model = nn.Sequential(nn.Embedding(10, 4), nn.Linear(4, 2))
    table = summarize(model, torch.zeros(2, 5, dtype=torch.long))
    assert table.rows[-1].output_shape == (2, 5, 2)
    assert table.macs == 2 * 5 * 8


def test_the_model_stays_as_it_was():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout())
    model[2].eval()
    before = {name: t.clone() for name, t in model.state_dict().items()}
    summarize(model, (1, 6, 6))
    assert [m.training for m in model] == [True, True, False]
    assert model.training
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name])
    with pytest.raises(RuntimeError, match="channels"):
        summarize(model, (3, 6, 6))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model)
    assert model.training


def test_unsuitable_arguments_are_named():
    model = nn.Linear(2, 2)
    with pytest.raises(
        TypeError, match=r"model to be a torch\.nn\.Module, but got str"
    ):
        summarize("LeNet5", (1, 28, 28))
    with pytest.raises(ValueError, match="shape of one sample"):
        summarize(model)
    with pytest.raises(TypeError, match=r"shape, such as .* or a tensor, but got 28"):
        summarize(model, 28)
    with pytest.raises(TypeError, match=r"got \(2\.5,\)"):
        summarize(model, (2.5,))
    with pytest.raises(ValueError, match=r"positive sizes in a shape, but got \(0,\)"):
        summarize(model, (0,))
    with pytest.raises(ValueError, match=r"^weight has no shape yet"):
        summarize(nn.LazyLinear(3), (2,))
    with pytest.raises(ValueError, match=r"expected images of shape \(N, 1, 28, 28\)"):
        summarize(models.LeNet5(), (3, 32, 32))


def test_summaries_are_values():
    first, second = (summarize(nn.Linear(2, 2), (2,)) for _ in range(2))
    assert first == second
    assert isinstance(first, Summary)
