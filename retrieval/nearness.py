"""Which documents have a sentence near in meaning to a query: all of them looked at, none left out for speed."""

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from corpus import digests
from corpus.digests import Digest, from_hex, to_hex
from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval.encoding import quantised
from retrieval.index import BUILD, Hit, SearchIndex
from retrieval.passage_store import PassagePart, PassageStore
from retrieval.passages import TextPlace
from retrieval.products import MANY, products
from retrieval.query import Boolean, Query

Vector = NDArray[np.float32]


class NearHit(NamedTuple):
    """A document and the cosine of its nearest sentence."""

    document_id: str
    cosine: float


@dataclass(frozen=True)
class Bounds:
    """What a document has to fulfil however near it is: what the query must match, and what it must not."""

    must: tuple[Query, ...] = ()
    must_not: tuple[Query, ...] = ()

    @classmethod
    def of(cls, query: Query) -> "Bounds":
        """Those of a query: its own ``+`` and ``-``, not those within its groups."""
        return cls(query.must, query.must_not) if isinstance(query, Boolean) else cls()


class Nearness(Protocol):
    """Finds by meaning. All implementations find the same, but for the rounding of a cosine; ties by document id."""

    def near(self, vector: Vector, k: int, bounds: Bounds, within: Collection[str] | None = None) -> list[NearHit]:
        """The k documents with the sentence nearest to the vector, (d,), nearest first; those of ``within`` alone."""
        ...

    def with_words(
        self, query: Query, vector: Vector, k: int, within: Collection[str] | None = None
    ) -> tuple[list[Hit], list[NearHit]]:
        """The k best by the query's words and, within the query's bounds, the k nearest: of a server in one request."""
        ...

    def places(self, vector: Vector, ids: Sequence[str]) -> dict[str, TextPlace]:
        """Where in each of the documents, the text as it is in the corpus, its nearest sentence stands."""
        ...

    def encoder(self) -> str:
        """The name of that of the vectors there are; empty if there are none."""
        ...

    def stale(self, corpus: Corpus) -> list[str]:
        """Why its vectors have to be made again, where its index does not tell."""
        ...

    def check(self) -> None:
        """Raise GeulgamError if there are no vectors of the queries' encoder."""
        ...


def no_vectors() -> GeulgamError:
    """What is raised where there are none of the queries' encoder."""
    return GeulgamError("there are no vectors to search by meaning", f"{BUILD} --meaning")


class PassageView:
    """The sentences of a corpus's documents in the parts of a store, as they were at one moment.

    ``ids``: of the documents, sorted, (n,). ``slots``: where each stands among the documents of all parts, (n,), -1
    for one without vectors. A sentence's row counts through all parts.
    """

    def __init__(self, corpus: Corpus, parts: Sequence[PassagePart]) -> None:
        self.parts = parts
        self.ids, versions = corpus.digests(), corpus.versions()
        stored = np.concatenate([digests.array([]), *(part.versions for part in parts)])
        order = np.argsort(stored, kind="stable")
        spots, found = digests.find(versions, stored[order])
        self.slots = np.where(found, order[np.minimum(spots, max(len(order) - 1, 0))] if len(order) else -1, -1)
        bases = np.cumsum([0, *(len(part.vectors) for part in parts)])
        firsts = [part.firsts[:-1] + base for part, base in zip(parts, bases, strict=False)]
        self.firsts = np.concatenate([*firsts, bases[-1:]]).astype(np.int64)
        self.lengths = np.concatenate([np.zeros(0, np.float32), *(part.lengths for part in parts)])
        self._bases = bases

    def cosines(self, query: NDArray[np.int8], length: float) -> NDArray[np.float32]:
        """Of every sentence to the query, (rows,)."""
        many = len(self.lengths) >= MANY
        found = [products(part.vectors, query, many) for part in self.parts]
        cosines = np.concatenate(found) / (self.lengths * np.float32(length))
        return cosines.astype(np.float32)

    def part_of(self, slot: int) -> tuple[PassagePart, slice]:
        """The part in which the document of this slot stands, and its rows there."""
        first = int(self.firsts[slot])
        number = int(np.searchsorted(self._bases, first, side="right")) - 1
        start = first - int(self._bases[number])
        return self.parts[number], slice(start, start + int(self.firsts[slot + 1]) - first)

    def slot_of(self, id_: str) -> int:
        """That of a document by its id, -1 if it has no vectors."""
        wanted = digests.array([from_hex(id_)])
        spots, found = digests.find(wanted, self.ids)
        return int(self.slots[spots[0]]) if found[0] else -1


class PassageViews:
    """The view of a store as it is now, opened again when the corpus or the store has changed."""

    def __init__(self, store: PassageStore, corpus: Corpus) -> None:
        self._store, self._corpus = store, corpus
        self._lock = threading.Lock()
        self._opened: tuple[tuple[str, ...], PassageView] | None = None

    def now(self) -> PassageView:
        """Raises GeulgamError if there are no vectors."""
        with self._lock:
            state = (self._corpus.fingerprint(), *self._store.names())
            if self._opened is None or self._opened[0] != state:
                parts = self._store.parts()
                if not parts:
                    raise no_vectors()
                self._opened = state, PassageView(self._corpus, parts)
            return self._opened[1]


class EmbeddedNearness:
    """Brute force over the memory-mapped store. ``index``: what the bounds of a query are looked up in."""

    def __init__(self, store: PassageStore, corpus: Corpus, index: SearchIndex) -> None:
        self._store, self._views, self._index = store, PassageViews(store, corpus), index
        self._last: tuple[bytes, PassageView, NDArray[np.float32]] | None = None

    def encoder(self) -> str:
        """See :class:`Nearness`."""
        return self._store.encoder.name if self._store.is_complete else ""

    def stale(self, corpus: Corpus) -> list[str]:
        """See :class:`Nearness`."""
        return self._store.stale(corpus)

    def check(self) -> None:
        """See :class:`Nearness`."""
        self._views.now()

    def near(self, vector: Vector, k: int, bounds: Bounds, within: Collection[str] | None = None) -> list[NearHit]:
        """See :class:`Nearness`."""
        view = self._views.now()
        nearest = self._nearest(view, vector)
        scores = np.where(view.slots >= 0, nearest[view.slots], np.float32(-2))
        scores[~self._allowed(view.ids, bounds, within)] = -2
        candidates = np.flatnonzero(scores > -2)
        if k < len(candidates):
            found = scores[candidates]
            candidates = candidates[found >= np.partition(found, len(found) - k)[len(found) - k]]
        candidates = candidates[np.argsort(-scores[candidates], kind="stable")[:k]]
        return [*map(NearHit, to_hex(view.ids[candidates]), scores[candidates].tolist())]

    def with_words(
        self, query: Query, vector: Vector, k: int, within: Collection[str] | None = None
    ) -> tuple[list[Hit], list[NearHit]]:
        """See :class:`Nearness`."""
        return self._index.search(query, k, within), self.near(vector, k, Bounds.of(query), within)

    def places(self, vector: Vector, ids: Sequence[str]) -> dict[str, TextPlace]:
        """See :class:`Nearness`."""
        view = self._views.now()
        (query,), _ = quantised(vector[None])
        found = {}
        for id_ in ids:
            if (slot := view.slot_of(id_)) >= 0:
                part, rows = view.part_of(slot)
                best = int(np.argmax(products(part.vectors[rows], query) / part.lengths[rows]))
                found[id_] = TextPlace(*part.places[rows][best].tolist())
        return found

    def _nearest(self, view: PassageView, vector: Vector) -> NDArray[np.float32]:
        """The cosine of the nearest sentence of each document that has vectors, by slots.

        The last ones are kept: of one query first the best are asked for, then those of documents that words found.
        """
        key = vector.tobytes()
        last = self._last
        if last is None or last[0] != key or last[1] is not view:
            (query,), (length,) = quantised(vector[None])
            last = key, view, np.maximum.reduceat(view.cosines(query, float(length)), view.firsts[:-1])
            self._last = last
        return last[2]

    def _allowed(self, ids: Digest, bounds: Bounds, within: Collection[str] | None) -> NDArray[np.bool_]:
        """For each of the sorted ids whether it is within the bounds."""
        allowed = np.ones(len(ids), np.bool_) if within is None else _among(ids, within)
        if bounds.must:
            allowed &= _among(ids, self._matching(Boolean(must=bounds.must)))
        if bounds.must_not:
            allowed &= ~_among(ids, self._matching(Boolean(should=bounds.must_not)))
        return allowed

    def _matching(self, query: Query) -> list[str]:
        return [hit.document_id for hit in self._index.search(query, max(1, len(self._index)))]


def _among(ids: Digest, wanted: Collection[str]) -> NDArray[np.bool_]:
    there = np.zeros(len(ids), np.bool_)
    spots, found = digests.find(digests.array(map(from_hex, wanted)), ids)
    there[spots[found]] = True
    return there
