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
    CUDA). The networks need none of it, only that its operators are known by name.
    """
    try:
        import torchvision
    except RuntimeError as error:
        if "operator torchvision::nms does not exist" not in str(error):
            pytest.skip(f"torchvision cannot be imported: {error}")
        torchvision = _torchvision_without_operators()
    except ImportError as error:
        pytest.skip(f"torchvision cannot be imported: {error}")
    return torchvision


def _torchvision_without_operators():
    import sys

    import torch

    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou) -> Tensor")
    for name in [n for n in sys.modules if n.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    import torchvision

    torchvision._library = library  # the operators live as long as this object
    return torchvision
