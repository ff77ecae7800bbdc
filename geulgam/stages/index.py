"""The corpus becomes searchable."""

import hashlib
import os
import re
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from corpus.errors import GeulgamError
from corpus.events import On, silent
from corpus.store import Corpus
from geulgam.graph import Node, make
from geulgam.manifest import Manifest, note_seconds, noted_seconds
from geulgam.settings import RetrievalSettings, Settings
from geulgam.snippet import Part, snippet
from geulgam.stages.corpus import CorpusNode
from geulgam.workspace import Workspace
from retrieval.analyzers import analyzer
from retrieval.backends import open_index as open_backend
from retrieval.encoder import DEFAULT, encoder
from retrieval.hybrid import HybridIndex
from retrieval.index import SearchIndex
from retrieval.lucene import parse
from retrieval.passage_store import PassageStore
from retrieval.query import Query, terms_of

_MOST = 8  # processes that encode: each takes 0.3 GB


class IndexNode(Node):
    """One for all topics, made from the corpus. What it was made from is told by the index, wherever it lies."""

    stage = "index"
    not_there = "not built yet"

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The corpus."""
        return (CorpusNode(self.workspace, self.settings),)

    @property
    def folder(self) -> Path:
        """`index`."""
        return self.workspace.index

    def shape(self, found: Manifest | None) -> Mapping[str, Any]:
        """The analyzer, and how hits are ranked."""
        chosen = self.settings.retrieval
        shape = {"analyzer": analyzer(chosen.analyzer).fingerprint, "k1": chosen.k1, "b": chosen.b}
        return shape | _beside(
            encoder(self.settings.generate.encoder).name if chosen.meaning else "", _by_passage(chosen)
        )

    def found(self) -> Manifest | None:
        """What the index was made from. All backends rank alike, so it is the same whatever holds it."""
        made = index_at(self.workspace, self.settings).made()
        if made is None:
            return None
        beside = _beside(made.encoder, made.passages)
        told = " ".join([made.corpus, made.analyzer, f"{made.k1:g}", f"{made.b:g}", *map(str, beside.values())])
        same = hashlib.sha256(told.encode()).hexdigest()[:32]
        settings = {"analyzer": made.analyzer, "k1": made.k1, "b": made.b, **beside}
        facts = {"documents": made.documents, "terms": made.terms, "tokens": made.tokens, "refused": made.refused}
        seconds = noted_seconds(self.folder, same)
        return Manifest(same, {"corpus": made.corpus}, settings, self.version, facts, seconds, made.when)

    def reasons(self, found: Manifest | None) -> list[str]:
        """Why it has to be built, told by the index itself."""
        return stale(self.workspace, self.settings)

    def make(self, now: Manifest, on: On) -> str:
        """Index the corpus; only new documents are analysed."""
        began = time.monotonic()
        built = index_at(self.workspace, self.settings).build(Corpus(self.workspace.corpus), on=on)
        seconds = time.monotonic() - began
        if found := self.found():
            note_seconds(self.folder, found.fingerprint, seconds)
        said = f"{built.documents:,} documents indexed with {self.settings.retrieval.analyzer} in {seconds:.1f} s"
        return "; ".join((said, *built.notes))


def _beside(encoder: str, passages: bool) -> dict[str, Any]:
    """What shapes an index that goes by more than words."""
    return ({"encoder": encoder} if encoder else {}) | ({"unit": "passage"} if passages else {})


def _by_passage(chosen: RetrievalSettings) -> bool:
    return chosen.unit == "passage"


@dataclass(frozen=True)
class Found:
    """A hit with its document. ``title_parts`` and ``snippet``: text, and whether a term of the query matched it.

    ``words``, ``meaning`` and ``passage``: what the score was made of, where more than words counts
    (:class:`retrieval.index.Hit`); the snippet is then of the best passage, or of the sentence nearest in meaning.
    """

    rank: int
    score: float
    document_id: str
    title: str
    source: str
    title_parts: list[Part]
    snippet: list[Part]
    words: float | None = None
    meaning: float | None = None
    passage: float | None = None

    def plain(self) -> dict[str, Any]:
        """For programs: the snippet as text, and the words in it that matched."""
        return {
            "rank": self.rank,
            "score": self.score,
            **{kind: score for kind in ("words", "meaning", "passage") if (score := getattr(self, kind)) is not None},
            "document_id": self.document_id,
            "title": self.title,
            "source": self.source,
            "snippet": "".join(part for part, _ in self.snippet),
            "matched": [part for part, matched in (*self.title_parts, *self.snippet) if matched],
        }


def index_at(workspace: Workspace, settings: Settings) -> SearchIndex:
    """The index of the chosen backend, which need not be there yet."""
    chosen = settings.retrieval
    return open_backend(
        chosen.backend,
        workspace.index,
        analyzer(chosen.analyzer),
        corpus=Corpus(workspace.corpus),
        k1=chosen.k1,
        b=chosen.b,
        name=server_name(workspace, settings),
        shards=chosen.elasticsearch_shards,
        replicas=chosen.elasticsearch_replicas,
        vectors=_vectors(workspace, settings) if chosen.meaning else None,
        weight=chosen.meaning_weight,
        passages=_by_passage(chosen),
    )


def _vectors(workspace: Workspace, settings: Settings) -> PassageStore:
    """Those of the sentences, made by as many processes as there are cores where each can have an encoder."""
    name = settings.generate.encoder
    processes = os.cpu_count() or 1 if name == DEFAULT else 1  # a model of one's own takes all cores, or a GPU
    return PassageStore(workspace.index / "vectors", partial(encoder, name), min(processes, _MOST))


def open_index(workspace: Workspace, settings: Settings) -> SearchIndex:
    """The index of the chosen backend, to be searched. Raises GeulgamError if none was built."""
    index = index_at(workspace, settings)
    index.check()
    return index


def build_index(workspace: Workspace, settings: Settings, *, on: On = silent) -> str:
    """Index the corpus, if it or the settings have changed; what that came to, in a line."""
    built = make(IndexNode(workspace, settings), on)
    return built.line if built.is_new else f"{len(index_at(workspace, settings)):,} documents, up to date"


def stale(workspace: Workspace, settings: Settings) -> list[str]:
    """Why the index has to be built; empty if it is up to date with the corpus."""
    return index_at(workspace, settings).stale(Corpus(workspace.corpus))


def server_name(workspace: Workspace, settings: Settings) -> str:
    """What the index is called on a server: as set, else after the folder and where it is.

    Two machines that are to share an index set the name; a copy of a workspace has an index of its own.
    """
    name = settings.retrieval.elasticsearch_index
    if name is None:
        folder = unicodedata.normalize("NFKD", workspace.folder.name).lower()
        plain = re.sub(r"[^a-z0-9]+", "-", folder).strip("-")[:40]
        digest = hashlib.sha256(str(workspace.folder).encode()).hexdigest()[:8]
        name = "-".join(filter(None, ("geulgam", plain, digest)))
    if not re.fullmatch(r"[a-z0-9가-힣][a-z0-9가-힣._-]{0,60}", name):
        hint = "small letters, digits, - and _ will do, up to 60 of them"
        raise GeulgamError(f"retrieval.elasticsearch_index is {name!r}, which cannot be a name on the server", hint)
    return name


def search(workspace: Workspace, settings: Settings, text: str, k: int = 10) -> list[Found]:
    """The k best hits for a query in Lucene's language. Raises GeulgamError for a query that cannot be read."""
    index = open_index(workspace, settings)
    query = parse(text, index.analyzer)
    terms = frozenset(terms_of(query))
    hits = index.search(query, k)
    ids = [hit.document_id for hit in hits]
    documents = Corpus(workspace.corpus).get(ids)
    places = index.places(query, ids) if isinstance(index, HybridIndex) else {}
    return [
        Found(
            hit.rank,
            round(hit.score, 4),
            document.id,
            document.title,
            document.source,
            snippet(document.title, index.analyzer.spans(document.title), terms, 10_000),
            snippet(document.text, index.analyzer.spans(document.text), terms, place=places.get(document.id)),
            *(None if score is None else round(score, 4) for score in (hit.words, hit.meaning, hit.passage)),
        )
        for hit, document in zip(hits, documents, strict=True)
    ]


def status(workspace: Workspace, settings: Settings) -> dict[str, Any]:
    """What the index was made from, whether and why it is out of date, and how it is on its server, if it is on one."""
    index = index_at(workspace, settings)
    made = index.made()
    reasons = index.stale(Corpus(workspace.corpus))
    return {
        "fresh": not reasons,
        "reasons": reasons,
        "made": made.when if made else None,
        "backend": settings.retrieval.backend,
        "documents": made.documents if made else 0,
        "terms": made.terms if made else 0,
        "tokens": made.tokens if made else 0,
        "analyzer": made.analyzer if made else None,
        "k1": made.k1 if made else None,
        "b": made.b if made else None,
        "encoder": (made.encoder or None) if made else None,
        "unit": ("passage" if made.passages else "essay") if made else None,
        "refused": made.refused if made else 0,
        "server": (index.status() or None) if made else None,
    }


def checked_query(settings: Settings, text: str) -> Query:
    """The query as the settings' analyzer takes it. Raises GeulgamError for one that cannot be read."""
    return parse(text, analyzer(settings.retrieval.analyzer))


def positive_terms(settings: Settings, text: str) -> list[str]:
    """The different terms that a query looks for, in its order."""
    return list(dict.fromkeys(terms_of(checked_query(settings, text))))
