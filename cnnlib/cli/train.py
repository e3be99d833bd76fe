"""`python -m cnnlib train`: one call of ``training.fit``, and its results as files."""

import contextlib
import json
import os
from pathlib import Path

from cnnlib import data, figures, models, runtime, training

from .recipes import RECIPES, epochs_for, usual_changes


def run(options) -> int:
    """Train; under torchrun all processes run this, and the first writes and speaks."""
    first = os.environ.get("RANK", "0") == "0"
    if options.device:
        os.environ["CNNLIB_DEVICE"] = options.device
    runtime.device()  # complains now rather than after the data has been read
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
    """The network for the test set's images; the seed decides the weights it has."""
    C, H, W = test.image_shape
    if H != W:
        raise ValueError(
            f"{test.name} has images of {H}×{W}, and the networks take square ones: "
            f"--size {min(H, W)} makes them so"
        )
    runtime.seed(options.seed)
    return models.build(options.model, len(test.classes), C, H)


def fit(model, train, test, options, out: Path) -> training.History:
    """Train with the settings that were given, else with the recipe's."""
    recipe = RECIPES[options.model]
    checkpoint = out / "checkpoint.pt"
    # torchrun starts all processes again when one dies: then, too, it goes on.
    restarted = int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")) > 0
    resume = options.resume or restarted
    if not resume:  # or a worker that dies early would go on with an older training
        checkpoint.unlink(missing_ok=True)
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
            resume=resume,
        )
    except KeyboardInterrupt:
        if not checkpoint.is_file():
            raise KeyboardInterrupt(
                "Stopped before there was anything to keep."
            ) from None
        raise KeyboardInterrupt(
            f"Stopped. {checkpoint} holds what was learned: the same command with "
            "--resume goes on from there."
        ) from None


def learning_rate(options, recipe) -> float | None:
    """What was given, else the recipe's if its optimizer is used, else fit's own."""
    if options.lr is None and options.optimizer in (None, recipe.optimizer):
        return recipe.lr
    return options.lr


def augmentation(options, train: data.ImageSet) -> data.Augment | None:
    """The random changes asked for; None for none."""
    wanted = options.augment
    if wanted is None:
        wanted = RECIPES[options.model].augment
    changes = usual_changes(train.name, train.image_shape[1]) if wanted else {}
    if options.crop:  # a crop somewhere in the image is a shift already
        changes.pop("shift", None)
    for name in ("shift", "flip", "rotate", "scale", "erase", "crop"):
        if getattr(options, name) is not None:
            changes[name] = getattr(options, name)
    augment = data.Augment(**changes)
    return None if augment == data.Augment() else augment


def write(model, history: training.History, out: Path) -> None:
    """The network, its history and the picture of it; then say where they are."""
    training.save(model, out / "model.pt")
    text = json.dumps(history.to_dict(), indent=1)
    (out / "history.json").write_text(text + "\n", encoding="utf-8")
    figures.learning_curves(history, vector=True).save(out / "curves.svg")
    print(history)
    print(f"{out} holds model.pt, history.json and curves.svg. Ask the network:")
    print(f"  python -m cnnlib predict {out} IMAGE")
