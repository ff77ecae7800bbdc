"""Indexes on the real server, each test's under a name of its own, removed at its end."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from retrieval.analyzer import Analyzer
from retrieval.elastic.connection import Access
from retrieval.elastic.index import ElasticsearchIndex
from tests.elastic_server import Server

Make = Callable[..., ElasticsearchIndex]


def access(server: Server) -> Access:
    """How to reach the server."""
    return Access.given(server.environment)


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
