"""The patches of a data set that excite a layer's filters most."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnlib.drawing import style
from cnnlib.drawing.format import sizes
from cnnlib.figures.networks.layers import find_layer, recording
from cnnlib.figures.networks.tensors import as_batch, as_picture, framed
from cnnlib.summary import summarize
from cnnlib.training.evaluation import device_of, evaluation_mode

MOST_IMAGES, CHANNELS = 2000, 5


@style.styled
def top_patches(
    model: nn.Module,
    layer: nn.Module | str,
    imageset,
    *,
    patches: int = 8,
):
    """The patches of a data set that excite a layer's filters most, a row a filter.

    A patch is the receptive field, in the image, of the place where the filter's map is
    largest, one patch an image, from the first 2,000 images of ``imageset``. A field
    as large as the image shows the image. Shown are the five filters that are excited
    most. Raises ValueError if ``layer`` gives no maps.
    """
    module = find_layer(model, layer)
    found = Peaks(model, [module], imageset)
    channels = found.strongest(module, CHANNELS)
    patches = min(patches, len(found.images))
    fig, boxes = style.axes(
        len(channels), patches, size=(patches + 1.4, 1.05 * len(channels) + 0.6),
        squeeze=False,
    )  # fmt: skip
    told = []
    for channel, line in zip(channels, boxes, strict=True):
        best, cut = found.patches(module, channel, patches)
        for ax, patch in zip(line, cut, strict=True):
            framed(ax).imshow(as_picture(patch))
        line[0].set_ylabel(f"filter {channel}", rotation=0, ha="right", va="center")
        names = [imageset.classes[int(imageset.labels[i])] for i in best]
        common = max(dict.fromkeys(names), key=names.count)
        told.append(f"filter {channel} mostly in {common} ({names.count(common)})")
    name = next(name for name, m in model.named_modules() if m is module) or "it"
    title = f"Patches of {imageset.name} that excite {name} most"
    fig.suptitle(title)
    size = sizes(found.field(module))
    return style.picture(
        fig, f"{title}: {patches} patches of {size} pixels for each of "
        f"{len(channels)} filters; {'; '.join(told)}.",
    )  # fmt: skip


class Peaks:
    """Where each filter of some layers is excited most, in each of many images."""

    @torch.no_grad()
    def __init__(self, model: nn.Module, layers: list[nn.Module], imageset):
        self.model, self.shape = model, imageset.image_shape
        self.images = imageset.images[:MOST_IMAGES]
        found: dict[nn.Module, list] = {layer: [] for layer in layers}
        self.maps: dict[nn.Module, torch.Size] = {}
        with evaluation_mode(model), recording(model) as calls:
            for start in range(0, len(self.images), 250):
                calls.clear()
                model(as_batch(self.images[start : start + 250], device_of(model)))
                outputs = {module: out for _, module, _, out in calls}
                for layer in layers:
                    out = outputs.get(layer)
                    if out is None or out.ndim != 4:
                        raise ValueError(
                            f"layer {layer!r} gives no feature maps (N, C, H, W): take "
                            "a convolution or a pooling"
                        )
                    self.maps[layer] = out.shape[2:]
                    peak, place = out.flatten(2).max(dim=2)
                    found[layer].append((peak.float().cpu(), place.cpu()))
        self.fields = {layer: _field(model, layer, self.shape) for layer in layers}
        pairs = {layer: zip(*parts, strict=True) for layer, parts in found.items()}
        self.peaks = {layer: [torch.cat(x) for x in p] for layer, p in pairs.items()}

    def strongest(self, layer: nn.Module, count: int) -> list[int]:
        """The ``count`` filters of a layer that are excited most, in their order."""
        highest = self.peaks[layer][0].amax(0)
        order = highest.argsort(descending=True, stable=True)
        return order[:count].sort().values.tolist()

    def field(self, layer: nn.Module) -> tuple[int, int]:
        """The receptive field (rows, columns) of a layer's unit, in pixels."""
        return tuple(int(n) for n in self.fields[layer][0])

    def patches(
        self, layer: nn.Module, channel: int, count: int
    ) -> tuple[list[int], list[Tensor]]:
        """The images that excite a filter most, and what of each it sees (C, h, w)."""
        values, places = self.peaks[layer]
        best, cut = values[:, channel].topk(count).indices.tolist(), []
        for i in best:
            row, column = divmod(int(places[i, channel]), self.maps[layer][1])
            cut.append(self.crop(layer, as_batch(self.images[i])[0], row, column))
        return best, cut

    def crop(self, layer: nn.Module, image: Tensor, row: int, column: int) -> Tensor:
        """What a unit of a layer's map sees of an image (C, H, W)."""
        field, stride = self.fields[layer]
        # The fields of a map's outputs are spread evenly around the image's center.
        sides = zip(self.shape[1:], self.maps[layer], stride, strict=True)
        start = [(n - 1) / 2 - s * (m - 1) / 2 for n, m, s in sides]
        centers = (start[0] + row * stride[0], start[1] + column * stride[1])
        return crop(image, centers, field)


def _field(model: nn.Module, layer: nn.Module, image_shape):
    """Receptive field and stride of a layer, each (rows, columns) in pixels."""
    modules = dict(model.named_modules())
    for row in summarize(model, image_shape).rows:
        if modules.get(row.name) is layer and row.receptive_field is not None:
            both = row.receptive_field, row.stride
            return tuple(x if isinstance(x, tuple) else (x, x) for x in both)
    raise ValueError("expected layer to have a receptive field, but its is unknown")


def crop(image: Tensor, centers, field) -> Tensor:
    """The pixels (C, h, w) of a receptive field; what lies outside the image is gray.

    A field larger than the image is cut down to the whole image.
    """
    cuts, pads = [], []
    for center, size, length in zip(centers, field, image.shape[1:], strict=True):
        first = round(center - (size - 1) / 2)
        last = first + int(size)
        if size >= length:
            first, last = 0, length
        cuts.append(slice(max(first, 0), min(last, length)))
        pads.append((max(-first, 0), max(last - length, 0)))
    patch = image[:, cuts[0], cuts[1]]
    return F.pad(patch, (*pads[1], *pads[0]), value=0.7)
