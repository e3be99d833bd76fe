"""What every test shares: nothing is downloaded while tests run."""

import os

os.environ.setdefault("CNNLIB_OFFLINE", "1")
