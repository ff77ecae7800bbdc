"""A set of 16-byte values that holds a million of them in 16 MB: a sorted array, and what came since."""

import numpy as np
from numpy.typing import NDArray

WIDTH = 16  # bytes; a dtype of S16 drops trailing NULs when it gives a value out, but compares them right
DTYPE = np.dtype(f"S{WIDTH}")
_RECENT = 20_000

Digest = NDArray[np.bytes_]


class Digests:
    """Starts with the values of ``known``, a sorted array of :data:`DTYPE`, which is not changed."""

    def __init__(self, known: Digest) -> None:
        self._sorted = known
        self._recent: set[bytes] = set()

    def add(self, value: bytes) -> bool:
        """Whether the value, 16 bytes long, is new; from now on it is not."""
        if value in self._recent or self._holds(value):
            return False
        self._recent.add(value)
        if len(self._recent) >= _RECENT:
            recent = np.frombuffer(b"".join(self._recent), DTYPE)
            # A stable sort of bytes finds the sorted run and merges: 0.1 s for a million.
            self._sorted = np.sort(np.concatenate([self._sorted, np.sort(recent)]), kind="stable")
            self._recent.clear()
        return True

    def _holds(self, value: bytes) -> bool:
        wanted = np.frombuffer(value, DTYPE)
        place = int(np.searchsorted(self._sorted, wanted)[0])
        return place < len(self._sorted) and bool(self._sorted[place] == wanted[0])
