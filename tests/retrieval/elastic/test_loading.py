"""Loading into a real server: what it refuses, what it is too busy for, and what arrives twice."""

import threading
import time
from collections.abc import Iterator

import pytest
from elasticsearch import Elasticsearch

from corpus.digests import Digest
from corpus.errors import GeulgamError
from corpus.events import Cancellable, Cancelled
from retrieval.elastic import loading
from retrieval.elastic.entries import Entry
from retrieval.elastic.lease import Claim
from retrieval.elastic.loading import load
from retrieval.elastic.paging import document_keys
from tests.elastic_server import Server
from tests.retrieval.elastic.conftest import NOTHING, begun, entry, keys_of, source


@pytest.fixture
def client(elasticsearch_server: Server) -> Iterator[Elasticsearch]:
    with elasticsearch_server.client() as client:
        yield client


@pytest.fixture
def claim(client: Elasticsearch) -> Iterator[Claim]:
    """An empty index of one shard."""
    with begun(client, shards=1) as claim:
        yield claim


def entries(count: int) -> list[Entry]:
    return [entry(number, f"a b{number}") for number in range(count)]


def test_all_documents_arrive_and_what_is_there_already_is_not_sent(client: Elasticsearch, claim: Claim) -> None:
    some, all_of_them = entries(20), entries(50)
    assert load(client, claim, source(some), keys_of(some), NOTHING).documents == 20
    sent: list[str] = []

    def noting(missing: Digest) -> Iterator[Entry]:
        for one in source(all_of_them)(missing):
            sent.append(one.key)
            yield one

    assert load(client, claim, noting, keys_of(all_of_them), document_keys(client, claim.index)).documents == 50
    assert sorted(sent) == [one.key for one in all_of_them[20:]]


def test_a_document_that_is_sent_twice_is_there_once_and_leaves_no_trace(client: Elasticsearch, claim: Claim) -> None:
    given = entries(30)
    for _ in range(2):
        assert load(client, claim, source(given), keys_of(given), NOTHING).documents == 30
    stats = client.indices.stats(index=claim.index, metric="docs")["_all"]["primaries"]["docs"]
    assert (stats["count"], stats["deleted"]) == (30, 0)  # deleted ones would count in BM25's statistics


def test_a_document_larger_than_a_request_may_be_is_refused_alone(
    client: Elasticsearch, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = entries(9)
    given.insert(4, entry(99, "가 " * 30_000_000)._replace(title="너무 긴 글"))
    monkeypatch.setattr(loading, "CHUNK_BYTES", 2**40)
    loaded = load(client, claim, source(given), keys_of(given), NOTHING)
    assert loaded.documents == 9
    (refused,) = loaded.refused
    assert (refused.title, refused.reason) == ("너무 긴 글", "it is larger than the server takes in one request")


def test_a_server_that_is_too_busy_is_given_time(client: Elasticsearch, claim: Claim) -> None:
    given = entries(500)
    limit = "network.breaker.inflight_requests.limit"
    client.cluster.put_settings(persistent={limit: "8kb"})  # a bulk request is now answered with 429

    def relieve() -> None:
        client.cluster.put_settings(persistent={limit: None})

    timer = threading.Timer(3, relieve)
    timer.start()
    try:
        began = time.monotonic()
        assert load(client, claim, source(given), keys_of(given), NOTHING).documents == 500
        assert time.monotonic() - began > 3
    finally:
        timer.join()


def test_who_waits_for_a_server_that_is_too_busy_can_be_cancelled(client: Elasticsearch, claim: Claim) -> None:
    given, job = entries(500), Cancellable()
    limit = "network.breaker.inflight_requests.limit"
    client.cluster.put_settings(persistent={limit: "8kb"})
    timer = threading.Timer(2, job.cancel)
    timer.start()
    try:
        began = time.monotonic()
        with pytest.raises(Cancelled):
            load(client, claim, source(given), keys_of(given), NOTHING, on=job)
        assert 2 <= time.monotonic() - began < 10
    finally:
        client.cluster.put_settings(persistent={limit: None})
        timer.join()


def test_patience_has_an_end_and_the_reason_is_told(client: Elasticsearch, claim: Claim) -> None:
    given = entries(500)
    limit = "network.breaker.inflight_requests.limit"
    client.cluster.put_settings(persistent={limit: "8kb"})
    try:
        with pytest.raises(GeulgamError, match="Data too large"):
            load(client, claim, source(given), keys_of(given), NOTHING, patience=1)
    finally:
        client.cluster.put_settings(persistent={limit: None})


def test_a_disk_that_is_full_ends_the_load_at_once_and_what_arrived_stays(client: Elasticsearch, claim: Claim) -> None:
    given = entries(40)
    load(client, claim, source(given[:10]), keys_of(given[:10]), NOTHING)
    client.indices.put_settings(index=claim.index, settings={"index.blocks.read_only_allow_delete": True})
    with pytest.raises(GeulgamError, match="disk") as caught:
        load(client, claim, source(given), keys_of(given), keys_of(given[:10]))
    assert "the same command continues" in caught.value.hint
    client.indices.put_settings(index=claim.index, settings={"index.blocks.read_only_allow_delete": None})
    assert load(client, claim, source(given), keys_of(given), document_keys(client, claim.index)).documents == 40


def test_an_index_that_somebody_removed_is_not_made_up_for(client: Elasticsearch, claim: Claim) -> None:
    client.indices.delete(index=claim.index)
    given = entries(5)
    with pytest.raises(GeulgamError, match="no such index"):
        load(client, claim, source(given), keys_of(given), NOTHING)
    assert not client.indices.exists(index=claim.index)


def test_documents_that_somebody_else_put_there_are_noticed(client: Elasticsearch, claim: Claim) -> None:
    given = entries(10)
    load(client, claim, source(given), keys_of(given), NOTHING)
    with pytest.raises(GeulgamError, match="something else writing"):
        load(client, claim, source(given[:5]), keys_of(given[:5]), keys_of(given[:5]))
