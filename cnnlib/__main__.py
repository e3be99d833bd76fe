"""`python -m cnnlib`: the command line."""

import os
import sys

from cnnlib.cli import main

# Before torch is imported: its threads wait asleep, and leave the cores to others.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if __name__ == "__main__":
    sys.exit(main())
