"""The widgets without a browser: their answers, their checks, what they store."""

import base64
import gc
import inspect
import json
import re
import shutil
import subprocess
import weakref
from html.parser import HTMLParser
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cnnlib import data, models, widgets
from cnnlib.widgets.convolution import KERNELS

VIEW = "application/vnd.jupyter.widget-view+json"


def uniform(images):
    """Answer every image with ten equal probabilities."""
    return torch.full((len(images), 10), 0.1)


def small_network():
    """A network of every kind of step, and three pictures for it."""
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 2, 5, stride=2, padding=1),
        torch.nn.BatchNorm2d(2),
        torch.nn.ReLU(),
        torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(2, 3, 3, padding=1),
        torch.nn.AvgPool2d(3, 2),
        torch.nn.Flatten(),
        torch.nn.Linear(12, 4),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.5),
        torch.nn.Linear(4, 3),
    )
    network(torch.randn(8, 1, 28, 28))  # batch normalization has seen something
    dice = torch.Generator().manual_seed(0)
    return network, torch.randint(0, 256, (3, 1, 28, 28), generator=dice).byte()


def network_explorer():
    return widgets.network_explorer(*small_network(), classes=["a", "b", "c"])


MAKERS = {
    "network": network_explorer,
    "softmax": widgets.softmax_explorer,
    "convolution": widgets.convolution_explorer,
    "output_shape": widgets.output_shape_explorer,
    "studio": widgets.kernel_studio,
    "digit_pad": lambda: widgets.digit_pad(uniform),
}
COMPUTE_IN_PAGE = ["network", "softmax", "convolution", "output_shape", "studio"]


@pytest.fixture(params=MAKERS)
def widget(request):
    return MAKERS[request.param]()


# The network explorer


def test_network_explorer_computes_what_the_network_does():
    """Up to the rounding of the weights to 8 bits, which is less than 1 %."""
    network, images = small_network()
    explorer = widgets.network_explorer(network, images)
    x = data.normalize(images)
    expected = network.eval()(x)
    torch.testing.assert_close(explorer.model8(x), expected, rtol=0, atol=0.01)
    assert explorer.classes == ["0", "1", "2"]


@pytest.mark.parametrize(
    "build", [models.LeNet5, models.small_alexnet, models.small_vgg]
)
def test_network_explorer_takes_the_lecture_s_networks(build):
    torch.manual_seed(0)
    network = build(4, in_channels=3, image_size=32)
    network = models.with_batch_norm(network).eval()
    images = torch.randint(0, 256, (2, 3, 32, 32)).byte()
    explorer = widgets.network_explorer(network, images)
    x = data.normalize(images)
    close = {"rtol": 0, "atol": 0.02 * network(x).abs().max().item()}
    torch.testing.assert_close(explorer.model8(x), network(x), **close)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([torch.nn.Conv2d(1, 2, 3), torch.nn.Tanh()], "tanh is not among the layers"),
        ([torch.nn.Conv2d(1, 2, 3, dilation=2)], "dilation"),
        ([torch.nn.MaxPool2d(2, ceil_mode=True)], "ceil_mode"),
        ([torch.nn.Conv2d(1, 2, 3)], "to logits"),
        ([torch.nn.Conv2d(1, 2, 3), torch.nn.ELU(inplace=True)], "elu"),
        ([torch.nn.Linear(28, 2)], "rows of numbers"),
        ([torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2, affine=False)], "weights"),
    ],
)
def test_network_explorer_names_the_layer_that_it_cannot_show(layers, message):
    with pytest.raises(ValueError, match=message):
        widgets.network_explorer(torch.nn.Sequential(*layers), small_network()[1])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((uniform, small_network()[1]), TypeError, "expected model to be an nn.Module"),
        ((small_network()[0], torch.zeros(1, 1, 28, 28)), TypeError, "uint8"),
        ((small_network()[0], small_network()[1][0]), ValueError, "N, C, H, W"),
        ((models.AlexNet(), small_network()[1]), ValueError, "at most 500,000"),
        ((*small_network(), ["a"]), ValueError, "classes has 1 names for 3 logits"),
    ],
)
def test_network_explorer_refuses(arguments, error, message):
    with pytest.raises(error, match=message):
        widgets.network_explorer(*arguments)


# The digit pad

LINE = [[[140, 40], [140, 240]]]


def test_pad_shows_the_model_a_centered_picture_and_keeps_its_answer():
    asked = []

    def model(images):
        asked.append(images)
        return F.one_hot(torch.tensor([1]), 10).float()

    pad = widgets.digit_pad(model)
    asked.clear()
    pad.strokes = LINE
    (images,) = asked
    assert images.shape == (1, 1, 28, 28)
    assert images.dtype == torch.uint8
    assert images[0, 0].any(dim=1).sum() == 20  # rows with ink
    assert torch.equal(pad.picture, images[0])
    assert pad.probabilities.argmax() == 1
    assert pad.answer["seen"] == images.numpy().tobytes()
    assert pad.answer["probabilities"][1] == 1.0


def test_a_tiny_digit_looks_to_the_network_like_a_large_one():
    seen = []
    for size in (19, 190):  # pixels of 280
        pad = widgets.digit_pad(uniform)
        stroke = [(0.2, 0.1), (0.8, 0.1), (0.4, 0.9)]  # a seven
        pad.strokes = [
            [[140 + size * (x - 0.5), 140 + size * (y - 0.5)] for x, y in stroke]
        ]
        seen.append(pad.picture.float())
    assert (seen[0] - seen[1]).abs().mean() < 1  # of 255


def test_clearing_the_pad_asks_nothing():
    pad = widgets.digit_pad(uniform)
    pad.strokes = LINE
    pad.strokes = []
    assert "probabilities" not in pad.answer
    assert pad.probabilities is None
    assert not any(pad.answer["seen"])


def test_two_like_strokes_are_two_answers():
    # The browser waits for a change: an answer equal to the last would be none.
    pad = widgets.digit_pad(uniform)
    pad.strokes = LINE
    first = pad.answer
    pad.strokes = [*LINE, *LINE]
    assert pad.answer != first


def test_pad_takes_a_network_and_shows_its_first_layer():
    torch.manual_seed(0)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(1, 6, 5), torch.nn.Flatten(), torch.nn.Linear(3456, 10)
    )
    pad = widgets.digit_pad(network)
    pad.strokes = LINE
    maps = pad.answer["maps"]
    assert pad.layer == "0"
    assert maps["shape"] == [6, 24, 24]
    assert isinstance(maps["bytes"], bytes)
    assert len(maps["bytes"]) == 6 * 24 * 24
    assert (min(maps["bytes"]), max(maps["bytes"])) == (0, 255)
    assert sum(pad.answer["probabilities"]) == pytest.approx(1)
    assert not network[0]._forward_hooks  # the network is left as it came
    assert "maps" not in widgets.digit_pad(network, maps=False).answer


def test_an_answer_costs_one_image_on_one_thread():
    # So it comes within 100 ms, whatever was drawn: LeNet-5 takes a few.
    asked = []

    def model(images):
        asked.append((tuple(images.shape), torch.get_num_threads()))
        return uniform(images)

    pad = widgets.digit_pad(model)
    asked.clear()
    pad.strokes = [[[x, (7 * x) % 281] for x in range(281)]] * 5
    assert asked == [((1, 1, 28, 28), 1)]
    assert pad.milliseconds > 0


def test_pad_leaves_the_number_of_threads_alone():
    before = torch.get_num_threads()
    widgets.digit_pad(uniform).strokes = LINE
    assert torch.get_num_threads() == before


def test_a_model_that_fails_later_says_so_on_the_pad():
    answers = iter([uniform(range(1))])
    pad = widgets.digit_pad(lambda images: next(answers))
    pad.strokes = LINE
    assert pad.answer["error"].startswith("The network failed: StopIteration")


def test_pad_refuses_what_is_no_model():
    with pytest.raises(TypeError, match="model to be a network or a callable"):
        widgets.digit_pad("lenet")
    with pytest.raises(TypeError, match="classes to be a sequence of names"):
        widgets.digit_pad(uniform, classes="0123456789")
    with pytest.raises(ValueError, match=r"shape \(1, 2\), but got \(1, 10\)"):
        widgets.digit_pad(uniform, classes=["even", "odd"])


def test_pad_refuses_strokes_off_the_pad():
    pad = widgets.digit_pad(uniform)
    with pytest.raises(ValueError, match=r"0\.\.280"):
        pad.strokes = [[[0, 281]]]


# Softmax


def test_softmax_explorer_agrees_with_autograd():
    explorer = widgets.softmax_explorer(["a", "b", "c"], (1.0, -2.0, 900.0), 1)
    logits = torch.tensor(explorer.logits, dtype=torch.float64, requires_grad=True)
    loss = F.cross_entropy(logits, torch.tensor(1))
    loss.backward()
    assert explorer.loss == pytest.approx(loss.item())
    assert explorer.gradient == pytest.approx(logits.grad.tolist())
    assert explorer.probabilities == pytest.approx(logits.softmax(0).tolist())


def test_softmax_explorer_follows_python():
    explorer = widgets.softmax_explorer()
    explorer.logits, explorer.target = [0, 0, 0], 2
    assert explorer.loss == pytest.approx(np.log(3))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"classes": "cat"}, "sequence of names"),
        ({"classes": ["cat"], "logits": [1]}, "at least two"),
        ({"logits": [1, 2]}, "logits has 2 numbers for 3 classes"),
        ({"logits": [1, 2, float("inf")]}, "finite"),
        ({"logits": [1, 2, "3"]}, "finite numbers"),
        ({"target": 3}, r"target to be in 0\.\.2, but got 3"),
        ({"target": 0.5}, "target to be in"),
    ],
)
def test_softmax_explorer_refuses(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        widgets.softmax_explorer(**arguments)


def test_softmax_explorer_refuses_later_too():
    with pytest.raises(ValueError, match="2 numbers for 3 classes"):
        widgets.softmax_explorer().logits = [1, 2]


# Convolution


def test_the_studio_shows_photos_in_gray_and_no_larger_than_a_browser_filters():
    studio = widgets.kernel_studio()
    assert list(studio.photos) == ["temple", "flower"]
    assert studio.size == {"width": 320, "height": 214}
    assert studio.output.shape == (212, 318)
    red = torch.zeros(3, 8, 9, dtype=torch.uint8)
    red[0] = 255
    flat = widgets.kernel_studio({"red": red}, "identity").output
    torch.testing.assert_close(flat, torch.full((6, 7), 76.0))  # 0.299 x 255


PHOTO = torch.zeros(3, 8, 8, dtype=torch.uint8)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"photos": PHOTO}, TypeError, "photos to map names to images"),
        ({"photos": {}}, TypeError, "photos to map names to images"),
        ({"photos": {"a": PHOTO.float()}}, TypeError, "photo 'a' to be a uint8 tensor"),
        ({"photos": {"a": PHOTO[:2]}}, ValueError, "photo 'a' to have shape"),
        ({"kernel": "sobel"}, ValueError, "kernel to be one of .*'sharpen'"),
        ({"kernel": [[1, 2], [3, 4]]}, ValueError, "kernel to have shape .3, 3."),
        ({"second": torch.ones(5, 5)}, ValueError, "second to have shape .3, 3."),
        ({"stride": 0}, ValueError, "stride to be at least 1"),
        ({"pool": 2.0}, TypeError, "pool to be an integer"),
    ],
)
def test_the_studio_refuses(arguments, error, message):
    with pytest.raises(error, match=message):
        widgets.kernel_studio(**arguments)


def test_convolution_explorer_starts_with_the_slide():
    explorer = widgets.convolution_explorer()
    assert explorer.output.tolist() == [[19, 25], [37, 43]]
    assert "0·0 + 1·1 + 3·2 + 4·3 = 19" in explorer.alt()


def test_convolution_explorer_takes_tensors_arrays_and_names():
    named = widgets.convolution_explorer(torch.eye(5), "sharpen", padding=1)
    listed = widgets.convolution_explorer(np.eye(5), KERNELS["sharpen"], padding=1)
    assert torch.equal(named.output, listed.output)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input": [1, 2]}, r"input to have shape \(H, W\), but got \(2,\)"),
        ({"input": [[1, 2], [3]]}, "input to be rows of numbers"),
        ({"input": torch.zeros(13, 3)}, "at most 12 cells"),
        ({"input": [[float("nan")]]}, "finite"),
        ({"kernel": "swirl"}, "kernel to be one of"),
        ({"stride": 0}, "stride to be at least 1, but got 0"),
        ({"padding": -1}, "padding to be at least 0"),
        ({"dilation": 1.0}, "dilation to be an integer"),
        ({"dilation": 3}, "PyTorch refuses"),
    ],
)
def test_convolution_explorer_refuses(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        widgets.convolution_explorer(**arguments)


def test_a_setting_refused_later_still_has_a_still():
    explorer = widgets.convolution_explorer()
    explorer.stride = 0
    assert "PyTorch refuses" in explorer.alt()
    assert "PyTorch refuses" in explorer.still()


# Output shape


def conv1d_size(n, k, s, p, d):
    """PyTorch's own answer, None where it refuses."""
    try:
        out = F.conv1d(
            torch.zeros(1, 1, n), torch.zeros(1, 1, k), stride=s, padding=p, dilation=d
        )
    except RuntimeError:
        return None
    return out.shape[-1]


SIZES = [
    (n, k, s, p, d)
    for n in range(5)
    for k in range(4)
    for s in (-1, 0, 1, 2, 3)
    for p in (-1, 0, 1, 2)
    for d in (0, 1, 2)
]


def test_output_shape_is_pytorchs_also_in_what_it_refuses():
    names = ("n", "kernel_size", "stride", "padding", "dilation")
    for case in SIZES:
        try:
            size = widgets.output_shape_explorer(**dict(zip(names, case, strict=True)))
            size = size.size
        except ValueError:
            size = None
        assert size == conv1d_size(*case), dict(zip(names, case, strict=True))


def test_output_shape_says_why_it_refuses():
    with pytest.raises(ValueError, match="kernel spans 5 cells, but the padded input"):
        widgets.output_shape_explorer(n=4, kernel_size=3, padding=0, dilation=2)
    with pytest.raises(TypeError, match=r"stride to be an integer, but got 1\.5"):
        widgets.output_shape_explorer(stride=1.5)
    with pytest.raises(ValueError, match="n to be at most 32 to be drawn"):
        widgets.output_shape_explorer(n=224)


# What is stored with a notebook


class Page(HTMLParser):
    """Collects a page's images and scripts."""

    def __init__(self, html):
        super().__init__()
        self.images, self.scripts, self._inside = [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self._inside = tag == "script"
        if tag == "img":
            self.images.append(dict(attrs))

    def handle_endtag(self, tag):
        self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.scripts.append(data)


@pytest.fixture
def jupyterlab(monkeypatch):
    """What a kernel of JupyterLab finds in its environment."""
    monkeypatch.setenv("JPY_SESSION_NAME", "/notebooks/01_convolution.ipynb")
    for name in ("VSCODE_PID", "CNNLIB_WIDGETS"):
        monkeypatch.delenv(name, raising=False)


def test_bundle_is_a_still_with_alt_text(widget):
    bundle, _ = widget._repr_mimebundle_()
    assert bundle["text/plain"] == repr(widget)
    (image,) = Page(bundle["text/html"]).images
    assert len(image["alt"]) > 60
    kind, encoded = image["src"].split(",")
    assert kind == "data:image/svg+xml;base64"
    assert ElementTree.fromstring(base64.b64decode(encoded)).tag.endswith("svg")


def test_in_jupyterlab_the_html_finds_its_model(widget, jupyterlab):
    # A view would turn into an error once its kernel is gone.
    bundle, _ = widget._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert f'data-link="{widget.link}"' in bundle["text/html"]
    assert len(Page(bundle["text/html"]).scripts) == 1
    assert "initialize: offer" in str(widget._esm)


def test_two_widgets_never_share_a_link(widget):
    links = {widget.link, *(make().link for make in MAKERS.values())}
    assert len(links) == len(MAKERS) + 1


def test_elsewhere_the_pad_keeps_the_view_that_reaches_its_kernel(
    jupyterlab, monkeypatch
):
    monkeypatch.setenv("VSCODE_PID", "1")
    pad = widgets.digit_pad(uniform)
    bundle, _ = pad._repr_mimebundle_()
    assert bundle[VIEW]["model_id"] == pad.model_id
    assert "text/html" in bundle


def test_stored_notebooks_have_no_link_and_no_view(widget, jupyterlab, monkeypatch):
    monkeypatch.setenv("CNNLIB_WIDGETS", "still")
    bundle, _ = widget._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert bundle["text/html"] == widget.html()
    assert widget.link not in bundle["text/html"]


@pytest.mark.parametrize("name", MAKERS)
def test_the_same_widget_is_stored_the_same(name):
    one, other = MAKERS[name](), MAKERS[name]()
    assert one.html() == other.html()
    assert repr(one) == repr(other)
    assert not re.search(r"0x[0-9a-f]{6}", repr(one))
    assert one.model_id not in one.html()


def test_what_is_stored_is_small_and_asks_the_network_for_nothing(widget):
    html = widget.html()
    photos = isinstance(widget, widgets.KernelStudio)
    assert len(html) < (240_000 if photos else 65_000)
    still = widget.still().replace("http://www.w3.org/2000/svg", "")
    for place in (still, widget._css, html.replace("http://www.w3.org/2000/svg", "")):
        assert "http" not in place
        assert "url(" not in place


@pytest.mark.parametrize("name", COMPUTE_IN_PAGE)
def test_explorers_bring_their_script_where_no_kernel_runs(name):
    (script,) = Page(MAKERS[name]().html()).scripts
    assert "showInPage(" in script
    assert "export default" not in script


def test_the_pad_says_that_it_needs_a_kernel():
    html = widgets.digit_pad(uniform).html()
    assert not Page(html).scripts
    assert "needs a running kernel" in html


def test_when_a_cell_runs_again_its_first_network_is_freed(monkeypatch):
    run = {"metadata": {"cellId": "pad"}, "header": {"msg_id": "first"}}
    shell = SimpleNamespace(get_parent=lambda: run)
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)

    def made():
        network = models.LeNet5()
        return widgets.digit_pad(network), weakref.ref(network)

    (pad, network), (other, _) = made(), made()
    assert other.comm is not None  # two in one run of a cell live side by side
    run["header"]["msg_id"] = "second"
    again, _ = made()
    assert pad.comm is None
    del pad, other
    gc.collect()
    assert network() is None
    again.close()


def test_a_class_name_cannot_break_out_of_the_page():
    for name in ('</script><img src="x">', "<!--<script>"):
        html = widgets.softmax_explorer([name, "b", "c"]).html()
        page = Page(html)
        assert len(page.images) == len(page.scripts) == 1
        assert "<!--" not in page.scripts[0]


def test_public_names_are_documented():
    for name in widgets.__all__:
        assert inspect.getdoc(getattr(widgets, name))


# The scripts, in Node

needs_node = pytest.mark.skipif(
    shutil.which("node") is None, reason="node is not installed: scripts not checked"
)


def node(module, body):
    """Run JavaScript with the widget's module as `widget`; return what it prints."""
    url = "data:text/javascript;base64," + base64.b64encode(module.encode()).decode()
    code = f"import({json.dumps(url)}).then(({{default: widget}}) => {{ {body} }})"
    done = subprocess.run(
        ["node", "--input-type=module"],
        input=code,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_node
def test_scripts_are_modules_that_render(widget):
    say = "console.log(JSON.stringify(typeof widget.render))"
    assert node(str(widget._esm), say) == "function"


@needs_node
@pytest.mark.parametrize("name", COMPUTE_IN_PAGE)
def test_page_scripts_parse(name, tmp_path):
    (script,) = Page(MAKERS[name]().html()).scripts
    file = tmp_path / "page.js"
    file.write_text(script, encoding="utf-8")
    subprocess.run(["node", "--check", str(file)], check=True, timeout=60)


@needs_node
def test_browser_and_python_agree_on_sizes_and_refusals():
    body = f"""
        const sizes = {json.dumps(SIZES)}.map((c) =>
            (widget.refusal(...c) ? null : widget.outputSize(...c)));
        console.log(JSON.stringify(sizes));
    """
    sizes = node(str(widgets.output_shape_explorer()._esm), body)
    assert sizes == [conv1d_size(*case) for case in SIZES]


@needs_node
def test_browser_convolves_as_pytorch_does():
    generator = torch.Generator().manual_seed(0)
    cases, expected = [], []
    for shape, kernel, *setting in [
        ((5, 7), (3, 2), 1, 0, 1),
        ((6, 5), (3, 3), 2, 2, 1),
        ((7, 9), (2, 3), 3, 1, 2),
        ((1, 1), (1, 1), 1, 0, 1),
    ]:
        x = torch.randint(-5, 6, shape, generator=generator).double()
        w = torch.randint(-5, 6, kernel, generator=generator).double()
        stride, padding, dilation = setting
        out = F.conv2d(x[None, None], w[None, None], None, stride, padding, dilation)
        cases.append([x.tolist(), w.tolist(), *setting])
        expected.append(out[0, 0].tolist())
    body = f"""console.log(JSON.stringify(
        {json.dumps(cases)}.map((c) => widget.convolve(...c))));"""
    assert node(str(widgets.convolution_explorer()._esm), body) == expected


@needs_node
def test_the_studio_computes_as_pytorch_does():
    dice = torch.Generator().manual_seed(0)
    photo = torch.randint(0, 256, (1, 15, 20), generator=dice).byte()
    settings = [
        {},
        {"relu": True},
        {"stride": 2, "pool": 3},
        {"second": [[1, 0.5, 0], [0, -1, 0], [2, 0, 0]], "relu": True, "stride": 2},
    ]
    for setting in settings:
        studio = widgets.kernel_studio({"noise": photo}, "sharpen", **setting)
        names = ("kernel", "second", "relu", "stride", "pool")
        now = {name: getattr(studio, name) for name in names}
        body = f"""
            const values = Float32Array.from({photo.flatten().tolist()});
            const photo = {{ width: 20, height: 15, values }};
            const out = widget.runStudio(photo, {json.dumps(now)}).at(-1);
            const answer = {{ size: [out.height, out.width], values: [...out.values] }};
            console.log(JSON.stringify(answer));"""
        out = node(str(studio._esm), body)
        computed = torch.tensor(out["values"], dtype=torch.float32).view(out["size"])
        torch.testing.assert_close(computed, studio.output)


@needs_node
def test_a_photo_that_leaves_the_studio_comes_back_at_the_other_side():
    photo = torch.arange(12.0).view(3, 4)
    body = """
        const values = Float32Array.from({ length: 12 }, (_, n) => n);
        const moved = widget.rolled({ width: 4, height: 3, values }, -1, 5);
        console.log(JSON.stringify([...moved.values]));"""
    moved = node(str(widgets.kernel_studio()._esm), body)
    assert moved == photo.roll((5, -1), (0, 1)).flatten().tolist()


@needs_node
def test_browser_and_python_agree_on_softmax():
    logits = [[2.0, 1.0, 0.1], [0.0, 0.0], [900.0, -900.0, 3.0]]
    body = f"""console.log(JSON.stringify({json.dumps(logits)}.map((z) =>
        [...widget.softmax(z), widget.crossEntropy(z, 1)])));"""
    answers = node(str(widgets.softmax_explorer()._esm), body)
    for z, (*p, loss) in zip(logits, answers, strict=True):
        t = torch.tensor(z, dtype=torch.float64)
        assert p == pytest.approx(t.softmax(0).tolist())
        assert loss == pytest.approx(F.cross_entropy(t, torch.tensor(1)).item())


@needs_node
def test_browser_and_python_agree_on_every_layer_of_a_network():
    explorer = network_explorer()
    x = data.normalize(explorer._images[:1])
    body = f"""
        const steps = {json.dumps(explorer.steps)}.map(widget.loadStep);
        const layers = [{{ shape: [1, 28, 28], data: {x.flatten().tolist()} }}];
        for (const step of steps) layers.push(widget.compute(step, layers.at(-1)));
        console.log(JSON.stringify(layers.slice(1).map((l) => [...l.data])));
    """
    layers = node(str(explorer._esm), body)
    assert len(layers) == len(explorer.steps) == 6
    torch.testing.assert_close(torch.tensor(layers[-1]), explorer.model8(x)[0])


@needs_node
def test_cells_take_numbers_as_people_write_them():
    typed = ["3", "-0.5", "\u22122", "1/9", "0,25", "", "x", "1/", "1/0", "1/2/3"]
    body = f"""console.log(JSON.stringify({json.dumps(typed)}.map((text) => {{
        const value = widget.parseNumber(text);
        return Number.isNaN(value) ? null : value; }})));"""
    numbers = node(str(widgets.convolution_explorer()._esm), body)
    assert numbers == [3, -0.5, -2, pytest.approx(1 / 9), 0.25, *[None] * 5]
