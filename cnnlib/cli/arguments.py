"""What can be typed after `python -m cnnlib`. Imports nothing that takes time."""

import argparse
import math

from .recipes import DATA, OPTIMIZERS, PRECISIONS, RECIPES, SCHEDULES

NAME = "python -m cnnlib"

OVERVIEW = f"""\
Train the lecture's networks, predict with them, and grade its exercises.

Begin here:
  {NAME} doctor           what is installed, which data sets are found?
  {NAME} train lenet5     LeNet-5 on MNIST, about 99 % in seconds
  {NAME} predict runs/lenet5-mnist my_digit.jpg

Each command has its own help: {NAME} train --help
"""

TRAIN = f"""\
Train a network on a data set. The output folder gets

  model.pt       the trained network, for `predict` and cnnlib.training.load
  history.json   loss of each step, accuracy of each epoch, every setting
  curves.svg     the same as a picture
  checkpoint.pt  the unfinished training, for --resume

Examples:
  {NAME} train lenet5
  {NAME} train softmax_regression --data fashion_mnist --epochs 10
  {NAME} train small_vgg --data my_photos --size 64
      your own pictures, in one folder a class
  {NAME} train small_vgg --data my_photos --size 64 --resume
      go on after an interruption
  torchrun --nproc-per-node=4 -m cnnlib train vgg16_bn --data my_photos --size 224
      the same training on four GPUs: each computes its share of every batch

A data set is {", ".join(DATA)},
or the path of a folder: FOLDER/train/<class>/*.jpg with FOLDER/test/<class>/*.jpg,
or just FOLDER/<class>/*.jpg, of which one picture in five is kept for the test.

Options that are not given come from the network's recipe:
"""

PREDICT = f"""\
Predict the classes of pictures: one line for each picture with the most probable
classes. MODEL is a model.pt or the folder that `train` wrote it to; an IMAGE may also
be a folder of pictures.

Each picture is turned upright, cropped to its central square and resized for the
network, in gray if the network was trained on gray images. For a network that reads
handwritten digits, the ink of a drawn or photographed digit is also separated from the
paper, scaled and centered as in MNIST; --as-is leaves the pixels as they are.

Examples:
  {NAME} predict runs/lenet5-mnist seven.jpg
  {NAME} predict runs/small_vgg-my_photos holiday/ --top 1
"""

GRADE = """\
Grade the exercises of every notebook in FOLDER and the folders in it. FOLDER gets

  grades.csv     one row a notebook: which exercises are right
  mistakes.html  the most frequent mistakes of the class, without names

Each notebook's exercise cells run in a process of their own, with limits on time and
memory, and without writing files, starting processes, reaching the network or seeing
other submissions. This needs Linux 5.13 or later; elsewhere, use a container, or trust
your students: --unconfined runs the notebooks with all of your rights.
"""

HANDOUT = """\
Copy the lecture's notebooks, or those that you name, without the solutions of their
exercises.
"""

DOCTOR = """\
Print the installed versions, the device on which networks compute and where the data
sets were found; for whatever is missing, also the command that gets it. The exit
status is 0 if the lecture can run, 1 if something that it needs is missing.
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str):
        self.exit(2, f"error: {message} ({self.prog} --help explains)\n")


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; ``module`` of its result is the command's module."""
    top = _made(_Parser, prog=NAME, description=OVERVIEW)
    commands = top.add_subparsers(
        title="commands", metavar="COMMAND", required=True, parser_class=_Parser
    )

    def command(name: str, help: str, description: str) -> argparse.ArgumentParser:
        made = _made(commands.add_parser, name, help=help, description=description)
        made.set_defaults(module=name)
        return made

    train = command("train", "train a network on a data set", TRAIN + _recipes())
    train.usage = f"{NAME} train MODEL [--data SET] [--out FOLDER] [--epochs N] ..."
    _train(train)
    _predict(command("predict", "predict the classes of pictures", PREDICT))
    _data(command("data", "list the data sets, or fetch some", "Find data sets."))
    _grade(command("grade", "grade a class's notebooks", GRADE))
    _handout(command("handout", "copy the notebooks without solutions", HANDOUT))
    command("doctor", "show what is installed, found and missing", DOCTOR)
    return top


def _made(make, *args, **kw) -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    return make(*args, formatter_class=raw, allow_abbrev=False, **kw)


def _train(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("model", metavar="MODEL", choices=RECIPES, help=", ".join(RECIPES))
    add("--data", metavar="SET", help="a data set's name, or a folder of images")
    add("--size", type=_count, metavar="S", help="bring the images to S x S pixels")
    add("--out", metavar="FOLDER", help="where results go (runs/MODEL-SET)")
    add("--resume", action="store_true", help="go on from FOLDER's checkpoint, if any")
    add(
        "--seed",
        type=_whole,
        default=0,
        metavar="N",
        help="of weights, order and augmentation (0)",
    )
    add(
        "--device",
        metavar="NAME",
        help="cpu, cuda, cuda:1 or mps; as CNNLIB_DEVICE (a GPU if there is one)",
    )
    learning = command.add_argument_group("learning")
    add = learning.add_argument
    add("--epochs", type=_count, metavar="N", help="passes over the training images")
    add("--batch-size", type=_count, metavar="N", help="images a step")
    add("--lr", type=_positive, metavar="X", help="highest learning rate")
    add("--optimizer", choices=OPTIMIZERS, help="AdamW, or SGD with momentum")
    add(
        "--weight-decay",
        type=_fraction,
        metavar="X",
        help="by default the optimizer's own",
    )
    add(
        "--schedule",
        choices=SCHEDULES,
        default="one_cycle",
        help="of the lr (one_cycle)",
    )
    add(
        "--precision",
        choices=PRECISIONS,
        help="of the computation; auto takes bfloat16 where it is faster (auto, but "
        "float32 for lenet5_1998)",
    )
    changes = command.add_argument_group(
        "augmentation",
        "Random changes to each training batch. --augment takes what suits the data\n"
        "set; the options below set or change one amount.",
    )
    add, yes_no = changes.add_argument, argparse.BooleanOptionalAction
    add("--augment", action=yes_no, help="see above")
    add("--shift", type=_whole, metavar="N", help="up to N pixels each way")
    add("--flip", action=yes_no, help="mirror half of them left to right")
    add("--rotate", type=_fraction, metavar="DEG", help="up to DEG degrees each way")
    add("--scale", type=_fraction, metavar="X", help="by 1 - X to 1 + X")
    add("--erase", type=_whole, metavar="N", help="one black square of N x N pixels")
    add(
        "--crop",
        type=_count,
        metavar="N",
        help="train on N x N pixels somewhere in each image of --size, instead of "
        "--shift, and test on its center",
    )


def _predict(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("model", metavar="MODEL", help="a model.pt, or the folder that holds it")
    add("images", metavar="IMAGE", nargs="+", help="a picture, or a folder of pictures")
    add(
        "--top",
        type=_count,
        default=3,
        metavar="N",
        help="how many classes to name (3)",
    )
    add("--as-is", action="store_true", help="leave digits as they are")
    add("--device", metavar="NAME", help="as for train")


def _data(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(metavar="ACTION", required=True, dest="action")
    look = "list the known data sets and where each was found"
    _made(actions.add_parser, "list", help=look, description=look.capitalize() + ".")
    about = (
        "Download data sets, verify them and keep them in the folder that\n"
        "CNNLIB_DATA names, else in the repository's data/, else in the user's cache."
    )
    fetch = _made(
        actions.add_parser, "fetch", help="download data sets", description=about
    )
    fetch.add_argument(
        "names", metavar="NAME", nargs="+", choices=DATA, help=", ".join(DATA)
    )


def _grade(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("folder", metavar="FOLDER", help="where the submitted notebooks are")
    add("--jobs", type=_count, metavar="N", help="side by side (half the processors)")
    add(
        "--seconds",
        type=_count,
        default=120,
        metavar="N",
        help="a notebook may take (120)",
    )
    add("--unconfined", action="store_true", help="trust the notebooks; see above")


def _handout(command: argparse.ArgumentParser) -> None:
    add = command.add_argument
    add("notebooks", metavar="NOTEBOOK", nargs="*", help="all of them, unless named")
    add("--out", default="handout", metavar="FOLDER", help="where to (handout)")


def _recipes() -> str:
    """The table of recipes, as `train --help` ends its introduction."""
    lines = [f"  {'MODEL':14} {'SET':13} epochs  batch      lr  augment"]
    for name, r in RECIPES.items():
        numbers = f"{r.epochs:6} {r.batch_size:6} {r.lr:7g}"
        size = f", size {r.size}" if r.size else ""
        augment = ("no", "yes")[r.augment]
        lines.append(f"  {name:14} {r.data:13} {numbers}  {augment}{size}")
    lines.append("Smaller sets get more epochs, up to 60.")
    return "\n".join(lines)


def _number(kind, text: str, least: float, strictly: bool, wanted: str):
    try:
        value = kind(text)
    except ValueError:
        value = None
    too_small = value is None or value < least or (strictly and value == least)
    if too_small or not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"expected {wanted}, but got {text!r}")
    return value


def _count(text: str) -> int:
    return _number(int, text, 1, False, "a whole number from 1")


def _whole(text: str) -> int:
    return _number(int, text, 0, False, "a whole number from 0")


def _positive(text: str) -> float:
    return _number(float, text, 0, True, "a number above 0")


def _fraction(text: str) -> float:
    return _number(float, text, 0, False, "a number from 0")
