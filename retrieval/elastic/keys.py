"""What a document goes by on the server: its key, which is its id and its version in one.

A document whose title was corrected keeps its id and has another version, so another key: an index that holds the old
one cannot be taken for the corpus's. Two documents of the same content differ in their ids, so they are two here too.

16 bytes each, in numpy arrays: no Python object for each document.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.digests import DTYPE, Digest, find
from corpus.store import Corpus


@dataclass(frozen=True)
class Keyed:
    """Documents by their keys: those, sorted, and beside each the id and the version, (n,) each.

    ``fingerprint``: of the corpus that they are.
    """

    keys: Digest
    ids: Digest
    versions: Digest
    fingerprint: str

    @classmethod
    def of(cls, corpus: Corpus) -> "Keyed":
        """All of the corpus, as it is at one moment, even if it is being replaced."""
        while True:
            fingerprint = corpus.fingerprint()
            ids, versions = corpus.digests(), corpus.versions()
            if corpus.fingerprint() == fingerprint:
                break
        found = keys(ids, versions)
        order = np.argsort(found)
        return cls(found[order], ids[order], versions[order], fingerprint)


def keys(ids: Digest, versions: Digest) -> Digest:
    """The key of each document, (n,): the bits of id and version that differ, as both are digests."""
    differ: NDArray[np.uint64] = ids.view(np.uint64) ^ versions.view(np.uint64)
    return differ.view(DTYPE)


def held(some: Digest, others: Digest) -> Any:
    """For each of some whether it is among the others, which are sorted, (len(some),) bool."""
    return find(some, others)[1]
