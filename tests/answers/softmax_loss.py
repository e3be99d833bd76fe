"""Answers to notebook 03's exercises. A docstring is what the diagnosis must say."""

import math

import numpy as np
import torch
from torch.nn import functional as F


def softmax__shifted(z):
    e = torch.exp(z - z.max(dim=1, keepdim=True).values)
    return e / e.sum(dim=1, keepdim=True)


def softmax__logsumexp(z):
    return torch.exp(z - torch.logsumexp(z, dim=1, keepdim=True))


def softmax__rows(z):
    rows = []
    for row in z.tolist():
        e = [math.exp(v - max(row)) for v in row]
        rows.append([v / sum(e) for v in e])
    return rows


def softmax__float32(z):
    z = z.numpy().astype(np.float32)
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def softmax__wrong_axis(z):
    """wrong axis"""
    e = torch.exp(z - z.max())
    return e / e.sum(dim=0)


def softmax__overflow(z):
    """overflow"""
    return z.exp() / z.exp().sum(1, keepdim=True)


def softmax__minimum(z):
    """subtract the smallest"""
    e = torch.exp(z - z.min(dim=1, keepdim=True).values)
    return e / e.sum(dim=1, keepdim=True)


def softmax__global_maximum(z):
    """largest logit of all rows"""
    e = torch.exp(z - z.max())
    return e / e.sum(dim=1, keepdim=True)


def softmax__no_exponential(z):
    """no exponential"""
    return z / z.sum(dim=1, keepdim=True)


def cross_entropy__logsumexp(logits, target):
    n = torch.arange(len(target))
    return (torch.logsumexp(logits, 1) - logits[n, target]).mean()


def cross_entropy__gather(logits, target):
    shifted = logits - logits.amax(1, keepdim=True)
    log_p = shifted - shifted.exp().sum(1, keepdim=True).log()
    return -log_p.gather(1, target[:, None]).mean()


def cross_entropy__loop(logits, target):
    total = 0.0
    for row, t in zip(logits.tolist(), target.tolist(), strict=True):
        top = max(row)
        total += top + math.log(sum(math.exp(v - top) for v in row)) - row[t]
    return total / len(target)


def cross_entropy__sum(logits, target):
    """sum over the examples"""
    return sum(
        torch.logsumexp(z, 0) - z[t] for z, t in zip(logits, target, strict=True)
    )


def cross_entropy__log2(logits, target):
    """base 2"""
    return cross_entropy__logsumexp(logits, target) / math.log(2)


def cross_entropy__sign(logits, target):
    """sign is wrong"""
    return -cross_entropy__logsumexp(logits, target)


def cross_entropy__infinite(logits, target):
    """infinite"""
    p = softmax__shifted(logits)
    return -torch.log(p[torch.arange(len(target)), target]).mean()


def cross_entropy__epsilon(logits, target):
    """p + ε"""
    p = softmax__shifted(logits)
    return -torch.log(p[torch.arange(len(target)), target] + 1e-8).mean()


def cross_entropy__probabilities(logits, target):
    """as if they were probabilities"""
    return -torch.log(logits[torch.arange(len(target)), target]).mean()


def cross_entropy_gradient__one_hot(logits, target):
    y = F.one_hot(target, logits.shape[1]).float()
    return (torch.softmax(logits, 1) - y) / len(target)


def cross_entropy_gradient__subtracted(logits, target):
    p = torch.softmax(logits, dim=1).clone()
    p[torch.arange(len(p)), target] -= 1
    return p / p.shape[0]


def cross_entropy_gradient__loops(logits, target):
    N, K = logits.shape
    out = [[0.0] * K for _ in range(N)]
    for n in range(N):
        row = logits[n].tolist()
        e = [math.exp(v - max(row)) for v in row]
        for k in range(K):
            out[n][k] = (e[k] / sum(e) - float(k == target[n])) / N
    return out


def cross_entropy_gradient__sign(logits, target):
    """y - p"""
    return -cross_entropy_gradient__one_hot(logits, target)


def cross_entropy_gradient__not_divided(logits, target):
    """not divided by N"""
    return cross_entropy_gradient__one_hot(logits, target) * len(target)


def cross_entropy_gradient__in_place(logits, target):
    """changes its argument `logits`"""
    logits -= logits.max(1, keepdim=True).values
    return cross_entropy_gradient__one_hot(logits, target)


def cross_entropy_gradient__by_probabilities(logits, target):
    """-y / p"""
    p = torch.softmax(logits, 1)
    return -F.one_hot(target, logits.shape[1]) / p / len(target)


def sgd_step__matrices(W, b, x, target, lr):
    d = torch.softmax(x @ W.T + b, 1)
    d[torch.arange(len(x)), target] -= 1
    d /= len(x)
    return W - lr * d.T @ x, b - lr * d.sum(0)


def sgd_step__examples_one_by_one(W, b, x, target, lr):
    dW, db = torch.zeros_like(W), torch.zeros_like(b)
    for xi, t in zip(x, target, strict=True):
        d = torch.softmax(W @ xi + b, 0)
        d[t] -= 1
        dW += torch.outer(d, xi)
        db += d
    return [W - lr * dW / len(x), b - lr * db / len(x)]


def sgd_step__einsum(W, b, x, target, lr):
    y = F.one_hot(target, len(b)).to(x.dtype)
    d = (F.softmax(F.linear(x, W, b), -1) - y) / x.shape[0]
    return W - lr * torch.einsum("nk,nd->kd", d, x), b - lr * torch.einsum("nk->k", d)


def sgd_step__climbs(W, b, x, target, lr):
    """You climb"""
    new_W, new_b = sgd_step__matrices(W, b, x, target, -lr)
    return new_W, new_b


def sgd_step__forgets_b(W, b, x, target, lr):
    """b is forgotten"""
    return sgd_step__matrices(W, b, x, target, lr)[0], b


def sgd_step__mean_twice(W, b, x, target, lr):
    """mean is taken twice"""
    return sgd_step__matrices(W, b, x, target, lr / len(x))


def sgd_step__in_place(W, b, x, target, lr):
    """in place"""
    new_W, new_b = sgd_step__matrices(W, b, x, target, lr)
    W += new_W - W
    return W, new_b


def sgd_step__transposed(W, b, x, target, lr):
    """transposed"""
    new_W, new_b = sgd_step__matrices(W, b, x, target, lr)
    return new_W.T, new_b


def accuracy__mean(logits, target):
    return (logits.argmax(dim=1) == target).float().mean()


def accuracy__loop(logits, target):
    right = 0
    for row, t in zip(logits, target, strict=True):
        right += int(row.argmax() == t)
    return right / len(target)


def accuracy__numpy(logits, target):
    return float(np.mean(np.argmax(logits.numpy(), axis=1) == target.numpy()))


def accuracy__percent(logits, target):
    """percentage"""
    return 100 * accuracy__loop(logits, target)


def accuracy__count(logits, target):
    """number of right answers"""
    return (logits.argmax(1) == target).sum()


def accuracy__argmin(logits, target):
    """smallest logit"""
    return (logits.argmin(1) == target).float().mean()


def accuracy__over_the_batch(logits, target):
    """over the batch"""
    return (logits.argmax(0) == target).float().mean()
