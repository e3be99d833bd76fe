"""Batch normalization for any network of convolutions."""

from torch import nn


def with_batch_norm(model: nn.Module) -> nn.Module:
    """Put an ``nn.BatchNorm2d`` behind each ``nn.Conv2d`` of ``model``, in place.

    Batch normalization (Ioffe and Szegedy 2015, arXiv:1502.03167, section 3) sits
    between a convolution and its activation, as there. Shapes stay as they are, each
    output channel gets two parameters more, and the convolutions keep their weights:
    two networks that differ in nothing else can be compared. Returns ``model``, whose
    ``config`` is None: its constructor's arguments no longer build it, so that
    ``training.save`` refuses it.

    Raises ValueError for a model without convolutions.
    """
    convolutions = [
        (name, layer)
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Conv2d)
    ]
    if not convolutions:
        raise ValueError(
            f"expected model to have an nn.Conv2d, but {type(model).__name__} has none"
        )
    for name, layer in convolutions:
        parent, _, attribute = name.rpartition(".")
        norm = nn.BatchNorm2d(layer.out_channels, device=layer.weight.device)
        both = nn.Sequential(layer, norm)
        setattr(model.get_submodule(parent), attribute, both)
    model.config = None
    return model
