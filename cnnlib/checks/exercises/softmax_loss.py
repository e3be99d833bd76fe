"""Notebook 03. Source: Goodfellow, Bengio, Courville (2016), 4.1, 5.9 and 6.2.2."""

import torch
from torch.nn import functional as F

from ..exercise import Exercise, Mistake, mistake


def softmax(z):
    return torch.softmax(z, 1)


def logits_cases(r):
    big = torch.tensor([[1000.0, 999.0], [-1000.0, 1000.0]]).double()
    far = torch.tensor([[0.0, 1.0, 2.0], [-2000.0, -2001.0, -2002.0]]).double()
    return [
        r.tensor(1, 2, scale=2),
        r.tensor(2, 2, scale=2),
        r.tensor(1, 3, scale=3),
        r.tensor(3, 3, scale=3),
        torch.zeros(2, 3).double(),
        r.tensor(2, 4, scale=4),
        r.tensor(3, 1, scale=3),
        r.tensor(5, 2, scale=3),
        torch.tensor([[0.0, 1000.0]]).double(),
        big,
        far,
        r.tensor(4, 10, scale=5),
    ]


OVERFLOW = (
    "Large logits overflow: exp(1000) is infinite, and inf / inf is nan. Subtract the "
    "row's largest logit first; the probabilities stay the same."
)

SOFTMAX = Exercise(
    softmax,
    lambda r: [(z,) for z in logits_cases(r)],
    (
        Mistake(OVERFLOW, lambda z: z.exp() / z.exp().sum(1, keepdim=True)),
        Mistake(
            "You subtract the smallest logit. That makes the exponentials larger: with "
            "large logits they overflow. Subtract the row's largest.",
            lambda z: (
                (z - z.amin(1, keepdim=True)).exp()
                / (z - z.amin(1, keepdim=True)).exp().sum(1, keepdim=True)
            ),
        ),
        Mistake(
            "You subtract the mean of the row. With large logits the exponentials "
            "still overflow: subtract the row's largest.",
            lambda z: (
                (z - z.mean(1, keepdim=True)).exp()
                / (z - z.mean(1, keepdim=True)).exp().sum(1, keepdim=True)
            ),
        ),
        Mistake(
            "You subtract the largest logit of all rows. Where another row is much "
            "larger, all exponentials of a row become 0, and 0 / 0 is nan: take each "
            "row's own maximum.",
            lambda z: (z - z.max()).exp() / (z - z.max()).exp().sum(1, keepdim=True),
        ),
        Mistake(
            "You subtract each column's largest logit. The number that is subtracted "
            "must be the same for a whole row, or the probabilities change.",
            lambda z: torch.softmax(z - z.amax(0), 1),
        ),
        Mistake(
            "You normalize over the wrong axis: your columns add up to 1. Each row is "
            "one example, so sum over dim=1.",
            lambda z: torch.softmax(z, 0),
        ),
        Mistake(
            "You normalize over all entries together. Each row adds up to 1 for "
            "itself: sum over dim=1.",
            lambda z: torch.softmax(z.flatten(), 0).view(z.shape),
        ),
        Mistake(
            "The exponentials are right, but not divided by their sum.",
            lambda z: z.exp(),
        ),
        Mistake(
            "The exponentials are right, but not divided by their sum.",
            lambda z: (z - z.amax(1, keepdim=True)).exp(),
        ),
        Mistake(
            "There is no exponential: you divide the logits themselves by their sum. "
            "Take exp first; it makes every number positive.",
            lambda z: z / z.sum(1, keepdim=True),
        ),
        Mistake(
            "There is no exponential: you divide the shifted logits by their sum. Take "
            "exp first; it makes every number positive.",
            lambda z: (
                (z - z.amax(1, keepdim=True))
                / (z - z.amax(1, keepdim=True)).sum(1, keepdim=True)
            ),
        ),
        Mistake(
            "You take the absolute values in place of the exponentials. Then -3 counts "
            "as much as 3: use exp.",
            lambda z: z.abs() / z.abs().sum(1, keepdim=True),
        ),
        Mistake(
            "You square the logits in place of the exponential. Then -3 counts as much "
            "as 3: use exp.",
            lambda z: z**2 / (z**2).sum(1, keepdim=True),
        ),
        Mistake(
            "Your sum lost its axis, so that it is laid along the columns: the first "
            "column is divided by the first row's sum. Keep the axis: "
            "sum(1, keepdim=True).",
            lambda z: (
                (z - z.amax(1, keepdim=True)).exp()
                / (z - z.amax(1, keepdim=True)).exp().sum(1)
            ),
        ),
        Mistake(
            "Your maximum lost its axis, so that it is laid along the columns. Keep "
            "the axis: amax(1, keepdim=True).",
            lambda z: torch.softmax(z - z.amax(1), 1),
        ),
        Mistake(
            "The exponent has the wrong sign: the largest logit should get the largest "
            "probability.",
            lambda z: torch.softmax(-z, 1),
        ),
        Mistake(
            "You take powers of 2. Softmax takes powers of e: exp.",
            lambda z: torch.softmax(z * 0.6931471805599453, 1),
        ),
        Mistake(
            "You return the logarithms of the probabilities. Take exp of them.",
            lambda z: torch.log_softmax(z, 1),
        ),
        Mistake(
            "You compute a sigmoid for each logit alone. Softmax divides by the sum of "
            "the whole row.",
            torch.sigmoid,
        ),
        Mistake(
            "You divide by the exponential of the sum. It is the sum of the "
            "exponentials: exp first, then sum.",
            lambda z: z.exp() / z.sum(1, keepdim=True).exp(),
        ),
        Mistake(
            "You divide by the root of the sum of squares. Then the rows do not add up "
            "to 1: divide by the sum.",
            lambda z: F.normalize((z - z.amax(1, keepdim=True)).exp(), dim=1),
        ),
        Mistake(
            "You take the mean in place of the sum, so that rows add up to K. Divide "
            "by the sum.",
            lambda z: torch.softmax(z, 1) * z.shape[1],
        ),
        Mistake(
            "You divide by the number of rows, too. Each row adds up to 1.",
            lambda z: torch.softmax(z, 1) / len(z),
        ),
        Mistake(
            "You return 1 for the largest logit and 0 for the others. Softmax gives "
            "every class a share.",
            lambda z: F.one_hot(z.argmax(1), z.shape[1]).double(),
        ),
        Mistake(
            "A small number is added to the sum, so that the rows do not quite add up "
            "to 1. It is not needed once the row's maximum is subtracted.",
            lambda z: (
                (z - z.amax(1, keepdim=True)).exp()
                / ((z - z.amax(1, keepdim=True)).exp().sum(1, keepdim=True) + 0.01)
            ),
        ),
    ),
    (
        "Three steps for each row: exponentials, their sum, and the quotient. Try it "
        "on paper for [0, 0] first.",
        "Rows are examples: sum over dim=1, and keep that axis (keepdim=True), so that "
        "the quotient divides each row by its own sum.",
        "exp(1000) overflows. Subtract the row's largest logit before exp: "
        "z - z.amax(dim=1, keepdim=True). The probabilities do not change.",
    ),
    shortcuts=("softmax", "special_softmax", "softmin", "Softmax"),
    instead="exp, sum and a division",
)


def cross_entropy(logits, target):
    return F.cross_entropy(logits, target)


def log_p(logits):
    return torch.log_softmax(logits, 1)


def picked(table, target):
    return table[torch.arange(len(target)), target]


def with_targets(r):
    cases = []
    for z in logits_cases(r):
        target = r.labels(len(z), z.shape[1])
        cases.append((z, target))
    # A confident wrong answer: its probability is 0 in floating point, its loss 1000.
    cases[9] = (
        torch.tensor([[1000.0, 0.0], [0.0, 1.0]]).double(),
        torch.tensor([1, 1]),
    )
    return cases


def log_plus(eps):
    return lambda z, t: -picked((torch.softmax(z, 1) + eps).log(), t).mean()


PLUS_EPS = (
    "You take the logarithm of p + ε. That caps the loss: a confident wrong answer "
    "costs -log(ε) at most. Take the logarithm before anything is lost: "
    "z - logsumexp(z), not log(softmax(z))."
)

CROSS_ENTROPY = Exercise(
    cross_entropy,
    with_targets,
    (
        Mistake(
            "Your loss becomes infinite (or nan) for large logits: exp overflows, or "
            "the probability is rounded to 0 and its logarithm is -inf. Compute the "
            "logarithm directly: z - logsumexp(z).",
            lambda z, t: (
                -picked((z.exp() / z.exp().sum(1, keepdim=True)).log(), t).mean()
            ),
        ),
        Mistake(
            "Your loss becomes infinite for a confident wrong answer: the probability "
            "is rounded to 0, and log(0) is -inf. Compute the logarithm directly: "
            "z - logsumexp(z), not log(softmax(z)).",
            lambda z, t: -picked(torch.softmax(z, 1).log(), t).mean(),
        ),
        Mistake(
            "Your loss becomes infinite for large logits: exp overflows. Subtract the "
            "row's largest logit before exp, or use torch.logsumexp.",
            lambda z, t: (z.exp().sum(1).log() - picked(z, t)).mean(),
        ),
        Mistake(
            "You subtract the largest logit of all rows: where another row is much "
            "larger, the exponentials of a row become 0, and log(0) is -inf. Take each "
            "row's own maximum.",
            lambda z, t: (
                (z - z.max()).exp().sum(1).log() - picked(z - z.max(), t)
            ).mean(),
        ),
        *(
            Mistake(PLUS_EPS, log_plus(eps))
            for eps in (1e-3, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15)
        ),
        Mistake(
            PLUS_EPS,
            lambda z, t: -picked(torch.softmax(z, 1).clamp(min=1e-12).log(), t).mean(),
        ),
        Mistake(
            "You take the logarithm of the logits, as if they were probabilities. "
            "Logits are any numbers: softmax turns them into probabilities first.",
            lambda z, t: -picked(z.log(), t).mean(),
        ),
        Mistake(
            "You return the mean of the logits themselves, without softmax and "
            "logarithm.",
            lambda z, t: -picked(z, t).mean(),
        ),
        Mistake(
            "Softmax is applied twice: the second time to probabilities, as if they "
            "were logits.",
            lambda z, t: F.cross_entropy(torch.softmax(z, 1), t),
        ),
        Mistake(
            "You return the sum over the examples. The loss is their mean: divide by "
            "N.",
            lambda z, t: F.cross_entropy(z, t, reduction="sum"),
        ),
        Mistake(
            "You take the mean over all N · K entries. There are N examples: divide by "
            "N.",
            lambda z, t: F.cross_entropy(z, t) / z.shape[1],
        ),
        Mistake(
            "You divide by the number of classes. There are N examples: divide by N.",
            lambda z, t: F.cross_entropy(z, t, reduction="sum") / z.shape[1],
        ),
        Mistake(
            "You divide by N twice. The mean is taken once.",
            lambda z, t: F.cross_entropy(z, t) / len(z),
        ),
        Mistake(
            "You return one loss for each example. The loss is their mean.",
            lambda z, t: F.cross_entropy(z, t, reduction="none"),
        ),
        Mistake(
            "Your logarithm has base 2. The loss uses the natural one: torch.log.",
            lambda z, t: F.cross_entropy(z, t) / 0.6931471805599453,
        ),
        Mistake(
            "Your logarithm has base 10. The loss uses the natural one: torch.log.",
            lambda z, t: F.cross_entropy(z, t) / 2.302585092994046,
        ),
        Mistake(
            "The sign is wrong: a logarithm of a probability is negative, and the loss "
            "is minus that.",
            lambda z, t: -F.cross_entropy(z, t),
        ),
        Mistake(
            "You average the probabilities and take the logarithm after that. Take "
            "the logarithm of each, then the mean.",
            lambda z, t: -picked(torch.softmax(z, 1), t).mean().log(),
        ),
        Mistake(
            "The logarithm is missing: you average 1 - p.",
            lambda z, t: (1 - picked(torch.softmax(z, 1), t)).mean(),
        ),
        Mistake(
            "The logarithm is missing: you average the probabilities.",
            lambda z, t: picked(torch.softmax(z, 1), t).mean(),
        ),
        Mistake(
            "The logarithm is missing: you average the probabilities.",
            lambda z, t: -picked(torch.softmax(z, 1), t).mean(),
        ),
        Mistake(
            "You take the probability of the class that the network prefers. The loss "
            "asks for the probability of the target.",
            lambda z, t: -log_p(z).amax(1).mean(),
        ),
        Mistake(
            "You sum -log p over all classes. Only the target's counts.",
            lambda z, t: -log_p(z).sum(1).mean(),
        ),
        Mistake(
            "You average -log p over all classes. Only the target's counts.",
            lambda z, t: -log_p(z).mean(),
        ),
        Mistake(
            "Softmax runs over the wrong axis: each row is one example, so dim=1.",
            lambda z, t: -picked(torch.log_softmax(z, 0), t).mean(),
        ),
        Mistake(
            "Every example is paired with every target: table[:, target] is (N, N). "
            "Pick one entry a row: table[torch.arange(N), target].",
            lambda z, t: -log_p(z)[:, t].mean(),
        ),
        Mistake(
            "Every example is paired with every target: table[:, target] is (N, N). "
            "Pick one entry a row: table[torch.arange(N), target].",
            lambda z, t: -log_p(z)[:, t].sum() / len(z),
        ),
        Mistake(
            "You return the largest loss of the batch. The loss is the mean.",
            lambda z, t: F.cross_entropy(z, t, reduction="none").max(),
        ),
        Mistake(
            "Only the first example counts. The loss is the mean over all.",
            lambda z, t: F.cross_entropy(z[:1], t[:1]),
        ),
        Mistake(
            "Only the last example counts: the loop overwrites the loss. Add them up.",
            lambda z, t: F.cross_entropy(z[-1:], t[-1:]),
        ),
        Mistake(
            "You compute the squared error of the probabilities. Cross-entropy is "
            "-log p of the target.",
            lambda z, t: (
                ((torch.softmax(z, 1) - F.one_hot(t, z.shape[1])) ** 2).sum(1).mean()
            ),
        ),
        Mistake(
            "You compute the squared error of the probabilities. Cross-entropy is "
            "-log p of the target.",
            lambda z, t: ((torch.softmax(z, 1) - F.one_hot(t, z.shape[1])) ** 2).mean(),
        ),
        Mistake(
            "You add the terms of the other classes, -log(1 - p), as with one yes or "
            "no question for each class. Here only the target's -log p counts.",
            lambda z, t: (
                F.binary_cross_entropy(
                    torch.softmax(z, 1),
                    F.one_hot(t, z.shape[1]).double(),
                    reduction="sum",
                )
                / len(z)
            ),
        ),
        Mistake(
            "You use a sigmoid for each logit. The classes exclude each other: "
            "softmax.",
            lambda z, t: -picked(torch.sigmoid(z).log(), t).mean(),
        ),
        Mistake(
            "You compute the entropy of the prediction, the sum of -p log p, without "
            "looking at the target.",
            lambda z, t: -(torch.softmax(z, 1) * log_p(z)).sum(1).mean(),
        ),
    ),
    (
        "For each example: the probability of its target, and minus the logarithm of "
        "that. Then the mean.",
        "log softmax(z) = z - log(sum(exp(z))), so the logarithm can be computed "
        "without the probability, which may be rounded to 0. torch.logsumexp(z, dim=1) "
        "is safe for large logits.",
        "Pick the target's logit in each row with logits[torch.arange(N), target]. The "
        "loss of a row is logsumexp minus that; return the mean.",
    ),
    shortcuts=("cross_entropy", "CrossEntropyLoss"),
    instead="logsumexp, or exp, sum and log",
)


def cross_entropy_gradient(logits, target):
    return difference(logits, target) / len(logits)


def difference(logits, target):
    """p - y, (N, K)"""
    return torch.softmax(logits, 1) - F.one_hot(target, logits.shape[1])


def naive(z):
    return z.exp() / z.exp().sum(1, keepdim=True)


def on_targets(z, t, values):
    return values * F.one_hot(t, z.shape[1])


CROSS_ENTROPY_GRADIENT = Exercise(
    cross_entropy_gradient,
    with_targets,
    (
        Mistake(
            "The sign is turned: you return y - p. The gradient is p - y, and descent "
            "subtracts it.",
            lambda z, t: -difference(z, t) / len(z),
        ),
        Mistake(
            "The gradient is not divided by N. The loss is a mean over N examples, so "
            "each one's gradient counts 1/N.",
            difference,
        ),
        Mistake(
            "The sign is turned (y - p in place of p - y), and the division by N is "
            "missing.",
            lambda z, t: -difference(z, t),
        ),
        Mistake(
            "You divide by N · K. The loss is a mean over N examples: divide by N.",
            lambda z, t: difference(z, t) / z.numel(),
        ),
        Mistake(
            "You divide by the number of classes K. The loss is a mean over N "
            "examples: divide by N.",
            lambda z, t: difference(z, t) / z.shape[1],
        ),
        Mistake(
            "You divide by N twice.",
            lambda z, t: difference(z, t) / len(z) ** 2,
        ),
        Mistake(
            "You return -y / p, the gradient by the probabilities. The exercise asks "
            "for the gradient by the logits: softmax's own derivative turns it into "
            "p - y.",
            lambda z, t: on_targets(z, t, -1 / torch.softmax(z, 1)) / len(z),
        ),
        Mistake(
            "You return -y / p, the gradient by the probabilities, and do not divide "
            "by N. By the logits it is p - y.",
            lambda z, t: on_targets(z, t, -1 / torch.softmax(z, 1)),
        ),
        Mistake(
            "p(1 - p) is the derivative of one probability by its own logit. Together "
            "with the logarithm, what is left is p - y.",
            lambda z, t: torch.softmax(z, 1) * (1 - torch.softmax(z, 1)) / len(z),
        ),
        Mistake(
            "p(1 - p) is the derivative of one probability by its own logit. Together "
            "with the logarithm, what is left is p - y.",
            lambda z, t: torch.softmax(z, 1) * (1 - torch.softmax(z, 1)),
        ),
        Mistake(
            "p - y is multiplied by p(1 - p), as for a squared error. With "
            "cross-entropy that factor cancels.",
            lambda z, t: (
                difference(z, t)
                * torch.softmax(z, 1)
                * (1 - torch.softmax(z, 1))
                / len(z)
            ),
        ),
        Mistake(
            "You return the probabilities; y is not subtracted. One is taken from the "
            "target's.",
            lambda z, t: torch.softmax(z, 1) / len(z),
        ),
        Mistake(
            "You return the probabilities; y is not subtracted, and nothing divided by "
            "N.",
            lambda z, t: torch.softmax(z, 1),
        ),
        Mistake(
            "Only the target's entry has a gradient. The other classes' logits matter, "
            "too: their gradient is p.",
            lambda z, t: on_targets(z, t, torch.softmax(z, 1) - 1) / len(z),
        ),
        Mistake(
            "The target's entry is 0. Its gradient is p - 1.",
            lambda z, t: torch.softmax(z, 1) * (1 - F.one_hot(t, z.shape[1])) / len(z),
        ),
        Mistake(
            "You subtract y from the logits. Subtract it from the probabilities: "
            "softmax first.",
            lambda z, t: (z - F.one_hot(t, z.shape[1])) / len(z),
        ),
        Mistake(
            "Softmax runs over the wrong axis: each row is one example, so dim=1.",
            lambda z, t: (torch.softmax(z, 0) - F.one_hot(t, z.shape[1])) / len(z),
        ),
        Mistake(OVERFLOW, lambda z, t: (naive(z) - F.one_hot(t, z.shape[1])) / len(z)),
        Mistake(
            "You use a sigmoid for each logit. The classes exclude each other: "
            "softmax.",
            lambda z, t: (torch.sigmoid(z) - F.one_hot(t, z.shape[1])) / len(z),
        ),
        Mistake(
            "You take y from log p. The gradient is p - y, without a logarithm.",
            lambda z, t: (log_p(z) - F.one_hot(t, z.shape[1])) / len(z),
        ),
        Mistake(
            "The 1 is subtracted in every row's column of every target: "
            "p[:, target] -= 1. Pick one entry a row: p[torch.arange(N), target] -= 1.",
            lambda z, t: (torch.softmax(z, 1) - columns(z, t)) / len(z),
        ),
        Mistake(
            "The target's number is subtracted from the whole row. Subtract 1 from one "
            "entry: y is one-hot.",
            lambda z, t: (torch.softmax(z, 1) - t[:, None]) / len(z),
        ),
        Mistake(
            "The 1 is subtracted from the class that the network prefers. Subtract it "
            "from the target's.",
            lambda z, t: difference(z, z.argmax(1)) / len(z),
        ),
        Mistake(
            "You add y. It is subtracted: p - y.",
            lambda z, t: (torch.softmax(z, 1) + F.one_hot(t, z.shape[1])) / len(z),
        ),
        Mistake(
            "p - y is squared. That is an error, not a gradient.",
            lambda z, t: difference(z, t) ** 2 / len(z),
        ),
        Mistake(
            "You take the absolute value of p - y. The sign says which way to go.",
            lambda z, t: difference(z, t).abs() / len(z),
        ),
        Mistake(
            "You return the mean over the examples. Each logit has its own gradient: "
            "the shape is (N, K).",
            lambda z, t: difference(z, t).mean(0),
        ),
        Mistake(
            "p - y is doubled, as for a squared error.",
            lambda z, t: 2 * difference(z, t) / len(z),
        ),
    ),
    (
        "Notebook 03 derives it: what is left of the two derivatives is very short.",
        "For one example it is p - y: the probabilities, with 1 subtracted from the "
        "target's.",
        "The loss is the mean over N examples, so divide by N. Compute p with the "
        "row's maximum subtracted, and change a copy, not the argument.",
    ),
    shortcuts=("backward", "grad", "vjp", "jacobian"),
    instead="the formula p - y",
)


def columns(z, t):
    """1 in the columns that occur among the targets."""
    return F.one_hot(t, z.shape[1]).amax(0).expand_as(z)


def sgd_step(W, b, x, target, lr):
    d = difference(x @ W.T + b, target) / len(x)
    return W - lr * d.T @ x, b - lr * d.sum(0)


def step(sign=-1.0, scale=None, bias=None, weight=None):
    """The step with its direction, its scale or one of its parts done differently."""

    def take(W, b, x, target, lr):
        d = difference(x @ W.T + b, target) / len(x)
        d = d * (1 if scale is None else scale(W, x))
        dW, db = d.T @ x, d.sum(0)
        dW = dW if weight is None else weight(dW, d, x)
        db = db if bias is None else bias(db, d)
        return W + sign * lr * dW, b + sign * lr * db

    return take


def step_with(p):
    """The step with something else in place of the probabilities."""

    def take(W, b, x, target, lr):
        d = (p(x @ W.T + b) - F.one_hot(target, len(b))) / len(x)
        return W - lr * d.T @ x, b - lr * d.sum(0)

    return take


@mistake(
    "The logits lack the bias: x @ W.T + b. So the probabilities, and with them the "
    "gradients, are those of another model."
)
def no_bias_in_logits(W, b, x, target, lr):
    d = difference(x @ W.T, target) / len(x)
    return W - lr * d.T @ x, b - lr * d.sum(0)


@mistake(
    "b is computed with the new W. Both gradients belong to the same point: compute "
    "both before changing either."
)
def b_after_w(W, b, x, target, lr):
    new = sgd_step(W, b, x, target, lr)[0]
    return new, sgd_step(new, b, x, target, lr)[1]


SGD_STEP = Exercise(
    sgd_step,
    lambda r: [
        (
            r.tensor(k, d, scale=1),
            r.tensor(k, scale=1),
            r.tensor(n, d, scale=2),
            r.labels(n, k),
            lr,
        )
        for k, d, n, lr in [
            (2, 1, 1, 0.5),
            (2, 2, 1, 1.0),
            (3, 2, 2, 0.1),
            (2, 2, 2, 0.5),
            (3, 3, 3, 0.2),
            (4, 3, 5, 1.0),
            (1, 2, 3, 0.5),
            (10, 6, 8, 0.3),
        ]
    ],
    (
        Mistake(
            "You climb: the step goes along the gradient. Descent subtracts it.",
            step(sign=1.0),
        ),
        Mistake(
            "b is forgotten: it comes back as it was. Its gradient is the sum of the "
            "rows of (p - y) / N.",
            step(bias=lambda db, d: 0 * db),
        ),
        Mistake(
            "W is forgotten: it comes back as it was. Its gradient is "
            "((p - y) / N).T @ x.",
            step(weight=lambda dW, d, x: 0 * dW),
        ),
        Mistake(
            "The mean is taken twice: the gradient is divided by N two times.",
            step(scale=lambda W, x: 1 / len(x)),
        ),
        Mistake(
            "The sum is taken in place of the mean: divide the gradient by N.",
            step(scale=lambda W, x: len(x)),
        ),
        Mistake(
            "You divide by N · K. The loss is a mean over N examples: divide by N.",
            step(scale=lambda W, x: 1 / len(W)),
        ),
        Mistake(
            "You divide by the number of classes. Divide by the number of examples, N.",
            step(scale=lambda W, x: len(x) / len(W)),
        ),
        Mistake(
            "The mean is taken twice for b: (p - y) / N is summed over the examples, "
            "not averaged.",
            step(bias=lambda db, d: d.mean(0)),
        ),
        Mistake(
            "b's gradient is not divided by N.",
            step(bias=lambda db, d: db * len(d)),
        ),
        Mistake(
            "W's gradient is not divided by N.",
            step(weight=lambda dW, d, x: dW * len(x)),
        ),
        Mistake(
            "b climbs: subtract its gradient, as for W.",
            step(bias=lambda db, d: -db),
        ),
        Mistake(
            "W climbs: subtract its gradient, as for b.",
            step(weight=lambda dW, d, x: -dW),
        ),
        Mistake(
            "W comes back transposed: W is (K, D).",
            lambda W, b, x, t, lr: (
                sgd_step(W, b, x, t, lr)[0].T,
                sgd_step(W, b, x, t, lr)[1],
            ),
        ),
        Mistake(
            "W's gradient is transposed: it is (p - y).T @ x, of shape (K, D).",
            step(weight=lambda dW, d, x: dW.T),
        ),
        Mistake(
            "The learning rate is ignored: the step is lr times the gradient.",
            lambda W, b, x, t, lr: sgd_step(W, b, x, t, 1.0),
        ),
        Mistake(
            "You divide by the learning rate. The step is lr times the gradient.",
            lambda W, b, x, t, lr: sgd_step(W, b, x, t, 1 / lr),
        ),
        Mistake(
            "You return the gradients. The exercise asks for the new W and b: old "
            "minus lr times gradient.",
            lambda W, b, x, t, lr: (
                (W - sgd_step(W, b, x, t, 1.0)[0]),
                b - sgd_step(W, b, x, t, 1.0)[1],
            ),
        ),
        Mistake(
            "You return the steps (lr times gradient). The exercise asks for the new W "
            "and b: subtract them.",
            lambda W, b, x, t, lr: (
                (W - sgd_step(W, b, x, t, lr)[0]),
                b - sgd_step(W, b, x, t, lr)[1],
            ),
        ),
        Mistake(
            "b and W are in the wrong order: return W first.",
            lambda *case: sgd_step(*case)[::-1],
        ),
        no_bias_in_logits,
        b_after_w,
        Mistake(
            "There is no softmax: you subtract y from the logits. It is subtracted "
            "from the probabilities.",
            step_with(lambda z: z),
        ),
        Mistake(
            "You use a sigmoid for each logit. The classes exclude each other: "
            "softmax.",
            step_with(torch.sigmoid),
        ),
        Mistake(
            "Softmax runs over the wrong axis: each row is one example, so dim=1.",
            step_with(lambda z: torch.softmax(z, 0)),
        ),
        Mistake(
            "The target is not subtracted: the gradient by the logits is p - y.",
            lambda W, b, x, t, lr: step_by(torch.softmax(x @ W.T + b, 1), W, b, x, lr),
        ),
        Mistake(
            "The step is taken twice.",
            lambda W, b, x, t, lr: sgd_step(W, b, x, t, 2 * lr),
        ),
        Mistake(
            "Two steps are taken. One is asked for.",
            lambda W, b, x, t, lr: sgd_step(*sgd_step(W, b, x, t, lr), x, t, lr),
        ),
        Mistake(
            "The weights decay as well. Plain SGD subtracts lr times the gradient, and "
            "nothing else.",
            lambda W, b, x, t, lr: (
                sgd_step(W, b, x, t, lr)[0] - lr * 1e-2 * W,
                sgd_step(W, b, x, t, lr)[1],
            ),
        ),
    ),
    (
        "Compute the logits x @ W.T + b, the probabilities, and (p - y) / N, which is "
        "the gradient by the logits.",
        "Each logit k is W[k] · x + b[k]. So the gradient for W is d.T @ x, of shape "
        "(K, D), and for b the sum of d over the examples, with d = (p - y) / N.",
        "Return W - lr * dW and b - lr * db as new tensors. W -= … would change the "
        "caller's.",
    ),
    shortcuts=("sgd", "SGD"),
    instead="the step itself, W - lr * gradient",
)


def step_by(d, W, b, x, lr):
    d = d / len(x)
    return W - lr * d.T @ x, b - lr * d.sum(0)


def accuracy(logits, target):
    return (logits.argmax(1) == target).double().mean()


def top_two(logits, target):
    best = logits.topk(min(2, logits.shape[1]), 1).indices
    return (best == target[:, None]).any(1).double().mean()


def accuracy_cases(r):
    cases = []
    for n, k in [(2, 2), (1, 3), (3, 3), (4, 2), (5, 5), (3, 1), (7, 4), (20, 10)]:
        logits = torch.stack(
            [torch.randperm(k, generator=r.generator) for _ in range(n)]
        )
        logits = logits.double() / 4 - k / 8 + r.tensor(n, 1, scale=3)
        target = torch.where(
            torch.rand(n, generator=r.generator) < 0.5, logits.argmax(1), r.labels(n, k)
        )
        cases.append((logits, target))
    return cases


ACCURACY = Exercise(
    accuracy,
    accuracy_cases,
    (
        Mistake(
            "You return a percentage. A share lies between 0 and 1: do not multiply by "
            "100.",
            lambda z, t: 100 * accuracy(z, t),
        ),
        Mistake(
            "You return the number of right answers. Divide by N.",
            lambda z, t: (z.argmax(1) == t).sum(),
        ),
        Mistake(
            "You return the share of wrong answers, the error rate.",
            lambda z, t: 1 - accuracy(z, t),
        ),
        Mistake(
            "You take the smallest logit (argmin). The network's answer is the class "
            "with the largest one.",
            lambda z, t: (z.argmin(1) == t).double().mean(),
        ),
        Mistake(
            "argmax runs over the batch (dim 0): it finds an example for each class. "
            "Find a class for each example: dim=1.",
            lambda z, t: (z.argmax(0) == t).double().mean(),
        ),
        Mistake(
            "argmax runs over all entries at once. Find a class for each example: "
            "dim=1.",
            lambda z, t: (z.argmax() == t).double().mean(),
        ),
        Mistake(
            "You divide by the number of classes. Divide by the number of examples, N.",
            lambda z, t: (z.argmax(1) == t).sum() / z.shape[1],
        ),
        Mistake(
            "You divide by N · K. Divide by the number of examples, N.",
            lambda z, t: (z.argmax(1) == t).sum() / z.numel(),
        ),
        Mistake(
            "You round down to a whole number: // divides without a remainder. Use /.",
            lambda z, t: (z.argmax(1) == t).sum() // len(t),
        ),
        Mistake(
            "You return one answer for each example. The accuracy is their mean.",
            lambda z, t: (z.argmax(1) == t).double(),
        ),
        Mistake(
            "You compare the largest logits themselves with the targets. Compare their "
            "places: argmax, not max.",
            lambda z, t: (z.amax(1) == t).double().mean(),
        ),
        Mistake(
            "You count an answer as right if the target is among the best two. Only "
            "the best counts.",
            top_two,
        ),
        Mistake(
            "You count the target as found when its logit is positive. It must be the "
            "largest of its row.",
            lambda z, t: (picked(z, t) > 0).double().mean(),
        ),
        Mistake(
            "You count the target as found when its probability is above one half. It "
            "only has to be the largest of its row.",
            lambda z, t: (picked(torch.softmax(z, 1), t) > 0.5).double().mean(),
        ),
        Mistake(
            "You return the mean probability of the target. Accuracy counts answers.",
            lambda z, t: picked(torch.softmax(z, 1), t).mean(),
        ),
        Mistake(
            "Only the first example is looked at.",
            lambda z, t: float(z[0].argmax() == t[0]),
        ),
        Mistake(
            "You round the logits and compare them with the targets. The answer is the "
            "place of the largest: argmax.",
            lambda z, t: (z.round() == t[:, None]).double().mean(),
        ),
        Mistake(
            "Classes are counted from 1. argmax, like the targets, counts from 0.",
            lambda z, t: (z.argmax(1) + 1 == t).double().mean(),
        ),
        Mistake(
            "You average how close the class numbers are. Accuracy counts exact hits.",
            lambda z, t: (z.argmax(1) - t).abs().double().mean(),
        ),
    ),
    (
        "The network's answer is the class with the largest logit of its row: argmax "
        "over dim=1.",
        "Compare the answers with the targets: a tensor of N booleans.",
        "The share is the mean of these booleans as floats, between 0 and 1.",
    ),
    shortcuts=("accuracy_score", "multiclass_accuracy"),
    instead="argmax and a comparison",
)

EXERCISES = (SOFTMAX, CROSS_ENTROPY, CROSS_ENTROPY_GRADIENT, SGD_STEP, ACCURACY)
