"""One training on many processes, as torchrun starts them; or on one, as usual.

Every step the processes share one batch: each computes the gradient of its part, and
DistributedDataParallel adds the gradients up, so all take the same step.
"""

import inspect
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from cnnlib.data import ImageSet

from .evaluation import evaluate
from .norms import shared_statistics

_known = inspect.signature(DistributedDataParallel).parameters
_SEND_STATISTICS = (  # its name since PyTorch 2.13, and before
    "forward_sync_buffers" if "forward_sync_buffers" in _known else "broadcast_buffers"
)


@dataclass(frozen=True)
class Team:
    """The processes that train together, seen from the one numbered ``rank``."""

    device: torch.device
    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that shows progress and writes files."""
        return self.rank == 0

    def bounds(self, images: int) -> tuple[int, int]:
        """Where this process's part of a batch of so many images starts and ends."""
        each, rest = divmod(images, self.size)
        start = self.rank * each + min(self.rank, rest)
        return start, start + each + (self.rank < rest)

    @contextmanager
    def joined(self, model: nn.Module) -> Iterator[nn.Module]:
        """The network to train with: ``model``, or what keeps all processes' equal."""
        if self.size == 1:
            yield model
            return
        with ExitStack() as stack:
            stack.enter_context(_own_cores())
            stack.enter_context(shared_statistics(model))
            # The first process's weights are sent to all; from then on they are equal,
            # and so are the statistics, which need not be sent at each step.
            options = {_SEND_STATISTICS: False, "gradient_as_bucket_view": True}
            yield DistributedDataParallel(model, **options)

    def part_of_loss(self, loss, logits: Tensor, labels: Tensor, images: int) -> Tensor:
        """This process's part of the mean loss over a batch of so many ``images``."""
        if self.size == 1:
            return loss(logits, labels)
        if not len(labels):
            return logits.sum()  # 0, and takes part in adding up the gradients
        return loss(logits, labels) * (len(labels) / images)

    def backward(self, part: Tensor) -> None:
        """The gradient of all parts' sum, in every process."""
        # DistributedDataParallel divides the sum of the gradients by their number.
        (part if self.size == 1 else part * self.size).backward()

    def add_up(self, numbers: Tensor) -> None:
        """Replace ``numbers`` by their sum over all processes."""
        if self.size > 1:
            dist.all_reduce(numbers)

    def tell(self, what):
        """What the first process says, in every process."""
        told = [what]
        if self.size > 1:
            dist.broadcast_object_list(told, src=0, device=self.device)
        return told[0]

    def agree(self, training: dict) -> None:
        """Raise ValueError unless all processes are about to do the same training."""
        for name, first in self.tell(training).items():
            here = training.get(name)
            differs = torch.tensor(float(here != first), device=self.device)
            self.add_up(differs)
            if differs:
                raise ValueError(
                    f"all processes must train alike, but {name} is {first} in process "
                    f"0 and {here} in process {self.rank}"
                    + (" (another one differs)" if here == first else "")
                )

    def draw_anew(self, seed: int, epoch: int, step: int) -> None:
        """Seed dropout: other masks in each process, the same when a step is repeated.

        One process goes on drawing from one generator, whose state a checkpoint keeps.
        """
        if self.size == 1:
            return
        # Of whole numbers, hash is a fixed function: the same in every process and run.
        mixed = hash((seed, epoch, step, self.rank)) & (2**63 - 1)
        torch.default_generator.manual_seed(mixed)
        if self.device.type == "cuda":
            torch.cuda.manual_seed(mixed)

    def measure(
        self, model: nn.Module, test: ImageSet | None, loss
    ) -> tuple[float | None, float | None]:
        """Loss and accuracy on ``test``, each process measuring its part."""
        if test is None:
            return None, None
        if self.size == 1:
            measured = evaluate(model, test, loss=loss)
            return measured.loss, measured.accuracy
        start, stop = self.bounds(len(test))
        sums = torch.zeros(2, device=self.device)
        if stop > start:
            measured = evaluate(model, test[start:stop], loss=loss)
            right = (measured.predictions == measured.labels).sum()
            sums[0], sums[1] = measured.loss * (stop - start), right
        self.add_up(sums)
        total, right = sums.tolist()
        return total / len(test), right / len(test)


@contextmanager
def _own_cores() -> Iterator[None]:
    """No more threads than this process's share of the machine's cores."""
    threads = torch.get_num_threads()
    known = hasattr(os, "sched_getaffinity")  # Linux: the cores that we may use
    cores = len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1
    share = max(1, cores // int(os.environ.get("LOCAL_WORLD_SIZE", 1)))
    torch.set_num_threads(min(threads, share))
    try:
        yield
    finally:
        torch.set_num_threads(threads)
