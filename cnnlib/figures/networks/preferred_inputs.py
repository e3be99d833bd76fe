"""What the units of each layer want: real patches, and an optimized input."""

from __future__ import annotations

import numpy as np
import torch
from matplotlib.colors import to_rgb
from torch import Tensor, nn

from cnnlib.drawing import style
from cnnlib.drawing.format import listed, sizes
from cnnlib.figures.networks.layers import trace
from cnnlib.figures.networks.tensors import as_batch, as_picture
from cnnlib.figures.networks.top_patches import Peaks
from cnnlib.training.evaluation import device_of, evaluation_mode

STEPS, RATE = 64, 0.1
JITTER = 2  # pixels, at most, that the input is moved by before each step
CELL = 60  # pixels of a picture


@style.styled
def preferred_inputs(
    model: nn.Module, imageset, *, filters: int = 3, patches: int = 4, seed: int = 0
):
    """What excites each convolution most: patches of real images, and an optimum.

    For the ``filters`` filters of each convolution that the first 2,000 images of
    ``imageset`` excite most: the ``patches`` that do so, and, framed, an input that was
    optimized to excite the same filter at one place. Both are cut to the receptive
    field. The optimization (gradient ascent, Erhan and others 2009) works on the
    image's Fourier coefficients, scaled as in photos, keeps the colors' covariance in
    ``imageset``, and moves the image by up to 2 pixels before each step: the
    regularization of Olah, Mordvintsev and Schubert (2017), Feature visualization,
    Distill. Raises ValueError for a network without convolutions.
    """
    shape = imageset.image_shape
    layers = [s for s in trace(model, shape) if s.kind == "conv" and s.module]
    if not layers:
        raise ValueError(f"{type(model).__name__} has no convolution")
    found = Peaks(model, [s.module for s in layers], imageset)
    side, gap = CELL + 6, 18  # a picture and its margin; between two filters
    wide = filters * (patches + 1) * side + (filters - 1) * gap
    sheet = np.ones((len(layers) * (side + 6), wide, 3))
    fig, ax = style.axes(size=(9.4, 0.62 * len(layers) + 0.9))
    for row, step in enumerate(layers):
        channels = found.strongest(step.module, filters)
        middle = [n // 2 for n in found.maps[step.module]]
        optima = optimized_inputs(found, step.module, channels, seed)
        y = row * (side + 6)
        for n, (channel, optimum) in enumerate(zip(channels, optima, strict=True)):
            pictures = [found.crop(step.module, optimum, *middle)]
            pictures += found.patches(step.module, channel, patches)[1]
            left = n * ((patches + 1) * side + gap)
            sheet[y : y + side, left : left + side] = to_rgb(style.palette.WINDOW)
            for i, picture in enumerate(pictures):
                x = left + i * side + 3
                sheet[y + 3 : y + 3 + CELL, x : x + CELL] = _enlarged(picture)
        label = f"{step.label}\n{sizes(found.field(step.module))}"
        ax.text(-10, y + side / 2, label, ha="right", va="center")
    style.bare(ax).imshow(sheet)
    title = f"What excites the filters of {type(model).__name__} most"
    fig.suptitle(title)
    note = "framed: an optimized input; beside it: patches of real images"
    fig.supxlabel(note, fontsize=style.TEXT, color=style.palette.MUTED)
    told = [f"{s.label} sees {sizes(found.field(s.module))} pixels" for s in layers]
    return style.picture(
        fig,
        f"{title}: for {filters} filters of each of {len(layers)} convolutions an "
        f"optimized input and the {patches} patches of {imageset.name} that excite it "
        f"most. {listed(told)}.",
    )


def _enlarged(picture: Tensor) -> np.ndarray:
    """A float image (C, h, w) as RGB (CELL, CELL, 3) in 0..1, its pixels as squares."""
    whole = as_picture(picture)
    rows, columns = (np.arange(CELL) * n // CELL for n in whole.shape[:2])
    return whole[rows][:, columns]


def optimized_inputs(
    found: Peaks, layer: nn.Module, channels: list[int], seed: int = 0
) -> Tensor:
    """An input (C, H, W) for each channel that excites it in the middle of its map.

    Returns float (N, C, H, W), in [-1, 1] but for a few pixels. The mean and covariance
    of the colors, and inside the receptive field the contrast, are those of the images.
    """
    model, middle = found.model, [n // 2 for n in found.maps[layer]]
    dice, device = torch.Generator().manual_seed(seed), device_of(model)
    pixels = as_batch(found.images[:500], device)
    shape, pixels = pixels.shape[1:], pixels.transpose(0, 1).flatten(1)
    values, vectors = torch.linalg.eigh(torch.cov(pixels).view(2 * shape[:1]))
    colors = vectors * values.clamp(min=0).sqrt()
    mean = pixels.mean(1).view(-1, 1, 1)
    rows = torch.fft.fftfreq(shape[1])[:, None]
    columns = torch.fft.rfftfreq(shape[2])[None]
    scale = 1 / (rows**2 + columns**2).sqrt().clamp(min=1 / max(shape[1:]))
    size = (len(channels), shape[0], *scale.shape, 2)
    waves = torch.randn(size, generator=dice).to(device).requires_grad_()
    scale = scale.to(device)
    jitter = min(JITTER, min(found.field(layer)) // 8)

    def image() -> Tensor:
        x = torch.fft.irfft2(torch.view_as_complex(waves) * scale, s=shape[1:])
        seen = torch.stack([found.crop(layer, one, *middle) for one in x])
        x = x / seen.square().mean((1, 2, 3), keepdim=True).sqrt()
        return torch.einsum("dc,nchw->ndhw", colors, x) + mean

    kept: list[Tensor] = []
    hook = layer.register_forward_hook(lambda _, __, out: kept.append(out))
    optimizer = torch.optim.Adam([waves], RATE)
    one = range(len(channels))
    try:
        with evaluation_mode(model), torch.enable_grad():
            for _ in range(STEPS):
                shifts = torch.randint(-jitter, jitter + 1, (2,), generator=dice)
                kept.clear()
                model(image().roll(shifts.tolist(), (2, 3)))
                excited = kept[0][one, channels, middle[0], middle[1]]
                (waves.grad,) = torch.autograd.grad(-excited.sum(), waves)
                optimizer.step()
    finally:
        hook.remove()
    return image().detach().cpu()
