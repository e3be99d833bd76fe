"""A labelled set of images in one tensor: a Dataset that is cut into batches."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.utils.data import Dataset

from .augment import Augment
from .normalize import describe, normalize


@dataclass(frozen=True, repr=False, eq=False)
class ImageSet(Dataset):
    """Images (N, C, H, W) uint8 with labels (N,) int64, class names and a name.

    A map-style ``torch.utils.data.Dataset``: ``train[0]`` is an image, float32
    (C, H, W) in [-1, 1], and its label, an int; a ``DataLoader`` makes batches of
    them. ``batches`` makes the same batches faster, from the tensor and on its device.
    Slices, lists and tensors of indices give an ImageSet.

    ``name`` says what the images really are: "digits" where MNIST was not found.
    Raises TypeError or ValueError if the parts do not fit together.
    """

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    name: str

    def __post_init__(self):
        images, labels = self.images, self.labels
        if not isinstance(images, Tensor) or images.dtype != torch.uint8:
            raise TypeError(
                f"expected images to be a uint8 tensor, but got {describe(images)}"
            )
        if not isinstance(labels, Tensor) or labels.dtype != torch.int64:
            raise TypeError(
                f"expected labels to be an int64 tensor, but got {describe(labels)}"
            )
        if images.ndim != 4:
            raise ValueError(
                "expected images to have shape (N, C, H, W), but got "
                f"{tuple(images.shape)}"
            )
        if labels.shape != images.shape[:1]:
            raise ValueError(
                f"expected labels to have shape ({len(images)},), one for each image, "
                f"but got {tuple(labels.shape)}"
            )
        if labels.device != images.device:
            raise ValueError(
                f"expected labels on {images.device}, as the images are, but got them "
                f"on {labels.device}"
            )
        self._check_classes()

    def _check_classes(self):
        if isinstance(self.classes, str):
            raise TypeError(
                f"expected classes to be a tuple of names, but got {self.classes!r}"
            )
        # A list becomes a tuple; the dataclass is frozen.
        object.__setattr__(self, "classes", tuple(self.classes))
        if not all(isinstance(c, str) for c in self.classes):
            raise TypeError(f"expected classes to be strings, but got {self.classes!r}")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError(
                f"expected classes to have different names, but got {self.classes!r}"
            )
        if len(self.labels):
            low, high = (int(v) for v in torch.aminmax(self.labels))
            if low < 0 or high >= len(self.classes):
                raise ValueError(
                    f"expected labels from 0 to {len(self.classes) - 1}, one of "
                    f"{len(self.classes)} classes, but got {low} to {high}"
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

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """The shape of one image, (C, H, W)."""
        return tuple(self.images.shape[1:])

    def __getitem__(self, index):
        """An image and its label, or a set of those that ``index`` selects.

        For an int, (float32 (C, H, W) in [-1, 1], int); for a slice, a list or a
        one-dimensional tensor of ints or bools, an ImageSet. Raises IndexError for an
        image that the set does not have.
        """
        if isinstance(index, int):
            return normalize(self.images[index]), int(self.labels[index])
        if not isinstance(index, slice):
            index = torch.as_tensor(index, device=self.images.device)
            if index.ndim != 1:
                raise TypeError(
                    "expected an int, a slice, a list or a one-dimensional tensor, but "
                    f"got {describe(index)}"
                )
            if index.dtype != torch.bool:
                index = index.long()  # [] is a tensor of floats, uint8 would be a mask
        return replace(self, images=self.images[index], labels=self.labels[index])

    def __getitems__(self, indices: list[int]) -> list[tuple[Tensor, int]]:
        """The images and labels of a batch, which a DataLoader asks for at once."""
        index = torch.as_tensor(indices, device=self.images.device)
        images, labels = self.batch(index)
        return list(zip(images, labels.tolist(), strict=True))

    def counts(self) -> dict[str, int]:
        """The number of images of each class, by class name."""
        counts = torch.bincount(self.labels, minlength=len(self.classes)).tolist()
        return dict(zip(self.classes, counts, strict=True))

    def per_class(self, n: int, seed: int = 0) -> "ImageSet":
        """A random choice of ``n`` images of each class, class by class.

        Raises ValueError if a class has fewer than ``n``.
        """
        # On the CPU, so that a seed chooses the same images on every device.
        generator = torch.Generator().manual_seed(seed)
        labels, chosen = self.labels.cpu(), []
        for k, name in enumerate(self.classes):
            members = (labels == k).nonzero().flatten()
            if not 1 <= n <= len(members):
                raise ValueError(
                    f"expected n to be from 1 to {len(members)}, the images of class "
                    f"{name!r} in {self.name!r}, but got {n}"
                )
            order = torch.randperm(len(members), generator=generator)
            chosen.append(members[order[:n]])
        return self[torch.cat(chosen)]

    def center_crop(self, n: int) -> "ImageSet":
        """The same set with the n×n pixels in the middle of each image.

        For the test set, where the training set's ``Augment(crop=n)`` takes n×n pixels
        at random. Raises ValueError if the images are smaller.
        """
        H, W = self.image_shape[1:]
        if not 1 <= n <= min(H, W):
            raise ValueError(
                f"expected n to be from 1 to {min(H, W)} for images of {H}×{W}, but "
                f"got {n}"
            )
        top, left = (H - n) // 2, (W - n) // 2
        images = self.images[:, :, top : top + n, left : left + n]
        return replace(self, images=images.contiguous())

    def to(self, device: torch.device | str) -> "ImageSet":
        """The same set on ``device``; nothing is copied if it is there already."""
        return replace(
            self, images=self.images.to(device), labels=self.labels.to(device)
        )

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """The images (B, C, H, W) float32 in [-1, 1] and labels (B,) at ``index``.

        ``index`` is (B,) int64 on the set's device, where the batch is, too.
        """
        # index_select copies whole rows: a seventh of the time of images[index].
        images = normalize(self.images.index_select(0, index))
        return images, self.labels.index_select(0, index)

    def batches(
        self,
        batch_size: int,
        *,
        shuffle: bool = False,
        generator: torch.Generator | None = None,
        augment: Callable[[Tensor], Tensor] | None = None,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Go through the set once, in batches as ``batch`` makes them.

        The last batch has what is left. With ``shuffle`` each call draws a new order
        from ``generator``, by default torch's global one. ``augment`` gets the images
        of each batch; an ``Augment`` draws from the same generator. Raises ValueError
        for a batch size below 1.
        """
        if batch_size < 1:
            raise ValueError(
                f"expected batch_size to be at least 1, but got {batch_size}"
            )
        return self._batches(batch_size, shuffle, generator, augment)

    def _batches(self, batch_size, shuffle, generator, augment):
        if shuffle:
            device = generator.device if generator is not None else "cpu"
            order = torch.randperm(len(self), generator=generator, device=device)
            order = order.to(self.images.device)
        else:
            order = torch.arange(len(self), device=self.images.device)
        for index in order.split(batch_size):
            if not len(index):  # an empty set
                return
            images, labels = self.batch(index)
            if isinstance(augment, Augment):
                images = augment(images, generator=generator)
            elif augment is not None:
                images = augment(images)
            yield images, labels
