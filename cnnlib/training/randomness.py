"""All randomness of a training as a function of (seed, epoch, step).

Nothing is carried from one step to the next. So a training goes on from any step as if
it had not been interrupted, and several processes draw the same without a message.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def derived_seed(*numbers: int) -> int:
    """A 64-bit seed that depends on all ``numbers``, each a whole number of 0 or more.

    Source: numpy's SeedSequence, which turns such a list into independent streams.
    """
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])


def generator(seed: int, epoch: int, step: int | None = None) -> torch.Generator:
    """The generator of an epoch's order in ``fit``, or of a step's augmentation.

    It is on the CPU, so that a seed means the same on every device. ``epoch`` and
    ``step`` count from 0.
    """
    numbers = (seed, epoch) if step is None else (seed, epoch, step)
    return torch.Generator().manual_seed(derived_seed(*numbers))


def seed_global_generators(device: torch.device, *numbers: int) -> None:
    """Seed the generators of the CPU and of ``device``, from which dropout draws.

    ``torch.manual_seed`` visits every kind of device, and takes 75 times as long.
    """
    seed = derived_seed(*numbers)
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.manual_seed(seed)
    elif device.type == "mps":
        torch.mps.manual_seed(seed)


@contextmanager
def global_generators_restored(device: torch.device) -> Iterator[None]:
    """Restore torch's global generators, from which dropout draws, at the end."""
    mps = torch.mps.get_rng_state() if device.type == "mps" else None
    try:
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            yield
    finally:
        if mps is not None:
            torch.mps.set_rng_state(mps)
