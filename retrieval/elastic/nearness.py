"""Meaning on the server: each document carries its sentences' vectors, nested, and the server compares them all."""

from collections.abc import Collection, Sequence
from typing import Any

from corpus.store import Corpus
from retrieval.elastic.alias import live
from retrieval.elastic.failures import explaining
from retrieval.elastic.index import ElasticsearchIndex
from retrieval.elastic.paging import PAGE
from retrieval.encoding import quantised
from retrieval.nearness import Bounds, NearHit, Vector, no_vectors
from retrieval.passage_store import PassageStore
from retrieval.passages import TextPlace

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
        filters: list[dict[str, Any]] = [self._index.clause(clause) for clause in bounds.must]
        if bounds.must_not:
            filters.append({"bool": {"must_not": [self._index.clause(clause) for clause in bounds.must_not]}})
        if within is not None:
            filters.append({"terms": {"id": sorted(within)}})
        if not k:
            return []
        hits = [
            NearHit(str(hit["fields"]["id"][0]), _cosine(hit["_score"]))
            for hit in self._asked(vector, k, {"filter": filters} if filters else {})
        ]
        return sorted(hits, key=lambda hit: (-hit.cosine, hit.document_id))

    def places(self, vector: Vector, ids: Sequence[str]) -> dict[str, TextPlace]:
        """See :class:`retrieval.nearness.Nearness`."""
        if not ids:
            return {}
        fields = ["passages.start", "passages.end"]
        inner = {"size": 1, "_source": False, "docvalue_fields": fields}
        hits = self._asked(vector, len(ids), {"filter": [{"terms": {"id": sorted(ids)}}], "inner_hits": inner})
        found = {}
        for hit in hits:
            (nearest,) = hit["inner_hits"]["passages"]["hits"]["hits"]
            found[str(hit["fields"]["id"][0])] = TextPlace(*(int(nearest["fields"][name][0]) for name in fields))
        return found

    def _asked(self, vector: Vector, k: int, more: dict[str, Any]) -> list[Any]:
        (query,), _ = quantised(vector[None])
        knn = {"field": VECTOR, "query_vector": query.tolist(), "k": k, "num_candidates": max(k, 100), **more}
        with explaining():
            answer = self._index.client.search(
                index=self._index.alias,
                knn=knn,
                size=k,
                source=False,
                docvalue_fields=[{"field": "id"}],
                track_total_hits=False,
                allow_partial_search_results=False,
            )
        found: list[Any] = answer["hits"]["hits"]
        return found


def _cosine(score: float) -> float:
    """Lucene's score of a cosine is (1 + cosine) / 2."""
    return 2 * score - 1
