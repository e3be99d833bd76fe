"""The batches of a training, each process's share of them, in a seeded order."""

from collections.abc import Iterator

import torch
from torch import Tensor

from cnnlib.data import Augment, ImageSet, normalize

from .processes import Processes
from .randomness import generator, seed_global_generators
from .settings import Settings

Batch = tuple[Tensor, Tensor]


class Batches:
    """An ImageSet, or any iterable of batches, as ``fit`` goes through it.

    name, images, classes: of the set, as far as it tells
    sizes: how many images each step of an epoch trains on; None where a loader decides
    """

    def __init__(self, data, settings: Settings, processes: Processes):
        self.settings, self.processes = settings, processes
        self.data = on_device(data, processes.device)
        self.name, self.classes, self.images = described(data)
        self.sizes = None
        if isinstance(data, ImageSet):
            self.sizes = _batch_sizes(len(data), settings.batch_size)

    def __len__(self) -> int:
        """The number of steps in an epoch."""
        return len(self.data) if self.sizes is None else len(self.sizes)

    def epoch(self, epoch: int, first_step: int = 0) -> Iterator[Batch]:
        """This process's images of each batch, (B, C, H, W), and all labels, (N,).

        With each batch torch's global generators are seeded for its step: augmentation
        and dropout draw from them.
        """
        batches = self._of_loader if self.sizes is None else self._of_set
        for images, labels in batches(epoch, first_step):
            yield images, labels.to(self.processes.device)

    def _of_set(self, epoch: int, first_step: int) -> Iterator[Batch]:
        order = torch.randperm(
            len(self.data), generator=generator(self.settings.seed, epoch)
        ).to(self.data.images.device)
        indices = order[: sum(self.sizes)].split(self.settings.batch_size)
        for step in range(first_step, len(self)):
            index = indices[step]
            mine = index[self.processes.share(len(index))]
            # Sent to the device as uint8, a quarter of what float32 would be.
            images = self.data.images.index_select(0, mine).to(self.processes.device)
            images = self._augmented(normalize(images), epoch, step, len(index))
            yield images, self.data.labels.index_select(0, index)

    def _of_loader(self, epoch: int, first_step: int) -> Iterator[Batch]:
        loader, device = None, self.processes.device
        for step in range(len(self)):
            # A DataLoader draws from the global generators, alike in every process.
            seed_global_generators(device, self.settings.seed, epoch, step)
            loader = loader or iter(self.data)
            images, labels = as_batch(next(loader))
            if step < first_step:
                continue
            mine = images[self.processes.share(len(images))].to(device)
            yield self._augmented(as_float(mine), epoch, step, len(images)), labels

    def _augmented(self, images: Tensor, epoch: int, step: int, whole: int) -> Tensor:
        seed, processes, augment = (
            self.settings.seed,
            self.processes,
            self.settings.augment,
        )
        # From now on each process draws differently: it has its own images to drop out.
        seed_global_generators(processes.device, seed, epoch, step, processes.rank)
        if not len(images):  # a last batch of fewer images than there are processes
            return self._cropped(images)
        if isinstance(augment, Augment):
            # The whole batch's numbers are drawn, and those of this share are used.
            share = (processes.share(whole).start, whole)
            return augment(images, generator(seed, epoch, step), share)
        return images if augment is None else augment(images)

    def sample(self) -> Tensor | None:
        """One image as it reaches the network, (1, C, H, W); None if unknown."""
        dataset = self.data if self.sizes else getattr(self.data, "dataset", None)
        if not hasattr(dataset, "__getitem__"):
            return None
        image = as_float(dataset[:1].images if self.sizes else dataset[0][0][None])
        return self._cropped(image)

    def _cropped(self, images: Tensor) -> Tensor:
        """A part of the images of the size that augmentation gives them."""
        crop = getattr(self.settings.augment, "crop", 0)
        return images[:, :, :crop, :crop] if crop else images


def as_batch(batch) -> Batch:
    """The (images, labels) that a loader gave; TypeError if it is something else."""
    if isinstance(batch, tuple | list) and len(batch) == 2:
        images, labels = batch
        if isinstance(images, Tensor) and isinstance(labels, Tensor):
            return images, labels
    raise TypeError(
        "expected each batch to be a pair of tensors (images, labels), but got "
        f"{type(batch).__name__}"
    )


def as_float(images: Tensor) -> Tensor:
    """A loader's images: uint8 ones are normalized, floats left as they are."""
    return normalize(images) if images.dtype == torch.uint8 else images


def described(data) -> tuple[str, tuple[str, ...] | None, int | None]:
    """Name, classes and number of images of a set, or of what a loader loads."""
    dataset = data if isinstance(data, ImageSet) else getattr(data, "dataset", data)
    images = len(dataset) if hasattr(dataset, "__len__") else None
    if dataset is data and not isinstance(data, ImageSet):
        images = None  # the length of a list of batches
    while hasattr(dataset, "dataset"):  # a Subset
        dataset = dataset.dataset
    classes = getattr(dataset, "classes", None)
    name = getattr(dataset, "name", type(dataset).__name__)
    return name, tuple(classes) if classes is not None else None, images


def check_data(name: str, data) -> None:
    """Raise unless ``data`` is an ImageSet or an iterable of batches, and not empty."""
    iterable = hasattr(data, "__iter__") and not isinstance(data, Tensor | str)
    if not isinstance(data, ImageSet) and not iterable:
        raise TypeError(
            f"expected {name} to be an ImageSet or an iterable of (images, labels) "
            f"batches, such as a DataLoader, but got {type(data).__name__}"
        )
    if not hasattr(data, "__len__"):
        raise TypeError(
            f"expected {name} to have a length, its number of batches, but "
            f"{type(data).__name__} has none"
        )
    if not len(data):
        raise ValueError(f"expected {name} to hold images, but it is empty")


def on_device(data, device: torch.device):
    """An ImageSet on ``device``, and anything else as it is.

    A set that takes more than half of the GPU's free memory stays where it is.
    """
    if not isinstance(data, ImageSet):
        return data
    if device.type == "cuda" and data.images.device.type == "cpu":
        free, _ = torch.cuda.mem_get_info(device)
        if data.images.nbytes > free / 2:
            return data
    return data.to(device)


def _batch_sizes(images: int, batch_size: int) -> list[int]:
    """How many images each step of an epoch trains on.

    A last batch of one image is left to other epochs: batch normalization cannot learn
    from a single image.
    """
    full, rest = divmod(images, batch_size)
    sizes = [batch_size] * full
    if rest > 1 or (rest and not sizes):
        sizes.append(rest)
    return sizes
