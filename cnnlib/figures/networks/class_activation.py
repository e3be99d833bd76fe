"""Class activation: the evidence for a class in the last feature maps."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cnnlib.drawing import style
from cnnlib.figures.networks.layers import trace
from cnnlib.figures.networks.overlay import overlaid
from cnnlib.figures.networks.tensors import as_batch
from cnnlib.training.evaluation import device_of, evaluation_mode


def class_activation_map(
    model: nn.Module, image: Tensor, target: int, layer: nn.Module
) -> Tensor:
    """Which places of ``layer``'s maps speak for (> 0) or against ``target``.

    Each number in the maps is multiplied with the gradient that the log-odds of
    ``target`` have there, and the products are summed over the channels. ``image`` is
    float (C, H, W); returns (H, W), the map brought to the image's size. Source:
    Draelos and Carin (2020), HiResCAM, arXiv:2011.08891; Grad-CAM, which averages each
    channel's gradient, is Selvaraju and others (2017), arXiv:1610.02391.
    """
    caught = {}

    def keep(_module, _args, out: Tensor) -> None:
        caught["maps"] = out.detach().clone()
        out.register_hook(lambda gradient: caught.update(gradient=gradient))

    handle = layer.register_forward_hook(keep)
    try:
        with evaluation_mode(model), torch.enable_grad():
            pixels = image[None].detach().requires_grad_()
            logits = model(pixels)[0]
            others = torch.arange(len(logits), device=logits.device) != target
            # Log-odds, because a probability near 1 has next to no gradient.
            odds = logits[target] - logits[others].logsumexp(0)
            torch.autograd.grad(odds, pixels)
    finally:
        handle.remove()
    if "gradient" not in caught:
        raise ValueError("the answer does not depend on this layer")
    heat = (caught["gradient"] * caught["maps"]).sum(1, keepdim=True)
    heat = F.interpolate(heat, image.shape[1:], mode="bilinear", align_corners=False)
    return heat[0, 0].float().cpu()


@style.styled
def class_activation(
    model: nn.Module,
    images: Tensor,
    target: int | None = None,
    *,
    classes: Sequence[str] | None = None,
    title: str = "Where is the evidence for the answer?",
):
    """Where the network looks: the places that speak for the class, or against it.

    ``images`` is one (C, H, W) or up to six (N, C, H, W), uint8 or normalized. The
    ``target`` class defaults to each image's answer. The evidence is read from the last
    convolution with maps; raises ValueError for a network without a convolution.
    """
    batch = as_batch(images, device_of(model))
    convs = [s for s in trace(model, tuple(batch.shape[1:])) if s.kind == "conv"]
    wide = [s for s in convs if s.shape[1] > 1] or convs
    if not wide:
        raise ValueError(f"{type(model).__name__} has no convolution to look into")
    layer, name = wide[-1].module, wide[-1].label

    def look(image: Tensor, k: int) -> Tensor:
        return class_activation_map(model, image, k, layer)

    how = f"What {name} finds speaks for the class (orange) or against it (blue)."
    return overlaid(model, batch, target, classes, look, title, how, (1, "evidence"))
