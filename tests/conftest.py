"""What every test shares: nothing is downloaded while tests run."""

import os

import pytest

os.environ.setdefault("CNNLIB_OFFLINE", "1")


@pytest.fixture(scope="module")
def one_thread():
    """One thread: tiny tensors gain nothing from more and lose on a busy machine."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def torchvision():
    """torchvision, with whose networks ours are compared."""
    import torchvision

    return torchvision
