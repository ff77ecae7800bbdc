"""What of a text is copied: every stretch of 30 or more characters that also stands in one of given documents.

Exact, and fast: all stretches of 30 characters are hashed with numpy in one pass, equal hashes are joined to the
longest stretches they make up, and those are compared character by character. 1 M characters of documents take
about 0.2 s, a text of 2,000 characters against them a few milliseconds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from corpus.document import Document, normalise

SHORTEST = 30  # characters
_BOUNDARY = 0x110000  # beyond Unicode: no stretch goes over the end of a document
_BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no power of it is zero modulo 2^64


@dataclass(frozen=True, slots=True)
class Copied:
    """A copied stretch: ``text[start:end]`` of the normalised text, and the document it stands in."""

    start: int
    end: int
    text: str
    document_id: str
    title: str

    @property
    def characters(self) -> int:
        """Its length."""
        return self.end - self.start


class Sources:
    """Documents that may have been copied from. All texts are normalised: NFC, any whitespace one space."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents
        texts = [_codes(normalise(document.text)) for document in documents]
        boundary = np.array([_BOUNDARY], dtype=np.uint32)
        self._codes = np.concatenate([part for text in texts for part in (text, boundary)] or [boundary])
        self._starts = np.cumsum([0, *(len(text) + 1 for text in texts)])
        hashes = _hashes(self._codes)
        self._order = np.argsort(hashes, kind="stable")
        self._hashes = hashes[self._order]

    def copied(self, text: str) -> list[Copied]:
        """The longest stretches of ``text``, of 30 characters or more, that stand in a document, by their starts.

        Stretches from several documents may overlap; of those that are equal, the first document's is given.
        """
        text = normalise(text)
        codes = _codes(text)
        places, sources = self._equal(_hashes(codes))
        found: dict[tuple[int, int], Copied] = {}
        for place, source, length in _joined(places, sources):
            if not np.array_equal(codes[place : place + length], self._codes[source : source + length]):
                continue  # two hashes of 64 bits that are equal by chance
            document = self._documents[int(np.searchsorted(self._starts, source, side="right")) - 1]
            end = place + length
            found.setdefault((place, end), Copied(place, end, text[place:end], document.id, document.title))
        return [found[key] for key in sorted(found)]

    def _equal(self, hashes: npt.NDArray[np.uint64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """All pairs of places, in the text and in the documents, with equal hashes."""
        first = np.searchsorted(self._hashes, hashes, side="left")
        count = np.searchsorted(self._hashes, hashes, side="right") - first
        places = np.repeat(np.arange(len(hashes)), count)
        offsets = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        return places, self._order[np.repeat(first, count) + offsets]


def copied_share(text: str, stretches: Sequence[Copied]) -> float:
    """Share, from 0 to 1, of the normalised text's characters that stand inside any of these stretches."""
    covered = np.zeros(len(normalise(text)), dtype=bool)
    for stretch in stretches:
        covered[stretch.start : stretch.end] = True
    return float(covered.mean()) if len(covered) else 0.0


def longest(stretches: Sequence[Copied]) -> Copied | None:
    """The longest stretch, the first of several; None if there is none."""
    return max(stretches, key=lambda stretch: stretch.characters, default=None)


def _codes(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _hashes(codes: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
    """A hash of each stretch of 30 characters, by its start: a polynomial modulo 2^64."""
    count = max(0, len(codes) - SHORTEST + 1)
    hashes = np.zeros(count, dtype=np.uint64)
    for offset in range(SHORTEST):
        hashes = hashes * _BASE + codes[offset : offset + count]
    return hashes


def _joined(places: npt.NDArray[np.int64], sources: npt.NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
    """Pairs that follow each other in both texts, as (place, source, characters) of the whole stretch."""
    order = np.lexsort((places, sources - places))
    places, sources = places[order], sources[order]
    breaks = np.flatnonzero((np.diff(places) != 1) | (np.diff(sources) != 1)) + 1
    for run in np.split(np.arange(len(places)), breaks):
        if len(run):
            yield int(places[run[0]]), int(sources[run[0]]), len(run) + SHORTEST - 1
