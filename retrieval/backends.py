"""The index that a backend's name stands for, with passages and meaning where they are to count."""

from pathlib import Path
from typing import Literal, get_args

from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval.analyzer import Analyzer
from retrieval.bm25 import Bm25Index
from retrieval.fusion import WEIGHT
from retrieval.hybrid import HybridIndex, Meaning
from retrieval.index import K1, B, SearchIndex
from retrieval.nearness import EmbeddedNearness, Nearness
from retrieval.passage_index import PassageIndex
from retrieval.passage_store import PassageStore

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
    vectors: PassageStore | None = None,
    weight: float = WEIGHT,
    passages: bool = False,
) -> SearchIndex:
    """The index, which need not exist yet: nothing is read and no server is asked.

    ``folder``: its files, or beside a server the cached terms; ``corpus``: whose titles, sources and metadata a query's
    filters are held against. Only of an Elasticsearch server are ``name``, what the index is called there, ``shards``
    (None: one per data node) and ``replicas`` (None: one as soon as there is a second node); how to reach it the
    environment tells (:mod:`retrieval.elastic.connection`).

    ``vectors``: of the corpus's sentences, for meaning to count, so much as ``weight`` says; ``passages``: an essay is
    ranked by its best passage too (:mod:`retrieval.hybrid`).

    Raises GeulgamError for a backend that there is not, and for an index on a server without a name.
    """

    def words(folder: Path, corpus: Corpus, name: str, vectors: PassageStore | None) -> SearchIndex:
        match backend:
            case "bm25s":
                return Bm25Index(folder, analyzer, k1=k1, b=b, corpus=corpus)
            case "rank-bm25":
                from retrieval.reference import RankBm25Index

                return RankBm25Index(folder, analyzer, k1=k1, b=b, corpus=corpus)
            case "elasticsearch":
                if not name:
                    raise GeulgamError("an index on a server needs a name there", "retrieval.elasticsearch_index")
                from retrieval.elastic.index import ElasticsearchIndex

                return ElasticsearchIndex(
                    name, folder, analyzer, k1=k1, b=b, shards=shards, replicas=replicas, vectors=vectors
                )
        raise GeulgamError(f"no backend called {backend!r}", f"the backends are {', '.join(BACKENDS)}")

    index = words(folder, corpus, name, vectors)
    if vectors is None and not passages:
        return index
    meaning = Meaning(vectors, _nearness(index, vectors, corpus), weight) if vectors else None
    parts = PassageIndex(
        folder / "passages", corpus, lambda place, parts: words(place, parts, name and f"{name}-passages", None)
    )
    return HybridIndex(index, passages=parts if passages else None, meaning=meaning)


def _nearness(index: SearchIndex, vectors: PassageStore, corpus: Corpus) -> Nearness:
    if isinstance(index, Bm25Index):
        return EmbeddedNearness(vectors, corpus, index)
    from retrieval.elastic.index import ElasticsearchIndex
    from retrieval.elastic.nearness import ElasticNearness

    assert isinstance(index, ElasticsearchIndex)
    return ElasticNearness(vectors, index)
