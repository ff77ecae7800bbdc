"""The index on an Elasticsearch server: an alias, behind which a build puts a new index when that is complete.

What stands where on the server is told in :mod:`retrieval.elastic.alias`.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from elasticsearch import ApiError, Elasticsearch

from corpus.atomic import write_text
from corpus.errors import GeulgamError
from corpus.events import On, silent
from corpus.store import Corpus
from retrieval import spelling
from retrieval.analyzer import Analyzer
from retrieval.elastic import mapping
from retrieval.elastic.alias import live
from retrieval.elastic.analyzer import ServerAnalyzer
from retrieval.elastic.building import Building
from retrieval.elastic.connection import Access, connect, server_version
from retrieval.elastic.dsl import FIELD, dsl
from retrieval.elastic.entries import analysed, raw, with_vectors
from retrieval.elastic.failures import explaining
from retrieval.elastic.keys import Keyed
from retrieval.elastic.lease import Builder
from retrieval.elastic.loading import Loaded
from retrieval.elastic.mapping import Meta, indexed
from retrieval.elastic.paging import PAGE, pages
from retrieval.elastic.patience import PATIENCE
from retrieval.index import BUILD, K1, B, Built, Hit, Made, NearTerm
from retrieval.nearness import PassageView
from retrieval.passage_store import PassageStore
from retrieval.query import Query
from retrieval.strings import Strings
from retrieval.terms import TermStore

_ALL_SHARDS = "dfs_query_then_fetch"  # by the statistics of all shards: the scores of a single one


class ElasticsearchIndex:
    """The index behind ``alias``, which need not exist yet; the server is asked when there is need.

    ``folder`` holds the cached terms, and ``rejected.jsonl`` with what the server refused; one at a time may build in
    it. Folders and machines that share an index build it in turn (:mod:`retrieval.elastic.lease`). ``shards``: None for
    one per data node; ``replicas``: None for one as soon as there is a second node; ``patience``: the seconds that a
    build waits for a server or a node that went away; ``vectors``: of the documents' sentences, to lie there too.
    """

    def __init__(
        self,
        alias: str,
        folder: Path,
        analyzer: Analyzer,
        *,
        access: Access | None = None,
        k1: float = K1,
        b: float = B,
        shards: int | None = None,
        replicas: int | None = None,
        patience: float = PATIENCE,
        vectors: PassageStore | None = None,
    ) -> None:
        self.alias, self.folder, self.analyzer = alias, folder, analyzer
        self.k1, self.b = float(k1), float(b)
        self.terms = TermStore(folder / "terms", analyzer)
        self._access = access
        self._shards, self._replicas, self._patience = shards, replicas, patience
        self._vectors = vectors

    @cached_property
    def client(self) -> Elasticsearch:
        """The client. Raises GeulgamError if there is no server, or none that will do."""
        return connect(self._access or Access.given())

    def build(self, corpus: Corpus, *, on: On = silent) -> Built:
        """Make the index hold exactly the corpus's documents, if it does not; see :mod:`retrieval.elastic.building`.

        The notes tell what the server refused, which ``rejected.jsonl`` lists, and what it lost on the way. Raises
        GeulgamError, also where another builder is at work; the old index then stays.
        """
        if not self.stale(corpus):
            with explaining():
                self.client.indices.put_settings(index=self.alias, settings=mapping.replica_settings(self._replicas))
            return Built(len(self))
        if not len(corpus):
            raise GeulgamError(f"no documents in {corpus.folder}", "geulgam corpus add PATH…")
        own = "whitespace"
        if isinstance(self.analyzer, ServerAnalyzer):
            self.analyzer.check()
            own = self.analyzer.own_name
        documents = Keyed.of(corpus)
        if not self._raw:
            self.terms.update(corpus, on=on)
        source = raw(corpus) if self._raw else analysed(self.terms, documents, corpus.get)
        if self._vectors:
            self._vectors.update(corpus, on=on)
            source = with_vectors(source, PassageView(corpus, self._vectors.parts()))
        builder = Builder.of(self.folder)
        how = self._shards, self._replicas, self._patience
        building = Building(self.client, self._meta(), builder, own, *how, on)
        loaded = building.build(source, documents.keys, documents.fingerprint)
        rejected = self._reject(loaded)
        if not loaded.documents:
            raise GeulgamError("Elasticsearch refused every document", f"see {rejected}")
        return Built(loaded.documents, _notes(loaded, rejected))

    def made(self) -> Made | None:
        """What the index was made from, with whatever settings; None if there is none of this version of geulgam.

        Raises GeulgamError if the server does not answer.
        """
        found = self._live()
        return _made(found[1]) if found and found[1].format == mapping.FORMAT else None

    def stale(self, corpus: Corpus) -> list[str]:
        """Why the index is not that of this corpus with these settings; empty if it is. Raises GeulgamError."""
        found = self._live()
        if found is None:
            return ["not built yet"]
        meta = found[1]
        if meta.format != mapping.FORMAT:
            return ["made by another version of geulgam"]
        reasons = _made(meta).differs(corpus, self.analyzer, self.k1, self.b)
        if self._shards not in (None, meta.shards):
            reasons.append(f"the index has {meta.shards} shards, now {self._shards}")
        if self._vectors and meta.encoder != self._vectors.encoder.name:
            reasons.append("vectors not built yet" if not meta.encoder else f"encoder changed: {meta.encoder}")
        return reasons

    def check(self) -> None:
        """Raise GeulgamError if there is no index, or none that this analyzer can search."""
        found = self._live()
        if found is None:
            raise GeulgamError(f"there is no index {self.alias} on the Elasticsearch server", BUILD)
        meta = found[1]
        if meta.format != mapping.FORMAT:
            raise GeulgamError(f"the index {self.alias} was made by another version of geulgam", BUILD)
        if meta.analyzer != self.analyzer.fingerprint:
            made, now = meta.analyzer, self.analyzer.fingerprint
            raise GeulgamError(f"the index was made with another analyzer ({made}; now {now})", BUILD)

    def search(self, query: Query, k: int, within: Collection[str] | None = None) -> list[Hit]:
        """The k best, best first, ties by document id. Raises GeulgamError if there is no index to search."""
        wanted = self._wanted(query, within)
        with self._searching():
            if k <= PAGE:
                answer = self.client.search(
                    index=self.alias,
                    size=k,
                    search_type=_ALL_SHARDS,
                    track_total_hits=False,
                    allow_partial_search_results=False,
                    filter_path="hits.hits.sort",
                    **wanted,
                )
                hits = answer.get("hits", {}).get("hits", [])
            else:
                found = pages(self.client, self.alias, limit=k, search_type=_ALL_SHARDS, **wanted)
                hits = [hit for page in found for hit in page]
        return _ranked(hits)

    def search_beside(
        self, query: Query, k: int, within: Collection[str] | None, other: Mapping[str, Any]
    ) -> tuple[list[Hit], list[Any]]:
        """What :meth:`search` finds, 10,000 at most, and the hits of another search, in one request.

        ``other``: its body. The hits have their score and fields. Raises GeulgamError if either fails.
        """
        whole = {"allow_partial_search_results": False}
        words = {"size": k, "track_total_hits": False, **self._wanted(query, within)}
        told = [f"responses.{path}" for path in ("hits.hits.sort", "hits.hits._score", "hits.hits.fields")]
        with self._searching():
            answer = self.client.msearch(
                index=self.alias,
                searches=[{**whole, "search_type": _ALL_SHARDS}, words, whole, other],
                filter_path=[*told, "responses.status", "responses.error"],
            )
            for each in answer["responses"]:
                if "error" in each:
                    raise ApiError("search", replace(answer.meta, status=int(each["status"])), each)
        hits, beside = (each.get("hits", {}).get("hits", []) for each in answer["responses"])
        return _ranked(hits), beside

    def clause(self, query: Query) -> dict[str, Any]:
        """The query as this index has to be asked."""
        return dsl(query, self.k1, raw=self._raw)

    def document_frequencies(self, terms: Sequence[str]) -> list[int]:
        """How many documents hold each of the terms, (len(terms),), asked for at once."""
        if not terms:
            return []
        each = [{"term": {FIELD: indexed(term)}} for term in terms]
        with self._searching():
            found = self.client.search(
                index=self.alias,
                size=0,
                track_total_hits=False,
                allow_partial_search_results=False,
                aggregations={"terms": {"filters": {"filters": each}}},
            )
        return [int(bucket["doc_count"]) for bucket in found["aggregations"]["terms"]["buckets"]]

    def near_terms(self, term: str, limit: int = 5) -> list[NearTerm]:
        """Terms of the index that are spelt nearly so, or begin so, nearest first."""
        wanted = {"field": FIELD, "suggest_mode": "always", "max_term_freq": 2**31 - 1, "accuracy": 0.0, "size": 500}
        within = {"max_edits": 2, "prefix_length": 0, "min_word_length": 1}  # in characters; letters are counted here
        suggest = {"near": {"text": indexed(term), "term": {**wanted, **within}}}
        with self._searching():
            found = self.client.search(index=self.alias, size=0, suggest=suggest)["suggest"]["near"]
        counts = {str(o["text"]): int(o["freq"]) for entry in found for o in entry["options"]}
        if not counts:
            return []
        terms = sorted(counts)
        frequencies = np.array([counts[term] for term in terms])
        return spelling.near(term, Strings.of(pa.array(terms, pa.string())), frequencies, limit)

    def __len__(self) -> int:
        found = self._live()
        return found[1].documents if found else 0

    def status(self) -> dict[str, Any]:
        """How the index is now, {} if there is none. Raises GeulgamError if the server does not answer.

        ``index``, the name of the build; ``documents``; ``bytes`` on disk, replicas too; ``shards`` and ``replicas``;
        ``health``: green, yellow or red; ``nodes`` that hold data; ``server``: its version.
        """
        found = self._live()
        if found is None:
            return {}
        with explaining():
            health = self.client.cluster.health(index=found[0])
            stats = self.client.indices.stats(index=found[0], metric=["store"])["_all"]
            settings = self.client.indices.get_settings(index=found[0], flat_settings=True)[found[0]]["settings"]
        return {
            "index": found[0],
            "documents": found[1].documents,  # the server counts sentences with vectors too
            "bytes": int(stats["total"]["store"]["size_in_bytes"]),
            "shards": int(settings["index.number_of_shards"]),
            "replicas": int(settings["index.number_of_replicas"]),
            "health": str(health["status"]),
            "nodes": int(health["number_of_data_nodes"]),
            "server": server_version(self.client),
        }

    def _wanted(self, query: Query, within: Collection[str] | None) -> dict[str, Any]:
        """The body of a search, without its size."""
        clause = self.clause(query)
        if within is not None:
            clause = {"bool": {"must": [clause], "filter": [{"terms": {"id": sorted(within)}}]}}
        return {
            "query": clause,
            "sort": [{"_score": "desc"}, {"id": "asc"}],
            "stored_fields": "_none_",
        }

    def _reject(self, loaded: Loaded) -> Path:
        """Keep what the server refused this time, beside the cached terms."""
        path = self.folder / "rejected.jsonl"
        lines = [json.dumps(refused._asdict(), ensure_ascii=False) + "\n" for refused in loaded.refused]
        if lines or path.exists():
            write_text(path, "".join(lines))
        return path

    @property
    def _raw(self) -> bool:
        """Whether the server is given the raw text, and analyses it itself."""
        return isinstance(self.analyzer, ServerAnalyzer)

    def _meta(self) -> Meta:
        made = Meta(self.alias, self.analyzer.fingerprint, self.k1, self.b, self._shards or 0)
        if self._vectors is None:
            return made
        return replace(made, encoder=self._vectors.encoder.name, dimensions=self._vectors.encoder.dimensions)

    def _live(self) -> tuple[str, Meta] | None:
        return live(self.client, self.alias)

    @contextmanager
    def _searching(self) -> Iterator[None]:
        """A search of an index that is not there says how to build it."""
        try:
            with explaining():
                yield
        except GeulgamError as error:
            if "no such index" in str(error):
                raise GeulgamError(f"there is no index {self.alias} on the Elasticsearch server", BUILD) from error
            raise


def _ranked(hits: Sequence[Any]) -> list[Hit]:
    """The server's numbers are single floats in decimals; as those they equal the embedded index's."""
    scored = [(float(np.float32(hit["sort"][0])), str(hit["sort"][1])) for hit in hits]
    return [Hit(id_, rank, score) for rank, (score, id_) in enumerate(scored, start=1)]


def _made(meta: Meta) -> Made:
    return Made(meta.corpus, meta.analyzer, meta.k1, meta.b, meta.documents, meta.made, refused=meta.refused)


def _notes(loaded: Loaded, rejected: Path) -> tuple[str, ...]:
    """What a user is to know of a load."""
    notes = []
    if loaded.lost:
        notes.append(f"{loaded.lost} shards were lost with their nodes, and sent again")
    if loaded.refused:
        first = f"such as {loaded.refused[0].id}: {loaded.refused[0].reason}"
        where = f"{rejected.parent.name}/{rejected.name}"
        notes.append(f"{len(loaded.refused):,} refused by the server ({first}), see {where}")
    return tuple(notes)
