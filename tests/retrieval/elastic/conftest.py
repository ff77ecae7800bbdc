"""Indexes on the real server, each test's under a name of its own, removed at its end."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from elasticsearch import Elasticsearch

from corpus.digests import DTYPE, Digest
from retrieval.analyzer import Analyzer
from retrieval.elastic import mapping
from retrieval.elastic.connection import Access
from retrieval.elastic.index import ElasticsearchIndex
from tests.elastic_server import Server

Make = Callable[..., ElasticsearchIndex]
NOTHING: Digest = np.zeros(0, DTYPE)


def access(server: Server) -> Access:
    """How to reach the server."""
    return Access.given(server.environment)


@contextmanager
def begun(client: Elasticsearch, shards: int) -> Iterator[str]:
    """An empty index as a build begins it, removed at the end."""
    name = f"test-{secrets.token_hex(4)}"
    meta = mapping.Meta(name, "test", 1.2, 0.75, shards)
    client.indices.create(
        index=name,
        settings=mapping.settings(meta),
        mappings=mapping.mappings(meta),
        aliases={mapping.unfinished(name): {}},
        wait_for_active_shards="all",
    )
    yield name
    client.indices.delete(index=name, ignore_unavailable=True)


@pytest.fixture(scope="module")
def make(elasticsearch_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Make]:
    """Make an index: ``make(analyzer, name="…", shards=…)``; the same name is the same index."""
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
