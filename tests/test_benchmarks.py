"""Benchmarks: each script runs at tiny size, the report reads it, the page is right."""

import json
import math
import sys
from pathlib import Path

import pytest

from benchmarks import (
    __main__,
    busy,
    convolution,
    imagenet,
    import_time,
    measuring,
    mnist,
    notebooks,
    operations,
    report,
    time_to_accuracy,
)
from cnnlib import data, models

ROOT = Path(__file__).parent.parent


@pytest.fixture
def tiny(tmp_path, one_thread) -> list[str]:
    """Options for a run that only shows that the script runs."""
    return ["--tiny", "--threads", "1", "--results", str(tmp_path / "results")]


# Measuring ---------------------------------------------------------------------------


def test_ratios_are_taken_round_by_round():
    """A slow round slows both, and their ratio stays."""
    assert measuring.ratio([2, 20, 4], [1, 10, 2]) == pytest.approx(
        {"median": 2, "low": 2, "high": 2}
    )


def test_a_spread_is_the_median_and_the_middle_half():
    assert measuring.spread([5, 1, 2, 4, 3]) == {"median": 3, "low": 2, "high": 4}
    assert measuring.spread([7.0]) == {"median": 7, "low": 7, "high": 7}
    assert measuring.told(measuring.spread([5, 1, 2, 4, 3])) == "3.00 (2.00 to 4.00)"


def counting(start: int):
    """A contestant whose turns take 1, 2, 3, ... seconds more than ``start``."""
    numbers = iter(range(start, 1000))
    return lambda: next(numbers)


def absent(start: int):
    import no_such_package  # noqa: F401


def test_contestants_take_turns_in_processes_of_their_own():
    times, missing = measuring.take_turns(
        {"one": counting, "other": counting, "absent": absent}, 3, threads=1, start=10
    )
    # The first turn warms up; the others' counts show that nothing is shared.
    assert times == {"one": [11, 12, 13], "other": [11, 12, 13]}
    assert missing == {
        "absent": "ModuleNotFoundError: No module named 'no_such_package'"
    }


def test_noise_stands_in_for_mnist(tmp_path):
    mnist.noise(tmp_path, parts=1000)
    train, test = data.load("mnist", root=tmp_path)
    assert (len(train), len(test)) == (60, 10)
    assert train.image_shape == (1, 28, 28)


# Scripts -----------------------------------------------------------------------------


@pytest.mark.parametrize("script", [operations, convolution, import_time, busy])
def test_a_script_writes_what_the_report_reads(script, tiny, tmp_path, capsys):
    script.main(tiny)
    name = script.__name__.removeprefix("benchmarks.")
    content = json.loads((tmp_path / "results" / f"{name}.json").read_text())
    assert content["machine"]["threads"] == 1
    for table in content["tables"]:
        assert table["rows"]
        for row in table["rows"]:
            assert len(row) == len(table["columns"])
    page = report.write(tmp_path / "results").read_text()
    assert page.count("\n## ") == 1
    assert content["question"] in page
    pictures = sorted(path.name for path in (tmp_path / "results").glob("*.svg"))
    assert len(pictures) == len(content["charts"])
    assert all(f"](results/{picture})" in page for picture in pictures)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no resource module")
def test_a_notebooks_memory_is_its_kernels_peak(tmp_path):
    import nbformat

    cell = nbformat.v4.new_code_cell("a = bytearray(200_000_000); del a")
    path = tmp_path / "small.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    seconds, gigabytes = notebooks.run(path)
    assert seconds > 0
    assert 0.2 < gigabytes < 0.5


def test_what_a_gpu_measured_stands_beside_the_processors(tmp_path):
    results = tmp_path / "results"
    results.mkdir()
    machine = measuring.machine(2, "cpu")
    for stem, device, seconds in (("epoch", "cpu", 9), ("epoch-cuda", "A GPU", 1)):
        table = {
            "title": "An epoch",
            "columns": ["loop", "s"],
            "rows": [["fit", seconds]],
        }
        content = {
            "name": "epoch",
            "machine": machine | {"device": device},
            "question": "How long?",
            "tables": [table],
        }
        (results / f"{stem}.json").write_text(json.dumps(content))
    page = report.write(results).read_text()
    assert page.count("## How long?") == 1
    assert (
        page.index("| fit | 9 |") < page.index("on A GPU") < page.index("| fit | 1 |")
    )


def test_every_script_of_the_folder_is_run_and_has_its_place_in_the_report():
    scripts = {path.stem for path in (ROOT / "benchmarks").glob("*.py")}
    tools = {"__init__", "__main__", "measuring", "mnist", "report", "imagenet"}
    assert scripts - tools <= set(__main__.FULL)
    assert set(__main__.QUICK) < set(__main__.FULL) == set(report.ORDER)


def test_the_examples_network_is_the_examples():
    """1,199,882 parameters: what the example's own summary says."""
    model = time_to_accuracy.ExampleNet()
    assert sum(p.numel() for p in model.parameters()) == 1_199_882


def test_time_to_accuracy_counts_to_the_first_epoch_that_reaches_the_goal():
    course = [[10, 0.97], [20, 0.985], [30, 0.9899], [40, 0.99]]
    assert time_to_accuracy.reached(course, 0.98) == (20, 2)
    assert time_to_accuracy.reached(course, 0.99) == (40, 4)
    assert time_to_accuracy.reached(course[:3], 0.99) is None
    fast = [[1, 0.98], [2, 0.99]]
    rows = time_to_accuracy.table([fast, fast], [course])["rows"]
    assert [row[-1] for row in rows] == ["", "20.0", "", "20.0"]
    unreached = time_to_accuracy.table([fast], [course[:1]])["rows"]
    assert unreached[-1][2:] == ["–", "–", "0 of 1", ""]


# ImageNet on paper -------------------------------------------------------------------


def test_the_pages_tables_are_what_the_script_computes():
    page = imagenet.PAGE.read_text(encoding="utf-8")
    assert imagenet.filled(page) == page, "python -m benchmarks.imagenet writes it anew"


@pytest.mark.parametrize(
    ("name", "images", "days", "peak", "gpus"),
    [
        (
            "AlexNet",
            imagenet.ALEXNET_IMAGES,
            imagenet.ALEXNET_DAYS,
            imagenet.GTX_580,
            2,
        ),
        (
            "VGG-16",
            imagenet.VGG_IMAGES,
            imagenet.VGG_DAYS,
            imagenet.TITAN_BLACK,
            imagenet.VGG_SPEEDUP.value,
        ),
    ],
)
def test_published_training_times_come_out(name, images, days, peak, gpus):
    network = imagenet.network(name)
    computed = imagenet.days_by_peak(
        network.flops, images.value * network.epochs, peak.value, gpus
    )
    low, high = days.value
    assert low <= computed <= high


@pytest.mark.parametrize("name", imagenet.P100)
def test_published_throughput_of_eight_gpus_comes_out(name):
    alone, eight, batch = imagenet.P100[name].value
    computed = imagenet.Estimate(imagenet.network(name), 8, alone, batch).throughput
    assert computed == pytest.approx(eight, rel=0.1)


def test_an_hour_on_256_gpus_comes_out():
    assert imagenet.resnet_hours() == pytest.approx(1, rel=0.1)


def test_macs_of_vgg_16_by_hand():
    """13 convolutions of 3x3 and three dense layers."""
    blocks = models.BLOCKS[16]
    macs, channels, side = 0, 3, 224
    for convolutions, width in blocks:
        for _ in range(convolutions):
            macs += 9 * channels * width * side**2
            channels = width
        side //= 2
    macs += 25088 * 4096 + 4096 * 4096 + 4096 * 1000
    assert imagenet.network("VGG-16").macs == macs
    assert imagenet.network("VGG-16").flops == 6 * macs


def test_a_ring_sends_two_passes_less_one_part_each():
    assert imagenet.traffic(100, 1) == 0
    assert imagenet.traffic(100, 2) == 100
    assert imagenet.traffic(100, 4) == 150
    assert math.isclose(imagenet.ring(1e9, 2, 10e9), 0.1)


def test_one_gpu_communicates_nothing_and_more_gpus_never_slow_it_down():
    one, eight, many = (
        imagenet.Estimate(imagenet.network("VGG-16"), gpus, 154, 64)
        for gpus in (1, 8, 64)
    )
    assert one.communication == 0
    assert one.throughput == pytest.approx(154)
    assert one.hours > eight.hours > many.hours > one.hours / 64


def test_a_page_without_a_table_is_refused():
    with pytest.raises(ValueError, match="no place for the table 'needs'"):
        imagenet.filled("# An empty page")


def test_an_unknown_benchmark_is_refused(capsys):
    with pytest.raises(SystemExit):
        __main__.main(["speed"])
    assert "unknown benchmark speed" in capsys.readouterr().err


def test_benchmarks_are_run_one_after_the_other(monkeypatch, capsys, tmp_path):
    ran = []

    class Done:
        returncode = 0

    monkeypatch.setattr(
        __main__.subprocess, "run", lambda command, cwd: ran.append(command) or Done
    )
    monkeypatch.setattr(report, "write", lambda: tmp_path / "RESULTS.md")
    assert __main__.main(["import_time", "epoch"]) == 0
    assert ran == [
        [sys.executable, "-m", f"benchmarks.{name}", *__main__.QUICK[name]]
        for name in ("import_time", "epoch")
    ]
