"""An index that goes by more than an essay's words as a whole: by its passages, by its meaning, or by both.

The best candidates of each kind are found, each is given all scores, and :func:`retrieval.fusion.fused` ranks them: in
the embedded indexes and on a server alike. What a query demands (``+``) and forbids (``-``) holds whatever the score.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from corpus.events import On, silent
from corpus.store import Corpus
from retrieval.analyzer import Analyzer
from retrieval.encoding import Vectors
from retrieval.fusion import WEIGHT, Scored, fused, most, scaled
from retrieval.index import Built, Hit, Made, NearTerm, SearchIndex
from retrieval.nearness import Bounds, Nearness
from retrieval.passage_index import PassageIndex
from retrieval.passage_store import PassageStore
from retrieval.passages import TextPlace, joined
from retrieval.query import Query, written

DEPTH = 1_000  # candidates of each kind, if no more hits are asked for
_AT_ONCE = 10_000  # documents that are asked for by their ids; a server takes no more


class Meaning:
    """What the meaning of a query is sought in. ``weight``: what a cosine of 1 counts beside all the words."""

    def __init__(self, store: PassageStore, nearness: Nearness, weight: float = WEIGHT) -> None:
        self.store, self.nearness, self.weight = store, nearness, weight

    def vector(self, query: Query) -> Vectors:
        """That of the words that are looked for, as they were written, (d,)."""
        found: Vectors = self.store.encoder.encode([written(query)])[0]
        return found


class HybridIndex:
    """``words`` with ``passages``, which are ranked by the words too, with ``meaning``, or with both."""

    def __init__(
        self, words: SearchIndex, *, passages: PassageIndex | None = None, meaning: Meaning | None = None
    ) -> None:
        self.words, self._passages, self.meaning = words, passages, meaning

    @property
    def analyzer(self) -> Analyzer:
        """That of the words."""
        return self.words.analyzer

    def build(self, corpus: Corpus, *, on: On = silent) -> Built:
        """All that it consists of; see :meth:`retrieval.index.SearchIndex.build`."""
        notes: list[str] = []
        if self.meaning and (encoded := self.meaning.store.update(corpus, on=on)):
            notes.append(f"{encoded:,} encoded")
        if self._passages:
            notes += self._passages.build(corpus, on=on).notes
        built = self.words.build(corpus, on=on)
        return Built(built.documents, (*built.notes, *notes))

    def made(self) -> Made | None:
        """What the words' index was made from, with the encoder of the vectors and whether there are passages."""
        made = self.words.made()
        if made is None:
            return None
        encoder = self.meaning.nearness.encoder() if self.meaning else ""
        passages = self._passages is not None and self._passages.made() is not None
        return replace(made, encoder=encoder, passages=passages)

    def stale(self, corpus: Corpus) -> list[str]:
        """Why it has to be built; empty if it does not."""
        reasons = self.words.stale(corpus)
        reasons += self._passages.stale(corpus) if self._passages else []
        return reasons + (self.meaning.nearness.stale(corpus) if self.meaning else [])

    def check(self) -> None:
        """Raise GeulgamError if it cannot be searched."""
        self.words.check()
        if self._passages:
            self._passages.check()
        if self.meaning:
            self.meaning.nearness.check()

    def search(self, query: Query, k: int, within: Collection[str] | None = None) -> list[Hit]:
        """The k best, best first. With meaning every document within the query's bounds can be found."""
        depth, near = max(k, DEPTH), dict[str, float]()
        sought = self.meaning if self.meaning and self.meaning.weight and written(query) else None
        vector = sought.vector(query) if sought else None
        if sought and vector is not None:
            hits, nearest = sought.nearness.with_words(query, vector, depth, within)
            near = dict(nearest)
        else:
            hits = self.words.search(query, depth, within)
        words = {hit.document_id: hit.score for hit in hits}
        parts = self._passages.best(query, depth, within) if self._passages else {}
        # Of a document whose passages match it is not known yet whether all of it is within the query's bounds.
        if len(hits) == depth and (more := (near.keys() | parts.keys()) - words.keys()):
            for some in _batches(more):
                words |= {hit.document_id: hit.score for hit in self.words.search(query, len(some), some)}
        candidates = words.keys() | near.keys()
        kinds = [scaled(words, most(self.words, query), 0.5 if self._passages else 1.0)]
        if self._passages:
            if lacking := candidates - parts.keys():
                parts |= self._passages.best(query, len(lacking), lacking)
            kinds.append(scaled(parts, self._passages.most(query), 0.5))
        if sought and vector is not None:
            for some in _batches(candidates - near.keys()):
                near |= dict(sought.nearness.near(vector, len(some), Bounds(), some))
            kinds.append(Scored(near, sought.weight))
        ranked = list(fused(candidates, kinds).items())[:k]
        return [
            Hit(
                id_,
                rank,
                score,
                words.get(id_, 0.0),
                near.get(id_) if sought else None,
                parts.get(id_, 0.0) if self._passages else None,
            )
            for rank, (id_, score) in enumerate(ranked, start=1)
        ]

    def places(self, query: Query, ids: Sequence[str]) -> dict[str, TextPlace]:
        """What to show of each of the documents: the best of its passages, if they are ranked and one matches, else
        the sentence that is nearest in meaning; none of a document where neither is known."""
        found: dict[str, TextPlace] = {}
        if self.meaning and written(query):
            found |= self.meaning.nearness.places(self.meaning.vector(query), ids)
        matching = self._passages.matching(query, ids) if self._passages else {}
        return found | {id_: max(passages, key=lambda pair: pair[1])[0] for id_, passages in matching.items()}

    def parts(self, query: Query, ids: Sequence[str]) -> dict[str, list[TextPlace]]:
        """Of each of the documents the passages that match, in order, those that follow one another as one; without a
        document of which none does."""
        matching = self._passages.matching(query, ids) if self._passages else {}
        return {id_: joined(place for place, _ in passages) for id_, passages in matching.items()}

    def document_frequencies(self, terms: Sequence[str]) -> list[int]:
        """Those of the words."""
        return self.words.document_frequencies(terms)

    def near_terms(self, term: str, limit: int = 5) -> list[NearTerm]:
        """Those of the words."""
        return self.words.near_terms(term, limit)

    def status(self) -> dict[str, Any]:
        """That of the words."""
        return self.words.status()

    def __len__(self) -> int:
        return len(self.words)


def _batches(ids: Collection[str]) -> list[list[str]]:
    ordered = sorted(ids)
    return [ordered[start : start + _AT_ONCE] for start in range(0, len(ordered), _AT_ONCE)]
