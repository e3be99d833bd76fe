"""The command line: python -m cnnlib train | predict | data | doctor."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import torch
from PIL import Image

from cnnlib import data, models, training
from cnnlib.cli import doctor, main, predict, recipes
from cnnlib.cli import train as training_command
from cnnlib.cli.arguments import parser
from cnnlib.data.published import PUBLISHED
from cnnlib.training import settings as accepted

ROOT = Path(__file__).parent.parent
COMMANDS = ("train", "predict", "data", "data list", "data fetch", "doctor")


@pytest.fixture(autouse=True)
def alone(monkeypatch, tmp_path, one_thread):
    """An empty folder, one process, one thread, nothing set that a command reads."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "CNNLIB_DEVICE",
        "CNNLIB_DATA",
        "RANK",
        "WORLD_SIZE",
        "TORCHELASTIC_RESTART_COUNT",
    ):
        monkeypatch.setenv(name, "")  # and put back, when a command has set it
        if name != "CNNLIB_DEVICE":
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """The folder of a softmax regression on digits, trained by the command."""
    out = tmp_path_factory.mktemp("trained")
    assert (
        main(["train", "softmax_regression", "--data", "digits", "--out", str(out)])
        == 0
    )
    return out


@pytest.fixture(scope="module")
def reader(tmp_path_factory) -> Path:
    """The folder of a LeNet-5 that reads digits well, trained by the command."""
    out = tmp_path_factory.mktemp("reader")
    words = ["train", "lenet5", "--data", "digits", "--augment", "--epochs", "15"]
    assert main([*words, "--out", str(out)]) == 0
    return out


def refused(capsys, *words: str) -> str:
    """What a command line says on stderr when it is not carried out: one sentence."""
    try:
        status = main(list(words))
    except SystemExit as stop:  # argparse leaves in this way
        status = stop.code
    said = capsys.readouterr().err
    assert status == 2
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    return said


# Help --------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_answers_without_torch_or_numpy(command):
    code = (
        "import runpy, sys\n"
        f"sys.argv = ['cnnlib', *{command.split()!r}, '--help']\n"
        "try: runpy.run_module('cnnlib', run_name='__main__')\n"
        "except SystemExit as stop: assert not stop.code, stop.code\n"
        "sys.exit(bool({'torch', 'numpy', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: python -m cnnlib {command}".strip())


def test_help_lists_what_there_really_is():
    assert tuple(recipes.RECIPES) == models.NAMES
    assert recipes.DATA == data.NAMES
    assert tuple(accepted.OPTIMIZERS) == recipes.OPTIMIZERS
    assert recipes.SCHEDULES == accepted.SCHEDULES
    assert set(recipes.PRECISIONS) == {"auto", *accepted.PRECISIONS}


def test_help_of_train_teaches(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    told = capsys.readouterr().out
    assert "torchrun" in told
    assert "checkpoint.pt" in told
    for name, recipe in recipes.RECIPES.items():
        assert re.search(rf"^  {name} +{recipe.data} +{recipe.epochs} ", told, re.M)
    assert max(map(len, told.splitlines())) <= 88


# Recipes -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_every_recipe_fits_its_network_and_its_data(name):
    recipe = recipes.RECIPES[name]
    channels, side = (1, 28) if recipe.data in recipes.DIGITS else (3, 32)
    with torch.device("meta"):
        models.build(name, 10, channels, recipe.size or side)
    assert recipe.optimizer in recipes.OPTIMIZERS
    assert recipe.precision in recipes.PRECISIONS
    assert data.Augment(**recipes.augmentation_for(recipe.data, recipe.size or side))
    assert recipe.data in PUBLISHED


def test_small_sets_get_more_epochs_but_not_without_end():
    recipe = recipes.RECIPES["lenet5"]
    assert recipes.epochs_for(recipe, 60_000) == recipe.epochs == 3
    assert recipes.epochs_for(recipe, 30_000) == 6
    assert recipes.epochs_for(recipe, 100) == 60
    assert recipes.epochs_for(recipe, 1_000_000) == 3


DIGITS = data.load("digits")[0]
PETS = data.drawn_pets(4, size=32)


@pytest.mark.parametrize(
    ("words", "images", "expected"),
    [
        ("lenet5", DIGITS, None),
        ("lenet5 --shift 1", DIGITS, data.Augment(shift=1)),
        ("lenet5 --augment", DIGITS, data.Augment(shift=1, rotate=10.0, scale=0.1)),
        ("lenet5 --augment --scale 0", DIGITS, data.Augment(shift=1, rotate=10.0)),
        ("small_vgg", PETS, data.Augment(shift=4, flip=True)),
        ("small_vgg --no-flip --erase 5", PETS, data.Augment(shift=4, erase=5)),
        ("small_vgg --no-augment", PETS, None),
        ("small_vgg --no-augment --flip", PETS, data.Augment(flip=True)),
        ("small_vgg --crop 28", PETS, data.Augment(flip=True, crop=28)),
        ("small_vgg --crop 28 --shift 1 --no-flip", PETS, data.Augment(1, crop=28)),
    ],
)
def test_augmentation_is_the_recipes_or_what_was_asked_for(words, images, expected):
    options = parser().parse_args(["train", *words.split()])
    assert training_command.augmentation(options, images) == expected


@pytest.mark.parametrize(
    ("words", "lr"),
    [
        ("", 0.004),
        ("--lr 0.1", 0.1),
        ("--optimizer adamw", 0.004),
        ("--optimizer sgd", None),
        ("--optimizer sgd --lr 0.1", 0.1),
    ],
)
def test_another_optimizer_gets_its_own_learning_rate(words, lr):
    options = parser().parse_args(["train", "lenet5", *words.split()])
    assert training_command.learning_rate(options, recipes.RECIPES["lenet5"]) == lr


# train -------------------------------------------------------------------------------


def test_train_writes_the_network_its_history_and_the_curves(trained):
    model = training.load(trained / "model.pt")
    history = training.History(**json.loads((trained / "history.json").read_text()))
    test = data.load("digits")[1]
    assert training.evaluate(model, test).accuracy == history.accuracy > 0.85
    assert (history.model, history.data, history.epochs) == (
        "SoftmaxRegression",
        "digits",
        60,
    )
    assert "test accuracy" in (trained / "curves.svg").read_text()


def test_train_says_the_result_and_what_comes_next(capsys):
    assert (
        main(["train", "softmax_regression", "--data", "digits", "--epochs", "1"]) == 0
    )
    said = capsys.readouterr().out
    assert "SoftmaxRegression on digits: 1 epoch, 1,437 images" in said
    assert f"predict {Path('runs/softmax_regression-digits')} IMAGE" in said
    assert Path("runs/softmax_regression-digits/model.pt").is_file()


def test_the_folder_is_named_after_the_data_that_was_used(monkeypatch, capsys):
    monkeypatch.setattr("cnnlib.data.loading.find", lambda name, place: None)
    assert (
        main(["train", "softmax_regression", "--data", "mnist", "--epochs", "1"]) == 0
    )
    assert "using digits instead" in capsys.readouterr().out
    assert Path("runs/softmax_regression-digits/model.pt").is_file()
    assert not Path("runs/softmax_regression-mnist").exists()


def test_train_takes_a_folder_of_images(tmp_path):
    for name, color in (("day", "white"), ("night", "navy")):
        folder = tmp_path / "sky" / name
        folder.mkdir(parents=True)
        for i in range(10):
            Image.new("RGB", (20 + i, 20), color).save(folder / f"{i}.png")
    assert main(["train", "lenet5", "--data", "sky", "--size", "12"]) == 0
    model = training.load("runs/lenet5-sky/model.pt")
    assert (model.classes, model.image_size) == (("day", "night"), 12)


def test_a_crop_is_what_the_network_sees(capsys):
    words = "train softmax_regression --data digits --crop 24 --epochs 1 --out cropped"
    assert main(words.split()) == 0
    assert training.load("cropped/model.pt").image_size == 24


def test_the_seed_decides_the_weights():
    one, two, three = (Path(name) for name in "123")
    words = ["train", "lenet5", "--data", "digits", "--epochs", "1"]
    for out, seed in ((one, "5"), (two, "5"), (three, "6")):
        assert main([*words, "--out", str(out), "--seed", seed]) == 0
    weights = [training.load(out / "model.pt").fc3.weight for out in (one, two, three)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.fixture
def ctrl_c():
    """Ctrl-C works as in a terminal, also where the tests run in the background."""
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield lambda: os.kill(os.getpid(), signal.SIGINT)
    signal.signal(signal.SIGINT, earlier)


def test_resume_goes_on_where_it_stopped(capsys, monkeypatch, ctrl_c):
    """Ctrl-C in the second epoch, and then --resume: as if nothing had happened."""
    batches = itertools.count(1)
    pressed = {"at": 0}

    def unchanged(images):
        if next(batches) == pressed["at"]:
            ctrl_c()
        return images

    monkeypatch.setattr(training_command, "augmentation", lambda *_: unchanged)
    words = ["train", "lenet5", "--data", "digits", "--epochs", "3", "--out"]
    assert main([*words, "whole"]) == 0
    steps = next(batches) - 1
    pressed["at"] = steps + steps // 2
    capsys.readouterr()
    assert main([*words, "parts"]) == 130
    said = capsys.readouterr().err.splitlines()[-1]
    assert "with --resume goes on from" in said
    assert said.endswith(f"{Path('parts/checkpoint.pt')}.")
    assert not Path("parts/model.pt").exists()
    assert main([*words, "parts", "--resume"]) == 0
    whole, parts = (training.load(f"{out}/model.pt") for out in ("whole", "parts"))
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, parts.state_dict()[name]), name


def test_a_refused_command_changes_no_file(trained, capsys):
    before = {path: path.read_bytes() for path in trained.iterdir()}
    for words in ("--scale 2", "--lr 1e9 --epochs 0", "--crop 99", "--device toaster"):
        command = f"train softmax_regression --data digits --out {trained} {words}"
        refused(capsys, *command.split())
    assert {path: path.read_bytes() for path in trained.iterdir()} == before


def test_a_worker_that_torchrun_restarted_resumes(monkeypatch):
    asked = {}
    monkeypatch.setattr(training, "fit", lambda *args, **kw: asked.update(kw))
    options = parser().parse_args(["train", "softmax_regression"])
    for count, resumes in (("0", False), ("1", True)):
        monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", count)
        training_command.fit(
            models.SoftmaxRegression(), DIGITS, None, options, Path("out")
        )
        assert asked["resume"] is resumes
    assert asked["checkpoint"] == Path("out/checkpoint.pt")


def test_of_many_processes_the_first_writes(monkeypatch, capsys):
    history = training.History("SoftmaxRegression", "digits")
    monkeypatch.setattr(training, "fit", lambda *args, **kw: history)
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(["train", "softmax_regression", "--data", "mnist"]) == 0
    assert capsys.readouterr().out == ""
    assert not Path("runs").exists()


@pytest.mark.parametrize("size", [None, "1"])
def test_a_rank_that_was_left_behind_means_nothing(monkeypatch, size):
    monkeypatch.setenv("RANK", "1")
    if size:
        monkeypatch.setenv("WORLD_SIZE", size)
    few = ["--data", "digits", "--epochs", "1", "--out", "mine"]
    assert main(["train", "softmax_regression", *few]) == 0
    assert Path("mine/model.pt").is_file()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "required: COMMAND"),
        ("train", "required: MODEL"),
        ("train resnet", "invalid choice: 'resnet'"),
        ("train lenet5 --epochs 0", "--epochs: expected a whole number from 1"),
        ("train lenet5 --epochs 1.5", "got '1.5'"),
        ("train lenet5 --lr 0", "--lr: expected a number above 0, but got '0'"),
        ("train lenet5 --lr nan", "got 'nan'"),
        ("train lenet5 --weight-decay -1", "--weight-decay"),
        ("train lenet5 --precision float16", "--precision"),
        ("train lenet5 --data mnits", "Did you mean 'mnist'?"),
        ("train lenet5 --data no/such/folder", "no/such/folder does not exist"),
        ("train lenet5 --data digits --size 8", "image_size"),
        ("train lenet5_1998 --data digits --size 20", "ten digits"),
        ("train softmax_regression --data digits --scale 2", "scale"),
        ("train softmax_regression --data digits --device toaster", "toaster"),
        ("data", "required: ACTION"),
        ("data fetch", "required: NAME"),
        ("data fetch mnits", "invalid choice: 'mnits'"),
        ("predict nowhere.pt picture.png", "there is no model file nowhere.pt"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(words, sentence, capsys):
    assert sentence in refused(capsys, *words.split())


def test_a_training_that_diverges_is_said_in_one_sentence(capsys):
    words = "train lenet5 --data digits --optimizer sgd --lr 1e9 --epochs 2"
    assert "lower learning rate" in refused_last_line(capsys, words)


def refused_last_line(capsys, words: str) -> str:
    assert main(words.split()) == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_a_mistake_of_ours_keeps_its_traceback(monkeypatch):
    def broken(*args, **kw):
        raise AttributeError("a typing error in fit")

    monkeypatch.setattr(training, "fit", broken)
    with pytest.raises(AttributeError, match="typing error"):
        main(["train", "softmax_regression", "--data", "digits"])


# predict -----------------------------------------------------------------------------


def pages(tmp_path: Path) -> dict[str, Path]:
    """One test digit of digits in several guises, as files."""
    test = data.load("digits")[1]
    seven = Image.fromarray(test.images[(test.labels == 7).nonzero()[0, 0], 0].numpy())
    guises = {"as in MNIST": seven, "dark on light": seven.point(lambda v: 255 - v)}
    page = Image.new("L", (300, 200), 210)  # a sheet with a digit, off center
    ink = seven.resize((90, 90), Image.Resampling.BICUBIC)
    page.paste(Image.new("L", ink.size, 60), (130, 80), ink)
    guises["on a sheet"] = page
    guises["on a blackboard"] = page.point(lambda v: 255 - v)
    guises["photographed"] = page.convert("RGB").rotate(5, fillcolor=(210, 210, 210))
    paths = {}
    for name, picture in guises.items():
        paths[name] = tmp_path / f"{name}.png"
        picture.save(paths[name])
    return paths


def test_predict_reads_a_digit_however_it_was_drawn(reader, tmp_path, capsys):
    paths = [str(path) for path in pages(tmp_path).values()]
    assert main(["predict", str(reader), *paths]) == 0
    note, *lines = capsys.readouterr().out.splitlines()
    assert "white on black and centered" in note
    for path, line in zip(paths, lines, strict=True):
        answer = re.fullmatch(
            re.escape(path) + r": (\d) [\d.]+ %(, \d [\d.]+ %){2}", line
        )
        assert answer, line
        assert answer[1] == "7", line


def test_predict_as_is_reads_the_pixels_as_they_are(reader, tmp_path, capsys):
    path = pages(tmp_path)["as in MNIST"]
    assert main(["predict", str(reader), str(path), "--as-is", "--top", "1"]) == 0
    said = capsys.readouterr().out
    image = data.read_images(path, 28, channels=1)
    row = training.predict(training.load(reader / "model.pt"), image)[0]
    assert said == f"{path}: {row.argmax()} {100 * row.max():.1f} %\n"


def test_centering_a_digit_that_is_centered_changes_no_answer(reader, tmp_path):
    model, test = training.load(reader / "model.pt"), data.load("digits")[1][:40]
    paths = [tmp_path / f"{i:02}.png" for i in range(len(test))]
    for path, image in zip(paths, test.images, strict=True):
        Image.fromarray(image[0].numpy()).save(path)
    answers = [
        predict.probabilities(model, paths, digits).argmax(1)
        for digits in (True, False)
    ]
    assert (answers[0] == answers[1]).float().mean() >= 0.9


def test_predict_names_the_classes_of_photos(tmp_path, capsys):
    model = models.LeNet5(2, 3, 16)
    training.save(model, "pets.pt", classes=["cat", "dog"])
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(3):
        Image.new("RGB", (30, 20), (80 * i, 0, 0)).save(folder / f"{i}.jpg")
    assert main(["predict", "pets.pt", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        str(folder / f"{i}.jpg") for i in range(3)
    ]
    assert all("cat" in line and "dog" in line for line in lines)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.write_text("words"), "is not an image"),
        (lambda path: Image.new("L", (50, 50), 200).save(path), "shows no digit"),
        (lambda path: path.mkdir(), "holds no pictures"),
    ],
)
def test_predict_says_what_is_wrong_with_a_picture(
    make, sentence, trained, tmp_path, capsys
):
    path = tmp_path / "picture.png"
    make(path)
    main(["predict", str(trained), str(path)])
    assert sentence in capsys.readouterr().err


def test_predict_refuses_a_file_that_is_no_model(tmp_path, capsys):
    (tmp_path / "model.pt").write_bytes(b"nothing")
    assert "is not a model file" in refused(capsys, "predict", "model.pt", "x.png")


# data --------------------------------------------------------------------------------


def test_data_list_is_the_table_of_sets(capsys):
    assert main(["data", "list"]) == 0
    assert capsys.readouterr().out == f"{data.available()}\n"


def test_data_fetch_reads_what_it_has_fetched(capsys):
    assert main(["data", "fetch", "digits"]) == 0
    assert capsys.readouterr().out == "digits: 1,437 + 360 images, built in\n"


def test_data_fetch_does_not_fall_back(monkeypatch, capsys):
    monkeypatch.setattr("cnnlib.data.loading.find", lambda name, place: None)
    said = refused(capsys, "data", "fetch", "mnist")
    assert "mnist is not at hand (CNNLIB_OFFLINE=1)" in said


# doctor ------------------------------------------------------------------------------


def test_doctor_finds_this_machine_well(capsys):
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    version = re.escape(metadata.version("torch"))  # without the build: no +cpu
    assert re.search(rf"^torch +{version}$", said, re.M)
    assert re.search(r"^device +(cpu|cuda|mps)", said, re.M)
    assert re.search(r"^data: digits +built in$", said, re.M)
    assert said.endswith("The lecture can run.\n")


def test_doctor_names_the_command_for_a_missing_package(monkeypatch, capsys):
    from importlib import metadata

    real = metadata.version

    def version(name):
        if name in ("matplotlib", "jupyterlab"):
            raise metadata.PackageNotFoundError(name)
        return "1.0" if name == "numpy" else real(name)

    monkeypatch.setattr(metadata, "version", version)
    assert main(["doctor"]) == 1
    missing, absent = capsys.readouterr().out.split("Optional:")
    assert re.search(r'  matplotlib: .* -m pip install "matplotlib>=', missing)
    assert "numpy                1.0, but >=" in re.sub(" {3,}", " " * 16, missing)
    assert "jupyterlab: " in absent
    assert "The lecture cannot run." in absent


def test_doctor_names_the_command_for_a_missing_data_set(monkeypatch, capsys):
    monkeypatch.setattr("cnnlib.data.loading.find", lambda name, place: None)
    assert main(["doctor"]) == 0  # the lecture has something to fall back on
    said = capsys.readouterr().out
    assert f"  data: mnist: {sys.executable} -m cnnlib data fetch mnist\n" in said


@pytest.mark.parametrize(
    ("variable", "value", "mend"),
    [("CNNLIB_DATA", "nowhere", "CNNLIB_DATA"), ("CNNLIB_DEVICE", "toaster", "unset")],
)
def test_doctor_sees_a_wrong_setting(variable, value, mend, monkeypatch, capsys):
    monkeypatch.setenv(variable, value)
    assert main(["doctor"]) == 1
    assert mend in capsys.readouterr().out.split("Missing")[1]


def test_doctor_says_how_to_install_cnnlib_itself():
    (finding,) = doctor.packages("no-such-distribution")
    assert finding.found == "not installed"
    assert "pip install -e" in finding.mend


def test_python_m_cnnlib_hands_its_exit_status_on():
    command = [sys.executable, "-m", "cnnlib", "data", "fetch", "nothing"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, env=dict(os.environ))
    assert done.returncode == 2
