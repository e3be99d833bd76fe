"""The widgets in a running notebook: by mouse, by keyboard, for screen readers."""

import math

import nbformat
import pytest

from .desk import PATIENCE, THEMES

CELLS = """
import torch
from cnnlib import data, models, training, widgets
torch.manual_seed(0)
train, _ = data.load("digits")
model = models.LeNet5()
training.fit(model, train, train[:200], epochs=12, lr=0.005);

pad = widgets.digit_pad(model)
pad

convolution = widgets.convolution_explorer()
convolution

shape = widgets.output_shape_explorer()
shape

loss = widgets.softmax_explorer(logits=(2.0, 1.0, 0.0))
loss

network = widgets.network_explorer(model, train.images[:3])
network

studio = widgets.kernel_studio(relu=True)
studio

print(convolution.kernel, shape.stride, loss.logits, studio.stride, len(pad.strokes))
"""
WIDGETS = {
    "pad": "Digit pad",
    "convolution": "Convolution explorer",
    "shape": "Output shape explorer",
    "loss": "Softmax and cross-entropy loss",
    "network": "Network explorer",
    "studio": "Kernel studio",
}
SEVERE = ("serious", "critical")


@pytest.fixture(scope="module")
def running(desk):
    """JupyterLab with a notebook of all widgets that has just been run."""
    path = desk.lab.folder / "widgets.ipynb"
    cells = map(nbformat.v4.new_code_cell, CELLS.strip().split("\n\n"))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=list(cells), metadata={"kernelspec": kernel}
    )
    nbformat.write(notebook, path)
    desk.open(path)
    assert desk.run_all() == []
    desk.page.wait_for_function(
        "(count) => document.querySelectorAll('.cnnlib').length === count",
        arg=len(WIDGETS),
    )
    yield desk
    desk.close()


@pytest.fixture
def card(running):
    """Find a widget's card by its short name, as it was when the notebook had run."""

    def find(name):
        found = running.notebook().get_by_label(WIDGETS[name], exact=True)
        found.scroll_into_view_if_needed()
        return found

    yield find
    assert running.complaints == []
    assert running.outside == []


@pytest.fixture
def expect(running):
    """Playwright's expectations, which wait until they hold."""
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    return expect


def told(desk):
    """Run the last cell, which prints what Python knows; return its output."""
    last = desk.notebook().locator(".jp-CodeCell").last
    desk.page.evaluate(
        """async () => {
            const { content } = jupyterapp.shell.currentWidget;
            content.activeCellIndex = content.widgets.length - 1;
            await jupyterapp.commands.execute("notebook:run-cell");
        }"""
    )
    return last.locator(".jp-OutputArea-output").inner_text().strip()


def draw(desk, canvas, points):
    """Draw one stroke with the mouse; points are fractions of the pad."""
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    places = [
        (box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points
    ]
    desk.page.mouse.move(*places[0])
    desk.page.mouse.down()
    for place in places[1:]:
        desk.page.mouse.move(*place, steps=4)
    desk.page.mouse.up()


ONE = [(0.5, 0.12), (0.5, 0.5), (0.5, 0.88)]
ZERO = [
    (
        0.5 + 0.24 * math.sin(turn * math.pi / 8),
        0.5 - 0.36 * math.cos(turn * math.pi / 8),
    )
    for turn in range(17)
]


def test_a_digit_drawn_with_the_mouse_is_read(running, card, expect):
    pad = card("pad")
    canvas, status = pad.get_by_label("Drawing pad"), pad.get_by_role("status")
    for digit, stroke in ((1, ONE), (0, ZERO)):
        pad.get_by_role("button", name="Clear").click()
        expect(status).to_have_text("Draw a digit.")
        draw(running, canvas, stroke)
        expect(status).to_contain_text(f"The network says {digit}:")
    expect(pad.get_by_text("6 feature maps, 28 × 28")).to_be_visible()
    assert told(running).endswith(" 1")  # one stroke in Python, too


def test_a_digit_drawn_by_keys_is_read(running, card, expect):
    pad = card("pad")
    pad.get_by_label("Drawing pad").focus()
    keys = running.page.keyboard
    keys.press("Delete")
    expect(pad.get_by_role("status")).to_have_text("Draw a digit.")
    keys.press("Space")
    for _ in range(13):
        keys.press("ArrowDown")
    keys.press("Space")
    expect(pad.get_by_role("status")).to_contain_text("The network says 1:")
    keys.press("Backspace")
    expect(pad.get_by_role("status")).to_have_text("Draw a digit.")


def test_an_edited_kernel_changes_the_output_here_and_in_python(running, card, expect):
    explorer = card("convolution")
    cells = explorer.get_by_role("gridcell")
    expect(cells).to_have_text(["19", "25", "37", "43"])
    field = explorer.get_by_label("kernel row 1, column 1")
    field.fill("10")
    expect(cells).to_have_text(["19", "35", "67", "83"])
    assert told(running).startswith("[[10.0, 1.0], [2.0, 3.0]]")
    field.fill("0")
    expect(cells).to_have_text(["19", "25", "37", "43"])


def test_pointing_at_an_output_cell_lights_its_window(card, expect):
    explorer = card("convolution")
    explorer.get_by_role("gridcell").nth(3).hover()
    lit = explorer.locator(".sheet.input td.lit input")
    values = [field.input_value() for field in lit.all()]
    assert values == ["4", "5", "7", "8"]
    expect(explorer.locator(".terms")).to_have_text(
        "output[1, 1] = 4·0 + 5·1 + 7·2 + 8·3 = 43"
    )


def test_a_drawn_digit_runs_through_the_network_in_the_browser(running, card, expect):
    explorer = card("network")
    draw(running, explorer.get_by_label("Drawing pad"), ONE)
    expect(explorer.locator("tr.best th").first).to_have_text("1")
    explorer.get_by_role("button", name="Clear").click()
    explorer.get_by_label("picture 2").click()
    assert explorer.get_by_label("picture 2").get_attribute("aria-pressed") == "true"


def test_a_unit_is_asked_by_mouse_and_by_number(card, expect):
    explorer = card("network")
    layer = explorer.locator(".net-layer").nth(3)
    layer.locator("canvas").nth(5).click(position={"x": 20, "y": 20})
    thread = explorer.get_by_label("Where you are")
    expect(thread).to_contain_text("conv 2, map 5, row")
    explorer.get_by_label("row", exact=True).fill("4")
    explorer.get_by_label("column", exact=True).fill("7")
    expect(thread).to_contain_text("conv 2, map 5, row 4, column 7")
    expect(explorer.locator(".detail")).to_contain_text("150 products")
    explorer.locator("table.window button").first.click()
    expect(thread).to_contain_text("pool 1, map")
    explorer.get_by_role("combobox").select_option("dense 3")
    expect(explorer.locator(".detail")).to_contain_text("Softmax: logit z")
    thread.get_by_role("button", name="all layers").click()
    expect(explorer.locator(".detail")).to_contain_text("Click a unit in any layer")


def test_a_photo_is_dragged_and_the_output_says_how_much_has_changed(card, expect):
    studio = card("studio")
    status = studio.get_by_role("status").first
    expect(status).to_contain_text("black is 0")
    photo = studio.get_by_label("Photo: drag it")
    photo.press("ArrowRight")
    moved = "The photo has moved by 1 to the right and 0 down; "
    expect(status).to_contain_text(moved)
    before = int(status.inner_text().removeprefix(moved).split()[0])
    studio.get_by_label("max pooling").select_option("8")
    expect(status).not_to_contain_text(f"{moved}{before} %")
    assert int(status.inner_text().removeprefix(moved).split()[0]) < before
    photo.press("ArrowLeft")
    studio.get_by_label("max pooling").select_option("1")


def test_a_number_of_the_kernel_is_dragged(running, card, expect):
    studio = card("studio")
    number = studio.get_by_label("kernel row 2, column 2", exact=True)
    sums = studio.locator(".terms")
    number.fill("1")
    expect(sums).to_contain_text("·1 +")
    box = number.bounding_box()
    place = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    running.page.mouse.move(*place)
    running.page.mouse.down()
    running.page.mouse.move(place[0], place[1] - 40, steps=5)  # 4 pixels for a tenth
    running.page.mouse.up()
    expect(number).to_have_value("2")
    number.press("ArrowDown")
    expect(number).to_have_value("1.9")
    studio.get_by_label("a second kernel").check()
    expect(studio.get_by_label("second kernel row 2, column 2")).to_have_value("1.9")
    studio.get_by_label("a second kernel").uncheck()
    number.fill("0")


PAUSED = """(svg) => svg.getAnimations({ subtree: true })
    .every((part) => part.playState === "paused")"""


def test_a_training_is_seen_and_its_course_stays(running, expect):
    output = running.notebook().locator(".jp-CodeCell").first
    film = output.get_by_label("Course of a training")
    expect(film).to_contain_text("weights of the first layer")
    step = output.get_by_role("slider", name="step")
    last = int(step.get_attribute("max"))
    assert last > 1
    expect(step).to_have_value(str(last))
    assert film.evaluate(PAUSED)
    step.press("ArrowLeft")
    expect(output.get_by_text(f"{last - 1} of {last}")).to_be_visible()
    output.get_by_role("button", name="Play").click()
    output.get_by_role("button", name="Pause").click()


def test_what_pytorch_refuses_is_refused_with_a_reason(card, expect):
    explorer = card("shape")
    dilation = explorer.get_by_label("dilation d")
    dilation.fill("0")
    expect(explorer.locator(".answer")).to_contain_text("Refused, as PyTorch does.")
    dilation.fill("1")
    expect(explorer.locator(".answer")).to_have_text("output size = 4")


NAMED = """() => {
    const at = document.activeElement;
    const words = at.getAttribute("aria-label") || at.labels?.[0]?.textContent
        || at.textContent;
    return { card: at.closest(".cnnlib")?.ariaLabel, words: words.trim() };
}"""


@pytest.mark.parametrize("name", WIDGETS)
def test_tab_leads_through_a_widget_and_out_again(running, card, name):
    widget, keys = card(name), running.page.keyboard
    stops = widget.evaluate(
        """(card) => [...card.querySelectorAll(
            "button, select, input, [tabindex]")].filter((stop) => stop.tabIndex >= 0
            && !stop.disabled && stop.checkVisibility()
            && (stop.type !== "radio" || stop.checked)).length"""
    )
    widget.evaluate("(card) => { card.tabIndex = -1; card.focus(); }")
    names = []
    for _ in range(stops):
        keys.press("Tab")
        place = running.page.evaluate(NAMED)
        assert place["card"] == WIDGETS[name]
        assert place["words"]
        names.append(place["words"])
    assert len(set(names)) == stops
    keys.press("Tab")
    assert running.page.evaluate(NAMED)["card"] != WIDGETS[name]


def test_sheets_are_edited_by_keys_alone(running, card, expect):
    explorer, keys = card("convolution"), running.page.keyboard
    explorer.get_by_label("input row 1, column 1").focus()
    keys.press("ArrowDown")
    keys.press("ArrowRight")
    keys.type("14")  # the 4 in the middle, which every window reads
    cells = explorer.get_by_role("gridcell")
    expect(cells).to_have_text(["49", "45", "47", "43"])
    keys.press("Tab")
    keys.press("Tab")
    keys.press("ArrowRight")  # from the output's first cell to its second
    expect(explorer.locator(".terms")).to_contain_text("output[0, 1] =")
    explorer.get_by_label("input row 2, column 2").fill("4")
    expect(cells).to_have_text(["19", "25", "37", "43"])


def test_sliders_answer_to_keys_and_python_knows(running, card, expect):
    loss = card("loss")
    loss.get_by_label("logit of bird").focus()
    for _ in range(20):
        running.page.keyboard.press("ArrowRight")
    bird = loss.get_by_role("group", name="bird")
    expect(bird).to_contain_text("z = 2.0")
    expect(bird).to_contain_text("p = 0.42")
    loss.get_by_role("button", name="Start again").press("Enter")
    expect(bird).to_contain_text("z = 0.0")
    stride = card("shape").get_by_label("stride s")
    stride.press("ArrowRight")
    assert "3 [2.0, 1.0, 0.0] 1" in told(running)
    stride.press("ArrowLeft")


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_no_severe_fault(running, card, theme):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright",
        reason="axe-playwright-python is missing",
    ).Axe()
    running.theme(theme)
    try:
        # Only what is wrong is written down; JupyterLab's own style sheets stay unread.
        options = {"resultTypes": ["violations"], "preload": False}
        found = axe.run(running.page, ".cnnlib", options).response
    finally:
        running.theme("light")
    assert len(found["passes"]) > 10
    faults = [
        f"{fault['id']}: {node['html'][:200]} {node['failureSummary']}"
        for fault in found["violations"]
        if fault["impact"] in SEVERE
        for node in fault["nodes"]
    ]
    assert faults == []


def test_a_notebook_opened_again_shows_its_widgets_without_a_kernel(
    desk, running, card, expect
):
    running.command("docmanager:save")
    running.close()
    desk.start()
    desk.open(desk.lab.folder / "widgets.ipynb")
    assert running.notebook().get_by_text("Error displaying widget").count() == 0
    explorer = card("convolution")
    explorer.get_by_label("kernel row 1, column 1").fill("10")
    expect(explorer.get_by_role("gridcell").nth(1)).to_have_text("35")
    still = running.notebook().get_by_alt_text("Digit pad with an example")
    assert still.evaluate("(image) => image.naturalWidth") > 0
    expect(running.notebook().get_by_text("needs a running kernel")).to_be_visible()
