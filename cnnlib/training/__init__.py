"""Training: fit a network, evaluate it, predict with it, save it.

history = training.fit(models.LeNet5(), train, test, epochs=3)
training.evaluate(model, test).accuracy
training.save(model, "lenet.pt")

``fit(..., checkpoint="run.pt", resume=True)`` goes on where an earlier run was stopped;
under torchrun several processes train together.
"""

from .checkpoint import load, save
from .evaluation import Evaluation, evaluate, predict
from .history import History
from .loop import fit
from .randomness import generator
from .settings import OPTIMIZERS, SCHEDULES

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "Evaluation",
    "History",
    "evaluate",
    "fit",
    "generator",
    "load",
    "predict",
    "save",
]
