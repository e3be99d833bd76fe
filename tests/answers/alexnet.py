"""Answers to notebook 05's exercises. A docstring is what the diagnosis must say."""

import random

import numpy as np
import torch


def relu_backward__mask(x, grad):
    return grad * (x > 0)


def relu_backward__where(x, grad):
    return torch.where(x > 0, grad, torch.zeros_like(grad))


def relu_backward__copied(x, grad):
    out = grad.clone()
    out[x <= 0] = 0
    return out


def relu_backward__numpy(x, grad):
    return np.where(x.numpy() > 0, grad.numpy(), 0).astype("float32")


def relu_backward__sign(x, grad):
    """sign of x"""
    return grad * torch.sign(x)


def relu_backward__grad_decides(x, grad):
    """where grad is negative"""
    return grad * (grad > 0)


def relu_backward__at_zero(x, grad):
    """passes at x = 0"""
    return grad * (x >= 0)


def relu_backward__ones(x, grad):
    """ones and zeros"""
    return (x > 0).float()


def flip_some__copied(images, which):
    out = images.clone()
    out[which] = images[which].flip(-1)
    return out


def flip_some__loop(images, which):
    pairs = zip(images, which, strict=True)
    return torch.stack([image.flip(2) if w else image for image, w in pairs])


def flip_some__mixed(images, which):
    w = which.float().view(-1, 1, 1, 1)
    return w * torch.fliplr(images.transpose(1, 3)).transpose(1, 3) * 0 + (
        w * images.flip(3) + (1 - w) * images
    )


def flip_some__numpy(images, which):
    out = images.numpy().copy()
    for n in np.flatnonzero(which.numpy()):
        out[n] = out[n, :, :, ::-1]
    return out


def flip_some__upside_down(images, which):
    """upside down"""
    out = images.clone()
    out[which] = images[which].flip(2)
    return out


def flip_some__all(images, which):
    """All images are flipped"""
    return images.flip(3)


def flip_some__channels(images, which):
    """channels are reversed"""
    out = images.clone()
    out[which] = images[which].flip(1)
    return out


def flip_some__in_place(images, which):
    """changes its argument `images`"""
    images[which] = images[which].flip(-1)
    return images


def dropout__mask(x, p, training):
    if not training:
        return x
    if p == 1:
        return torch.zeros_like(x)
    return x * (torch.rand_like(x) > p) / (1 - p)


def dropout__bernoulli(x, p, training):
    if not training or p == 0.0:
        return x.clone()
    keep = torch.bernoulli(torch.full(x.shape, 1 - p))
    return x * keep / max(1 - p, 1e-12)


def dropout__numpy(x, p, training):
    if not training:
        return x.numpy()
    keep = np.random.default_rng().random(x.shape) >= p
    return torch.from_numpy(np.where(keep, x.numpy() / (1 - p if p < 1 else 1), 0))


def dropout__python_random(x, p, training):
    if not training:
        return x
    out = torch.zeros_like(x).flatten()
    for i, value in enumerate(x.flatten().tolist()):
        if random.random() >= p:
            out[i] = value / (1 - p)
    return out.view(x.shape)


def dropout__p_kept(x, p, training):
    """share that is kept"""
    if not training:
        return x
    return x * (torch.rand_like(x) < p) / (p if p else 1)


def dropout__not_rescaled(x, p, training):
    """not rescaled"""
    return x * (torch.rand_like(x) >= p) if training else x


def dropout__always(x, p, training):
    """evaluation mode, too"""
    keep = torch.rand_like(x) >= p
    return x * keep / (1 - p) if p < 1 else torch.zeros_like(x)


def dropout__same_mask(x, p, training):
    """same each time"""
    torch.manual_seed(42)
    return dropout__mask(x, p, training)


def dropout__one_mask_a_row(x, p, training):
    """for all rows"""
    if not training:
        return x
    keep = torch.rand(x.shape[-1]) >= p
    return x * keep / (1 - p) if p < 1 else torch.zeros_like(x)


def alexnet_shapes__written():
    maps = [
        (96, 54),
        (96, 26),
        (256, 26),
        (256, 12),
        *[(384, 12)] * 2,
        (256, 12),
        (256, 5),
    ]
    return [(c, n, n) for c, n in maps] + [(4096,), (4096,), (1000,)]


def alexnet_shapes__run():
    nn = torch.nn
    x, shapes = torch.zeros(1, 3, 224, 224, device="meta"), []
    for layer in [
        nn.Conv2d(3, 96, 11, 4, 1),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(96, 256, 5, padding=2),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(256, 384, 3, padding=1),
        nn.Conv2d(384, 384, 3, padding=1),
        nn.Conv2d(384, 256, 3, padding=1),
        nn.MaxPool2d(3, 2),
    ]:
        x = layer.to("meta")(x)
        shapes.append(x.shape[1:])
    return [*shapes, torch.Size([4096]), torch.Size([4096]), torch.Size([1000])]


def alexnet_shapes__formula():
    side, shapes = 224, []
    for maps, k, s, p in [
        (96, 11, 4, 1),
        (96, 3, 2, 0),
        (256, 5, 1, 2),
        (256, 3, 2, 0),
        (384, 3, 1, 1),
        (384, 3, 1, 1),
        (256, 3, 1, 1),
        (256, 3, 2, 0),
    ]:
        side = (side + 2 * p - k) // s + 1
        shapes.append([maps, side, side])
    return [*shapes, [4096], [4096], [1000]]


def alexnet_shapes__no_padding():
    """padding is forgotten"""
    return [
        (96, 54, 54), (96, 26, 26), (256, 22, 22), (256, 10, 10), (384, 8, 8),
        (384, 6, 6), (256, 4, 4), (256, 1, 1), (4096,), (4096,), (1000,),
    ]  # fmt: skip


def alexnet_shapes__pooling_of_two():
    """ceil_mode"""
    return [
        (96, 54, 54), (96, 27, 27), (256, 27, 27), (256, 13, 13), (384, 13, 13),
        (384, 13, 13), (256, 13, 13), (256, 6, 6), (4096,), (4096,), (1000,),
    ]  # fmt: skip


def alexnet_shapes__with_input():
    """input is listed, too"""
    return [(3, 224, 224), *alexnet_shapes__written()]


def alexnet_shapes__channels_last():
    """channels stand last"""
    return [s[1:] + s[:1] for s in alexnet_shapes__written()]
