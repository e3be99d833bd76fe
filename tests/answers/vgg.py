"""Answers to notebook 06's exercises. A docstring is what the diagnosis must say."""

import itertools

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def vgg_block__list(convs, c_in, c_out):
    layers = []
    for _ in range(convs):
        layers += [nn.Conv2d(c_in, c_out, 3, padding=1), nn.ReLU()]
        c_in = c_out
    return nn.Sequential(*layers, nn.MaxPool2d(2, 2))


def vgg_block__module(convs, c_in, c_out):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            channels = [c_in] + [c_out] * convs
            self.convs = nn.ModuleList(
                nn.Conv2d(a, b, kernel_size=3, padding="same")
                for a, b in itertools.pairwise(channels)
            )

        def forward(self, x):
            for conv in self.convs:
                x = F.relu(conv(x))
            return F.max_pool2d(x, 2)

    return Block()


class vgg_block__class(nn.Module):  # noqa: N801
    def __init__(self, convs, c_in, c_out):
        super().__init__()
        first = nn.Conv2d(c_in, c_out, 3, padding=1)
        more = [nn.Conv2d(c_out, c_out, 3, padding=1) for _ in range(convs - 1)]
        self.convs = nn.ModuleList([first, *more])

    def forward(self, x):
        for conv in self.convs:
            x = conv(x).clamp(min=0)
        return F.max_pool2d(x, 2)


def vgg_block__pool_each(convs, c_in, c_out):
    """pool after every convolution"""
    layers = []
    for i in range(convs):
        layers += [
            nn.Conv2d(c_in if i == 0 else c_out, c_out, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
        ]
    return nn.Sequential(*layers)


def vgg_block__same_inputs(convs, c_in, c_out):
    """takes c_in channels"""
    layers = []
    for _ in range(convs):
        layers += [nn.Conv2d(c_in, c_out, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*layers, nn.MaxPool2d(2))


def vgg_block__no_padding(convs, c_in, c_out):
    """padding is missing"""
    layers = []
    for _ in range(convs):
        layers += [nn.Conv2d(c_in, c_out, 3), nn.ReLU()]
        c_in = c_out
    return nn.Sequential(*layers, nn.MaxPool2d(2))


def vgg_block__no_relu(convs, c_in, c_out):
    """There is no ReLU"""
    layers = vgg_block__list(convs, c_in, c_out)
    return nn.Sequential(*[m for m in layers if not isinstance(m, nn.ReLU)])


def batch_norm__mean_and_var(x, gamma, beta, eps=1e-5):
    mean = x.mean(dim=(0, 2, 3), keepdim=True)
    var = x.var(dim=(0, 2, 3), unbiased=False, keepdim=True)
    y = (x - mean) / torch.sqrt(var + eps)
    return gamma.view(1, -1, 1, 1) * y + beta.view(1, -1, 1, 1)


def batch_norm__channel_by_channel(x, gamma, beta, eps=1e-5):
    out = torch.empty(x.shape)
    for c in range(x.shape[1]):
        channel = x[:, c]
        mean = channel.mean()
        var = ((channel - mean) ** 2).mean()
        out[:, c] = gamma[c] * (channel - mean) * (var + eps) ** -0.5 + beta[c]
    return out


def batch_norm__numpy(x, gamma, beta, eps=1e-5):
    flat = x.numpy().transpose(1, 0, 2, 3).reshape(x.shape[1], -1)
    y = (flat - flat.mean(1, keepdims=True)) / np.sqrt(flat.var(1, keepdims=True) + eps)
    y = y * gamma.numpy()[:, None] + beta.numpy()[:, None]
    N, C, H, W = x.shape
    return y.reshape(C, N, H, W).transpose(1, 0, 2, 3)


def batch_norm__each_image(x, gamma, beta, eps=1e-5):
    """Each image is normalized for itself"""
    mean = x.mean(dim=(2, 3), keepdim=True)
    var = x.var(dim=(2, 3), unbiased=False, keepdim=True)
    return gamma.view(1, -1, 1, 1) * (x - mean) / (var + eps).sqrt() + beta.view(
        1, -1, 1, 1
    )


def batch_norm__unbiased(x, gamma, beta, eps=1e-5):
    """unbiased"""
    mean = x.mean(dim=(0, 2, 3), keepdim=True)
    var = x.var(dim=(0, 2, 3), keepdim=True)
    return gamma.view(1, -1, 1, 1) * (x - mean) / (var + eps).sqrt() + beta.view(
        1, -1, 1, 1
    )


def batch_norm__eps_outside(x, gamma, beta, eps=1e-5):
    """outside the root"""
    mean = x.mean(dim=(0, 2, 3), keepdim=True)
    std = x.var(dim=(0, 2, 3), unbiased=False, keepdim=True).sqrt()
    return gamma.view(1, -1, 1, 1) * (x - mean) / (std + eps) + beta.view(1, -1, 1, 1)


def batch_norm__along_the_width(x, gamma, beta, eps=1e-5):
    """wrong axis"""
    mean = x.mean(dim=(0, 2, 3), keepdim=True)
    var = x.var(dim=(0, 2, 3), unbiased=False, keepdim=True)
    return gamma * (x - mean) / (var + eps).sqrt() + beta
