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
    """torchvision, as the oracle; skips where it cannot be imported.

    Its compiled part may be built for another torch (a CPU machine with wheels for
    CUDA); the networks need none of it.
    """
    from benchmarks import mnist

    try:
        return mnist.torchvision()
    except ImportError as error:
        pytest.skip(f"torchvision cannot be imported: {error}")
