"""Images on their way into the network: where they lie, and who gets which."""

from collections.abc import Iterator

import torch
from torch import Tensor

from cnnlib.data import Augment, ImageSet, normalize


def placed(dataset: ImageSet, device: torch.device) -> ImageSet:
    """The set on ``device``; or where it is, if a GPU's memory would be half full.

    On the CPU nothing is copied, so a set on disk stays there.
    """
    if device.type == "cuda" and dataset.images.device.type == "cpu":
        free, _ = torch.cuda.mem_get_info(device)
        if dataset.images.nbytes > free / 2:
            return dataset
    return dataset.to(device)


def trained_shape(dataset: ImageSet, augment) -> tuple[int, int, int]:
    """The shape (C, H, W) of an image when it reaches the network."""
    crop = getattr(augment, "crop", 0)
    C, H, W = dataset.image_shape
    return (C, crop, crop) if crop else (C, H, W)


def sample(dataset: ImageSet, augment) -> ImageSet:
    """One image of the set, in the shape in which images reach the network."""
    one = dataset[:1]
    if trained_shape(dataset, augment) == dataset.image_shape:
        return one
    return one.center_crop(augment.crop)


def batches(
    train: ImageSet, at, sizes: list[int], generator, augment, team
) -> Iterator[tuple[Tensor, Tensor]]:
    """This process's part of each batch that the epoch still has, on its device.

    Float32 images (B, C, H, W) and labels (B,), cut in the order of the position
    ``at`` into batches of ``sizes`` images, all processes' parts together. A part is
    empty where a small last batch has fewer images than there are processes.
    """
    order = at.order[at.step * sizes[0] : sum(sizes)]
    if team.size == 1:
        yield from _cut(train, order, sizes[0], generator, augment, team.device)
        return
    wholes = order.split(sizes[0])
    if isinstance(augment, Augment):
        augment = _AsOne(augment, generator, [len(w) for w in wholes], team)
    ours = [whole[slice(*team.bounds(len(whole)))] for whole in wholes]
    settings = (max(map(len, ours), default=0) or 1, generator, augment, team.device)
    parts = _cut(train, torch.cat([*ours, order[:0]]), *settings)
    for step, (whole, part) in enumerate(zip(wholes, ours, strict=True), at.step):
        team.draw_anew(generator.initial_seed(), at.epoch, step)
        if len(part):
            yield next(parts)
        else:  # one image, just to draw as many random numbers as the others do
            for images, labels in _cut(train, whole[:1], *settings):
                yield images[:0], labels[:0]


def _cut(train, order, batch_size, generator, augment, device):
    if train.images.device.type == device.type:
        yield from train.batches(
            batch_size, order=order, generator=generator, augment=augment
        )
        return
    for some in order.split(batch_size):  # a set that the GPU does not hold
        # Page-locked memory is sent while the GPU computes; a quarter of it as uint8.
        images = train.images.index_select(0, some).pin_memory()
        images = normalize(images.to(device, non_blocking=True))
        if isinstance(augment, Augment):
            images = augment(images, generator=generator)
        elif augment is not None:
            images = augment(images)
        labels = train.labels.index_select(0, some).pin_memory()
        yield images, labels.to(device, non_blocking=True)


class _AsOne:
    """Changes a part of a batch as it would be changed within the whole batch.

    Each process draws the random numbers for all images and uses those for its own:
    one process makes the same changes, and the generators stay in step.
    """

    def __init__(self, augment: Augment, generator, sizes: list[int], team):
        self.augment, self.generator = augment, generator
        self.sizes, self.team = iter(sizes), team

    def __call__(self, images: Tensor) -> Tensor:
        whole = next(self.sizes)
        start, _ = self.team.bounds(whole)
        start = min(start, whole - len(images))  # the image of an empty part
        return self.augment(images, generator=self.generator, share=(start, whole))
