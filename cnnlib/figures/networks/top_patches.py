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


@torch.no_grad()
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
    images = imageset.images[:MOST_IMAGES]
    values, places = [], []
    with evaluation_mode(model), recording(model) as calls:
        for start in range(0, len(images), 250):
            calls.clear()
            model(as_batch(images[start : start + 250], device_of(model)))
            out = next((o for _, m, _, o in calls if m is module), None)
            if out is None or out.ndim != 4:
                raise ValueError(
                    f"layer {layer!r} gives no feature maps (N, C, H, W): take a "
                    "convolution or a pooling"
                )
            peak, place = out.flatten(2).max(dim=2)
            values.append(peak.float().cpu())
            places.append(place.cpu())
    field, stride = _field(model, module, imageset.image_shape)
    values, places, columns = torch.cat(values), torch.cat(places), out.shape[3]
    # The fields of a map's outputs are spread evenly around the image's center.
    sides = zip(images.shape[2:], out.shape[2:], stride, strict=True)
    start = [(n - 1) / 2 - s * (m - 1) / 2 for n, m, s in sides]
    order = values.amax(0).argsort(descending=True, stable=True)
    channels = order[:CHANNELS].sort().values.tolist()
    patches = min(patches, len(images))
    fig, boxes = style.axes(
        len(channels), patches, size=(patches + 1.4, 1.05 * len(channels) + 0.6),
        squeeze=False,
    )  # fmt: skip
    told = []
    for channel, line in zip(channels, boxes, strict=True):
        best = values[:, channel].topk(patches).indices.tolist()
        for ax, i in zip(line, best, strict=True):
            row, col = divmod(int(places[i, channel]), columns)
            centers = (start[0] + row * stride[0], start[1] + col * stride[1])
            patch = crop(as_batch(images[i])[0], centers, field)
            framed(ax).imshow(as_picture(patch))
        line[0].set_ylabel(f"filter {channel}", rotation=0, ha="right", va="center")
        names = [imageset.classes[int(imageset.labels[i])] for i in best]
        common = max(dict.fromkeys(names), key=names.count)
        told.append(f"filter {channel} mostly in {common} ({names.count(common)})")
    name = next(name for name, m in model.named_modules() if m is module) or "it"
    title = f"Patches of {imageset.name} that excite {name} most"
    fig.suptitle(title)
    size = sizes(tuple(int(n) for n in field))
    return style.picture(
        fig, f"{title}: {patches} patches of {size} pixels for each of "
        f"{len(channels)} filters; {'; '.join(told)}.",
    )  # fmt: skip


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
