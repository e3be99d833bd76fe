"""How do the lecture's networks compare on cats and dogs when the comparison is fair?

    python -m benchmarks.staircase [--seeds 5]

Every network gets the same photos, epochs, batches, augmentation and optimizer. Each is
trained with the same learning rates on four fifths of the training photos; the rate
with the highest mean accuracy on the last fifth is taken, and the networks trained
with it are measured on the test photos, once. Those with convolutions are trained with
and without batch normalization. A second table takes augmentation away, for a short and
a longer training. The figures that notebook 07 quotes come from here.
"""

import statistics

import torch

from benchmarks import measuring
from cnnlib import data, models, training

EPOCHS = 8
RATES = 3e-4, 1e-3, 3e-3, 1e-2
NETWORKS = {
    "linear": lambda: models.SoftmaxRegression(2, 3, 32),
    "LeNet": lambda: models.LeNet5(2, 3, 32),
    "AlexNet in small": lambda: models.small_alexnet(2, dropout=0.2),
    "VGG in small": lambda: models.VGG(
        "small", num_classes=2, image_size=32, dropout=0.2
    ),
}
PLAIN, NORM = "", " + batch norm"
VARIANTS = [
    (name, norm)
    for name in NETWORKS
    for norm in (PLAIN, NORM)
    if name != "linear" or norm is PLAIN
]
AUGMENTED = [("LeNet", PLAIN), ("VGG in small", NORM)]
AUGMENT = data.Augment(flip=True, shift=2)


def train(variant, photos, seed, lr, epochs=EPOCHS, augment=AUGMENT):
    """The trained network and its course."""
    name, norm = variant
    torch.manual_seed(seed)
    model = NETWORKS[name]()
    if norm:
        models.with_batch_norm(model)
    history = training.fit(
        model,
        photos,
        epochs=epochs,
        lr=lr,
        augment=augment,
        seed=seed,
        precision="auto",
        progress=False,
    )
    return model, history


def validated(variant, photos, validation, seeds) -> dict[float, list[float]]:
    """For each learning rate the accuracies on the validation photos."""
    return {
        lr: [
            training.evaluate(train(variant, photos, seed, lr)[0], validation).accuracy
            for seed in seeds
        ]
        for lr in RATES
    }


def percent(values: list[float]) -> str:
    """Mean and spread: "70.8 (70.1 to 71.6)"."""
    low, mean, high = min(values), statistics.mean(values), max(values)
    return f"{100 * mean:.1f} ({100 * low:.1f} to {100 * high:.1f})"


def staircase(photos, validation, test, seeds: int) -> tuple[dict, dict]:
    """The table of the networks, and the learning rate that was chosen for each."""
    chosen, rows = {}, []
    for variant in VARIANTS:
        found = validated(variant, photos, validation, range(100, 103))
        means = {lr: statistics.mean(values) for lr, values in found.items()}
        lr = chosen[variant] = max(means, key=means.get)
        reached = [
            training.evaluate(train(variant, photos, seed, lr)[0], test).accuracy
            for seed in range(seeds)
        ]
        each = ", ".join(f"{100 * value:.1f}" for value in reached)
        rates = ", ".join(f"{100 * value:.1f}" for value in means.values())
        rows.append(["".join(variant), rates, f"{lr:g}", percent(reached), each])
        print(rows[-1], flush=True)
    table = {
        "title": f"Cats or dogs: test accuracy after {EPOCHS} epochs",
        "columns": [
            "network",
            "validation, %, for lr " + ", ".join(f"{lr:g}" for lr in RATES),
            "lr",
            f"test, %: mean (lowest to highest) of {seeds} seeds",
            "each seed",
        ],
        "rows": rows,
        "notes": [
            f"{len(photos):,} photos to train on, {len(validation):,} to choose the "
            f"learning rate (the mean of three seeds), {len(test):,} to test. AdamW, "
            f"one cycle, batches of 128; {AUGMENT}."
        ],
    }
    return table, chosen


def augmentation(photos, test, chosen, seeds: int) -> dict:
    """The table of two networks with and without augmentation."""
    rows = []
    for variant in AUGMENTED:
        for epochs in (EPOCHS, 4 * EPOCHS):
            for augment in (None, AUGMENT):
                trained = [
                    train(variant, photos, seed, chosen[variant], epochs, augment)
                    for seed in range(seeds)
                ]
                own = [h.records[-1]["train_accuracy"] for _, h in trained]
                reached = [training.evaluate(m, test).accuracy for m, _ in trained]
                with_or_without = "with" if augment else "without"
                rows.append(
                    ["".join(variant), epochs, with_or_without, percent(own),
                     percent(reached)]
                )  # fmt: skip
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
    train_set, test = data.load("cats_vs_dogs", size=32)
    if train_set.name != "cats_vs_dogs" and not options.tiny:
        parser.error("this needs CIFAR-10's photos of cats and dogs")
    if options.tiny:
        train_set, test = train_set.per_class(40), test.per_class(20)
    order = torch.randperm(len(train_set), generator=torch.Generator().manual_seed(0))
    fifth = len(order) // 5
    validation, photos = train_set[order[:fifth]], train_set[order[fifth:]]
    table, chosen = staircase(photos, validation, test, options.seeds)
    more = augmentation(photos, test, chosen, min(options.seeds, 3))
    content = {
        "question": __doc__.splitlines()[0],
        "tables": [table, more],
        "charts": [],
    }
    measuring.write("staircase", content, options)


if __name__ == "__main__":
    main()
