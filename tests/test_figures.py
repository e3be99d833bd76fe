"""Pictures say what they show, stay small, come out the same and fetch nothing."""

import base64
import inspect
import io
import re
from types import SimpleNamespace
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
import torch
from PIL import Image

from cnnlib import figures
from cnnlib.drawing import palette, style
from cnnlib.drawing.picture import Picture
from cnnlib.figures.convolution.arithmetic import Convolution, Pooling, Sliding
from cnnlib.figures.convolution.filtering import filtered

X = [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
K = [[0, 1], [2, 3]]
X2 = [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
K2 = [[1, 2], [3, 4]]
COUNTED = np.arange(35).reshape(5, 7) % 6
EDGES = [[1, 0, -1]] * 3

GENERATOR = torch.Generator().manual_seed(0)
ROWS, COLUMNS = torch.meshgrid(torch.arange(24), torch.arange(36), indexing="ij")
PHOTO = torch.stack([7 * COLUMNS, 10 * ROWS, 4 * (ROWS + COLUMNS)]).to(torch.uint8)
GRAY = torch.randint(0, 256, (6, 1, 12, 9), dtype=torch.uint8, generator=GENERATOR)
P = torch.softmax(torch.randn(6, 3, generator=GENERATOR), 1)
ABC = ("a", "b", "c")


class Set(SimpleNamespace):
    def __len__(self):
        return len(self.images)


SET = Set(images=GRAY, labels=torch.arange(6) % 3, classes=ABC, name="drawn")

EVERY = {
    "matrix": lambda: figures.matrix([[1.5, -2], [1000, 0.333]], "kernel", "weights"),
    "vector": lambda: figures.matrix([1, 2, 3], "plain"),
    "equation": lambda: figures.equation(X, "+", X2, "=", np.add(X, X2)),
    "slide": lambda: figures.convolution(X, K),
    "padded": lambda: figures.convolution(COUNTED, EDGES, (2, 1), (1, 2), at=(1, 3)),
    "dilated": lambda: figures.convolution(COUNTED, K, dilation=(1, 3)),
    "channels in": lambda: figures.convolution([X, X2], [K, K2]),
    "channels out": lambda: figures.convolution([X], [[K], [K2]], at=(1, 0, 1)),
    "1x1": lambda: figures.convolution([X, X2], [[[[1]], [[2]]], [[[0]], [[-1]]]]),
    "floats": lambda: figures.convolution(torch.rand(4, 4), torch.rand(2, 2)),
    "max beside average": lambda: figures.max_beside_average(COUNTED, 2),
    "gradient": lambda: figures.gradient_routing(COUNTED, 2),
    "animated": lambda: figures.animate_convolution(X, K),
    "animated, gradients": lambda: figures.animate_convolution(
        X, K, names=("input", "gradient", "gradient of K")
    ),
    "animated, padded": lambda: figures.animate_convolution(COUNTED, EDGES, 2, 1),
    "animated, channels": lambda: figures.animate_convolution(
        [X, X2], [[K, K2], [K2, K]]
    ),
    "animated pooling": lambda: figures.animate_pooling(COUNTED, 2, 1),
    "animated, average": lambda: figures.animate_pooling(
        COUNTED, (2, 3), kind="average"
    ),
    "animated, padded max": lambda: figures.animate_pooling(X, 3, 2, 1),
    "settings": lambda: figures.padding_and_stride(),
    "sizes": lambda: figures.output_sizes(5, padding=1),
    "dense": lambda: figures.dense_versus_convolution(),
    "dense, small": lambda: figures.dense_versus_convolution(8, 8, 1, 2, 3),
    "field": lambda: figures.receptive_field([3, 5]),
    "sharing": lambda: figures.weight_sharing(7, 4),
    "grid": lambda: figures.image_grid(GRAY, list("abcdef"), title="six"),
    "samples": lambda: figures.samples(SET, 2),
    "pixels": lambda: figures.pixels(GRAY[0], (2, 1), (4, 5)),
    "filtered": lambda: figures.filtered_photo(PHOTO, {"edges": EDGES, "mean": [[1]]}),
    "logits": lambda: figures.probabilities([2.0, 1.0, 0.1], 0, ABC),
    "no target": lambda: figures.probabilities([-1000.0, 1000.0]),
    "loss": lambda: figures.minus_log(),
    "templates": lambda: figures.templates(np.sin(np.arange(75)).reshape(3, 25), ABC),
    "shifts": lambda: figures.shift_experiment(
        GRAY[:3], (-1, 0, 1), {"before": [0.5, 0, 0.5], "after": [0.1, 0, 0.1]}
    ),
}


@pytest.fixture(params=EVERY, scope="module")
def drawn(request):
    return EVERY[request.param]()


@pytest.fixture(scope="module")
def vectors():
    pictures = {name: draw() for name, draw in EVERY.items()}
    return {n: p for n, p in pictures.items() if p.mime == "image/svg+xml"}


def test_alt_text_says_something(drawn):
    assert len(drawn.alt.split()) >= 3
    assert "array(" not in drawn.alt
    assert "tensor(" not in drawn.alt
    assert "  " not in drawn.alt


def test_a_picture_is_small_and_fits_the_page(drawn):
    assert len(drawn.content) < 60_000
    assert 0 < drawn.width <= 960


def test_a_notebook_gets_one_img_and_the_alt_text(drawn):
    bundle = drawn._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    (tag,) = re.findall(r"<img [^>]*>", bundle["text/html"])
    img = ElementTree.fromstring(tag.replace('">', '"/>'))
    assert img.get("alt") == drawn.alt == bundle["text/plain"]
    kind, data = img.get("src").split(";base64,")
    assert kind == f"data:{drawn.mime}"
    assert base64.b64decode(data) == drawn.content


def test_the_image_can_be_read(drawn):
    if drawn.mime == "image/svg+xml":
        ElementTree.fromstring(drawn.content)
        return
    image = Image.open(io.BytesIO(drawn.content))
    assert image.mode in ("RGB", "P")
    assert image.getextrema() != ((255, 255),) * 3
    assert not image.info.get("Software")


@pytest.mark.parametrize(
    "name", ["slide", "animated", "filtered", "logits", "templates"]
)
def test_the_same_picture_has_the_same_bytes(name):
    assert EVERY[name]().content == EVERY[name]().content


def test_vectors_are_self_contained(vectors):
    assert len(vectors) >= 20
    for name, picture in vectors.items():
        text = picture.content.decode()
        text = text.replace('xmlns="http://www.w3.org/2000/svg"', "", 1)
        assert not re.search(r"https?:|url\(|@import|href|<script|on\w+=", text), name


def test_vectors_move_only_where_motion_is_welcome(vectors):
    for name, picture in vectors.items():
        text = picture.content.decode()
        assert ("@keyframes" in text) == name.startswith("animated"), name
        assert ("prefers-reduced-motion" in text) == ("@keyframes" in text), name


def test_every_number_and_sum_of_an_animation_is_in_it():
    root = ElementTree.fromstring(figures.animate_convolution(X, K).content)
    words = ["".join(node.itertext()) for node in root.iter(f"{root.tag[:-3]}text")]
    for i, j, sum_ in ((0, 0, 19), (0, 1, 25), (1, 0, 37), (1, 1, 43)):
        sentence = Convolution.of(X, K).sentence(0, i, j)
        assert sentence.endswith(f" = {sum_}")
        assert sentence in words


def test_the_parts_of_a_convolution_can_have_other_names():
    names = "input", "arriving gradient", "kernel's gradient"
    picture = figures.animate_convolution(X, K, names=names)
    text = picture.content.decode()
    assert "arriving gradient 2×2" in text
    assert "kernel" not in text.replace("kernel's gradient 2×2", "")
    assert "input 3×3 [[0" in picture.alt
    assert "gives kernel's gradient 2×2" in picture.alt


def test_the_first_frame_stands_without_motion():
    text = figures.animate_convolution(X, K).content.decode()
    hidden = re.findall(r'<g class="f h"', text)
    # Frames after the first are hidden until the animation shows them: marks and sums.
    assert len(hidden) == 2 * 3
    assert ".h{opacity:0}" in text


def test_a_large_table_of_zeros_and_ones_shows_its_ones():
    table = np.eye(7)
    text = figures.matrix(table).content.decode()
    assert text.count(f'fill="{palette.MUTED}">0<') == 42
    assert text.count(">1<") == 7
    assert palette.MUTED not in figures.matrix(2 * table).content.decode()


def test_all_public_names_are_there():
    assert figures.__all__ == sorted(figures.__all__)
    for name in figures.__all__:
        function = getattr(figures, name)
        assert callable(function), name
        assert inspect.getdoc(function), name


def test_the_slide_and_its_channels():
    assert "[[19, 25], [37, 43]]" in figures.convolution(X, K).alt
    assert "0×0 + 1×1 + 3×2 + 4×3 = 19" in figures.convolution(X, K).alt
    assert "[[56, 72], [104, 120]]" in figures.convolution([X, X2], [K, K2]).alt
    assert "max(0, 1, 3, 4) = 4" in figures.animate_pooling(X, 2, 1).alt
    average = figures.animate_pooling(X, 2, 1, kind="average").alt
    assert "(0 + 1 + 3 + 4) / 4 = 2" in average
    assert "3,600,000,000" in figures.dense_versus_convolution().alt
    assert "−log 0.8 = 0.223" in figures.minus_log().alt


@pytest.mark.parametrize("seed", range(8))
def test_sums_are_pytorchs(seed):
    random = np.random.default_rng(seed)
    n, k, s, p, d = (random.integers(low, high, 2).tolist() for low, high in RANGES)
    image = random.integers(-3, 9, (2, *n))
    weight = random.integers(-2, 3, (2, 2, *k))
    problem = Convolution.of(image, weight, s, p, d)
    for o, i, j in np.ndindex(*problem.output.shape):
        terms = problem.terms(o, i, j, 0) + problem.terms(o, i, j, 1)
        assert sum(t.value * t.weight for t in terms) == problem.output[o, i, j]


RANGES = ((5, 9), (1, 4), (1, 4), (0, 3), (1, 3))


@pytest.mark.parametrize("kind", ["max", "average"])
def test_poolings_are_pytorchs(kind):
    pool = Pooling.of(COUNTED - 3, 3, 2, 1, kind)
    for i, j in np.ndindex(*pool.output.shape):
        values = pool.values(i, j)
        result = max(values) if kind == "max" else sum(values) / 9
        assert result == pytest.approx(pool.output[i, j])


def test_gradients_go_where_autograd_sends_them():
    alt = figures.gradient_routing([[1, 3], [4, 2]], 2).alt
    assert "max pooling sends back [[0, 0], [1, 0]]" in alt
    assert "average pooling sends back [[0.25, 0.25], [0.25, 0.25]]" in alt


def test_a_window_knows_where_it_reads():
    sliding = Sliding((5, 6), (2, 3), (2, 1), (1, 0), (1, 2))
    assert sliding.reach == (2, 5)
    assert sliding.output_size == (3, 2)
    assert sliding.taps(0, 1)[:3] == [(-1, 1), (-1, 3), (-1, 5)]


def test_filtering_keeps_the_size_and_shows_differences_around_gray():
    assert filtered(PHOTO, np.ones((3, 3)) / 9).shape == (3, 24, 36)
    flat = torch.full((1, 6, 5), 200, dtype=torch.uint8)
    assert np.allclose(filtered(flat, EDGES), 0.5)
    assert np.allclose(filtered(flat, np.ones((2, 4)) / 8), 200 / 255)


FIVE = np.arange(25).reshape(5, 5)
WRONG = {
    "2 input channels, but the input has 1": lambda: figures.convolution(X, [K, K2]),
    "at is": lambda: figures.convolution(X, K, at=(2, 0)),
    "3 channels": lambda: figures.convolution([X], [[K]] * 3, at=(3, 0, 0)),
    "window reaches over 5×5 cells": lambda: figures.convolution(X, K, dilation=4),
    "stride is 0": lambda: figures.convolution(X, K, stride=0),
    "rectangular": lambda: figures.matrix([[1, 2], [3]]),
    "has shape": lambda: figures.matrix(np.zeros((2, 2, 2))),
    "role is": lambda: figures.matrix(X, "weight"),
    "titles has 1": lambda: figures.equation(X, "=", X, titles=["x"]),
    "at least one array": lambda: figures.equation("="),
    "kind is": lambda: figures.animate_pooling(X, kind="mean"),
    "at most half": lambda: figures.animate_pooling(X, 2, padding=2),
    "more than 150": lambda: figures.animate_convolution(np.ones((14, 14)), [[1]]),
    "seconds is": lambda: figures.animate_pooling(X, 2, seconds=0),
    "kernel_sizes to be": lambda: figures.receptive_field([]),
    "expected uint8 or floats": lambda: figures.image_grid([PHOTO * 2.0]),
    "expected (H, W)": lambda: figures.image_grid([PHOTO[:2]]),
    "2 titles for 6 images": lambda: figures.image_grid(GRAY, ["a", "b"]),
    "expected 1 to": lambda: figures.image_grid([]),
    "not inside": lambda: figures.pixels(GRAY[0], (10, 0), 4),
    "kernels is empty": lambda: figures.filtered_photo(PHOTO, {}),
    "target is 3": lambda: figures.probabilities([1, 2, 3], 3),
    "classes has 3": lambda: figures.probabilities([1, 2], classes=ABC),
    "p is 0": lambda: figures.minus_log(0),
    "is no square": lambda: figures.templates(np.zeros((2, 5))),
    "before has 1": lambda: figures.shift_experiment(GRAY[:2], (0, 1), {"before": [1]}),
}


@pytest.mark.parametrize("words", WRONG)
def test_bad_input_is_refused_in_words(words):
    with pytest.raises(ValueError, match=re.escape(words)):
        WRONG[words]()


def test_a_picture_needs_alt_text():
    for alt in ("", "  ", None):
        with pytest.raises(ValueError, match="alt is empty"):
            style.picture(style.axes()[0], alt)


def test_save_writes_the_image_under_its_own_suffix(tmp_path):
    picture = figures.convolution(X, K)
    assert picture.save(tmp_path / "a.svg").read_bytes() == picture.content
    with pytest.raises(ValueError, match=r"'\.png'"):
        picture.save(tmp_path / "a.png")


def test_alt_text_is_escaped():
    picture = Picture(b"", 'p < 1 & "q"', 10)
    assert 'alt="p &lt; 1 &amp; &quot;q&quot;"' in picture.html
    assert repr(picture) == picture.alt


def test_drawing_leaves_matplotlib_as_it_was():
    before = dict(matplotlib.rcParams)
    figures.minus_log()
    assert dict(matplotlib.rcParams) == before
