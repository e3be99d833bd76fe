"""Image folders, decoded once and kept in the user's cache.

A folder's place there holds, for each size, the pixels ``*.images`` (N, 3, size, size)
and the index ``*.json``, which appears when all is done. Until then ``*.journal`` lists
the blocks that are: who comes after a crash decodes only the others.

The name says what was decoded: a sum over each file's path, size and time of change.
A sum over the contents would take as long as decoding them.
"""

from .keeping import keep
from .readers import CacheError

__all__ = ["CacheError", "keep"]
