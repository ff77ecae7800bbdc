"""The backend that the settings choose: the index on this disk, or that on an Elasticsearch server."""

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from corpus.errors import GeulgamError
from corpus.store import Corpus
from geulgam.settings import Settings
from geulgam.workspace import Workspace
from retrieval.analyzer import analyzer
from retrieval.bm25 import Bm25Index, Manifest

if TYPE_CHECKING:
    from retrieval.elastic.index import ElasticsearchIndex


@dataclass(frozen=True)
class Made:
    """What an index was made from, whatever holds it. ``when``: ISO 8601; ``terms``, ``tokens``: None if not known."""

    corpus: str
    analyzer: str
    k1: float
    b: float
    documents: int
    when: str
    terms: int | None = None
    tokens: int | None = None
    refused: int = 0


def on_server(settings: Settings) -> bool:
    """Whether the index lies on an Elasticsearch server."""
    return settings.retrieval.backend == "elasticsearch"


def embedded(workspace: Workspace, settings: Settings) -> Bm25Index:
    """The index on this disk."""
    chosen = settings.retrieval
    corpus = Corpus(workspace.corpus)
    return Bm25Index(workspace.index, analyzer(chosen.analyzer), k1=chosen.k1, b=chosen.b, corpus=corpus)


def server(workspace: Workspace, settings: Settings) -> "ElasticsearchIndex":
    """The index on the server, which is not asked yet."""
    from retrieval.elastic.index import ElasticsearchIndex

    chosen = settings.retrieval
    return ElasticsearchIndex(
        index_name(workspace, settings),
        workspace.index,
        analyzer(chosen.analyzer),
        k1=chosen.k1,
        b=chosen.b,
        shards=chosen.elasticsearch_shards,
        replicas=chosen.elasticsearch_replicas,
    )


def index_name(workspace: Workspace, settings: Settings) -> str:
    """What the index is called on the server: as set, else after the folder and where it is.

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


def made(workspace: Workspace, settings: Settings) -> Made | None:
    """What the index was made from, with whatever analyzer; None if there is none that can be read."""
    if on_server(settings):
        meta = server(workspace, settings).told()
        if meta is None:
            return None
        return Made(meta.corpus, meta.analyzer, meta.k1, meta.b, meta.documents, meta.made, refused=meta.refused)
    path = workspace.index / "manifest.json"
    try:
        it = Manifest(**json.loads(path.read_text(encoding="utf-8")))
        when = datetime.fromtimestamp(path.stat().st_mtime).astimezone().isoformat(timespec="seconds")
    except (OSError, ValueError, TypeError):
        return None
    return Made(it.corpus, it.analyzer, it.k1, it.b, it.documents, when, it.terms, it.tokens)
