"""How the processes that torchrun starts find each other, and each its device."""

import atexit
import gc
import os
import time
import uuid

import torch
import torch.distributed as dist

from cnnlib import runtime

from .distributed import Team


def team(device: torch.device | str | None) -> Team:
    """The processes that torchrun started together with this one, or this one alone."""
    device = torch.device(runtime.device() if device is None else device)
    if not dist.is_available():
        return Team(device)
    if not dist.is_initialized():
        if int(os.environ.get("WORLD_SIZE", 1)) == 1 or "RANK" not in os.environ:
            return Team(device)
        device = _own_device(device)
        _meet("nccl" if device.type == "cuda" else "gloo")
    if device.type == "cuda":
        device = _own_device(device)
    return Team(device, dist.get_rank(), dist.get_world_size())


def _own_device(device: torch.device) -> torch.device:
    """The GPU that belongs to this process; gloo works on CPUs only."""
    if device.type != "cuda":
        return torch.device("cpu")
    if device.index is None:
        index, count = int(os.environ.get("LOCAL_RANK", 0)), torch.cuda.device_count()
        if index >= count:
            raise ValueError(
                f"this machine has {count} GPU{'' if count == 1 else 's'}, and process "
                f"{index} (from 0) finds none: start --nproc-per-node={count}, or set "
                "CNNLIB_DEVICE=cpu"
            )
        device = torch.device("cuda", index)
    torch.cuda.set_device(device)
    return device


def _meet(backend: str) -> None:
    """Start PyTorch's communication between the processes that torchrun started."""
    # Imported later, as by DistributedDataParallel, its functions' default arguments
    # would hold the group for ever, and _part could not end it.
    import torch.distributed.nn.functional  # noqa: F401

    store, rank, size = next(dist.rendezvous("env://"))
    dist.init_process_group(
        backend, store=_of_this_life(store, rank, size), rank=rank, world_size=size
    )
    atexit.register(_part)


def _part() -> None:
    """End communication, and its threads with it, while Python still runs.

    gloo's threads need Python to let go of the last tensor that they sent. One that is
    so late that Python is on its way out aborts the process (seen once in 40 trainings
    on a busy machine; github.com/pytorch/pytorch/pull/179291).
    """
    gc.collect()  # a network that was wrapped holds the group, and itself
    if dist.is_initialized():
        dist.destroy_process_group()


def _of_this_life(store, rank: int, size: int):
    """The store in which processes leave their addresses, without those of the dead.

    torchrun may keep one store while it restarts the processes, and who reads the
    address of a process that was killed cannot connect. Hence each asks the first one,
    under a name never used before, for the drawer that it opened in this life.
    """
    mine = uuid.uuid4().hex
    if rank > 0:
        store.set(f"process {rank} asks as", mine)
        drawer = store.get(f"answer to {mine}").decode()
        store.add(f"heard of {drawer}", 1)
        return dist.PrefixStore(drawer, store)
    others = [f"process {other} asks as" for other in range(1, size)]
    store.wait(others)  # no longer than the store's time-out
    while store.add(f"heard of {mine}", 0) < size - 1:
        for other in others:  # one killed before may have asked: answer again
            store.set(f"answer to {store.get(other).decode()}", mine)
        time.sleep(0.01)
    return dist.PrefixStore(mine, store)
