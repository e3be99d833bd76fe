"""The course of a training: a record for each epoch, a loss for each step."""

from dataclasses import asdict, dataclass, field

from cnnlib.drawing.format import percent


@dataclass(repr=False)
class History:
    """The course of a training.

    model, data:  their names, such as "LeNet5" and "mnist"
    images:       how many images there are to train on; None if that is unknown
    settings:     the settings of ``fit`` by name: optimizer, lr, batch_size, seed, ...
    losses:       the loss of each step (batch), before the step was taken
    records:      one dict an epoch with ``epoch`` (from 1), ``seconds`` (wall time,
                  measuring on the test set included), ``train_loss`` and
                  ``train_accuracy`` (means over the epoch, while the weights were
                  changing and images were augmented), ``test_loss`` and
                  ``test_accuracy`` (after the epoch; None without a test set).
                  Accuracies are from 0 to 1.
    """

    model: str
    data: str
    images: int | None = None
    settings: dict = field(default_factory=dict)
    losses: list[float] = field(default_factory=list)
    records: list[dict] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        """How many epochs there are."""
        return len(self.records)

    @property
    def seconds(self) -> float:
        """Wall time of all epochs together."""
        return sum(record["seconds"] for record in self.records)

    @property
    def accuracy(self) -> float | None:
        """The test accuracy after the last epoch, 0 to 1; None without a test set."""
        return self.records[-1]["test_accuracy"] if self.records else None

    def __repr__(self) -> str:
        """One line, such as "LeNet5 on mnist: 3 epochs, 60,000 images each, ..."."""
        parts = [f"{self.epochs} epoch{'' if self.epochs == 1 else 's'}"]
        if self.images is not None:
            parts.append(f"{self.images:,} images each")
        parts.append(f"{self.seconds:.1f} s")
        if self.records:
            parts.append(result(self.records[-1]))
        return f"{self.model} on {self.data}: {', '.join(parts)}"

    def add_epoch(
        self,
        measured: list[tuple[float, float, float]],
        test: tuple[float | None, float | None],
        seconds: float,
    ) -> None:
        """Add the losses and the record of an epoch.

        measured: of each step its loss, correct answers and number of images
        test:     loss and accuracy on the test set
        """
        losses, correct, images = zip(*measured, strict=True)
        self.losses += losses
        total = sum(x * n for x, n in zip(losses, images, strict=True))
        self.records.append(
            {
                "epoch": self.epochs + 1,
                "train_loss": total / sum(images),
                "train_accuracy": sum(correct) / sum(images),
                "test_loss": test[0],
                "test_accuracy": test[1],
                "seconds": seconds,
            }
        )

    def to_dict(self) -> dict:
        """Everything as numbers, strings, lists and dicts, for JSON.

        ``History(**values)`` is the same history again.
        """
        return asdict(self)


def result(record: dict) -> str:
    """The accuracy after an epoch, in words: "test accuracy 98.7 %"."""
    if record["test_accuracy"] is not None:
        return f"test accuracy {percent(record['test_accuracy'])}"
    return f"training accuracy {percent(record['train_accuracy'])}"
