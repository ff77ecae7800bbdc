"""Indexes on the real server, each test's under a name of its own, removed at its end."""

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from elasticsearch import Elasticsearch

from corpus.digests import DTYPE, Digest, array, from_hex
from corpus.document import Document
from retrieval.analyzer import Analyzer
from retrieval.elastic import mapping
from retrieval.elastic.connection import Access
from retrieval.elastic.entries import Entry, Source
from retrieval.elastic.index import ElasticsearchIndex
from retrieval.elastic.lease import Claim
from tests.elastic_server import Server
from tests.retrieval.conftest import corpus_of

Make = Callable[..., ElasticsearchIndex]
NOTHING: Digest = np.zeros(0, DTYPE)


def access(server: Server) -> Access:
    """How to reach the server."""
    return Access.given(server.environment)


@contextmanager
def begun(client: Elasticsearch, shards: int) -> Iterator[Claim]:
    """An empty index as a build begins it, removed at the end."""
    name = f"test-{secrets.token_hex(4)}"
    claim = Claim(name, f"{name}.claim")
    meta = mapping.Meta(name, "test", 1.2, 0.75, shards)
    client.indices.create(
        index=name,
        settings=mapping.settings(meta),
        mappings=mapping.mappings(meta.plain()),
        aliases=claim.aliases(name),
        wait_for_active_shards="all",
    )
    yield claim
    client.indices.delete(index=name, ignore_unavailable=True)


def entry(number: int, terms: str) -> Entry:
    """A document that has its number for its key and its id."""
    return Entry(f"{number:032x}", f"{number:032x}", terms, "", "", {})


def keys_of(entries: Iterable[Entry]) -> Digest:
    """Their keys, sorted."""
    return np.sort(array(from_hex(entry.key) for entry in entries))


def source(entries: list[Entry]) -> Source:
    """Those of the entries that are missing."""
    return lambda missing: (entry for entry in entries if keys_of([entry])[0] in missing)


def fill(index: ElasticsearchIndex, documents: Iterable[Document]) -> ElasticsearchIndex:
    """The index, built of exactly these documents."""
    index.build(corpus_of(index.folder / "corpus", documents))
    return index


def builds(index: ElasticsearchIndex) -> list[str]:
    """What there is on the server of the index, finished or not."""
    return list(index.client.indices.get(index=f"{index.alias}-*").body)


@pytest.fixture(scope="module")
def make(elasticsearch_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """Make an index: ``make(analyzer, name="…", shards=…)``; the same name is the same index.

    ``place``: its folder, by default one that goes with the name.
    """
    begin = f"test-{secrets.token_hex(4)}"
    folder = tmp_path_factory.mktemp("elastic")

    def made(analyzer: Analyzer, name: str = "", place: Path | None = None, **more: object) -> ElasticsearchIndex:
        name = f"{begin}-{name or secrets.token_hex(4)}"
        place = place or folder / name
        return ElasticsearchIndex(name, place, analyzer, access=access(elasticsearch_server), **more)  # type: ignore[arg-type]

    yield made
    client = elasticsearch_server.client()
    for name in list(client.indices.get(index=f"{begin}-*").body):
        client.indices.delete(index=name)
