"""`python -m cnnlib data`: which sets there are, and bringing them here."""

from cnnlib import data


def run(options) -> int:
    """Print the table of sets, or fetch those that were named."""
    if options.action == "list":
        print(data.available())
        return 0
    for name in options.names:
        train, test = data.load(name, fallback=False)  # reading it is the check
        where = {row[0]: row[1] for row in data.available()}[name]
        print(f"{name}: {len(train):,} + {len(test):,} images, {where}")
    return 0
