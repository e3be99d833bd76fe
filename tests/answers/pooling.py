"""Answers to notebook 02's exercises. A docstring is what the diagnosis must say."""

import numpy as np
import torch
from torch.nn import functional as F


def pooled(x, k, s, how):
    C, H, W = x.shape
    out = torch.empty(C, (H - k) // s + 1, (W - k) // s + 1)
    for c in range(C):
        for i in range(out.shape[1]):
            for j in range(out.shape[2]):
                out[c, i, j] = how(x[c, i * s : i * s + k, j * s : j * s + k])
    return out


def max_pool__loops(x, k, s):
    return pooled(x, k, s, torch.max)


def max_pool__numpy(x, k, s):
    windows = np.lib.stride_tricks.sliding_window_view(x.numpy(), (k, k), (1, 2))
    return windows[:, ::s, ::s].max(axis=(3, 4))


def max_pool__running_maximum(x, k, s):
    _, H, W = x.shape
    rows, columns = (H - k) // s + 1, (W - k) // s + 1
    best = x[:, : rows * s : s, : columns * s : s][:, :rows, :columns]
    for u in range(k):
        for v in range(k):
            shifted = x[
                :, u : u + (rows - 1) * s + 1 : s, v : v + (columns - 1) * s + 1 : s
            ]
            best = torch.maximum(best, shifted)
    return best


def max_pool__from_zero(x, k, s):
    """starts from 0"""

    def largest(window):
        best = 0.0
        for value in window.flatten().tolist():
            if value > best:
                best = value
        return best

    return pooled(x, k, s, largest)


def max_pool__stride_k(x, k, s):
    """stride is always k"""
    return pooled(x, k, k, torch.max)


def max_pool__mixed_channels(x, k, s):
    """mix the channels"""
    C, H, W = x.shape
    rows, columns = (H - k) // s + 1, (W - k) // s + 1
    out = torch.zeros(C, rows, columns)
    for i in range(rows):
        for j in range(columns):
            out[:, i, j] = x[:, i * s : i * s + k, j * s : j * s + k].max()
    return out


def max_pool__ceil(x, k, s):
    """ceil_mode"""
    C, H, W = x.shape
    rows, columns = -(-(H - k) // s) + 1, -(-(W - k) // s) + 1
    out = torch.zeros(C, rows, columns)
    for i in range(rows):
        for j in range(columns):
            out[:, i, j] = x[:, i * s : i * s + k, j * s : j * s + k].amax((1, 2))
    return out


def avg_pool__loops(x, k, s):
    return pooled(x, k, s, torch.mean)


def avg_pool__unfold(x, k, s):
    return x.unfold(1, k, s).unfold(2, k, s).mean(dim=(-1, -2))


def avg_pool__lists(x, k, s):
    C, H, W = x.shape
    return [
        [
            [
                sum(
                    float(x[c, i * s + u, j * s + v])
                    for u in range(k)
                    for v in range(k)
                )
                / k**2
                for j in range((W - k) // s + 1)
            ]
            for i in range((H - k) // s + 1)
        ]
        for c in range(C)
    ]


def avg_pool__sum(x, k, s):
    """do not divide"""
    return pooled(x, k, s, torch.sum)


def avg_pool__divided_by_k(x, k, s):
    """You divide by k."""
    return pooled(x, k, s, lambda window: window.sum() / k)


def avg_pool__whole(x, k, s):
    """whole numbers"""
    return pooled(x, k, s, lambda window: window.sum() // k**2)


def avg_pool__stride_one(x, k, s):
    """stride is always 1"""
    return pooled(x, k, 1, torch.mean)


def max_pool_backward__loops(x, k, grad):
    out = torch.zeros_like(x)
    C, rows, columns = grad.shape
    for c in range(C):
        for i in range(rows):
            for j in range(columns):
                window = x[c, i * k : i * k + k, j * k : j * k + k]
                place = int(torch.argmax(window.reshape(-1)))
                out[c, i * k + place // k, j * k + place % k] = grad[c, i, j]
    return out


def max_pool_backward__numpy(x, k, grad):
    out = np.zeros(x.shape)
    for c, i, j in np.ndindex(*grad.shape):
        window = x[c, i * k : i * k + k, j * k : j * k + k].numpy()
        u, v = np.unravel_index(window.argmax(), window.shape)
        out[c, i * k + u, j * k + v] += float(grad[c, i, j])
    return out


def max_pool_backward__scan(x, k, grad):
    out = torch.zeros(x.shape)
    C, rows, columns = grad.shape
    for c in range(C):
        for i in range(rows):
            for j in range(columns):
                best, at = -float("inf"), None
                for a in range(i * k, i * k + k):
                    for b in range(j * k, j * k + k):
                        if x[c, a, b] > best:
                            best, at = x[c, a, b], (c, a, b)
                out[at] = grad[c, i, j]
    return out


def max_pool_backward__spread(x, k, grad):
    """spread evenly"""
    out = torch.zeros_like(x)
    for c, i, j in np.ndindex(*grad.shape):
        out[c, i * k : i * k + k, j * k : j * k + k] = grad[c, i, j] / k**2
    return out


def max_pool_backward__every_tie(x, k, grad):
    """every one of the equal pixels"""
    out = torch.zeros_like(x)
    for c, i, j in np.ndindex(*grad.shape):
        window = x[c, i * k : i * k + k, j * k : j * k + k]
        out[c, i * k : i * k + k, j * k : j * k + k] = (window == window.max()) * grad[
            c, i, j
        ]
    return out


def max_pool_backward__ones(x, k, grad):
    """You write 1"""
    return (max_pool_backward__loops(x, k, torch.ones_like(grad))).double()


def max_pool_backward__output_places(x, k, grad):
    """output's places"""
    out = torch.zeros_like(x)
    for c, i, j in np.ndindex(*grad.shape):
        out[c, i, j] = grad[c, i, j]
    return out


def max_pool_backward__autograd(x, k, grad):
    """does the work"""
    x = x.clone().requires_grad_()
    F.max_pool2d(x[None], k)[0].backward(grad)
    return x.grad
