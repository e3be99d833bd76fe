"""`python -m cnnlib predict`: a trained network's predictions for pictures."""

import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cnnlib import data, training
from cnnlib.data.pictures import picture_files, upright_size
from cnnlib.drawing.format import percent

AT_ONCE = 256  # pictures; bounds the memory for a large folder
LARGEST = 224  # pixels; more of a digit's photo adds nothing but noise


def run(options) -> int:
    """Print one line a picture."""
    if options.device:
        os.environ["CNNLIB_DEVICE"] = options.device
    model = training.load(model_file(options.model))
    classes = model.classes or tuple(map(str, range(model.num_classes)))
    digits = reads_digits(model) and not options.as_is
    if digits:
        print("Digits are made white on black and centered, as in MNIST.")
    paths = [path for name in options.images for path in picture_files(name)]
    for start in range(0, len(paths), AT_ONCE):
        some = paths[start : start + AT_ONCE]
        for path, row in zip(some, probabilities(model, some, digits), strict=True):
            print(f"{path}: {answer(row, classes, options.top)}", flush=True)
    return 0


def model_file(name: str) -> Path:
    """The file itself, or model.pt in the folder that was named."""
    path = Path(name).expanduser()
    return path / "model.pt" if path.is_dir() else path


def probabilities(model, paths: list[Path], digits: bool) -> Tensor:
    """(N, K) on the CPU, a row for each picture."""
    if digits:
        images = torch.stack([as_digit(path) for path in paths])
    else:
        images = data.read_images(paths, model.image_size, model.in_channels)
    return training.predict(model, images)


def answer(row: Tensor, classes: tuple[str, ...], top: int) -> str:
    """ "7 99.1 %, 1 0.6 %, 9 0.2 %": the most probable classes first."""
    chosen = row.topk(min(top, len(classes)))
    pairs = zip(chosen.indices.tolist(), chosen.values.tolist(), strict=True)
    return ", ".join(f"{classes[k]} {percent(p)}" for k, p in pairs)


def reads_digits(model) -> bool:
    """Whether the network was trained on images like MNIST's."""
    shape = (model.in_channels, model.image_size, model.image_size)
    return shape == (1, 28, 28) and model.classes == tuple("0123456789")


def as_digit(path: Path) -> Tensor:
    """A photo or drawing of a digit as MNIST would show it: uint8 (1, 28, 28).

    The paper is as bright as the picture's border. Ink is what differs from it, darker
    or lighter, by at least half of the largest difference.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path} does not exist")
    size = min(LARGEST, *upright_size(path))
    gray = data.read_images(path, size, channels=1)[0, 0].numpy().astype(float)
    border = np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])
    paper = np.median(border)
    ink = (gray - paper if paper < 128 else paper - gray).clip(0)
    if ink.max() < 32:  # of 255: a sheet of paper has as much contrast
        raise ValueError(f"{path} shows no digit: nothing stands out from the paper")
    ink[ink < ink.max() / 2] = 0
    field = data.center_digit((ink * (255 / ink.max())).astype(np.uint8)).float()
    return (field * (255 / field.max())).round().to(torch.uint8)
