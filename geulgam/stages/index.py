"""The corpus becomes searchable."""

import time
from dataclasses import asdict, dataclass
from typing import Any

from corpus.errors import GeulgamError
from corpus.store import Corpus
from geulgam.settings import Settings
from geulgam.snippet import Part, snippet
from geulgam.stages import backend
from geulgam.workspace import Workspace
from retrieval.analyzer import analyzer
from retrieval.index import SearchIndex
from retrieval.query import Query, parse, terms_of

BUILD = "geulgam index build"


@dataclass(frozen=True)
class Built:
    """What building took. ``why`` is empty if the index was up to date and nothing was done.

    ``notes``: what a server refused, or lost on the way.
    """

    documents: int
    analyzer: str
    seconds: float
    why: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def line(self) -> str:
        """ "1,261 documents indexed with kiwi in 8.3 s"."""
        if not self.why:
            return f"{self.documents:,} documents, up to date"
        said = f"{self.documents:,} documents indexed with {self.analyzer} in {self.seconds:.1f} s"
        return "; ".join((said, *self.notes))


@dataclass(frozen=True)
class Found:
    """A hit with its document. ``title_parts`` and ``snippet``: text, and whether a term of the query matched it."""

    rank: int
    score: float
    document_id: str
    title: str
    source: str
    title_parts: list[Part]
    snippet: list[Part]

    def plain(self) -> dict[str, Any]:
        """For programs: the snippet as text, and the words in it that matched."""
        return {
            "rank": self.rank,
            "score": self.score,
            "document_id": self.document_id,
            "title": self.title,
            "source": self.source,
            "snippet": "".join(part for part, _ in self.snippet),
            "matched": [part for part, matched in (*self.title_parts, *self.snippet) if matched],
        }


def build_index(workspace: Workspace, settings: Settings, *, progress: bool = False) -> Built:
    """Index the corpus, if it or the settings have changed; only new documents are analysed."""
    with workspace.exclusive():
        began = time.monotonic()
        why = tuple(stale(workspace, settings))
        corpus = Corpus(workspace.corpus)
        if not len(corpus):
            raise GeulgamError("the corpus is empty", "geulgam corpus add PATH…")
        documents, notes = len(corpus), []
        if backend.on_server(settings):
            loaded = backend.server(workspace, settings).build(corpus, progress)
            if loaded:
                documents = loaded.documents
            if loaded and loaded.lost:
                notes.append(f"{loaded.lost} shards were lost with their nodes, and sent again")
            if loaded and loaded.refused:
                first = f"such as {loaded.refused[0].id}: {loaded.refused[0].reason}"
                notes.append(f"{len(loaded.refused):,} refused by the server ({first}), see index/rejected.jsonl")
        elif why:
            # The reference backend lives in memory, but reads the same cached terms and has the same manifest.
            backend.embedded(workspace, settings).build(corpus, progress)
        return Built(documents, settings.retrieval.analyzer, time.monotonic() - began, why, tuple(notes))


def open_index(workspace: Workspace, settings: Settings, *, progress: bool = False) -> SearchIndex:
    """The index of the chosen backend, over the corpus as it was when the index was built.

    Raises GeulgamError if none was built.
    """
    if backend.on_server(settings):
        server = backend.server(workspace, settings)
        server.manifest()
        return server
    embedded = backend.embedded(workspace, settings)
    embedded.manifest()  # tells what is wrong with it
    if settings.retrieval.backend == "bm25s":
        return embedded
    from retrieval.reference import RankBm25Index

    index = RankBm25Index(embedded.analyzer, k1=settings.retrieval.k1, b=settings.retrieval.b, cache=embedded.terms)
    index.add(Corpus(workspace.corpus), progress)
    return index


def search(workspace: Workspace, settings: Settings, text: str, k: int = 10) -> list[Found]:
    """The k best hits for a query in Lucene's language. Raises GeulgamError for a query that cannot be read."""
    index = open_index(workspace, settings)
    query = parse(text, index.analyzer)
    terms = frozenset(terms_of(query))
    hits = index.search(query, k)
    documents = Corpus(workspace.corpus).get([hit.document_id for hit in hits])
    return [
        Found(
            hit.rank,
            round(hit.score, 4),
            document.id,
            document.title,
            document.source,
            snippet(document.title, index.analyzer.spans(document.title), terms, 10_000),
            snippet(document.text, index.analyzer.spans(document.text), terms),
        )
        for hit, document in zip(hits, documents, strict=True)
    ]


def stale(workspace: Workspace, settings: Settings) -> list[str]:
    """Why the index has to be built; empty if it is up to date."""
    made = backend.made(workspace, settings)
    if made is None:
        return ["not built yet"]
    reasons = []
    corpus, chosen = Corpus(workspace.corpus), settings.retrieval
    if made.corpus != corpus.fingerprint():
        new = len(corpus) - made.documents - made.refused
        reasons.append(f"corpus changed: {new:,} new documents" if new > 0 else "corpus changed")
    if made.analyzer != (now := analyzer(chosen.analyzer).fingerprint):
        reasons.append(f"analyzer changed: {made.analyzer} → {now}")
    if (made.k1, made.b) != (chosen.k1, chosen.b):
        reasons.append(f"settings changed: k1 {made.k1:g}, b {made.b:g} → k1 {chosen.k1:g}, b {chosen.b:g}")
    holder = backend.server if backend.on_server(settings) else backend.embedded
    return reasons or ([other] if (other := holder(workspace, settings).stale(corpus)) else [])


def status(workspace: Workspace, settings: Settings) -> dict[str, Any]:
    """What the index was made from, and whether and why it is out of date; how it is on the server, if it is there."""
    made, reasons = backend.made(workspace, settings), stale(workspace, settings)
    state = backend.server(workspace, settings).state() if made and backend.on_server(settings) else None
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
        "refused": made.refused if made else 0,
        "server": asdict(state) if state else None,
    }


def checked_query(settings: Settings, text: str) -> Query:
    """The query as the settings' analyzer takes it. Raises GeulgamError for one that cannot be read."""
    return parse(text, analyzer(settings.retrieval.analyzer))


def positive_terms(settings: Settings, text: str) -> list[str]:
    """The different terms that a query looks for, in its order."""
    return list(dict.fromkeys(terms_of(checked_query(settings, text))))
