"""Measuring a network on images that it was not trained on, and asking it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cnnlib.data import ImageSet, normalize

from .history import percent

BATCH_SIZE = 250  # maps that stay in the cache: 0.7x the time of 1000 for small_vgg


@dataclass(frozen=True, repr=False, eq=False)
class Evaluation:
    """What a network says of N images of K classes, and how right it is.

    model, data, classes: their names
    loss:                 the mean over the images
    probabilities:        (N, K) float32; each row sums to 1
    labels:               (N,) int64, the truth

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
        """The share of images whose prediction is right, 0 to 1."""
        return (self.predictions == self.labels).sum().item() / len(self.labels)

    @cached_property
    def confusion(self) -> Tensor:
        """(K, K) int64: how often images of class row were taken for class column."""
        K = len(self.classes)
        pairs = self.labels * K + self.predictions
        return torch.bincount(pairs, minlength=K * K).view(K, K)

    @cached_property
    def per_class(self) -> Tensor:
        """(K,) float32: the accuracy on each class; nan for a class without images."""
        return self.confusion.diagonal() / self.confusion.sum(1)

    def mistakes(self) -> Tensor:
        """The indices of the misclassified images, the most confident mistake first."""
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
    dataset: ImageSet,
    *,
    batch_size: int = BATCH_SIZE,
    device: torch.device | str | None = None,
    loss=None,
) -> Evaluation:
    """Measure ``model`` on every image of ``dataset``.

    The model computes where it is, or is moved to ``device`` if that is given; whether
    it was in training mode is restored. ``loss(logits, labels)`` is the mean over a
    batch: unless told, ``model.loss`` where the model brings one, else cross-entropy.
    Probabilities are the softmax of the logits. Raises ValueError if the set is empty,
    or if the model does not take its images or has not one output for each class.
    """
    check_set("dataset", dataset)
    if device is not None:
        model.to(device)
    check_fits(model, dataset)
    loss = loss_of(model, loss)
    labels = dataset.labels
    _check_batch_size(batch_size)
    # Batches rather than the images themselves: a set on disk is read piece by piece.
    logits = _logits(model, (images for images, _ in dataset.batches(batch_size)))
    total = loss(logits, labels.to(logits.device))
    return Evaluation(
        model=type(model).__name__,
        data=dataset.name,
        classes=dataset.classes,
        loss=total.item(),
        probabilities=logits.softmax(1).to(labels.device),
        labels=labels,
    )


def loss_of(model: nn.Module, loss=None):
    """``loss`` if given; else the one that the model brings; else cross-entropy."""
    if loss is None:
        loss = getattr(model, "loss", None)
    return loss if callable(loss) else F.cross_entropy


def predict(
    model: nn.Module, images: Tensor, *, batch_size: int = BATCH_SIZE
) -> Tensor:
    """The probabilities (N, K) that ``model`` gives to uint8 ``images`` (N, C, H, W).

    On the images' device, float32, each row summing to 1; whether the model was in
    training mode is restored. Raises TypeError for images that are not a uint8
    tensor, ValueError for no image, or for a shape that the model does not take.
    """
    if not isinstance(images, Tensor) or images.dtype != torch.uint8:
        what = images.dtype if isinstance(images, Tensor) else type(images).__name__
        raise TypeError(f"images must be a uint8 tensor (N, C, H, W), got {what}")
    if images.ndim != 4 or not len(images):
        raise ValueError(
            "images must have shape (N, C, H, W), also for one image (images[None]), "
            f"got {tuple(images.shape)}"
        )
    _check_batch_size(batch_size)
    batches = (normalize(part) for part in images.split(batch_size))
    return _logits(model, batches).softmax(1).to(images.device)


def _check_batch_size(batch_size: int) -> None:
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")


@torch.no_grad()
def _logits(model: nn.Module, batches: Iterable[Tensor]) -> Tensor:
    """(N, K) float32 on the model's device, computed in evaluation mode."""
    where = device_of(model)
    with evaluation_mode(model):
        return torch.cat([model(images.to(where)).float() for images in batches])


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Dropout and batch normalization as for use; each module's mode comes back."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, training in modes:
            module.training = training


def device_of(model: nn.Module) -> torch.device:
    """Where the model computes: the device of its first weight or buffer."""
    for tensor in (*model.parameters(), *model.buffers()):
        return tensor.device
    return torch.device("cpu")


def check_set(name: str, dataset) -> None:
    """Raise unless ``dataset`` is an ImageSet that holds at least one image."""
    if not isinstance(dataset, ImageSet):
        raise TypeError(
            f"{name} must be an ImageSet, as data.load returns, "
            f"got {type(dataset).__name__}"
        )
    if not len(dataset):
        raise ValueError(f"{name} ({dataset.name!r}) holds no images")


def check_fits(model: nn.Module, dataset: ImageSet) -> None:
    """Raise ValueError unless the model maps the set's images to its classes."""
    name, shape = type(model).__name__, dataset.image_shape
    try:
        logits = _logits(model, [normalize(dataset.images[:1])])
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"{name} does not take {dataset.name}'s images of shape {shape}: {reason}"
        ) from error
    K = len(dataset.classes)
    if logits.shape != (1, K):
        outputs = "x".join(map(str, logits.shape[1:]))
        raise ValueError(
            f"{name} has {outputs} outputs, but {dataset.name} has {K} classes: "
            f"build the model with num_classes={K}"
        )
