"""An index of passages: a long essay is found by the part of it that is about something.

Each passage is a document in a corpus of its own (:mod:`retrieval.passage_corpus`), and that has an index like any
other.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

import numpy as np

from corpus import digests
from corpus.digests import from_hex, to_hex
from corpus.events import On, silent
from corpus.store import Corpus
from retrieval.fusion import most
from retrieval.index import Built, Made, SearchIndex
from retrieval.passage_corpus import ESSAY, PassageCorpus, places_of
from retrieval.passages import TextPlace
from retrieval.query import Boolean, Filter, Query

_AT_ONCE = 10_000  # passages that are looked at by their ids, in one search
_EACH = 4  # passages of one essay among the best, for a first guess at how many to ask for


class PassageIndex:
    """The passages of ``corpus`` in ``folder``, ranked by the index that ``make`` makes for a corpus of them."""

    def __init__(self, folder: Path, corpus: Corpus, make: Callable[[Path, Corpus], SearchIndex]) -> None:
        self._corpus, self._parts = corpus, PassageCorpus(folder)
        self._index = make(folder, self._parts.corpus)

    def build(self, corpus: Corpus, *, on: On = silent) -> Built:
        """Cut the essays that are new or changed, and index the passages; the notes are those of the index."""
        self._parts.update(corpus, on=on)
        return self._index.build(self._parts.corpus, on=on)

    def stale(self, corpus: Corpus) -> list[str]:
        """Why it has to be built; empty if it does not."""
        reasons = self._parts.stale(corpus)
        return reasons or [f"passages: {reason}" for reason in self._index.stale(self._parts.corpus)]

    def made(self) -> Made | None:
        """What the passages' index was made from."""
        return self._index.made()

    def check(self) -> None:
        """Raise GeulgamError if it cannot be searched."""
        self._index.check()

    def best(self, query: Query, k: int, within: Collection[str] | None = None) -> dict[str, float]:
        """The k essays with the best passages, and the BM25 score of the best of each, best first.

        What the query demands or forbids need not all stand in one passage, and is not looked at here; filters are.
        """
        query, depth, found = optional(query), _EACH * k, dict[str, float]()
        if within is None:
            while True:
                hits = self._index.search(query, depth)
                for hit in hits:
                    found.setdefault(hit.document_id[:ESSAY], hit.score)
                if len(found) >= k or len(hits) < depth:
                    break
                depth *= _EACH
        else:
            ids = [id_ for essay in within for id_ in self._of(essay)]
            for start in range(0, len(ids), _AT_ONCE):
                some = ids[start : start + _AT_ONCE]
                for hit in self._index.search(query, len(some), some):
                    begun = hit.document_id[:ESSAY]
                    found[begun] = max(hit.score, found.get(begun, 0.0))
        first = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:k]
        essays = self._essays(begun for begun, _ in first)
        return {essays[begun]: score for begun, score in first if begun in essays}

    def matching(self, query: Query, ids: Sequence[str]) -> dict[str, list[tuple[TextPlace, float]]]:
        """Of each of the essays the passages that have a word of the query, in order, with their BM25 scores; without
        an essay of which none has."""
        query, found = optional(query), defaultdict[str, dict[int, float]](dict)
        wanted = [id_ for essay in ids for id_ in self._of(essay)]
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            for hit in self._index.search(query, len(some), some):
                if hit.score > 0:
                    found[hit.document_id[:ESSAY]][int(hit.document_id[ESSAY:], 16)] = hit.score
        essays = [essay for essay in ids if essay[:ESSAY] in found]
        texts = (document.text for document in self._corpus.get(essays))
        places = {essay: places_of(text) for essay, text in zip(essays, texts, strict=True)}
        return {
            essay: [(places[essay][number], score) for number, score in sorted(found[essay[:ESSAY]].items())]
            for essay in essays
        }

    def most(self, query: Query) -> float:
        """The score that no passage has more of; see :func:`retrieval.fusion.most`."""
        return most(self._index, optional(query))

    def _essays(self, begun: Iterable[str]) -> dict[str, str]:
        """The essays' ids by their first digits."""
        wanted = sorted(begun)
        ids = self._corpus.digests()
        lowest = digests.array(from_hex(each + "0" * (32 - ESSAY)) for each in wanted)
        spots = np.minimum(np.searchsorted(ids, lowest), max(len(ids) - 1, 0))
        found = to_hex(ids[spots]) if len(ids) else []
        return {each: id_ for each, id_ in zip(wanted, found, strict=False) if id_.startswith(each)}

    def _of(self, essay: str) -> list[str]:
        """The ids of its passages."""
        ids = self._parts.corpus.digests()
        first, last = (digests.array([from_hex(essay[:ESSAY] + fill * (32 - ESSAY))]) for fill in "0f")
        start, end = np.searchsorted(ids, first, "left")[0], np.searchsorted(ids, last, "right")[0]
        return to_hex(ids[start:end])


def optional(query: Query) -> Query:
    """The same words, of which none must stand in a passage and none must not; filters hold."""
    if not isinstance(query, Boolean):
        return query
    filters = tuple(clause for clause in query.must if isinstance(clause, Filter))
    words = tuple(clause for clause in (*query.must, *query.should) if not isinstance(clause, Filter))
    if filters and words:
        return Boolean(must=(*filters, Boolean(should=words)), boost=query.boost)
    return Boolean(must=filters, should=words, boost=query.boost)
