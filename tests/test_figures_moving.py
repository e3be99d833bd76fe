"""Animations of what is hard to see standing still: small, legible, and true."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from torch import nn

from cnnlib import figures, models
from cnnlib.drawing.motion import MOST_FRAMES, Film
from cnnlib.drawing.svg import Canvas
from cnnlib.figures.convolution.receptive_field import fields
from cnnlib.figures.networks.occlusion import hide
from cnnlib.figures.training.loss import descend

NOISE = torch.rand(3, 17, 29, generator=torch.Generator().manual_seed(0)) * 2 - 1


class Bright(nn.Module):
    """Says class 1 to the mean of the top left 4x4 pixels."""

    def forward(self, x):
        score = 4 * x[:, :, :4, :4].mean((1, 2, 3))
        return torch.stack([torch.zeros_like(score), score], 1)


EVERY = {
    "two 3×3": lambda: figures.animate_receptive_field([3, 3]),
    "5×5 on 3×3": lambda: figures.animate_receptive_field([3, 5]),
    "p": lambda: figures.animate_gradient_descent_on_p([0, 2, 1], 0, classes="abc"),
    "p of ten": lambda: figures.animate_gradient_descent_on_p(range(10), 3, lr=0.5),
    "p of one step": lambda: figures.animate_gradient_descent_on_p(
        [0, 1], 0, steps=[4], classes=("a name that is long", "b")
    ),
    "hiding": lambda: figures.animate_occlusion(
        Bright(), NOISE, window=5, stride=3, classes=("no", "yes")
    ),
    "hiding, gray": lambda: figures.animate_occlusion(
        models.LeNet5(), torch.zeros(1, 28, 28, dtype=torch.uint8), 7, title="black"
    ),
}


@pytest.fixture(params=EVERY, scope="module")
def drawn(request):
    torch.manual_seed(0)
    return EVERY[request.param]()


def texts(picture):
    """All words of an SVG, one string a text element."""
    root = ElementTree.fromstring(picture.content)
    return ["".join(node.itertext()) for node in root.iter(f"{root.tag[:-3]}text")]


def test_an_animation_is_small_and_fits_the_page(drawn):
    assert drawn.mime == "image/svg+xml"
    assert len(drawn.content) < 60_000
    assert 0 < drawn.width <= 970
    assert drawn.alt.startswith("Animation")
    assert "  " not in drawn.alt


def test_an_animation_needs_nothing_else(drawn):
    svg = drawn.content.decode().replace('xmlns="http://www.w3.org/2000/svg"', "", 1)
    assert not re.search(r"https?:|url\(|@import|<script|on\w+=", svg)
    assert all(
        at.startswith("data:image/png") for at in re.findall('href="(.*?)"', svg)
    )


def test_an_animation_rests_for_those_who_ask_for_it(drawn):
    svg = drawn.content.decode()
    assert "@keyframes" in svg
    assert "prefers-reduced-motion:reduce){*{animation:none!important}}" in svg


def test_all_its_words_stand_inside_the_picture(drawn):
    root = ElementTree.fromstring(drawn.content)
    left, top, width, height = map(float, root.get("viewBox").split())
    for node in root.iter(f"{root.tag[:-3]}text"):
        x, y = float(node.get("x")), float(node.get("y"))
        assert left < x < left + width
        assert top < y < top + height


def test_the_same_animation_has_the_same_bytes():
    make = EVERY["two 3×3"]
    assert make().content == make().content


def test_a_film_shows_the_whole_first_and_then_the_way():
    canvas = Canvas()
    film = Film(canvas, 5, 2, "draw less")
    assert "h" not in film.only(0)["class_"].split()
    assert film.only(3) == {"class_": "f h", "style": "animation-delay:-4s"}
    assert film.since(1) == {}  # there from the beginning
    name = film.since(3)["class_"]
    (keyframes,) = [css for css in canvas.css if f"@keyframes {name}" in css]
    # There in the first of five steps, gone in the next two, back from the fourth on.
    seen = "{0%{opacity:1}20.00%{opacity:0}60.00%,100%{opacity:1}}"
    assert seen in keyframes
    with pytest.raises(ValueError, match="151 steps, more than 150: draw less"):
        Film(canvas, MOST_FRAMES + 1, 2, "draw less")


@pytest.mark.parametrize(
    ("kernel_sizes", "side"), [([3], 3), ([3, 3], 5), ([3, 3, 3], 7), ([5, 2, 4], 9)]
)
def test_a_field_is_what_the_gradient_reaches(kernel_sizes, side):
    assert fields(kernel_sizes)[-1] == side
    x = torch.zeros(1, 1, side, side, requires_grad=True)
    y = x
    for k in kernel_sizes:
        y = nn.functional.conv2d(y, torch.ones(1, 1, k, k))
    assert y.shape == (1, 1, 1, 1)
    (paths,) = torch.autograd.grad(y.sum(), x)  # with weights of 1 it counts paths
    written = texts(figures.animate_receptive_field(kernel_sizes))
    if side < 7:  # in larger fields the numbers do not fit into their cells
        assert {str(int(count)) for count in paths.unique()} <= set(written)
    for figure in (figures.receptive_field, figures.animate_receptive_field):
        assert f"It sees {side}×{side} cells" in figure(kernel_sizes).alt


def test_p_moves_by_its_own_error():
    path, y = descend([0.0, 2.0, 1.0], 0, lr=0.5, steps=[3])
    z = torch.tensor([0.0, 2.0, 1.0])
    for p in path:
        torch.testing.assert_close(torch.softmax(z, 0), torch.tensor(p).float())
        z.requires_grad_()
        loss = nn.functional.cross_entropy(z, torch.tensor(0))
        (gradient,) = torch.autograd.grad(loss, z)
        torch.testing.assert_close(gradient, torch.tensor(p - y).float())
        z = z.detach() - 0.5 * gradient


def test_every_step_of_p_is_written_out():
    words = texts(figures.animate_gradient_descent_on_p([0, 2, 1], 0, steps=(0, 1)))
    # softmax(0, 2, 1) = 0.09, 0.67, 0.24, and −log 0.0900 = 2.408
    assert {"step 0: loss 2.408", "0.09", "0.67", "−0.91", "+0.67"} <= set(words)
    assert any(word.startswith("step 1: loss 1.2") for word in words)


def test_hiding_costs_where_the_network_looks():
    image = torch.full((1, 12, 16), -0.5)
    image[:, :4, :4] = 1.0
    found = hide(Bright(), image, 1, window=4, stride=4)
    assert found.p.shape == (3, 4)
    assert found.whole == pytest.approx(float(torch.tensor(4.0).sigmoid()))
    assert found.p[0, 0] < 0.5 < found.whole
    others = found.p.ravel()[1:]
    assert others == pytest.approx(np.full(11, found.whole))
    picture = figures.animate_occlusion(Bright(), image, window=4, stride=4)
    assert "with the square at row 0, column 0" in picture.alt
    assert texts(picture).count("0") == 11


WRONG = {
    "expected kernel_sizes to be": lambda: figures.animate_receptive_field([]),
    "input to output, but got [3, 0]": lambda: figures.receptive_field([3, 0]),
    "too many to draw": lambda: figures.animate_receptive_field([9] * 10),
    "target is 3": lambda: figures.animate_gradient_descent_on_p([1, 2, 3], 3),
    "more than 10 to draw": lambda: figures.animate_gradient_descent_on_p([1] * 11, 3),
    "classes has 3": lambda: figures.animate_gradient_descent_on_p(
        [1, 2], 0, classes="abc"
    ),
    "steps is (-1,)": lambda: figures.animate_gradient_descent_on_p(
        [1, 2], 0, steps=[-1]
    ),
    "seconds is 0": lambda: figures.animate_gradient_descent_on_p([1, 2], 0, seconds=0),
    "steps": lambda: figures.animate_gradient_descent_on_p([0, 1], 1, steps=()),
    "image holds 2": lambda: figures.animate_occlusion(
        Bright(), NOISE[None].repeat(2, 1, 1, 1)
    ),
    "do not fit": lambda: figures.animate_occlusion(Bright(), NOISE, window=18),
    "target is 2": lambda: figures.animate_occlusion(Bright(), NOISE, 2),
    "take a larger stride": lambda: figures.animate_occlusion(
        Bright(), NOISE, stride=1
    ),
}


@pytest.mark.parametrize("words", WRONG)
def test_bad_input_is_refused_in_words(words):
    with pytest.raises(ValueError, match=re.escape(words)):
        WRONG[words]()
