"""The index on an Elasticsearch server: an alias, behind which a build puts a new index when that is complete.

    alias                                what is searched, e.g. geulgam-my-contest-1a2b3c4d
    alias-20250131-094512-6f0a           one build; never changed once the alias stands at it

A build begins with what it can use: an index that a killed build has left, else a copy (hard links) of the live
one if it was made in the same way and holds nothing that has left the corpus, else an empty one.
"""

import json
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from elasticsearch import ApiError, Elasticsearch

from corpus.atomic import write_text
from corpus.digests import Digest
from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval import spelling
from retrieval.analyzer import Analyzer
from retrieval.elastic import mapping
from retrieval.elastic.analyzer import ServerAnalyzer
from retrieval.elastic.connection import Access, connect, server_version
from retrieval.elastic.dsl import FIELD, dsl
from retrieval.elastic.failures import FULL_HINT, NO_ROOM, explaining
from retrieval.elastic.loading import PATIENCE, Loaded, load
from retrieval.elastic.mapping import Meta, indexed
from retrieval.elastic.paging import PAGE, document_ids, pages
from retrieval.elastic.rows import Source, analysed, digests, held, raw
from retrieval.elastic.shards import data_nodes, no_room
from retrieval.index import K1, B, Hit, NearTerm
from retrieval.query import Query
from retrieval.strings import Strings
from retrieval.terms import TermStore

BUILD = "geulgam index build"
SHARD_DOCUMENTS = 10_000_000  # about 25 GB of terms
_REPLICA_SECONDS = 600  # for a copy of every shard to be made on another node


@dataclass(frozen=True)
class State:
    """How the index is now. ``bytes``: on disk, replicas too; ``health``: green, yellow or red."""

    index: str
    documents: int
    bytes: int
    shards: int
    replicas: int
    health: str
    nodes: int
    server: str  # its version


class ElasticsearchIndex:
    """The index behind ``alias``, which need not exist yet; the server is asked when there is need.

    ``folder`` holds the cached terms, and ``rejected.jsonl`` with what the server refused. ``shards``: None for one
    per data node; ``replicas``: None for one as soon as there is a second node; ``patience``: the seconds that a
    build waits for a server or a node that went away.
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
    ) -> None:
        self.alias, self.folder, self.analyzer = alias, folder, analyzer
        self.k1, self.b = float(k1), float(b)
        self.terms = TermStore(folder / "terms", analyzer)
        self._access = access
        self._shards, self._replicas, self._patience = shards, replicas, patience

    @cached_property
    def client(self) -> Elasticsearch:
        """The client. Raises GeulgamError if there is no server, or none that will do."""
        return connect(self._access or Access.given())

    def build(self, corpus: Corpus, progress: bool = False) -> Loaded | None:
        """Make the index hold exactly the corpus's documents; None if it does. Raises GeulgamError."""
        if not self.stale(corpus):
            with explaining():
                self.client.indices.put_settings(index=self.alias, settings=mapping.replica_settings(self._replicas))
            return None
        if not len(corpus):
            raise GeulgamError(f"no documents in {corpus.folder}", "geulgam corpus add PATH…")
        if not self._raw:
            self.terms.update(corpus, progress)
        source = raw(corpus) if self._raw else analysed(self.terms, corpus.get)
        return self._build(source, corpus.digests(), corpus.fingerprint(), progress)

    def add(self, documents: Iterable[Document], progress: bool = False) -> None:
        """Take in the documents that are not here yet, all at once."""
        given = {document.id: document for document in documents}
        if not self._raw:
            self.terms.add(given.values(), progress)
        wanted = np.sort(digests(given))
        live = self._live()
        if live and live[1].recipe != self._meta().recipe:
            raise GeulgamError(f"the index {self.alias} was made with other settings", BUILD)
        there = document_ids(self.client, live[0]) if live else wanted[:0]
        if not held(wanted, there).all():
            source = raw(given.values()) if self._raw else analysed(self.terms, lambda ids: [given[id_] for id_ in ids])
            self._build(source, np.union1d(there, wanted), "", progress)

    def stale(self, corpus: Corpus) -> str:
        """Why the index is not that of this corpus with these settings; empty if it is. Raises GeulgamError."""
        live = self._live()
        if live is None:
            return f"there is no index {self.alias} on the server"
        meta = live[1]
        if meta.corpus != corpus.fingerprint():
            return "the corpus has changed"
        if meta.recipe != self._meta().recipe:
            return "the index was made with other settings or by another version of geulgam"
        if self._shards and meta.shards != self._shards:
            return f"the index has {meta.shards} shards, now {self._shards}"
        return ""

    def told(self) -> Meta | None:
        """What the index was made from, with whatever settings; None if there is none. Raises GeulgamError."""
        live = self._live()
        return live[1] if live else None

    def manifest(self) -> Meta:
        """What the index was made from. Raises GeulgamError if there is none, or none that this analyzer can search."""
        live = self._live()
        if live is None:
            raise GeulgamError(f"there is no index {self.alias} on the Elasticsearch server", BUILD)
        meta = live[1]
        if meta.format != mapping.FORMAT:
            raise GeulgamError(f"the index {self.alias} was made by another version of geulgam", BUILD)
        if meta.analyzer != self.analyzer.fingerprint:
            made, now = meta.analyzer, self.analyzer.fingerprint
            raise GeulgamError(f"the index was made with another analyzer ({made}; now {now})", BUILD)
        return meta

    def search(self, query: Query, k: int) -> list[Hit]:
        """The k best, best first, ties by document id. Raises GeulgamError if there is no index to search."""
        wanted: dict[str, Any] = {
            "query": dsl(query, self.k1, raw=self._raw),
            "sort": [{"_score": "desc"}, {"id": "asc"}],
            "search_type": "dfs_query_then_fetch",  # statistics of all shards: the scores of a single one
            "stored_fields": "_none_",
        }
        with self._searching():
            if k <= PAGE:
                answer = self.client.search(
                    index=self.alias,
                    size=k,
                    source=False,
                    track_total_hits=False,
                    allow_partial_search_results=False,
                    filter_path="hits.hits.sort",
                    **wanted,
                )
                hits = answer.get("hits", {}).get("hits", [])
            else:
                hits = [hit for page in pages(self.client, self.alias, limit=k, **wanted) for hit in page]
        # The server's numbers are single floats in decimals; as those they equal the embedded index's.
        scored = [(float(np.float32(hit["sort"][0])), str(hit["sort"][1])) for hit in hits]
        return [Hit(id_, rank, score) for rank, (score, id_) in enumerate(scored, start=1)]

    def document_frequency(self, term: str) -> int:
        """How many documents hold the term."""
        with self._searching():
            query = {"term": {FIELD: indexed(term)}}
            return int(self.client.count(index=self.alias, query=query)["count"])

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
        live = self._live()
        return live[1].documents if live else 0

    def state(self) -> State | None:
        """How the index is now, or None if there is none. Raises GeulgamError if the server does not answer."""
        live = self._live()
        if live is None:
            return None
        with explaining():
            health = self.client.cluster.health(index=live[0])
            stats = self.client.indices.stats(index=live[0], metric=["docs", "store"])["_all"]
            settings = self.client.indices.get_settings(index=live[0], flat_settings=True)[live[0]]["settings"]
            return State(
                live[0],
                int(stats["primaries"]["docs"]["count"]),
                int(stats["total"]["store"]["size_in_bytes"]),
                int(settings["index.number_of_shards"]),
                int(settings["index.number_of_replicas"]),
                str(health["status"]),
                int(health["number_of_data_nodes"]),
                server_version(self.client),
            )

    def _build(self, source: Source, wanted: Digest, corpus: str, progress: bool) -> Loaded:
        """Load what is missing, make it safe, and move the alias."""
        with explaining():
            index, present = self._begin(wanted)
            loaded = load(self.client, index, source, wanted, present, patience=self._patience, progress=progress)
            if not loaded.documents:
                raise GeulgamError("Elasticsearch refused every document", f"see {self._reject(loaded)}")
            self._finish(index, loaded, corpus)
            self._reject(loaded)
        return loaded

    def _begin(self, wanted: Digest) -> tuple[str, Digest]:
        """An index to load, and what it holds of what is wanted."""
        recipe = self._meta().recipe
        live, left = self._live(), self._left()
        usable = [(name, meta) for name, meta in left if meta.recipe == recipe and self._shards in (None, meta.shards)]
        for name, _ in [entry for entry in left if entry not in usable]:
            self.client.indices.delete(index=name)
        for name, _ in usable:
            present = self._resumable(name, wanted)
            if present is not None:
                return name, present
            self.client.indices.delete(index=name)
        name = f"{self.alias}-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        if live and live[1].recipe == recipe and self._shards in (None, live[1].shards):
            present = document_ids(self.client, live[0])
            if held(present, wanted).all():
                made = self.client.indices.clone(
                    index=live[0],
                    target=name,
                    settings=mapping.cloned_settings(),
                    aliases={mapping.unfinished(name): {}},
                    wait_for_active_shards="all",
                )
                self._placed(name, made)
                return name, present
        shards = self._shards or max(len(data_nodes(self.client)), -(-len(wanted) // SHARD_DOCUMENTS))
        meta = replace(self._meta(), shards=shards)
        own = "whitespace"
        if isinstance(self.analyzer, ServerAnalyzer):
            self.analyzer.check()
            own = self.analyzer.own_name
        made = self.client.indices.create(
            index=name,
            settings=mapping.settings(meta),
            mappings=mapping.mappings(meta, own),
            aliases={mapping.unfinished(name): {}},
            wait_for_active_shards="all",
        )
        self._placed(name, made)
        return name, wanted[:0]

    def _placed(self, index: str, made: Any) -> None:
        """Raise GeulgamError if no disk has room for the new index. A node that is away may come while it is loaded."""
        if not made["shards_acknowledged"] and no_room(self.client, index):
            self.client.indices.delete(index=index)
            raise GeulgamError(NO_ROOM, FULL_HINT)

    def _resumable(self, name: str, wanted: Digest) -> Digest | None:
        """What an unfinished index holds; None if that is not all wanted, or a part of it is gone and stays so."""
        try:
            self._await_health(name, "yellow", self._patience)
            self.client.indices.refresh(index=name)
            present = document_ids(self.client, name)
        except ApiError:
            return None
        return present if held(present, wanted).all() else None

    def _finish(self, index: str, loaded: Loaded, corpus: str) -> None:
        """Write the index to disk, note what it holds, seal and copy it; then, in one step, put the alias there."""
        client = self.client
        client.options(request_timeout=_REPLICA_SECONDS).indices.flush(index=index)
        found = Meta.of(client.indices.get_mapping(index=index)[index]["mappings"])
        if found is None:
            raise GeulgamError(f"the index {index} was removed while it was loaded", BUILD)
        made = datetime.now().astimezone().isoformat(timespec="seconds")
        meta = replace(found, corpus=corpus, documents=loaded.documents, refused=len(loaded.refused), made=made)
        client.indices.put_mapping(index=index, meta=meta.plain())
        client.indices.put_settings(index=index, settings=mapping.finished_settings(self._replicas))
        room = len(data_nodes(client)) > (self._replicas or 0)  # else the replicas cannot be: they stay unassigned
        self._await_health(index, "green" if room else "yellow", _REPLICA_SECONDS)
        old = [{"remove_index": {"index": live[0]}}] if (live := self._live()) else []
        unfinished = {"remove": {"index": index, "alias": mapping.unfinished(index)}}
        client.indices.update_aliases(actions=[*old, unfinished, {"add": {"index": index, "alias": self.alias}}])

    def _await_health(self, index: str, status: str, seconds: float) -> None:
        """Return when the index is as healthy as this, or after so many seconds."""
        client = self.client.options(request_timeout=seconds + 30, ignore_status=408)
        client.cluster.health(index=index, wait_for_status=status, timeout=f"{seconds:.0f}s")

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
        return Meta(self.alias, self.analyzer.fingerprint, self.k1, self.b, self._shards or 0)

    def _live(self) -> tuple[str, Meta] | None:
        """The index behind the alias; None if there is none. Raises GeulgamError for one that is not ours."""
        another = "choose another name: retrieval.elasticsearch_index"
        with explaining():
            told = self.client.options(ignore_status=404).indices.get(index=self.alias, features="mappings,aliases")
        if "error" in told:
            return None
        if self.alias in told:
            raise GeulgamError(f"{self.alias} is an index on the server, not an alias that geulgam made", another)
        if len(told.body) > 1:
            raise GeulgamError(f"the alias {self.alias} stands at several indices", another)
        ((name, found),) = told.body.items()
        meta = Meta.of(found["mappings"])
        if meta is None and "geulgam" not in found["mappings"].get("_meta", {}):
            raise GeulgamError(f"the alias {self.alias} stands at {name}, which geulgam did not make", another)
        return str(name), meta or Meta(self.alias, "", 0, 0, 0, format=0)

    def _left(self) -> list[tuple[str, Meta]]:
        """The indices that builds which did not end have left, newest first."""
        told = self.client.indices.get(index=f"{self.alias}-*", features="mappings,aliases")
        found = (
            (str(name), Meta.of(it["mappings"]))
            for name, it in told.body.items()
            if mapping.unfinished(name) in it["aliases"]
        )
        return sorted(((n, m) for n, m in found if m and m.alias == self.alias), reverse=True)

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
