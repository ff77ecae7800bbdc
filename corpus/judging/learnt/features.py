"""What the learnt judge sees of a text: means of its pieces' runs of characters, hashed, and of a few pieces' vectors.

Of means a linear judge makes the mean of what it would make of the pieces, so that a long text does not stand out among
short ones. Line ends and figures are not seen: they tell where a text was taken from rather than what it is.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from corpus.document import normalise

if TYPE_CHECKING:
    from scipy.sparse import csr_array

COLUMNS = 1 << 15  # that runs of characters are hashed into; more change a stored model
COUNTED, ENCODED = (12, 300), (2, 200)  # pieces whose runs are counted, pieces that are encoded: how many, characters
_RUNS = (1, 2, 3, 4)  # lengths of the runs
_FIGURE = re.compile(r"[0-9]")
_MULTIPLY, _MIX = np.uint32(0x01000193), np.uint32(0x9E3779B1)  # FNV's prime; Knuth's multiplicative hash

Vectors: TypeAlias = NDArray[np.float32]
Encode: TypeAlias = Callable[[Sequence[str]], Vectors]  # texts to vectors (len(texts), d), each of length 1


@dataclass(frozen=True)
class TextFeatures:
    """Of n texts. ``runs``: (n, COLUMNS), ``vectors``: (n, d); both are means of rows of length 1, one for a piece."""

    runs: "csr_array"
    vectors: Vectors

    def __len__(self) -> int:
        return len(self.vectors)

    def rows(self, places: Sequence[int] | NDArray[np.intp]) -> "TextFeatures":
        """Those of some of the texts."""
        chosen = np.asarray(places, np.intp)
        return TextFeatures(self.runs[chosen], self.vectors[chosen])


def features(texts: Sequence[str], encode: Encode) -> TextFeatures:
    """What is seen of each text, which depends on that text alone."""
    return TextFeatures(runs(texts), mean_vectors(texts, encode))


def runs(texts: Sequence[str]) -> "csr_array":
    """How often each run of 1 to 4 characters stands in the pieces of each text, as 1 + log count, (n, COLUMNS).

    Hashed without a dictionary (Weinberger et al. 2009, 0902.2206), so that nothing of the texts is in a model.
    """
    from scipy.sparse import csr_array

    cut = [pieces(text, *COUNTED) for text in texts]
    found = [_hashed(piece) for some in cut for piece in some]
    ends = [0, *accumulate(len(columns) for columns, _ in found)]
    columns = np.concatenate([columns for columns, _ in found] or [np.empty(0, np.int32)])
    weights = np.concatenate([weights for _, weights in found] or [np.empty(0, np.float32)])
    rows = csr_array((weights, columns, np.asarray(ends, np.int32)), shape=(len(found), COLUMNS))
    counts = [len(some) for some in cut]
    shares = np.repeat(1 / np.maximum(counts, 1), counts).astype(np.float32)
    firsts = np.asarray([0, *accumulate(counts)], np.int32)
    mean = csr_array((shares, np.arange(len(found), dtype=np.int32), firsts), shape=(len(texts), len(found)))
    made = mean @ rows
    made.sort_indices()
    return made


def mean_vectors(texts: Sequence[str], encode: Encode) -> Vectors:
    """The mean vector of a few pieces of each text, (n, d)."""
    cut = [pieces(text, *ENCODED) for text in texts]
    if not cut:
        return encode([])
    vectors = encode([piece for some in cut for piece in some])
    firsts = [0, *accumulate(len(some) for some in cut)][:-1]
    sums = np.add.reduceat(vectors, firsts, axis=0)
    return np.asarray(sums / np.asarray([[len(some)] for some in cut], np.float32), np.float32)


def pieces(text: str, most: int, size: int) -> list[str]:
    """At most so many pieces of the text, of up to ``size`` characters, from all over it; an empty text is one."""
    flat = normalise(text)
    if len(flat) <= most * size:
        many = max(1, -(-len(flat) // size))
        starts = [len(flat) * place // many for place in range(many)]
        ends = [*starts[1:], len(flat)]
    else:
        starts = [(len(flat) - size) * place // (most - 1) for place in range(most)]
        ends = [start + size for start in starts]
    return [flat[_word(flat, start) : _word(flat, end)].strip() for start, end in zip(starts, ends, strict=True)]


def _word(text: str, place: int) -> int:
    """The beginning of the word there, or the place itself where the word is long."""
    if place >= len(text):
        return len(text)
    space = text.rfind(" ", max(0, place - 20), place + 1)
    return place if space < 0 else space


def _hashed(text: str) -> tuple[NDArray[np.int32], Vectors]:
    """The columns of the runs in a text, ascending, and their weights."""
    flat = _FIGURE.sub("0", f" {normalise(text)} ")
    letters = np.frombuffer(flat.encode("utf-32-le", "surrogatepass"), "<u4")
    hashes = []
    for length in _RUNS:
        hashed = np.full(max(0, len(letters) - length + 1), length, np.uint32)
        for place in range(length):
            hashed = (hashed * _MULTIPLY) ^ letters[place : place + len(hashed)]
        hashes.append((hashed * _MIX) >> np.uint32(32 - (COLUMNS.bit_length() - 1)))
    columns, counts = np.unique(np.concatenate(hashes), return_counts=True)
    weights = 1 + np.log(counts)
    return columns.astype(np.int32), (weights / np.linalg.norm(weights)).astype(np.float32)
