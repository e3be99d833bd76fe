"""`python -m cnnlib train`: one call of ``training.fit``, and its results as files."""

import contextlib
import json
import os
from pathlib import Path

import torch

from cnnlib import data, figures, models, runtime, training

from .recipes import RECIPES, augmentation_for, epochs_for


def run(options) -> int:
    """Train; under torchrun the first process prints and writes the results."""
    first = runtime.rank() == 0
    if options.device:
        os.environ["CNNLIB_DEVICE"] = options.device
    runtime.device()  # refuses a wrong name before the data is read
    train, test = load(options, speak=first)
    model = build(options, test)
    out = Path(options.out or f"runs/{options.model}-{train.name}")
    history = fit(model, train, test, options, out)
    if first:
        write(model, history, out)
    return 0


def load(options, speak: bool) -> tuple[data.ImageSet, data.ImageSet]:
    """The training and the test set; one process of many says if it fell back.

    With --crop the test set is cropped to its center; training crops each batch.
    """
    recipe = RECIPES[options.model]
    name = options.data or recipe.data
    silence = contextlib.redirect_stdout(None)
    with contextlib.nullcontext() if speak else silence:
        train, test = data.load(name, size=options.size or recipe.size)
    return train, test.center_crop(options.crop) if options.crop else test


def build(options, test: data.ImageSet):
    """The network for the test set's images, with weights that the seed decides."""
    C, H, W = test.image_shape
    if H != W:
        raise ValueError(
            f"expected square images, but {test.name} has {H}×{W}: "
            f"--size {min(H, W)} makes them square"
        )
    torch.manual_seed(options.seed)
    return models.build(options.model, len(test.classes), C, H)


def fit(model, train, test, options, out: Path) -> training.History:
    """Train with the settings that were given, else with the recipe's."""
    recipe = RECIPES[options.model]
    checkpoint = out / "checkpoint.pt"
    # torchrun starts all processes again when one dies: then, too, it goes on.
    restarted = int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0
    try:
        return training.fit(
            model,
            train,
            test,
            epochs=options.epochs or epochs_for(recipe, len(train)),
            batch_size=options.batch_size or recipe.batch_size,
            lr=learning_rate(options, recipe),
            optimizer=options.optimizer or recipe.optimizer,
            weight_decay=options.weight_decay,
            augment=augmentation(options, train),
            seed=options.seed,
            schedule=options.schedule,
            precision=options.precision or recipe.precision,
            checkpoint=checkpoint,
            resume=options.resume or restarted,
        )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"Stopped. The same command with --resume goes on from {checkpoint}."
        ) from None


def learning_rate(options, recipe) -> float | None:
    """The option, else the recipe's for the recipe's optimizer, else fit's default."""
    if options.lr is None and options.optimizer in (None, recipe.optimizer):
        return recipe.lr
    return options.lr


def augmentation(options, train: data.ImageSet) -> data.Augment | None:
    """The augmentation that the options and the recipe ask for; None for none."""
    wanted = options.augment
    if wanted is None:
        wanted = RECIPES[options.model].augment
    changes = augmentation_for(train.name, train.image_shape[1]) if wanted else {}
    if options.crop:  # a random crop is a shift already
        changes.pop("shift", None)
    for name in ("shift", "flip", "rotate", "scale", "erase", "crop"):
        if getattr(options, name) is not None:
            changes[name] = getattr(options, name)
    augment = data.Augment(**changes)
    return None if augment == data.Augment() else augment


def write(model, history: training.History, out: Path) -> None:
    """Write the network, its history and its curves, and print where they are."""
    training.save(model, out / "model.pt")
    text = json.dumps(history.to_dict(), indent=1)
    (out / "history.json").write_text(text + "\n", encoding="utf-8")
    figures.learning_curves(history, vector=True).save(out / "curves.svg")
    print(history)
    print(f"{out} holds model.pt, history.json and curves.svg. To predict with it:")
    print(f"  python -m cnnlib predict {out} IMAGE")
