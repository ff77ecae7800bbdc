"""Meaning on the server: each document carries its sentences' vectors, nested, and the server compares them all."""

from collections.abc import Collection, Sequence
from typing import Any

from corpus.store import Corpus
from retrieval.elastic.alias import live
from retrieval.elastic.failures import explaining
from retrieval.elastic.index import ElasticsearchIndex
from retrieval.elastic.paging import PAGE
from retrieval.encoding import quantised
from retrieval.index import Hit
from retrieval.nearness import Bounds, NearHit, Vector, no_vectors
from retrieval.passage_store import PassageStore
from retrieval.passages import TextPlace
from retrieval.query import Query

VECTOR = "passages.vector"


class ElasticNearness:
    """The vectors in an index on the server; at most 10,000 documents are found at once.

    ``store``: whose encoder makes the vectors of the queries.
    """

    def __init__(self, store: PassageStore, index: ElasticsearchIndex) -> None:
        self._store, self._index = store, index

    def encoder(self) -> str:
        """See :class:`retrieval.nearness.Nearness`."""
        found = live(self._index.client, self._index.alias)
        return found[1].encoder if found else ""

    def stale(self, corpus: Corpus) -> list[str]:
        """Nothing: the index tells."""
        return []

    def check(self) -> None:
        """See :class:`retrieval.nearness.Nearness`."""
        if self.encoder() != self._store.encoder.name:
            raise no_vectors()

    def near(self, vector: Vector, k: int, bounds: Bounds, within: Collection[str] | None = None) -> list[NearHit]:
        """See :class:`retrieval.nearness.Nearness`."""
        k = min(k, PAGE)
        if not k:
            return []
        return _nearest(self._asked(self._wanted(vector, k, self._filtered(bounds, within))))

    def with_words(
        self, query: Query, vector: Vector, k: int, within: Collection[str] | None = None
    ) -> tuple[list[Hit], list[NearHit]]:
        """See :class:`retrieval.nearness.Nearness`; one request, unless there are too many for a page."""
        bounds = Bounds.of(query)
        if k > PAGE:
            return self._index.search(query, k, within), self.near(vector, k, bounds, within)
        wanted = self._wanted(vector, k, self._filtered(bounds, within))
        words, hits = self._index.search_beside(query, k, within, wanted)
        return words, _nearest(hits)

    def places(self, vector: Vector, ids: Sequence[str]) -> dict[str, TextPlace]:
        """See :class:`retrieval.nearness.Nearness`."""
        if not ids:
            return {}
        fields = ["passages.start", "passages.end"]
        inner = {"size": 1, "_source": False, "docvalue_fields": fields}
        more = {"filter": [{"terms": {"id": sorted(ids)}}], "inner_hits": inner}
        hits = self._asked(self._wanted(vector, len(ids), more))
        found = {}
        for hit in hits:
            (nearest,) = hit["inner_hits"]["passages"]["hits"]["hits"]
            found[str(hit["fields"]["id"][0])] = TextPlace(*(int(nearest["fields"][name][0]) for name in fields))
        return found

    def _filtered(self, bounds: Bounds, within: Collection[str] | None) -> dict[str, Any]:
        """The part of a search that says which documents may be found."""
        filters: list[dict[str, Any]] = [self._index.clause(clause) for clause in bounds.must]
        if bounds.must_not:
            filters.append({"bool": {"must_not": [self._index.clause(clause) for clause in bounds.must_not]}})
        if within is not None:
            filters.append({"terms": {"id": sorted(within)}})
        return {"filter": filters} if filters else {}

    def _wanted(self, vector: Vector, k: int, more: dict[str, Any]) -> dict[str, Any]:
        """The body of a search for the k nearest."""
        (query,), _ = quantised(vector[None])
        return {
            "knn": {"field": VECTOR, "query_vector": query.tolist(), "k": k, "num_candidates": max(k, 100), **more},
            "size": k,
            "_source": False,
            "docvalue_fields": [{"field": "id"}],
            "track_total_hits": False,
        }

    def _asked(self, wanted: dict[str, Any]) -> list[Any]:
        with explaining():
            answer = self._index.client.search(index=self._index.alias, body=wanted, allow_partial_search_results=False)
        found: list[Any] = answer["hits"]["hits"]
        return found


def _nearest(hits: Sequence[Any]) -> list[NearHit]:
    """The documents that were found, nearest first."""
    near = [NearHit(str(hit["fields"]["id"][0]), _cosine(hit["_score"])) for hit in hits]
    return sorted(near, key=lambda hit: (-hit.cosine, hit.document_id))


def _cosine(score: float) -> float:
    """Lucene's score of a cosine is (1 + cosine) / 2."""
    return 2 * score - 1
