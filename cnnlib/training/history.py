"""What a training leaves behind: one record an epoch, one loss a step."""

from dataclasses import asdict, dataclass, field, fields


@dataclass(repr=False)
class History:
    """The course of a training.

    model, data:  their names, such as "LeNet5" and "mnist"
    images:       how many images an epoch trains on
    settings:     what ``fit`` was asked for: optimizer, lr, batch_size, seed, ...
    losses:       the loss of each step (batch), before the step was taken
    records:      one dict an epoch with ``epoch`` (from 1), ``seconds`` (wall time,
                  measuring on the test set included), ``train_loss`` and
                  ``train_accuracy`` (means over the epoch, while the weights were
                  changing and images were augmented), ``test_loss`` and
                  ``test_accuracy`` (after the epoch; None without a test set).
                  Accuracies are from 0 to 1.

    ``first + second`` is the history of a training that went on.
    """

    model: str
    data: str
    images: int = 0
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
        parts.append(f"{self.images:,} images each, {self.seconds:.1f} s")
        if self.records:
            parts.append(result(self.records[-1]))
        return f"{self.model} on {self.data}: {', '.join(parts)}"

    def __add__(self, later: "History") -> "History":
        """This training and then ``later``, its epochs counted on."""
        if not isinstance(later, History):
            return NotImplemented
        first = self.records[-1]["epoch"] if self.records else 0
        more = [{**r, "epoch": first + r["epoch"]} for r in later.records]
        return History(
            **{
                **vars(later),
                "losses": self.losses + later.losses,
                "records": self.records + more,
            }
        )

    def to_dict(self) -> dict:
        """Everything as numbers, strings, lists and dicts, fit for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "History":
        """The history that ``to_dict`` wrote; ValueError for anything else."""
        names = {f.name for f in fields(cls)}
        if not isinstance(values, dict) or set(values) != names:
            raise ValueError(
                f"values must be a dict with {', '.join(sorted(names))}, "
                f"as History.to_dict makes it, got {str(values)[:60]}"
            )
        return cls(**values)


def result(record: dict) -> str:
    """What an epoch reached, in words: "test accuracy 98.7 %"."""
    if record["test_accuracy"] is not None:
        return f"test accuracy {percent(record['test_accuracy'])}"
    return f"training accuracy {percent(record['train_accuracy'])}"


def percent(share: float) -> str:
    """0.987 -> "98.7 %"."""
    return f"{100 * share:.1f} %"
