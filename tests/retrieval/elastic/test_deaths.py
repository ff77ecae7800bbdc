"""Nodes that die in the middle: every document is there once, none twice, and the load ends by itself."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from elasticsearch import Elasticsearch

from corpus.digests import Digest, array, from_hex
from corpus.document import document
from corpus.errors import GeulgamError
from retrieval.elastic.entries import Entry, Source
from retrieval.elastic.index import ElasticsearchIndex
from retrieval.elastic.keys import held
from retrieval.elastic.lease import Claim
from retrieval.elastic.loading import load
from retrieval.elastic.paging import document_keys
from retrieval.elastic.routing import Selector
from retrieval.query import Terms
from tests.elastic_server import Server
from tests.retrieval.conftest import Counting
from tests.retrieval.elastic.conftest import NOTHING, access, begun, entry, fill

COUNT = 6_000
KEYS = np.sort(array(from_hex(f"{number:032x}") for number in range(COUNT)))


@pytest.fixture
def whole(cluster: Server) -> Iterator[Server]:
    """Three nodes, all of them up, before and after."""
    yield cluster
    for number, node in enumerate(cluster.nodes):
        if not node.running:
            cluster.kill(number)
            cluster.restart(number, wait=False)
    cluster.wait()


@pytest.fixture
def client(whole: Server) -> Iterator[Elasticsearch]:
    with whole.client(request_timeout=60, node_selector_class=Selector) as client:
        yield client


@pytest.fixture
def claim(client: Elasticsearch) -> Iterator[Claim]:
    """An empty index of three shards."""
    with begun(client, shards=3) as claim:
        yield claim


def source(events: Mapping[int, Callable[[], object]]) -> Source:
    """Documents with 40 words each; after so many of them the event happens, once."""
    left = dict(events)

    def entries(missing: Digest) -> Iterator[Entry]:
        for number in range(COUNT):
            if held(array([from_hex(f"{number:032x}")]), missing)[0]:
                yield entry(number, " ".join(f"w{(number * word) % 997}" for word in range(40)))
            if number in left:
                left.pop(number)()

    return entries


def back_after(server: Server, node: int, seconds: float) -> None:
    """Start the node again in so many seconds."""
    timer = threading.Timer(seconds, server.restart, [node, False])
    timer.daemon = True
    timer.start()


def some_arrived(client: Elasticsearch, claim: Claim) -> None:
    """Wait until the server has taken in a part of what was sent."""
    end = time.monotonic() + 60
    while not client.indices.stats(index=claim.index, metric="indexing")["_all"]["total"]["indexing"]["index_total"]:
        assert time.monotonic() < end
        time.sleep(0.05)


def there(client: Elasticsearch, claim: Claim) -> Digest:
    """The keys that the index holds, each as often as it is there."""
    client.indices.refresh(index=claim.index)
    return document_keys(client, claim.index)


def test_nodes_that_are_killed_and_come_back_lose_nothing(whole: Server, client: Elasticsearch, claim: Claim) -> None:
    def dies(node: int) -> Callable[[], None]:
        def die() -> None:
            whole.kill(node)
            back_after(whole, node, 2)

        return die

    loaded = load(client, claim, source({1_500: dies(0), 4_500: dies(2)}), KEYS, NOTHING)
    assert (loaded.documents, loaded.lost, loaded.refused) == (COUNT, 0, ())
    assert np.array_equal(there(client, claim), KEYS)


def test_a_node_that_does_not_come_back_has_its_documents_sent_again(
    whole: Server, client: Elasticsearch, claim: Claim
) -> None:
    loaded = load(client, claim, source({3_000: lambda: whole.kill(1)}), KEYS, NOTHING, patience=40)
    assert (loaded.documents, loaded.lost) == (COUNT, 1)
    assert np.array_equal(there(client, claim), KEYS)


def test_a_cluster_that_dies_whole_ends_the_load_and_the_next_one_goes_on(
    whole: Server, client: Elasticsearch, claim: Claim
) -> None:
    def die() -> None:
        some_arrived(client, claim)
        for number in range(3):
            whole.kill(number)

    with pytest.raises(GeulgamError, match="no connection to Elasticsearch"):
        load(client, claim, source({4_500: die}), KEYS, NOTHING, patience=2)
    for number in range(3):
        whole.restart(number, wait=False)
    whole.wait()
    arrived = there(client, claim)
    assert len(arrived) < COUNT  # all that was on disk; of the last seconds, nothing has to be
    assert load(client, claim, source({}), KEYS, arrived).documents == COUNT
    assert np.array_equal(there(client, claim), KEYS)


def test_a_cluster_that_is_back_in_time_is_waited_for(whole: Server, client: Elasticsearch, claim: Claim) -> None:
    def die() -> None:
        some_arrived(client, claim)
        for number in range(3):
            whole.kill(number)
            back_after(whole, number, 1)

    loaded = load(client, claim, source({4_500: die}), KEYS, NOTHING)
    assert (loaded.documents, loaded.lost) == (COUNT, 0)
    assert np.array_equal(there(client, claim), KEYS)


def test_a_search_is_answered_while_any_node_is_down(whole: Server, tmp_path: Path) -> None:
    index = ElasticsearchIndex("test-replicas", tmp_path, Counting(), access=access(whole))
    fill(index, (document(f"하나 둘 {number}") for number in range(300)))
    status = index.status()
    assert (status["shards"], status["replicas"], status["health"]) == (3, 1, "green")
    before = index.search(Terms(("둘",)), 300)
    whole.kill(1)
    whole.wait()
    assert len(before) == 300
    assert index.search(Terms(("둘",)), 300) == before
