"""What a document goes by on the server: its key, which is its id and its version in one.

A document whose title was corrected keeps its id and has another version, so another key: an index that holds the old
one cannot be taken for the corpus's. Two documents of the same content differ in their ids, so they are two here too.

16 bytes each, in numpy arrays: no Python object for each document.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.digests import DTYPE, WIDTH, Digest
from corpus.store import Corpus


@dataclass(frozen=True)
class Keyed:
    """Documents by their keys: those, sorted, and beside each the id and the version, (n,) each."""

    keys: Digest
    ids: Digest
    versions: Digest

    @classmethod
    def of(cls, corpus: Corpus) -> "Keyed":
        """All of the corpus."""
        ids, versions = corpus.digests(), corpus.versions()
        found = keys(ids, versions)
        return cls(found, ids, versions)._at(np.argsort(found))

    def among(self, some: Digest) -> "Keyed":
        """Those whose keys are among these, which are sorted."""
        return self._at(held(self.keys, some))

    def _at(self, places: Any) -> "Keyed":
        return Keyed(self.keys[places], self.ids[places], self.versions[places])


def keys(ids: Digest, versions: Digest) -> Digest:
    """The key of each document, (n,): the bits of id and version that differ, as both are digests."""
    differ: NDArray[np.uint64] = ids.view(np.uint64) ^ versions.view(np.uint64)
    return differ.view(DTYPE)


def digests(hexadecimal: Iterable[Any]) -> Digest:
    """Ids, versions or keys as 16 bytes each, in their order, (n,)."""
    return np.frombuffer(bytes.fromhex("".join(hexadecimal)), DTYPE)


def hexadecimal(digests: Digest) -> list[str]:
    """The same as 32 digits each."""
    digits = digests.tobytes().hex()
    return [digits[i : i + 2 * WIDTH] for i in range(0, len(digits), 2 * WIDTH)]


def held(some: Digest, others: Digest) -> Any:
    """For each of some whether it is among the others, which are sorted, (len(some),) bool."""
    places = np.searchsorted(others, some)
    found = places < len(others)
    found[found] = others[places[found]] == some[found]
    return found
