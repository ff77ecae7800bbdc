"""Sets and maps of 16-byte values that hold a million of them in megabytes: sorted arrays, and what came since."""

import hashlib
import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

WIDTH = 16  # bytes; a dtype of S16 drops trailing NULs when it gives a value out, but compares them right
DTYPE = np.dtype(f"S{WIDTH}")
_RECENT = 50_000
_HEX = re.compile(f"[0-9a-f]{{{2 * WIDTH}}}")

Digest = NDArray[np.bytes_]


def digest(*parts: str) -> bytes:
    """16 bytes that stand for these strings in this order: a BLAKE2b, 7 µs for an essay."""
    # With their lengths, so that nothing moves from one part to the next unseen.
    joined = "".join([f"{len(part)}:{part}" for part in parts])
    return hashlib.blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=WIDTH).digest()


def from_hex(digits: str) -> bytes:
    """The 16 bytes that an id names. Raises ValueError for what cannot be an id."""
    if not _HEX.fullmatch(digits):
        raise ValueError(f"not a document's id (32 hexadecimal digits): {digits!r}")
    return bytes.fromhex(digits)


def array(values: Iterable[bytes]) -> Digest:
    """The values, each of 16 bytes, (n,)."""
    return np.frombuffer(b"".join(values), DTYPE)


def find(wanted: Digest, ordered: Digest) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Where in ``ordered``, which is sorted, each of the wanted values stands, (n,), and whether it does, (n,)."""
    spots = np.searchsorted(ordered, wanted)
    found = spots < len(ordered)
    found[found] = ordered[spots[found]] == wanted[found]
    return spots, found


def to_hex(values: Digest) -> list[str]:
    """The values as 32 hexadecimal digits each."""
    digits = values.tobytes().hex()
    return [digits[start : start + 2 * WIDTH] for start in range(0, len(digits), 2 * WIDTH)]


class Digests:
    """A set that starts with the values of ``known``, a sorted array of :data:`DTYPE`, which is not changed."""

    def __init__(self, known: Digest) -> None:
        self._sorted = known
        self._recent: set[bytes] = set()

    def add(self, value: bytes) -> bool:
        """Whether the value, 16 bytes long, is new; from now on it is not."""
        if value in self._recent or _place(self._sorted, value) is not None:
            return False
        self._recent.add(value)
        if len(self._recent) >= _RECENT:
            # A stable sort of bytes finds the sorted run and merges: 0.1 s for a million.
            self._sorted = np.sort(np.concatenate([self._sorted, np.sort(array(self._recent))]), kind="stable")
            self._recent.clear()
        return True


class DigestMap:
    """A map of 16 bytes to 16 bytes, at first of ``keys``, (n,), in any order; of a key's values the last counts."""

    def __init__(self, keys: Digest, values: Digest) -> None:
        self._keys, self._values = keys[:0], values[:0]
        self._merge(keys, values)
        self._recent: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        """The value of the key, if it has one."""
        if key in self._recent:
            return self._recent[key]
        place = _place(self._keys, key)
        return None if place is None else self._values[place : place + 1].tobytes()

    def set(self, key: bytes, value: bytes) -> None:
        """Give the key this value instead of the one it may have."""
        self._recent[key] = value
        if len(self._recent) >= _RECENT:
            self._merge(array(self._recent), array(self._recent.values()))
            self._recent.clear()

    def _merge(self, keys: Digest, values: Digest) -> None:
        keys, values = np.concatenate([self._keys, keys]), np.concatenate([self._values, values])
        order = np.argsort(keys, kind="stable")
        keys, values = keys[order], values[order]
        last = np.ones(len(keys), np.bool_)
        last[:-1] = keys[1:] != keys[:-1]
        self._keys, self._values = keys[last], values[last]


def _place(values: Digest, value: bytes) -> int | None:
    """Where the value stands in the sorted array, if it does."""
    if not len(values):
        return None
    wanted = np.frombuffer(value, DTYPE)
    place = int(values.searchsorted(wanted)[0])
    return place if place < len(values) and values[place] == wanted[0] else None
