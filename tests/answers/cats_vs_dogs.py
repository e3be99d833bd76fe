"""Answers to notebook 07's exercises. A docstring is what the diagnosis must say."""

import collections

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def train_step__usual(model, images, labels, optimizer):
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def train_step__zero_last(model, images, labels, optimizer):
    model.train()
    loss = nn.CrossEntropyLoss()(model(images), labels)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad(set_to_none=False)
    return float(loss)


def train_step__log_softmax(model, images, labels, optimizer):
    log_p = F.log_softmax(model(images), dim=1)
    loss = -log_p[torch.arange(len(labels)), labels].mean()
    model.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()


def train_step__no_zero_grad(model, images, labels, optimizer):
    """Old gradients are kept"""
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def train_step__zero_between(model, images, labels, optimizer):
    """between backward and step"""
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


def train_step__no_step(model, images, labels, optimizer):
    """optimizer.step() is missing"""
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    return loss.item()


def train_step__softmax(model, images, labels, optimizer):
    """softmax before the loss"""
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images).softmax(1), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


def train_step__evaluation(model, images, labels, optimizer):
    """evaluation mode"""
    model.eval()
    return train_step__usual(model, images, labels, optimizer)


def train_step__graph(model, images, labels, optimizer):
    """keeps the whole graph"""
    optimizer.zero_grad()
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    return loss


def confusion_matrix__loop(predictions, labels, classes):
    matrix = torch.zeros(classes, classes, dtype=torch.int64)
    for p, y in zip(predictions, labels, strict=True):
        matrix[y, p] += 1
    return matrix


def confusion_matrix__lists(predictions, labels, classes):
    pairs = collections.Counter(zip(labels.tolist(), predictions.tolist(), strict=True))
    return [[pairs[i, j] for j in range(classes)] for i in range(classes)]


def confusion_matrix__numpy(predictions, labels, classes):
    matrix = np.zeros((classes, classes), dtype=int)
    np.add.at(matrix, (labels.numpy(), predictions.numpy()), 1)
    return matrix


def confusion_matrix__one_hot(predictions, labels, classes):
    rows, columns = F.one_hot(labels, classes), F.one_hot(predictions, classes)
    return rows.float().T @ columns.float()


def confusion_matrix__transposed(predictions, labels, classes):
    """transposed"""
    return confusion_matrix__loop(labels, predictions, classes)


def confusion_matrix__shares(predictions, labels, classes):
    """shares"""
    return confusion_matrix__loop(predictions, labels, classes) / len(labels)


def confusion_matrix__once(predictions, labels, classes):
    """counted once"""
    matrix = torch.zeros(classes, classes)
    matrix[labels, predictions] += 1
    return matrix


def confusion_matrix__size_from_data(predictions, labels, classes):
    """taken from the data"""
    n = int(torch.cat([predictions, labels]).max()) + 1
    return confusion_matrix__loop(predictions, labels, n)


def per_class_accuracy__loop(predictions, labels, classes):
    shares = []
    for c in range(classes):
        mine = labels == c
        right = (predictions[mine] == c).sum().item()
        shares.append(right / mine.sum().item() if mine.any() else 0.0)
    return shares


def per_class_accuracy__nan(predictions, labels, classes):
    right = torch.bincount(labels[predictions == labels], minlength=classes)
    return right / torch.bincount(labels, minlength=classes)


def per_class_accuracy__mean(predictions, labels, classes):
    found = [(predictions[labels == c] == c).float().mean() for c in range(classes)]
    return torch.stack(found)


def per_class_accuracy__precision(predictions, labels, classes):
    """precision"""
    shares = []
    for c in range(classes):
        chosen = predictions == c
        shares.append((labels[chosen] == c).float().mean() if chosen.any() else 0.0)
    return shares


def per_class_accuracy__of_all(predictions, labels, classes):
    """divide by N"""
    right = torch.bincount(labels[predictions == labels], minlength=classes)
    return right / len(labels)


def per_class_accuracy__crash(predictions, labels, classes):
    """divides by 0 and crashes"""
    shares = []
    for c in range(classes):
        mine = [p == c for p, y in zip(predictions, labels, strict=True) if y == c]
        shares.append(sum(mine) / len(mine))
    return shares
