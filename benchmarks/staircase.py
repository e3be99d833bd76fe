"""How do the lecture's networks compare under the same conditions?

    python -m benchmarks.staircase [--seeds 5]

Every network gets the same images, epochs, batches, augmentation and optimizer. Each is
trained with the same five learning rates; the one with the highest mean accuracy on
held-out training images is taken, and the networks trained with it are measured on the
test images, once. Those with convolutions are trained with and without batch
normalization. A second table takes augmentation away, for a short and a longer
training; a third does for few digits what the first does for photos. What notebooks 06
and 07 quote comes from here. About an hour on two cores.
"""

import statistics
from collections.abc import Callable
from dataclasses import dataclass

import torch

from benchmarks import measuring
from cnnlib import data, models, training
from cnnlib.data import Augment, ImageSet

RATES = 3e-4, 1e-3, 3e-3, 1e-2, 3e-2
PLAIN, NORM = "", " + batch norm"
Variant = tuple[str, str]  # a network's name, and PLAIN or NORM


@dataclass
class Study:
    """Networks, the images that they learn from and are measured on, and the recipe."""

    title: str
    networks: dict[str, Callable]
    train: ImageSet
    validation: ImageSet
    test: ImageSet
    epochs: int
    batch_size: int
    augment: Augment | None = None
    norms: tuple[str, ...] = (PLAIN, NORM)

    def fit(self, variant: Variant, seed: int, lr: float, **changes):
        """The trained network and its course."""
        name, norm = variant
        torch.manual_seed(seed)
        model = self.networks[name]()
        if norm:
            models.with_batch_norm(model)
        settings = {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "augment": self.augment,
        }
        settings |= {"precision": "auto", "progress": False} | changes
        return model, training.fit(model, self.train, lr=lr, seed=seed, **settings)

    def accuracies(self, variant, lr, on: ImageSet, seeds) -> list[float]:
        return [
            training.evaluate(self.fit(variant, seed, lr)[0], on).accuracy
            for seed in seeds
        ]


def photos(tiny: bool) -> Study:
    """Notebook 07: cats and dogs of CIFAR-10."""
    train, test = data.load("cats_vs_dogs", size=32)
    if tiny:
        train, test = train.per_class(40), test.per_class(20)
    elif train.name != "cats_vs_dogs":
        raise SystemExit("this needs CIFAR-10's photos of cats and dogs")
    networks = {
        "linear": lambda: models.SoftmaxRegression(2, 3, 32),
        "LeNet": lambda: models.LeNet5(2, 3, 32),
        "AlexNet in small": lambda: models.small_alexnet(2, dropout=0.2),
        "VGG in small": lambda: models.VGG(
            "small", num_classes=2, image_size=32, dropout=0.2
        ),
    }
    order = torch.randperm(len(train), generator=torch.Generator().manual_seed(0))
    fifth = len(order) // 5
    augment = Augment(flip=True, shift=2)
    return Study(
        "Cats or dogs", networks, train[order[fifth:]], train[order[:fifth]], test,
        epochs=8, batch_size=128, augment=augment,
    )  # fmt: skip


def digits(tiny: bool) -> Study:
    """Notebook 06: a thousand digits of MNIST."""
    train, test = data.load("mnist")
    n = 10 if tiny else 100
    if not tiny and train.name != "mnist":
        raise SystemExit("this needs MNIST")
    small = {"in_channels": 1, "image_size": 28, "dropout": 0}
    networks = {
        "LeNet-5": models.LeNet5,
        "small AlexNet": lambda: models.small_alexnet(**small),
        "small VGG": lambda: models.VGG("small", num_classes=10, **small),
    }
    # The first n of each class are those of the notebook; the next 2n validate.
    number = torch.arange(10 * 3 * n) % (3 * n)
    chosen = train.per_class(3 * n)
    return Study(
        f"{10 * n:,} digits", networks, chosen[number < n], chosen[number >= n],
        test[:1_000], epochs=6, batch_size=25,
    )  # fmt: skip


def percent(values: list[float]) -> str:
    """Mean and spread: "70.8 (70.1 to 71.6)"."""
    low, mean, high = min(values), statistics.mean(values), max(values)
    return f"{100 * mean:.1f} ({100 * low:.1f} to {100 * high:.1f})"


def each(values: list[float]) -> str:
    return ", ".join(f"{100 * value:.1f}" for value in values)


def staircase(study: Study, seeds: int) -> tuple[dict, dict[Variant, float]]:
    """The table of the networks, and the learning rate that was chosen for each."""
    chosen, rows = {}, []
    for name in study.networks:
        for norm in (PLAIN,) if name == "linear" else study.norms:
            means = {
                lr: statistics.mean(
                    study.accuracies(
                        (name, norm), lr, study.validation, range(100, 103)
                    )
                )
                for lr in RATES
            }
            lr = chosen[name, norm] = max(means, key=means.get)
            reached = study.accuracies((name, norm), lr, study.test, range(seeds))
            rows.append(
                [name + norm, each(means.values()), f"{lr:g}", percent(reached),
                 each(reached)]
            )  # fmt: skip
            print(rows[-1], flush=True)
    table = {
        "title": f"{study.title}: accuracy after {study.epochs} epochs",
        "columns": [
            "network",
            "validation, %, for lr " + ", ".join(f"{lr:g}" for lr in RATES),
            "lr",
            f"test, %: mean (lowest to highest) of {seeds} seeds",
            "each seed",
        ],
        "rows": rows,
        "notes": [
            f"{len(study.train):,} images to train on, {len(study.validation):,} to "
            "choose the learning rate (the mean of three other seeds), "
            f"{len(study.test):,} to test. AdamW, one cycle, batches of "
            f"{study.batch_size}; {study.augment or 'no augmentation'}."
        ],
    }
    return table, chosen


def augmentation(study: Study, chosen: dict[Variant, float], seeds: int) -> dict:
    """The table of two networks with and without augmentation."""
    rows = []
    for variant in (("LeNet", PLAIN), ("VGG in small", NORM)):
        for epochs in (study.epochs, 4 * study.epochs):
            for augment in (None, study.augment):
                trained = [
                    study.fit(
                        variant, seed, chosen[variant], epochs=epochs, augment=augment
                    )
                    for seed in range(seeds)
                ]
                own = [h.records[-1]["train_accuracy"] for _, h in trained]
                reached = [
                    training.evaluate(model, study.test).accuracy
                    for model, _ in trained
                ]
                how = "with" if augment else "without"
                rows.append(
                    ["".join(variant), epochs, how, percent(own), percent(reached)]
                )
                print(rows[-1], flush=True)
    return {
        "title": "What augmentation does, in a short training and in a longer one",
        "columns": ["network", "epochs", "augmentation", "training, %", "test, %"],
        "rows": rows,
        "notes": [f"{seeds} seeds; the learning rates of the table above."],
    }


def main(arguments=None) -> None:
    parser = measuring.options(__doc__, repeat=1)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    seeds = 1 if options.tiny else options.seeds
    pets = photos(options.tiny)
    table, chosen = staircase(pets, seeds)
    tables = [
        table,
        augmentation(pets, chosen, min(seeds, 3)),
        staircase(digits(options.tiny), 2 * seeds - 1)[0],
    ]
    question = __doc__.splitlines()[0]
    content = {"question": question, "tables": tables, "charts": []}
    measuring.write("staircase", content, options)


if __name__ == "__main__":
    main()
