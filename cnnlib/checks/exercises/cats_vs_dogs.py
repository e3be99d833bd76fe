"""Notebook 07."""

import torch
from torch.nn import functional as F

from ..exercise import Exercise, Mistake


def train_step(model, images, labels, optimizer):
    return one_step()(model, images, labels, optimizer)


def one_step(
    zero=True, zero_late=False, backward=True, step=True, loss=F.cross_entropy,
    evaluation=False, early_step=False, returned="before", times=1,
):  # fmt: skip
    """The step, or one that differs from it in one respect."""

    def run(model, images, labels, optimizer):
        if evaluation:
            model.eval()
        for _ in range(times):
            value = loss(model(images), labels)
            if zero and not zero_late:
                optimizer.zero_grad()
            if early_step:
                optimizer.step()
            if backward:
                value.backward()
            if zero_late:
                optimizer.zero_grad()
            if step and not early_step:
                optimizer.step()
        if returned == "after":
            return loss(model(images), labels).item()
        if returned == "sum":
            return value.item() * len(images)
        return value if returned == "graph" else value.item()

    return run


def after_softmax(logits, labels):
    return F.cross_entropy(torch.softmax(logits, 1), labels)


TRAIN_STEP = Exercise(
    train_step,
    lambda r: [
        (torch.randn(n, *shape, generator=r.generator).double(), r.labels(n, k), k, lr)
        for n, shape, k, lr in [
            (4, (1, 2, 2), 2, 0.5),
            (3, (3, 2, 3), 3, 0.1),
            (8, (1, 3, 2), 2, 1.0),
            (5, (2, 4, 4), 4, 0.05),
        ]
    ],
    (
        Mistake(
            "Old gradients are kept: without optimizer.zero_grad() each backward pass "
            "adds to those of the step before.",
            one_step(zero=False),
        ),
        Mistake(
            "optimizer.zero_grad() stands between backward and step, so that the step "
            "finds no gradients and nothing is learned. Put it before backward.",
            one_step(zero_late=True),
        ),
        Mistake(
            "Nothing is learned: optimizer.step() is missing.",
            one_step(step=False),
        ),
        Mistake(
            "Nothing is learned: loss.backward() is missing, so that there are no "
            "gradients.",
            one_step(backward=False),
        ),
        Mistake(
            "Nothing is learned: there is neither loss.backward() nor "
            "optimizer.step().",
            one_step(backward=False, step=False),
        ),
        Mistake(
            "You give logits to F.nll_loss, which takes the logarithms of "
            "probabilities. F.cross_entropy takes logits.",
            one_step(loss=F.nll_loss),
        ),
        Mistake(
            "The step comes before backward: it uses the gradients of the step before, "
            "or none.",
            one_step(early_step=True),
        ),
        Mistake(
            "There is a softmax before the loss. F.cross_entropy takes logits and does "
            "it itself.",
            one_step(loss=after_softmax),
        ),
        Mistake(
            "There is a log-softmax before cross_entropy, which does no harm, but you "
            "use the wrong class's entry.",
            one_step(loss=lambda z, y: F.nll_loss(torch.softmax(z, 1), y)),
        ),
        Mistake(
            "The model is set to evaluation mode, where batch normalization and "
            "dropout do not learn. It is given in training mode: leave it there.",
            one_step(evaluation=True),
        ),
        Mistake(
            "You return a tensor that keeps the whole graph of the computation in "
            "memory. Return a number: loss.item().",
            one_step(returned="graph"),
        ),
        Mistake(
            "You return the loss after the step. Return the one from before, which you "
            "have computed already.",
            one_step(returned="after"),
        ),
        Mistake(
            "You return the loss times the number of images. Return the mean, as "
            "cross_entropy gives it.",
            one_step(returned="sum"),
        ),
        Mistake(
            "The loss is summed over the batch. It is the mean, as cross_entropy gives "
            "it.",
            one_step(loss=lambda z, y: F.cross_entropy(z, y, reduction="sum")),
        ),
        Mistake(
            "Two steps are taken with each batch. One is asked for.",
            one_step(times=2),
        ),
        Mistake(
            "Your loss is a squared error of the probabilities. The exercise asks for "
            "cross-entropy.",
            one_step(
                loss=lambda z, y: F.mse_loss(
                    torch.softmax(z, 1), F.one_hot(y, z.shape[1]).to(z.dtype)
                )
            ),
        ),
        Mistake(
            "Your loss is a squared error of the logits. The exercise asks for "
            "cross-entropy.",
            one_step(
                loss=lambda z, y: F.mse_loss(z, F.one_hot(y, z.shape[1]).to(z.dtype))
            ),
        ),
        Mistake(
            "The model climbs: the loss has the wrong sign.",
            one_step(loss=lambda z, y: -F.cross_entropy(z, y)),
        ),
        Mistake(
            "Only the first image of the batch is used.",
            one_step(loss=lambda z, y: F.cross_entropy(z[:1], y[:1])),
        ),
        Mistake(
            "You return the accuracy. The exercise asks for the loss before the step.",
            lambda m, x, y, o: (
                float((m(x).argmax(1) == y).double().mean()),
                train_step(m, x, y, o),
            )[0],
        ),
    ),
    (
        "Five lines: the model's logits, the loss, zero_grad, backward, step. In which "
        "order?",
        "loss = F.cross_entropy(model(images), labels) takes logits. "
        "optimizer.zero_grad() comes before loss.backward(), and optimizer.step() "
        "after it.",
        "Return loss.item(), a plain number; a tensor would keep the whole graph "
        "alive.",
    ),
    probe="training_steps",
    parts=(
        "loss that you return for the first batch",
        "weight tensor after the first step",
        "loss of the later steps",
        "weight tensor after the later steps",
        "model's mode (1 is training, 0 evaluation)",
        "returned value's graph (1 if it is kept)",
    ),
)


def confusion_matrix(predictions, labels, classes):
    pairs = labels * classes + predictions
    return torch.bincount(pairs, minlength=classes**2).view(classes, classes)


def shares(predictions, labels, classes, axis):
    counts = confusion_matrix(predictions, labels, classes).double()
    return counts / counts.sum(axis, keepdim=True).clamp(min=1)


def once(predictions, labels, classes):
    return confusion_matrix(predictions, labels, classes).clamp(max=1)


def from_data(predictions, labels, classes):
    return confusion_matrix(
        predictions, labels, int(max(predictions.max(), labels.max())) + 1
    )


def from_labels(predictions, labels, classes):
    n = len(labels.unique())
    out = torch.zeros(n, n)
    for p, y in zip(predictions.tolist(), labels.tolist(), strict=True):
        out[y, p] += 1
    return out


def answered(r):
    cases = []
    for n, k, present in [(2, 2, 2), (3, 2, 2), (3, 3, 2), (1, 1, 1), (6, 3, 3),
                          (8, 4, 3), (1, 5, 5), (30, 5, 4), (40, 10, 10)]:  # fmt: skip
        labels = r.labels(n, present)
        right = torch.rand(n, generator=r.generator) < 0.5
        cases.append((torch.where(right, labels, r.labels(n, k)), labels, k))
    return cases


CONFUSION_MATRIX = Exercise(
    confusion_matrix,
    answered,
    (
        Mistake(
            "Your matrix is transposed: rows are the truth, columns the predictions. "
            "matrix[label, prediction] counts.",
            lambda p, y, k: confusion_matrix(y, p, k),
        ),
        Mistake(
            "Pairs that occur several times are counted once: m[labels, predictions] "
            "+= 1 writes each place only once. Loop over the pairs, or use bincount.",
            once,
        ),
        Mistake(
            "You return shares of each row. The exercise asks for counts.",
            lambda p, y, k: shares(p, y, k, 1),
        ),
        Mistake(
            "You return shares of each column. The exercise asks for counts.",
            lambda p, y, k: shares(p, y, k, 0),
        ),
        Mistake(
            "You return shares of all. The exercise asks for counts.",
            lambda p, y, k: confusion_matrix(p, y, k) / len(y),
        ),
        Mistake(
            "You return percentages. The exercise asks for counts.",
            lambda p, y, k: 100 * confusion_matrix(p, y, k) / len(y),
        ),
        Mistake(
            "The size is taken from the data, so that classes which do not occur are "
            "missing. It is (classes, classes).",
            from_data,
        ),
        Mistake(
            "The size is taken from the labels that occur. It is (classes, classes).",
            from_labels,
        ),
        Mistake(
            "Only right answers are counted. What is mistaken for what stands beside "
            "the diagonal.",
            lambda p, y, k: confusion_matrix(y[p == y], y[p == y], k),
        ),
        Mistake(
            "Only wrong answers are counted. Right ones stand on the diagonal.",
            lambda p, y, k: confusion_matrix(p[p != y], y[p != y], k),
        ),
        Mistake(
            "Each pair is counted in both places, [l, p] and [p, l].",
            lambda p, y, k: confusion_matrix(p, y, k) + confusion_matrix(y, p, k),
        ),
        Mistake(
            "The last pair is left out.",
            lambda p, y, k: confusion_matrix(p[:-1], y[:-1], k),
        ),
        Mistake(
            "The first pair is left out.",
            lambda p, y, k: confusion_matrix(p[1:], y[1:], k),
        ),
        Mistake(
            "Only the counts of the diagonal come back. The matrix is "
            "(classes, classes).",
            lambda p, y, k: confusion_matrix(p, y, k).diagonal(),
        ),
        Mistake(
            "Counting starts at 1: the matrix is full of ones before anything is "
            "counted. Start with zeros.",
            lambda p, y, k: confusion_matrix(p, y, k) + 1,
        ),
        Mistake(
            "The rows are in reverse order. Row l belongs to class l.",
            lambda p, y, k: confusion_matrix(p, y, k).flip(0),
        ),
    ),
    (
        "Start with torch.zeros(classes, classes). What is counted in row l, column p?",
        "Loop over the pairs: for p, l in zip(predictions, labels), matrix[l, p] += 1.",
        "m[labels, predictions] += 1 without a loop counts a repeated pair once. "
        "torch.bincount(labels * classes + predictions, minlength=classes**2) counts "
        "all; then view it as (classes, classes).",
    ),
    shortcuts=("confusion_matrix",),
    instead="a loop that counts, or bincount",
)


def per_class_accuracy(predictions, labels, classes):
    counts = confusion_matrix(predictions, labels, classes).double()
    return counts.diagonal() / counts.sum(1).clamp(min=1)


def precision(predictions, labels, classes):
    counts = confusion_matrix(predictions, labels, classes).double()
    return counts.diagonal() / counts.sum(0).clamp(min=1)


def crashing(predictions, labels, classes):
    found = []
    for c in range(classes):
        mine = [
            p
            for p, y in zip(predictions.tolist(), labels.tolist(), strict=True)
            if y == c
        ]
        found.append(sum(p == c for p in mine) / len(mine))
    return found


def one_against_all(predictions, labels, classes):
    return torch.stack(
        [((predictions == c) == (labels == c)).double().mean() for c in range(classes)]
    )


def diagonal(p, y, k):
    return confusion_matrix(p, y, k).diagonal().double()


PER_CLASS_ACCURACY = Exercise(
    per_class_accuracy,
    answered,
    (
        Mistake(
            "You divide by how often a class was predicted: that is its precision. "
            "Of each class, the share that was found (recall) divides by how often it "
            "is the label.",
            precision,
        ),
        Mistake(
            "You divide by N, all images. Divide by the number of images of that "
            "class.",
            lambda p, y, k: diagonal(p, y, k) / len(y),
        ),
        Mistake(
            "A class without images divides by 0 and crashes. Give nan or 0 for it.",
            crashing,
        ),
        Mistake(
            "You return counts. Divide by the number of images of each class.",
            diagonal,
        ),
        Mistake(
            "You return the whole accuracy for each class. Look at the images of one "
            "class at a time.",
            lambda p, y, k: (p == y).double().mean().expand(k),
        ),
        Mistake(
            "You return one number, the accuracy of all. There is one for each class.",
            lambda p, y, k: (p == y).double().mean(),
        ),
        Mistake(
            "You return percentages. A share lies between 0 and 1.",
            lambda p, y, k: 100 * per_class_accuracy(p, y, k),
        ),
        Mistake(
            "Classes without images are left out. There is an entry for each of the "
            "classes.",
            lambda p, y, k: per_class_accuracy(p, y, k)[y.unique()],
        ),
        Mistake(
            "You count a class as right also when neither label nor prediction is that "
            "class. Look only at its own images.",
            one_against_all,
        ),
        Mistake(
            "You return the share that was missed. The exercise asks for the share "
            "that was found.",
            lambda p, y, k: (
                (1 - per_class_accuracy(p, y, k)) * (torch.bincount(y, minlength=k) > 0)
            ),
        ),
        Mistake(
            "You return the share that was missed. The exercise asks for the share "
            "that was found.",
            lambda p, y, k: 1 - per_class_accuracy(p, y, k),
        ),
        Mistake(
            "You divide by the number of classes. Divide by the number of images of "
            "each class.",
            lambda p, y, k: diagonal(p, y, k) / k,
        ),
        Mistake(
            "You return what share of all images belongs to each class, without "
            "looking at the predictions.",
            lambda p, y, k: torch.bincount(y, minlength=k).double() / len(y),
        ),
        Mistake(
            "A class without images gets 1. Nothing of it was found: give nan or 0.",
            lambda p, y, k: torch.where(
                torch.bincount(y, minlength=k) > 0,
                per_class_accuracy(p, y, k),
                torch.ones(k).double(),
            ),
        ),
        Mistake(
            "You divide by the number of images that are right in all. Divide by the "
            "number of images of each class.",
            lambda p, y, k: diagonal(p, y, k) / (p == y).sum(),
        ),
        Mistake(
            "You return the F1 score, which mixes precision and recall. Divide the "
            "images that were found by the images of that class.",
            lambda p, y, k: (
                2
                * diagonal(p, y, k)
                / (
                    torch.bincount(y, minlength=k) + torch.bincount(p, minlength=k)
                ).clamp(min=1)
            ),
        ),
        Mistake(
            "You divide by labels and predictions together (an overlap). Divide by the "
            "number of images of that class alone.",
            lambda p, y, k: (
                diagonal(p, y, k)
                / (
                    torch.bincount(y, minlength=k)
                    + torch.bincount(p, minlength=k)
                    - diagonal(p, y, k)
                ).clamp(min=1)
            ),
        ),
    ),
    (
        "Take the images of one class at a time: labels == c. Of these, how many were "
        "predicted as c?",
        "Divide by the number of images of that class, not by N and not by how often "
        "the class was predicted.",
        "A class without images divides by 0: give nan or 0 for it, so that the result "
        "always has shape (classes,).",
    ),
    probe="without_nan",
    shortcuts=("recall_score", "classification_report"),
    instead="a comparison and a division for each class",
)

EXERCISES = (TRAIN_STEP, CONFUSION_MATRIX, PER_CLASS_ACCURACY)
