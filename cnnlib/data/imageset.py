"""A labelled set of images that stays in memory as one tensor, cut into batches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .augment import Augment
from .indices import as_index, check_count, check_order
from .scale import describe, normalize

__all__ = ["ImageSet"]


@dataclass(frozen=True, repr=False, eq=False)
class ImageSet:
    """Images (N, C, H, W) uint8 with labels (N,) int64, class names and a name.

    ``name`` says what the images really are: "digits" where MNIST was not at hand.
    Nothing is copied that need not be; ``batches`` cuts from the tensor where it lies,
    so a set moved ``to`` a GPU is cut there. Raises TypeError or ValueError when the
    parts do not fit together.
    """

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    name: str

    def __post_init__(self):
        images, labels = self.images, self.labels
        if not isinstance(images, Tensor) or images.dtype != torch.uint8:
            raise TypeError(f"images must be a uint8 tensor, not {describe(images)}.")
        if not isinstance(labels, Tensor) or labels.dtype != torch.int64:
            raise TypeError(f"labels must be an int64 tensor, not {describe(labels)}.")
        if images.ndim != 4:
            raise ValueError(
                f"images must have shape (N, C, H, W), not {tuple(images.shape)}."
            )
        if labels.shape != images.shape[:1]:
            raise ValueError(
                f"labels must have shape ({len(images)},), one for each image, "
                f"not {tuple(labels.shape)}."
            )
        if labels.device != images.device:
            raise ValueError(
                f"images are on {images.device} but labels on {labels.device}; "
                "both must be on the same device."
            )
        self._check_classes()

    def _check_classes(self):
        if isinstance(self.classes, str):
            raise TypeError(
                f"classes must be a tuple of names, not the string {self.classes!r}."
            )
        # A list is taken, too; the frozen set keeps a tuple.
        object.__setattr__(self, "classes", tuple(self.classes))
        if not all(isinstance(c, str) for c in self.classes):
            raise TypeError(f"classes must be strings, not {self.classes!r}.")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError(f"classes must differ from each other: {self.classes!r}.")
        if not isinstance(self.name, str):
            raise TypeError(f"name must be a string, not {self.name!r}.")
        if len(self.labels):
            low, high = (int(v) for v in torch.aminmax(self.labels))
            if low < 0 or high >= len(self.classes):
                raise ValueError(
                    f"labels must be in 0..{len(self.classes) - 1} for "
                    f"{len(self.classes)} classes, not {low}..{high}."
                )

    def __repr__(self) -> str:
        C, H, W = self.image_shape
        names = self.classes
        if len(names) > 4:
            names = (*names[:2], "…", names[-1])
        return (
            f"ImageSet {self.name!r}: {len(self):,} images of {C}×{H}×{W}, "
            f"{len(self.classes)} classes ({', '.join(names)}), on {self.images.device}"
        )

    def __len__(self) -> int:
        return len(self.images)

    def __iter__(self):
        # Without this, Python would fall back to self[0], self[1], …
        raise TypeError(
            "An ImageSet is read by batches(...), or by .images and .labels."
        )

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """The shape of one image, (C, H, W)."""
        return tuple(self.images.shape[1:])

    def __getitem__(self, index) -> "ImageSet":
        """The images that a slice, a list, or a tensor of bool or int picks."""
        if not isinstance(index, slice):
            index = as_index(index, len(self), self.images.device)
        return replace(self, images=self.images[index], labels=self.labels[index])

    def counts(self) -> dict[str, int]:
        """The number of images of each class, by class name."""
        counts = torch.bincount(self.labels, minlength=len(self.classes)).tolist()
        return dict(zip(self.classes, counts, strict=True))

    def shuffled(self, seed: int = 0) -> "ImageSet":
        """The same images in a random order that ``seed`` decides."""
        return self[torch.randperm(len(self), generator=_generator(seed))]

    def per_class(self, n: int, seed: int = 0) -> "ImageSet":
        """A random choice of ``n`` images of each class, class by class.

        Raises ValueError where a class has fewer than ``n``.
        """
        check_count("n", n)
        generator, labels, chosen = _generator(seed), self.labels.cpu(), []
        for k, name in enumerate(self.classes):
            members = (labels == k).nonzero().flatten()
            if len(members) < n:
                raise ValueError(
                    f"n is {n}, but {self.name!r} has only {len(members)} images "
                    f"of class {name!r}."
                )
            order = torch.randperm(len(members), generator=generator)
            chosen.append(members[order[:n]])
        return self[torch.cat(chosen)]

    def center_crop(self, n: int) -> "ImageSet":
        """The same set, of each image the n×n pixels in its middle.

        For the test set, where the training set's ``Augment(crop=n)`` takes its n×n
        pixels at random. Raises ValueError for more pixels than an image has.
        """
        self._check_crop(n)
        cropped = self._cropped(n)
        return replace(cropped, images=cropped.images.contiguous())

    def _check_crop(self, n: int) -> None:
        check_count("n", n)
        if n > min(self.image_shape[1:]):
            H, W = self.image_shape[1:]
            raise ValueError(f"n is {n}, more than an image of {H}×{W} has.")

    def _cropped(self, n: int) -> "ImageSet":
        top, left = ((side - n) // 2 for side in self.image_shape[1:])
        images = self.images[:, :, top : top + n, left : left + n]
        return replace(self, images=images)

    def to(self, device: torch.device | str) -> "ImageSet":
        """The same set on ``device``; nothing is copied if it is there already."""
        return replace(
            self, images=self.images.to(device), labels=self.labels.to(device)
        )

    def order(self, generator: torch.Generator | None = None) -> Tensor:
        """A new random order of the images: their indices (N,) int64, each one once.

        Drawn where ``generator`` is (else on the CPU, by torch's global generator), so
        that one seed gives one order on every device; returned on the set's own device.
        """
        where = generator.device if generator is not None else "cpu"
        order = torch.randperm(len(self), generator=generator, device=where)
        return order.to(self.images.device)

    def batches(
        self,
        batch_size: int,
        *,
        shuffle: bool = False,
        order: Tensor | None = None,
        generator: torch.Generator | None = None,
        augment: Callable[[Tensor], Tensor] | None = None,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Cut the set into batches: float32 images in [-1, 1] and their labels.

        Yields ``(images (B, C, H, W), labels (B,))`` on the set's own device; the last
        batch holds what is left. ``shuffle`` draws a new ``order()`` at each call, from
        ``generator`` if given. ``order`` says instead which images to go through, and
        how: indices (M,) int64, of all images or some. ``augment`` gets each whole
        normalized batch; an ``Augment`` draws from the same ``generator``. Raises
        TypeError, ValueError or IndexError for arguments that do not make sense.
        """
        check_count("batch_size", batch_size)
        if augment is not None and not callable(augment):
            raise TypeError(
                f"augment must be callable on a batch, not {describe(augment)}."
            )
        if order is not None:
            check_order(order, len(self))
            if shuffle:
                raise ValueError(
                    "shuffle=True draws an order of its own: pass shuffle or order, "
                    "not both."
                )
        return self._cut(batch_size, shuffle, order, generator, augment)

    def _cut(self, batch_size, shuffle, order, generator, augment):
        if shuffle:
            order = self.order(generator)
        elif order is not None:
            order = order.to(self.images.device)
        for images, labels in self._pieces(order, batch_size):
            images = normalize(images)
            if isinstance(augment, Augment):
                images = augment(images, generator=generator)
            elif augment is not None:
                images = augment(images)
            yield images, labels

    def _pieces(self, order, batch_size) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches as they are stored, uint8; one after the other without an order."""
        for start in range(0, len(self) if order is None else len(order), batch_size):
            pick = slice(start, start + batch_size)
            if order is None:
                yield self.images[pick], self.labels[pick]
            else:  # whole rows are copied: a seventh of the time of images[order]
                images = self.images.index_select(0, order[pick])
                yield images, self.labels.index_select(0, order[pick])


def _generator(seed: int) -> torch.Generator:
    # Always on the CPU, so that a seed picks the same images on every device.
    return torch.Generator().manual_seed(seed)
