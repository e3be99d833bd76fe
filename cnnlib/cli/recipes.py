"""The recipe of each network: its settings by default. Imports nothing that is slow."""

from dataclasses import dataclass

# Listed by `--help` without importing torch; tests compare them with the originals.
DATA = ("mnist", "fashion_mnist", "cifar10", "cats_vs_dogs", "digits", "drawn_pets")
DIGITS = ("mnist", "digits")
OPTIMIZERS = ("adamw", "sgd")
SCHEDULES = ("one_cycle", "constant")
PRECISIONS = ("auto", "float32", "bfloat16")


@dataclass(frozen=True)
class Recipe:
    """Settings that work for a network; ``epochs`` are meant for the recipe's data.

    augment:   whether images are augmented, in the way that suits the data
    size:      resize the images to this many pixels a side; None leaves them
    precision: float32 for the 1998 network, whose recipe was measured so
    """

    data: str
    epochs: int
    lr: float
    batch_size: int = 128
    optimizer: str = "adamw"
    augment: bool = False
    size: int | None = None
    precision: str = "auto"


RECIPES = {
    "softmax_regression": Recipe("mnist", 5, 3e-3),
    "lenet5": Recipe("mnist", 3, 4e-3),
    "lenet5_1998": Recipe(
        "mnist", 20, 5e-3, batch_size=64, augment=True, precision="float32"
    ),
    "alexnet": Recipe("cats_vs_dogs", 8, 2e-3, augment=True),
    "alexnet_2012": Recipe("cats_vs_dogs", 8, 5e-4, augment=True, size=224),
    "small_alexnet": Recipe("cats_vs_dogs", 8, 1e-3, augment=True),
    "small_vgg": Recipe("cats_vs_dogs", 12, 4e-3, augment=True),
}
for _depth in (11, 13, 16, 19):
    RECIPES[f"vgg{_depth}"] = Recipe("cats_vs_dogs", 12, 5e-4, augment=True)
    RECIPES[f"vgg{_depth}_bn"] = Recipe("cats_vs_dogs", 12, 2e-3, augment=True)

_IMAGES = {"mnist": 60_000, "cats_vs_dogs": 10_000}  # to train on
_MOST_EPOCHS = 60


def epochs_for(recipe: Recipe, images: int) -> int:
    """The recipe's epochs, and up to 60 for a smaller set, for as many steps."""
    factor = max(1.0, _IMAGES[recipe.data] / max(1, images))
    return min(max(_MOST_EPOCHS, recipe.epochs), round(recipe.epochs * factor))


def augmentation_for(data: str, size: int) -> dict:
    """Arguments of ``data.Augment`` that keep an image's class, by the set's name.

    Digits may be rotated a little but not mirrored; photographs (cifar10, folders) may
    be mirrored, and shifted by an eighth of their side of ``size`` pixels.
    """
    if data in DIGITS:
        return {"shift": 1, "rotate": 10.0, "scale": 0.1}
    return {"shift": size // 8, "flip": True}
