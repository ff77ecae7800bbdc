"""Essays ranked by their best passages too, on a real server: the embedded index's hits."""

import secrets
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from corpus.document import Document
from corpus.store import Corpus
from retrieval.analyzers import analyzer
from retrieval.backends import open_index
from retrieval.index import SearchIndex
from retrieval.lucene import parse
from tests.elastic_server import Server
from tests.retrieval.conftest import corpus_of
from tests.retrieval.elastic.test_nearness import QUERIES, agree


class Both(NamedTuple):
    """An index of passages on the server and the embedded one, and the embedded one of essays alone."""

    corpus: Corpus
    server: SearchIndex
    embedded: SearchIndex
    whole: SearchIndex

    def build(self) -> None:
        """Bring both up to date."""
        for index in (self.embedded, self.server):
            index.build(self.corpus)
            assert index.stale(self.corpus) == []
            index.check()


@pytest.fixture(scope="module", params=[1, 3])
def both(
    request: pytest.FixtureRequest,
    essays: list[Document],
    elasticsearch_server: Server,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Both]:
    """150 real essays, and their passages, on the server in one shard and in three."""
    folder, name = tmp_path_factory.mktemp("passages"), f"test-{secrets.token_hex(4)}"
    corpus, mecab = corpus_of(folder / "corpus", essays[:150]), analyzer("mecab")
    embedded = open_index("bm25s", folder / "index", mecab, corpus=corpus, passages=True)
    whole = open_index("bm25s", folder / "index", mecab, corpus=corpus)
    server = open_index(
        "elasticsearch", folder / "index", mecab, corpus=corpus, name=name, shards=request.param, passages=True
    )
    with pytest.MonkeyPatch.context() as patched:
        for key, value in elasticsearch_server.environment.items():
            patched.setenv(key, value)
        made = Both(corpus, server, embedded, whole)
        made.build()
        yield made
    client = elasticsearch_server.client()
    for index in list(client.indices.get(index=f"{name}-*").body):
        client.indices.delete(index=index)


@pytest.mark.parametrize("text", QUERIES[:-1])
def test_the_best_by_their_passages_are_those_of_the_embedded_index(text: str, both: Both) -> None:
    query = parse(text, both.embedded.analyzer)
    for k in (10, 100):
        assert agree(both.server.search(query, k), both.embedded.search(query, k))
    some = [hit.document_id for hit in both.whole.search(query, 100)][::2]
    assert agree(both.server.search(query, 10, some), both.embedded.search(query, 10, some))


def test_passages_rank_otherwise_than_whole_essays(both: Both) -> None:
    query = parse(QUERIES[0], both.embedded.analyzer)
    ranked, whole = ([hit.document_id for hit in index.search(query, 50)] for index in (both.server, both.whole))
    assert ranked != whole and set(ranked) & set(whole)


def test_after_essays_have_come_and_gone_they_agree_still(both: Both, essays: list[Document]) -> None:
    writer = both.corpus.writer()
    for essay in essays[10:170]:
        writer.add(essay)
    both.corpus.commit(writer.finish(), replace=True)
    both.build()
    for text in QUERIES[:-1]:
        query = parse(text, both.embedded.analyzer)
        assert agree(both.server.search(query, 100), both.embedded.search(query, 100))
