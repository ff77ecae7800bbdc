"""The index on a real server: the embedded index's hits, whatever happens while it is built."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from corpus.document import Document, document
from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval.analyzer import analyzer
from retrieval.bm25 import Bm25Index
from retrieval.elastic.index import ElasticsearchIndex
from retrieval.index import Hit
from retrieval.query import Boolean, Phrase, Query, Terms, parse
from tests.elastic_server import Server
from tests.retrieval.conftest import Counting, numbered
from tests.retrieval.elastic.conftest import Make
from tests.retrieval.test_bm25 import QUERIES, agree, trees

pytestmark = pytest.mark.slow

Pair = tuple[ElasticsearchIndex, Bm25Index]


@pytest.fixture(scope="module", params=[1, 3])
def both(request: pytest.FixtureRequest, essays: list[Document], make: Make, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """250 real essays on the server, in one shard and in three, and in the embedded index."""
    tool = analyzer("mecab")
    folder = tmp_path_factory.mktemp("index")
    server = make(tool, place=folder, shards=request.param)
    server.add(essays[:250])
    embedded = Bm25Index(folder, tool)
    embedded.add(essays[:250])
    return server, embedded


@pytest.mark.parametrize("text", QUERIES)
def test_real_essays_are_found_as_by_the_embedded_index(text: str, both: Pair) -> None:
    server, embedded = both
    query = parse(text, embedded.analyzer)
    found = server.search(query, 250)
    assert found
    assert agree(found, embedded.search(query, 250))


def test_a_plain_query_has_the_embedded_indexs_scores_to_the_last_digit(both: Pair) -> None:
    server, embedded = both
    for text in ("함께", "함께^2 더불어 동행", "+함께 -정치", '"가을 하늘"', "봄 여름 가을 겨울"):
        query = parse(text, embedded.analyzer)
        assert server.search(query, 250) == embedded.search(query, 250)


@pytest.fixture(scope="module")
def small(make: Make, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """60 documents of 0 to 90 letters in three shards."""
    random = np.random.default_rng(3)
    documents = numbered(" ".join(random.choice(list("aaaabbbccdef"), n)) for n in random.integers(0, 90, 60))
    server, embedded = make(Counting(), shards=3), Bm25Index(tmp_path_factory.mktemp("small"), Counting())
    server.add(documents)
    embedded.add(documents)
    return server, embedded


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=trees())
def test_any_query_tree_is_scored_as_by_the_embedded_index(query: Query, small: Pair) -> None:
    server, embedded = small
    assert agree(server.search(query, 70), embedded.search(query, 70))
