"""The index that a backend's name stands for. A new kind (dense, hybrid) is one more class, and a line here."""

from pathlib import Path
from typing import Literal, get_args

from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval.analyzer import Analyzer
from retrieval.index import K1, B, SearchIndex

Backend = Literal["bm25s", "rank-bm25", "elasticsearch"]
BACKENDS: tuple[Backend, ...] = get_args(Backend)


def open_index(
    backend: Backend,
    folder: Path,
    analyzer: Analyzer,
    *,
    corpus: Corpus,
    k1: float = K1,
    b: float = B,
    name: str = "",
    shards: int | None = None,
    replicas: int | None = None,
) -> SearchIndex:
    """The index, which need not exist yet: nothing is read and no server is asked.

    ``folder``: its files, or beside a server the cached terms; ``corpus``: whose titles, sources and metadata a query's
    filters are held against. Only of an Elasticsearch server are ``name``, what the index is called there, ``shards``
    (None: one per data node) and ``replicas`` (None: one as soon as there is a second node); how to reach it the
    environment tells (:mod:`retrieval.elastic.connection`).

    Raises GeulgamError for a backend that there is not, and for an index on a server without a name.
    """
    match backend:
        case "bm25s":
            from retrieval.bm25 import Bm25Index

            return Bm25Index(folder, analyzer, k1=k1, b=b, corpus=corpus)
        case "rank-bm25":
            from retrieval.reference import RankBm25Index

            return RankBm25Index(folder, analyzer, k1=k1, b=b, corpus=corpus)
        case "elasticsearch":
            if not name:
                raise GeulgamError("an index on a server needs a name there", "retrieval.elasticsearch_index")
            from retrieval.elastic.index import ElasticsearchIndex

            return ElasticsearchIndex(name, folder, analyzer, k1=k1, b=b, shards=shards, replicas=replicas)
    raise GeulgamError(f"no backend called {backend!r}", f"the backends are {', '.join(BACKENDS)}")
