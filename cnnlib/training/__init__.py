"""Training: fit a network, measure it, ask it, keep it.

history = training.fit(models.LeNet5(), train, test, epochs=3)
training.evaluate(model, test).accuracy
training.save(model, "lenet.pt")

A long training keeps a checkpoint, ``fit(..., checkpoint="run.pt", resume=True)``: the
same command goes on where it was stopped. Under torchrun many processes train together.
"""

from .arguments import OPTIMIZERS, SCHEDULES
from .evaluation import Evaluation, evaluate, predict
from .files import load, save
from .fitting import fit
from .history import History

__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "Evaluation",
    "History",
    "evaluate",
    "fit",
    "load",
    "predict",
    "save",
]
