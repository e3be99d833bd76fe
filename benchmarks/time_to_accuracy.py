"""How soon does a network reach 98 % and 99 % on MNIST's test set?

    python -m benchmarks.time_to_accuracy [--ours 5] [--examples 1]

Ours is LeNet-5 trained by fit. The other is the recipe of PyTorch's MNIST example
(github.com/pytorch/examples, mnist/main.py) in our words: its network of two 3x3
convolutions with dropout, Adadelta, batches of 64, until it has reached 99 %. Both are
measured on the test set after each epoch, and that time counts. Several trainings of
ours, with different seeds, take turns with the other's epochs.
"""

import math
import statistics
import time
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import nn

from benchmarks import measuring, mnist
from benchmarks.measuring import Turn
from cnnlib import data, models, runtime, training

GOALS = (0.98, 0.99)
# What reaches 99 % soonest: few epochs, of which the last has the smallest steps.
OURS = {"epochs": 5, "batch_size": 128, "lr": 0.006}
SHIFT = 1  # pixels of augmentation
MOST_EPOCHS = 14  # the example's


class ExampleNet(nn.Module):
    """The example's network: 1,199,882 parameters, log-probabilities (N, 10)."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.dropout1, self.dropout2 = nn.Dropout(0.25), nn.Dropout(0.5)
        self.fc1, self.fc2 = nn.Linear(9216, 128), nn.Linear(128, 10)

    def forward(self, x):
        x = F.relu(self.conv2(F.relu(self.conv1(x))))
        x = self.dropout1(F.max_pool2d(x, 2)).flatten(1)
        x = self.dropout2(F.relu(self.fc1(x)))
        return F.log_softmax(self.fc2(x), dim=1)


def ours(root: str, precision: str) -> Turn:
    """Each turn is a whole training; returns [seconds, accuracy] after each epoch."""
    train, test = data.load("mnist", root=root)
    seed = -1

    def turn() -> list[list[float]]:
        nonlocal seed
        seed += 1
        torch.manual_seed(seed)
        history = training.fit(
            models.LeNet5(),
            train,
            test,
            augment=data.Augment(shift=SHIFT),
            seed=seed,
            precision=precision,
            progress=False,
            **OURS,
        )
        seconds, reached = 0.0, []
        for record in history.records:
            seconds += record["seconds"]
            reached.append([seconds, record["test_accuracy"]])
        return reached

    return turn


def example(root: str, precision: str) -> Turn:
    """Each turn is an epoch; returns [[its seconds, the accuracy after it]]."""
    epochs = _example_epochs(root)
    return lambda: [next(epochs)]


def _example_epochs(root: str) -> Iterator[list[float]]:
    device = runtime.device()
    more = {}
    if device.type == "cuda":  # as the example does it there
        more = {"num_workers": 1, "persistent_workers": True, "pin_memory": True}
    loaders = [
        torch.utils.data.DataLoader(
            mnist.example_dataset(root, train), size, shuffle=True, **more
        )
        for train, size in ((True, 64), (False, 1000))
    ]
    for seed in range(1000):
        torch.manual_seed(seed)
        model = ExampleNet().to(device)
        optimizer = torch.optim.Adadelta(model.parameters(), lr=1.0)
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
        for _ in range(MOST_EPOCHS):
            start = time.perf_counter()
            _train(model, loaders[0], optimizer, device)
            accuracy = _test(model, loaders[1], device)
            scheduler.step()
            yield [time.perf_counter() - start, accuracy]
            if accuracy >= GOALS[-1]:
                break


def _train(model, loader, optimizer, device) -> None:
    model.train()
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        F.nll_loss(model(images), labels).backward()
        optimizer.step()


@torch.no_grad()
def _test(model, loader, device) -> float:
    model.eval()
    right = 0
    for images, labels in loader:
        answers = model(images.to(device)).argmax(1)
        right += (answers == labels.to(device)).sum().item()
    return right / len(loader.dataset)


def measured(options, root: str) -> tuple[list, list]:
    """Courses ([seconds, accuracy] after each epoch) of our and of their trainings."""
    makers = {"ours": ours, "example": example}
    settings = {"root": root, "precision": options.precision}
    mine, theirs, course = [], [], []
    epochs = 1 if options.tiny else MOST_EPOCHS
    with measuring.contestants(makers, options.threads, **settings) as both:
        for contestant in both.values():
            contestant.start(warm=False)
            if contestant.complaint:
                raise SystemExit(contestant.complaint)
        while len(theirs) < options.examples or len(mine) < options.ours:
            if len(mine) < options.ours:
                mine.append(both["ours"].turn())
            if len(theirs) < options.examples:
                ((seconds, accuracy),) = both["example"].turn()
                course.append([seconds + (course[-1][0] if course else 0), accuracy])
                if accuracy >= GOALS[-1] or len(course) == epochs:
                    theirs, course = [*theirs, course], []
    return mine, theirs


def reached(course: list, goal: float) -> tuple[float, int] | None:
    """The seconds and the epoch at which a course first reaches a goal."""
    for epoch, (seconds, accuracy) in enumerate(course, 1):
        if accuracy >= goal:
            return seconds, epoch
    return None


def table(mine: list, theirs: list) -> dict:
    """When each goal was reached, in the median, and how many times sooner."""
    rows = []
    for goal in GOALS:
        medians = []
        for name, courses in (("LeNet-5 by fit", mine), ("the example", theirs)):
            times = [reached(course, goal) for course in courses]
            found = [time for time in times if time is not None]
            seconds, epochs = zip(*found, strict=True) if found else ((), ())
            medians.append(statistics.median(seconds) if seconds else float("nan"))
            rows.append(
                [
                    name,
                    f"{100 * goal:.0f} %",
                    measuring.told(measuring.spread([*seconds]), 1) if found else "–",
                    f"{statistics.median(epochs):g}" if found else "–",
                    f"{len(found)} of {len(courses)}",
                    "",
                ]
            )
        if not math.isnan(medians[0] + medians[1]):
            rows[-1][-1] = f"{medians[1] / medians[0]:.1f}"
    columns = ["training", "test accuracy", "seconds", "epochs", "reached", "ratio"]
    return {"title": "Time to accuracy on MNIST", "columns": columns, "rows": rows}


def main(arguments=None) -> None:
    parser = measuring.options(__doc__, repeat=0)
    parser.add_argument("--ours", type=int, default=5, help="trainings of ours")
    parser.add_argument("--examples", type=int, default=1, help="of the example's")
    parser.add_argument("--precision", default="auto")
    options = parser.parse_args(arguments)
    if options.tiny:
        options.ours = options.examples = 1
    root, what = mnist.root(options.tiny)
    mine, theirs = measured(options, root)
    result = table(mine, theirs)
    settings = ", ".join(f"{k} {v:g}" for k, v in OURS.items())
    result["notes"] = [
        f"On {what}; fit with {settings}, shift {SHIFT}, precision {options.precision}."
    ]
    chart = {
        "kind": "lines",
        "title": "Test accuracy on MNIST over time",
        "x": "seconds",
        "y": "test accuracy (%)",
        "logx": True,
        "lines": {
            name: [[seconds, 100 * accuracy] for seconds, accuracy in courses[0]]
            for name, courses in (("LeNet-5 by fit", mine), ("the example", theirs))
        },
    }
    question = "How soon does a network reach 98 % and 99 % on MNIST?"
    content = {"question": question, "tables": [result], "charts": [chart]}
    measuring.write("time_to_accuracy", content, options)


if __name__ == "__main__":
    main()
