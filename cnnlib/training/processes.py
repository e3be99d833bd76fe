"""One training on several processes, as torchrun starts them; or on one, as usual.

Every process draws the same batches and computes its share of each. What they exchange
is the logits, so that each has the loss of the whole batch, and the gradients.
"""

import atexit
import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from cnnlib import runtime

from .batch_norm import whole_batch_statistics


@dataclass(frozen=True)
class Processes:
    """The processes that train together, seen from the one numbered ``rank``."""

    device: torch.device
    rank: int = 0
    size: int = 1

    @classmethod
    def join(cls, device: torch.device | str | None) -> "Processes":
        """Meet the processes that torchrun started; without torchrun there is one."""
        device = runtime.device(device)
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            return cls(device)
        if device.type == "cuda" and device.index is None:
            device = _own_gpu()
        if device.type == "cuda":
            torch.cuda.set_device(device)
        elif device.type == "mps":  # which the processes cannot share
            device = torch.device("cpu")
        if not dist.is_initialized():
            _start(device)
        return cls(device, dist.get_rank(), dist.get_world_size())

    @property
    def first(self) -> bool:
        """Whether this is the process that shows progress and writes files."""
        return self.rank == 0

    def share(self, images: int) -> slice:
        """This process's part of a batch of so many images."""
        each, rest = divmod(images, self.size)
        start = self.rank * each + min(self.rank, rest)
        return slice(start, start + each + (self.rank < rest))

    @contextmanager
    def joined(self, model: nn.Module) -> Iterator[nn.Module]:
        """The network to train: ``model``, or a wrapper that keeps the copies equal."""
        if self.size == 1:
            yield model
            return
        with whole_batch_statistics(model):
            network = DistributedDataParallel(model, gradient_as_bucket_view=True)
            network.register_comm_hook(None, _sum_of_gradients)
            yield network

    def gather(self, part: Tensor, images: int) -> Tensor:
        """The rows of all processes, (images, K); a gradient flows to one's own."""
        if self.size == 1:
            return part
        whole = part.new_zeros(images, *part.shape[1:])
        mine = self.share(images)
        whole[mine] = part.detach()
        dist.all_reduce(whole)
        whole[mine] = part
        return whole

    def broadcast(self, value):
        """What the first process has as ``value``, in every process."""
        if self.size == 1:
            return value
        values = [value]
        dist.broadcast_object_list(values, src=0, device=self.device)
        return values[0]


def _sum_of_gradients(_, bucket: dist.GradBucket) -> torch.futures.Future[Tensor]:
    """Add the processes' gradients: each is that of a part of the batch's loss."""
    work = dist.all_reduce(bucket.buffer(), async_op=True)
    return work.get_future().then(lambda future: future.value()[0])


def _own_gpu() -> torch.device:
    index, count = int(os.environ.get("LOCAL_RANK", 0)), torch.cuda.device_count()
    if index >= count:
        raise ValueError(
            f"expected a GPU for each process, but this machine has {count} and "
            f"process {index} (from 0) finds none: start --nproc-per-node={count}, or "
            "set CNNLIB_DEVICE=cpu"
        )
    return torch.device("cuda", index)


def _start(device: torch.device) -> None:
    # DistributedDataParallel imports this module later, whose default arguments would
    # then hold the group, and _end could not end it.
    import torch.distributed.nn.functional  # noqa: F401

    # torchrun keeps its store while it restarts processes: the addresses that an
    # earlier life left there lead to processes that are dead.
    store, rank, size = next(dist.rendezvous("env://"))
    life = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    dist.init_process_group(
        "nccl" if device.type == "cuda" else "gloo",
        store=dist.PrefixStore(f"life {life}", store),
        rank=rank,
        world_size=size,
    )
    atexit.register(_end)


def _end() -> None:
    """End communication, and its threads with it, while Python still runs.

    gloo's threads need Python to free the last tensor that they sent. One that is so
    late that Python is exiting aborts the process (seen once in 40 trainings on a busy
    machine; github.com/pytorch/pytorch/pull/179291).
    """
    gc.collect()  # a network that was wrapped holds the group, and itself
    if dist.is_initialized():
        dist.destroy_process_group()
