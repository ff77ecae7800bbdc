"""Documents go straight to the node that holds their shard; where that is not known, to any."""

from collections.abc import Iterator

import numpy as np
import pytest
from elasticsearch import Elasticsearch

from corpus.digests import array, from_hex
from retrieval.elastic.loading import load
from retrieval.elastic.routing import MOST_REQUESTS, Routes, Selector, going_to
from tests.elastic_server import Server
from tests.retrieval.elastic.conftest import NOTHING, begun, entry, keys_of

GIVEN = [entry(number**7, "a") for number in range(400)]
KEYS = keys_of(GIVEN)


@pytest.fixture
def client(cluster: Server) -> Iterator[Elasticsearch]:
    with cluster.client(request_timeout=60, node_selector_class=Selector) as client:
        yield client


@pytest.mark.parametrize("shards", [2, 3, 5])
def test_a_document_is_in_the_shard_that_is_reckoned(client: Elasticsearch, shards: int) -> None:
    with begun(client, shards) as claim:
        index = claim.index
        assert load(client, claim, lambda _: iter(GIVEN), KEYS, NOTHING).documents == len(GIVEN)
        reckoned = Routes.asked(client, index).shards(KEYS)
        assert set(reckoned.tolist()) == set(range(shards))
        for shard in range(shards):
            found = client.search(index=index, preference=f"_shards:{shard}", size=1_000, stored_fields="_id")
            there = np.sort(array(from_hex(hit["_id"]) for hit in found["hits"]["hits"]))
            assert np.array_equal(there, KEYS[reckoned == shard])


def test_a_shard_s_node_is_the_one_that_holds_it(client: Elasticsearch) -> None:
    with begun(client, 3) as claim:
        index = claim.index
        routes = Routes.asked(client, index)
        assert len(set(routes.nodes)) == 3
        for shard, node in enumerate(routes.nodes):
            for _ in range(4):
                with going_to(node):
                    (id_,) = client.nodes.info(node_id="_local", metric="os")["nodes"]
                told = client.cat.shards(index=index, format="json", h="shard,id").body
                assert {"shard": str(shard), "id": id_} in told


def test_a_node_that_is_dead_is_gone_round(client: Elasticsearch) -> None:
    pool = client.transport.node_pool
    first, second, third = pool.all()
    pool.mark_dead(first)
    with going_to(second.config):
        assert {pool.get() for _ in range(6)} == {second}
    with going_to(first.config):
        assert {pool.get() for _ in range(6)} == {second, third}


def test_of_a_single_address_nothing_is_reckoned(cluster: Server) -> None:
    with Elasticsearch(cluster.url, node_selector_class=Selector) as client, begun(client, 3) as claim:
        routes = Routes.asked(client, claim.index)
        assert routes.of(KEYS[:3]) == [None, None, None]
        assert routes.requests == min(_processors(client) + 1, MOST_REQUESTS)


def _processors(client: Elasticsearch) -> int:
    """Of the one machine on which all nodes are."""
    (number,) = {node["os"]["allocated_processors"] for node in client.nodes.info(metric="os")["nodes"].values()}
    return int(number)
