"""Pages without a kernel: the exported notebook, and the animations in it."""

import base64
import re

import pytest

from docs import site

from .conftest import NOTEBOOKS
from .test_stored import NAMES, stored_html


@pytest.fixture(scope="module")
def page_of(tmp_path_factory):
    """Write the pages of `make site`; the address of a notebook's."""
    folder = tmp_path_factory.mktemp("site")
    site.write(folder)
    return lambda name: (folder / f"{name}.html").as_uri()


@pytest.mark.parametrize("name", NAMES)
def test_an_exported_page_shows_its_pictures(window, page_of, name):
    window.page.goto(page_of(name))
    html = stored_html(NOTEBOOKS / f"{name}.ipynb")
    widgets = sum("showInPage(" in output for output in html)
    assert window.page.locator(".cnnlib").count() == widgets
    assert window.page.locator("img").count() > 0
    assert window.page.locator("math").count() > 0
    assert window.broken_images() == []
    assert window.outside == []
    assert window.complaints == []


def test_widgets_work_in_an_exported_page(window, page_of):
    window.page.goto(page_of("01_convolution"))
    card = window.page.get_by_label("Convolution explorer")
    cells = card.get_by_role("gridcell")
    before = cells.first.inner_text().replace("\u2212", "-")
    pixel = card.get_by_label("input row 1, column 1").input_value()
    card.get_by_label("kernel row 1, column 1").fill("99")  # it was -1
    assert cells.count() == 36
    assert int(cells.first.inner_text()) == int(before) + 100 * int(pixel)
    shape = window.page.get_by_label("Output shape explorer")
    shape.get_by_label("kernel k").fill("5")
    assert shape.locator(".answer").inner_text() == "output size = 2"
    window.page.goto(page_of("04_lenet"))
    network = window.page.get_by_label("Network explorer")
    network.get_by_label("layer").select_option("conv 2")
    assert "150 products" in network.locator(".detail").inner_text()


@pytest.mark.parametrize("name", ["01_convolution", "03_softmax_loss", "04_lenet"])
def test_widgets_fit_a_phone(window, page_of, name):
    window.page.set_viewport_size({"width": 390, "height": 844})
    window.page.goto(page_of(name))
    for card in window.page.locator(".cnnlib").all():
        wide, room = card.evaluate("(card) => [card.scrollWidth, card.clientWidth]")
        assert wide <= room, card.get_attribute("aria-label")


def test_an_animation_can_be_paused_and_stepped(window, page_of):
    window.page.goto(page_of("02_pooling"))
    windows = window.page.get_by_label("Animation, the window moves").first
    player = window.page.locator("div").filter(has=windows).last
    player.get_by_role("button", name="Pause").click()
    step = player.get_by_role("slider", name="step")
    step.fill("3")
    assert player.get_by_text("3 of 4").is_visible()
    shown = windows.screenshot()
    window.page.wait_for_timeout(300)
    assert windows.screenshot() == shown
    step.press("ArrowRight")
    assert player.get_by_text("4 of 4").is_visible()
    assert windows.screenshot() != shown


def test_on_paper_no_line_of_code_is_cut_off(window, page_of):
    window.page.emulate_media(media="print")
    window.page.set_viewport_size({"width": 680, "height": 960})  # A4 with margins
    window.page.goto(page_of("06_vgg"))
    for block in window.page.locator("pre, table").all():
        wide, room = block.evaluate("(box) => [box.scrollWidth, box.clientWidth]")
        assert wide <= room


def animations():
    """The animated SVGs stored with the notebooks, one of each notebook."""
    found = {}
    for name in NAMES:
        for html in stored_html(NOTEBOOKS / f"{name}.ipynb"):
            for coded in re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", html):
                if b"@keyframes" in (svg := base64.b64decode(coded)):
                    found.setdefault(name, svg.decode())
    return found


MOVING = "document.getAnimations().filter((a) => a.playState === 'running').length"


@pytest.mark.parametrize(("name", "svg"), animations().items(), ids=animations())
def test_an_animation_stands_still_for_readers_who_ask_for_it(
    window, tmp_path, name, svg
):
    file = tmp_path / f"{name}.svg"
    file.write_text(svg, encoding="utf-8")
    window.page.emulate_media(reduced_motion="no-preference")
    window.page.goto(file.as_uri())
    assert window.page.evaluate(MOVING) > 0
    window.page.emulate_media(reduced_motion="reduce")
    assert window.page.evaluate(MOVING) == 0
    still = window.page.screenshot()
    window.page.reload()
    assert window.page.screenshot() == still
