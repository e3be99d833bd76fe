"""Folders of images: every layout that is taken, every file that PIL can meet."""

import os

import numpy as np
import pytest
import torch
from PIL import Image

from cnnlib import data
from cnnlib.data.pictures import upright_size

COLORS = {"red": (200, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 200)}


def put(folder, color, n=5, size=(8, 8), suffix="png", start=0):
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(start, start + n):
        Image.new("RGB", size, COLORS[color]).save(folder / f"{i:03}.{suffix}")


def colors(images):
    return [COLOR_OF[tuple(image[:, 0, 0].tolist())] for image in images]


COLOR_OF = {value: name for name, value in COLORS.items()}


@pytest.mark.parametrize("test_name", ["test", "val", "valid", "validation", "Test"])
def test_train_and_test_folders(tmp_path, test_name):
    for color in COLORS:
        put(tmp_path / "train" / color, color, 4)
        put(tmp_path / test_name / color, color, 2)
    train, test = data.load(tmp_path)
    assert train.classes == test.classes == ("blue", "green", "red")
    assert train.counts() == dict.fromkeys(train.classes, 4)
    assert test.counts() == dict.fromkeys(train.classes, 2)
    assert colors(train.images) == [train.classes[k] for k in train.labels]
    assert train.name == tmp_path.name
    assert train.images.is_contiguous()


def test_a_path_as_a_string_and_from_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for color in ("red", "blue"):
        put(tmp_path / "pets" / color, color)
    for name in ("pets", "./pets", "~/pets", str(tmp_path / "pets")):
        assert data.load(name)[0].name == "pets"


@pytest.mark.parametrize("level", ["", "train"])
def test_what_has_no_test_set_is_split_the_same_way_always(tmp_path, level):
    for color in COLORS:
        put(tmp_path / level / color, color, 20)
    train, test = data.load(tmp_path)
    assert train.counts() == dict.fromkeys(train.classes, 16)
    assert test.counts() == dict.fromkeys(train.classes, 4)
    # By name alone: where the folder lies does not matter.
    (tmp_path / level / "red").rename(tmp_path / level / "rot")
    again = data.load(tmp_path)[1]
    assert again.classes[-1] == "rot"
    assert torch.equal(again.images[again.labels == 2], test.images[test.labels == 2])


def test_only_a_folder_train_makes_a_split(tmp_path):
    for name, color in {"valid": "red", "invalid": "blue", "test": "green"}.items():
        put(tmp_path / name, color)
    train, test = data.load(tmp_path)
    assert train.classes == test.classes == ("invalid", "test", "valid")


def test_few_images_leave_one_for_the_test(tmp_path):
    for color in ("red", "blue"):
        put(tmp_path / color, color, 2)
    train, test = data.load(tmp_path)
    assert (len(train), len(test)) == (2, 2)


def test_hidden_files_are_passed_over_and_deeper_folders_are_not(tmp_path):
    for color in ("red", "blue"):
        put(tmp_path / color, color, 4)
        put(tmp_path / color / "more", color, 3)
    for name in (".DS_Store", "Thumbs.db", "desktop.ini", ".hidden.png"):
        (tmp_path / "red" / name).write_bytes(b"not an image")
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "labels.csv").write_text("beside the classes")
    train, test = data.load(tmp_path)
    assert len(train) + len(test) == 14


def test_images_of_one_size_keep_it_and_others_come_to_32(tmp_path):
    for color in ("red", "blue"):
        put(tmp_path / color, color, size=(20, 12))
    assert data.load(tmp_path)[0].image_shape == (3, 12, 12)
    assert data.load(tmp_path, size=50)[0].image_shape == (3, 50, 50)
    assert data.load(tmp_path, size=300)[0].image_shape == (3, 300, 300)
    put(tmp_path / "red", "red", 1, size=(21, 12), start=9)
    assert data.load(tmp_path)[0].image_shape == (3, 32, 32)


def test_large_photos_come_to_224(tmp_path):
    for color in ("red", "blue"):
        put(tmp_path / color, color, 2, size=(400, 300))
    assert data.load(tmp_path)[0].image_shape == (3, 224, 224)
    assert data.load(tmp_path, size=260)[0].image_shape == (3, 260, 260)


def broken(kind, folder):
    """Make a folder that is wrong in one way; what the error says."""
    if kind == "no classes":
        folder.mkdir()
        return "at least 2 classes, but it has none"
    if kind == "files only":
        put(folder, "red")
        return "at least 2 classes, but it has none"
    if kind == "one class":
        put(folder / "red", "red")
        return "at least 2 classes, but it has only 'red'"
    if kind == "empty class":
        put(folder / "red", "red")
        (folder / "blue").mkdir()
        return "blue holds no images"
    if kind == "one image":
        put(folder / "red", "red")
        put(folder / "blue", "blue", 1)
        return "at least two images of class 'blue'"
    for color in ("red", "blue"):
        put(folder / "train" / color, color)
        put(folder / "test" / color, color)
    if kind == "unknown class":
        put(folder / "test" / "green", "green")
        return r"classes of the training set \(blue, red\), but it has 'green'"
    file = folder / "train" / "red" / "notes.txt"
    file.write_text("this is not an image")
    return "notes.txt is not an image"


@pytest.mark.parametrize(
    "kind",
    [
        "no classes",
        "files only",
        "one class",
        "empty class",
        "one image",
        "unknown class",
        "not an image",
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(tmp_path, kind):
    sentence = broken(kind, tmp_path / "mine")
    with pytest.raises(ValueError, match=sentence) as info:
        data.load(tmp_path / "mine", size=8)
    assert str(info.value).count("\n") == 0
    if kind != "one image":
        assert str(tmp_path / "mine") in str(info.value)


def test_a_missing_folder_and_a_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere does not exist"):
        data.load(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        data.load("no/where")
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="expected a folder of images, but"):
        data.load(tmp_path / "file")


def test_a_truncated_image_is_named(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "whole.jpg")
    content = (tmp_path / "whole.jpg").read_bytes()
    (tmp_path / "half.jpg").write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"half\.jpg cannot be read as an image"):
        data.read_images(tmp_path, size=20)


def test_no_program_is_started_to_read_a_picture(tmp_path):
    (tmp_path / "script.jpg").write_text(
        "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9"
    )
    with pytest.raises(ValueError, match=r"script\.jpg is not an image"):
        data.read_images([tmp_path / "script.jpg"], size=20)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    with pytest.raises(ValueError, match=r"pipe\.jpg cannot be read .*not a file"):
        data.read_images([tmp_path / "pipe.jpg"], size=20)


# --- one's own pictures -------------------------------------------------------------


def test_read_images_takes_a_file_a_list_and_a_folder(tmp_path):
    for i, color in enumerate(COLORS):
        put(tmp_path, color, 1, size=(30, 20), start=i)
    (tmp_path / ".hidden").write_text("")
    one = data.read_images(tmp_path / "000.png", size=16)
    assert one.shape == (1, 3, 16, 16)
    assert one.dtype == torch.uint8
    every = data.read_images(str(tmp_path), size=16)
    assert colors(every) == ["red", "green", "blue"]
    two = data.read_images([tmp_path / "002.png", str(tmp_path / "000.png")], 16)
    assert colors(two) == ["blue", "red"]
    assert data.read_images(tmp_path, 16, channels=1).shape == (3, 1, 16, 16)


def test_the_central_square_is_taken(tmp_path):
    picture = np.zeros((20, 60, 3), np.uint8)
    picture[:, 20:40] = 255
    Image.fromarray(picture).save(tmp_path / "wide.png")
    assert (data.read_images(tmp_path, size=20) == 255).all()


@pytest.mark.parametrize(
    ("mode", "color", "suffix", "expected"),
    [
        ("L", 100, "png", (100, 100, 100)),
        ("1", 1, "png", (255, 255, 255)),
        ("P", 0, "gif", (0, 0, 0)),
        ("LA", (50, 255), "png", (50, 50, 50)),
        ("RGBA", (10, 20, 30, 255), "png", (10, 20, 30)),
        ("RGBA", (10, 20, 30, 0), "png", (255, 255, 255)),  # transparent: white page
        ("I;16", 257 * 77, "png", (77, 77, 77)),
        ("F", 0.5, "tiff", (128, 128, 128)),
        ("F", 77.0, "tiff", (77, 77, 77)),
        ("CMYK", (0, 255, 255, 0), "tiff", (255, 0, 0)),
        ("RGB", (10, 20, 30), "webp", (10, 20, 30)),
        ("RGB", (10, 20, 30), "bmp", (10, 20, 30)),
    ],
)
def test_every_mode_becomes_color(tmp_path, mode, color, suffix, expected):
    extra = {"lossless": True} if suffix == "webp" else {}
    Image.new(mode, (12, 12), color).save(tmp_path / f"picture.{suffix}", **extra)
    image = data.read_images(tmp_path, size=12)[0]
    assert tuple(image[:, 5, 5].tolist()) == expected
    assert (image == image[:, :1, :1]).all()


def test_a_palette_with_a_transparent_color_is_shown_on_white(tmp_path):
    image = Image.new("P", (6, 6), 0)
    image.putpalette([9, 8, 7, 1, 2, 3])
    image.putpixel((3, 3), 1)
    image.save(tmp_path / "picture.png", transparency=0)
    pixels = data.read_images(tmp_path, size=6)[0]
    assert pixels[:, 0, 0].tolist() == [255, 255, 255]
    assert pixels[:, 3, 3].tolist() == [1, 2, 3]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright(tmp_path, orientation):
    """A telephone stores what its sensor saw and how it was held."""
    upright = np.zeros((40, 80), np.uint8)
    upright[:20, 20:40] = 255  # within the central square: its top left quarter
    undo = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.T,
        6: np.rot90(upright),
        7: upright[::-1, ::-1].T,
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(undo))
    stored.save(tmp_path / "photo.jpg", exif=exif, quality=100)
    image = data.read_images(tmp_path, size=40, channels=1)[0, 0].float()
    assert image[2:18, 2:18].min() > 240
    assert image[22:].max() < 15
    assert image[:, 22:].max() < 15
    assert upright_size(tmp_path / "photo.jpg") == (80, 40)


def test_a_large_jpeg_is_shrunk_well(tmp_path):
    x = np.linspace(0, 255, 1200).astype(np.uint8)
    Image.fromarray(np.tile(x, (900, 1))).save(tmp_path / "large.jpg", quality=95)
    row = data.read_images(tmp_path, size=30, channels=1)[0, 0, 15].float()
    central = torch.linspace(31.9, 223.1, 901)
    expected = (central[:-1] + central[1:]).view(30, 30).mean(1) / 2
    assert (row - expected).abs().max() < 2.5


@pytest.mark.parametrize(
    ("arguments", "error", "sentence"),
    [
        (([], 8), ValueError, "expected paths to name pictures"),
        (("nowhere.png", 8), FileNotFoundError, r"nowhere\.png does not exist"),
        (("nowhere.png", 0), ValueError, "size to be at least 1"),
        (("nowhere.png", 8, 2), ValueError, "channels to be 1 or 3, but got 2"),
    ],
)
def test_read_images_refuses(arguments, error, sentence):
    with pytest.raises(error, match=sentence):
        data.read_images(*arguments)


def test_an_empty_folder_of_pictures(tmp_path):
    with pytest.raises(ValueError, match="holds no pictures"):
        data.read_images(tmp_path, size=8)
