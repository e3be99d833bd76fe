"""What a network answers: on a whole set, with its loss and accuracy, or on images."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnnlib import runtime
from cnnlib.data import ImageSet, normalize
from cnnlib.drawing.format import percent

from .batches import as_batch, as_float, check_data, described

BATCH_SIZE = 250  # maps that stay in the cache: 0.7x the time of 1000 for small_vgg


@dataclass(frozen=True, repr=False, eq=False)
class Evaluation:
    """The answers of a network for N images of K classes.

    model, data, classes: their names
    loss:                 the mean over the images
    probabilities:        (N, K) float32; each row sums to 1
    labels:               (N,) int64, the true classes

    Tensors are on the data set's device.
    """

    model: str
    data: str
    classes: tuple[str, ...]
    loss: float
    probabilities: Tensor
    labels: Tensor

    @cached_property
    def predictions(self) -> Tensor:
        """(N,) int64: the most probable class of each image."""
        return self.probabilities.argmax(1)

    @cached_property
    def accuracy(self) -> float:
        """The share of images that are classified correctly, from 0 to 1."""
        return (self.predictions == self.labels).sum().item() / len(self.labels)

    @cached_property
    def confusion(self) -> Tensor:
        """(K, K) int64: images by their true class (row) and prediction (column)."""
        K = len(self.classes)
        pairs = self.labels * K + self.predictions
        return torch.bincount(pairs, minlength=K * K).view(K, K)

    @cached_property
    def per_class(self) -> Tensor:
        """(K,) float32: the accuracy on each class; nan for a class without images."""
        return self.confusion.diagonal() / self.confusion.sum(1)

    def mistakes(self) -> Tensor:
        """(M,) int64: the misclassified images' indices, the most confident first."""
        wrong = (self.predictions != self.labels).nonzero().flatten()
        confidence = self.probabilities[wrong].amax(1)
        return wrong[confidence.argsort(descending=True, stable=True)]

    def __repr__(self) -> str:
        return (
            f"{self.model} on {self.data}: {len(self.labels):,} images, "
            f"accuracy {percent(self.accuracy)}, loss {self.loss:.4f}"
        )


def evaluate(
    model: nn.Module,
    dataset: ImageSet | Iterable,
    *,
    batch_size: int = BATCH_SIZE,
    device: torch.device | str | None = None,
    loss: Callable[[Tensor, Tensor], Tensor] | None = None,
) -> Evaluation:
    """Measure ``model`` on every image of ``dataset``.

    ``dataset`` is an ImageSet or any iterable of (images, labels), such as a
    DataLoader; images (B, C, H, W) are uint8 or as the network is to see them.
    ``batch_size`` applies to an ImageSet. The model computes where it is, or is moved
    to ``device`` if that is given; its training mode is restored. ``loss(logits,
    labels)`` is a mean over a batch: by default ``model.loss`` where the model brings
    one, else cross-entropy. Probabilities are the softmax of the logits.

    Raises TypeError for a loss that is no function, ValueError for an empty set or a
    model that does not fit the set's images and classes.
    """
    check_data("dataset", dataset)
    loss = loss_of(model, loss)
    if device is not None:
        model.to(runtime.device(device))
    name, classes, _ = described(dataset)
    if isinstance(dataset, ImageSet):
        check_fits(model, normalize(dataset.images[:1]), name, classes)
        _check_batch_size(batch_size)
    logits, labels = logits_and_labels(model, dataset, batch_size)
    return Evaluation(
        model=type(model).__name__,
        data=name,
        classes=classes or tuple(map(str, range(logits.shape[1]))),
        loss=loss(logits, labels.to(logits.device)).item(),
        probabilities=logits.softmax(1).to(labels.device),
        labels=labels,
    )


def loss_of(model: nn.Module, loss=None) -> Callable[[Tensor, Tensor], Tensor]:
    """``loss`` if it is given, else the one that the model brings, else cross-entropy.

    Raises TypeError if ``loss`` is given and is no function.
    """
    if loss is None:
        own = getattr(model, "loss", None)
        return own if callable(own) else F.cross_entropy
    if not callable(loss):
        raise TypeError(
            "expected loss to be a function of (logits, labels), such as "
            f"torch.nn.functional.cross_entropy, but got {loss!r}"
        )
    return loss


def predict(
    model: nn.Module, images: Tensor, *, batch_size: int = BATCH_SIZE
) -> Tensor:
    """The probabilities (N, K) that ``model`` gives to uint8 ``images`` (N, C, H, W).

    They are float32, on the images' device, and each row sums to 1. The model's
    training mode is restored. Raises TypeError for images that are not a uint8 tensor,
    ValueError for no images or a shape that the model does not take.
    """
    if not isinstance(images, Tensor) or images.dtype != torch.uint8:
        what = images.dtype if isinstance(images, Tensor) else type(images).__name__
        raise TypeError(
            f"expected images to be a uint8 tensor (N, C, H, W), but got {what}"
        )
    if images.ndim != 4 or not len(images):
        raise ValueError(
            "expected images to have shape (N, C, H, W), also for one image "
            f"(images[None]), but got {tuple(images.shape)}"
        )
    _check_batch_size(batch_size)
    parts = (normalize(part) for part in images.split(batch_size))
    return torch.cat(list(_logits(model, parts))).softmax(1).to(images.device)


def logits_and_labels(
    model: nn.Module, dataset, batch_size: int = BATCH_SIZE
) -> tuple[Tensor, Tensor]:
    """Logits (N, K) float32 on the model's device, and labels (N,), of a whole set."""
    if isinstance(dataset, ImageSet):
        images = (normalize(part) for part in dataset.images.split(batch_size))
        return torch.cat(list(_logits(model, images))), dataset.labels
    labels = []

    def images():
        for batch in dataset:
            some, theirs = as_batch(batch)
            labels.append(theirs)
            yield as_float(some)

    logits = list(_logits(model, images()))
    return torch.cat(logits), torch.cat(labels)


@torch.no_grad()
def _logits(model: nn.Module, batches: Iterable[Tensor]) -> Iterator[Tensor]:
    """The logits of each batch, (B, K) float32, computed in evaluation mode."""
    device = device_of(model)
    with evaluation_mode(model):
        for images in batches:
            yield model(images.to(device)).float()


def _check_batch_size(batch_size: int) -> None:
    if batch_size < 1:
        raise ValueError(f"expected batch_size to be at least 1, but got {batch_size}")


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Evaluation mode, and then the mode that each module was in."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def device_of(model: nn.Module) -> torch.device:
    """The device of the model's first weight or buffer."""
    for tensor in (*model.parameters(), *model.buffers()):
        return tensor.device
    return torch.device("cpu")


def check_fits(
    model: nn.Module, image: Tensor, name: str, classes: tuple[str, ...] | None
) -> None:
    """Raise ValueError unless the model maps ``image`` (1, C, H, W) to the classes."""
    model_name, shape = type(model).__name__, tuple(image.shape[1:])
    try:
        (logits,) = _logits(model, [image])
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"{model_name} does not take {name}'s images of shape {shape}: {reason}"
        ) from error
    if classes is not None and logits.shape != (1, len(classes)):
        outputs = "×".join(map(str, logits.shape[1:]))
        raise ValueError(
            f"expected {model_name} to have {len(classes)} outputs, one for each class "
            f"of {name}, but got {outputs}: build it with num_classes={len(classes)}"
        )
