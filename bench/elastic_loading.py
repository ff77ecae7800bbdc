"""Loading: geulgam's against `helpers.bulk` with the server's defaults, on one node and on three, in the same run.

Documents of about 490 terms, drawn as in :mod:`bench.scale`, analysed before any clock starts. The peer is what one
writes first: the client's `helpers.bulk` of the terms as a text into an index that the server makes up, with its
defaults: dynamic mapping, one shard, one replica where there is a second node. Both load a tenth of the documents,
then all of them, in turn and several times: a server goes on compiling its own code while it loads the first 100,000,
so that the first round is cold. Each is measured until all its documents can be found. What it
takes us afterwards to copy the shards to a second node, which the peer does while it loads, is told apart.

    python -m bench.elastic_loading [--documents 100000] [--nodes 1 3] [--rounds 3]
"""

import argparse
import tempfile
import time
from pathlib import Path

from elasticsearch import Elasticsearch, helpers

from bench.scale import Drawn, prepare
from corpus.digests import to_hex
from corpus.store import Corpus
from retrieval.elastic.connection import Access
from retrieval.elastic.index import ElasticsearchIndex
from retrieval.terms import TermStore
from tests.elastic_server import Server


def peer(client: Elasticsearch, folder: Path) -> float:
    """Seconds of `helpers.bulk` until all documents can be found."""
    name = "bench-peer"
    client.indices.delete(index=name, ignore_unavailable=True)
    documents = TermStore(folder / "terms", Drawn()).of(to_hex(Corpus(folder / "corpus").versions()))
    rows = [(version, " ".join(terms)) for version, terms in documents]
    began = time.perf_counter()
    helpers.bulk(client, ({"_index": name, "_id": version, "text": text} for version, text in rows))
    client.indices.refresh(index=name)
    seconds = time.perf_counter() - began
    assert client.count(index=name)["count"] == len(rows)
    client.indices.delete(index=name)
    return seconds


def ours(client: Elasticsearch, access: Access, folder: Path, nodes: int) -> tuple[float, float]:
    """Seconds of a build until all documents can be found, and from then until each shard has its replica."""
    corpus = Corpus(folder / "corpus")
    index = ElasticsearchIndex("bench-ours", folder, Drawn(), access=access, replicas=0)
    began = time.perf_counter()
    built = index.build(corpus)
    seconds = time.perf_counter() - began
    assert built.documents == len(corpus)
    began = time.perf_counter()
    if nodes > 1:
        ElasticsearchIndex("bench-ours", folder, Drawn(), access=access, replicas=1).build(corpus)
        client.cluster.health(index="bench-ours", wait_for_status="green", timeout="600s")
    copied = time.perf_counter() - began
    client.indices.delete(index=",".join(client.indices.get(index="bench-ours-*").body))
    return seconds, copied


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--nodes", type=int, nargs="*", default=[1, 3])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        small, whole = Path(temporary, "small"), Path(temporary, "whole")
        prepare(small, options.documents // 10)
        prepare(whole, options.documents)
        for nodes in options.nodes:
            with Server.start(nodes=nodes, heap="1g" if nodes == 1 else "512m") as server:
                client, access = server.client(request_timeout=600), Access.given(server.environment)
                peer(client, small)
                ours(client, access, small, nodes)
                for number in range(1, options.rounds + 1):
                    slow = options.documents / peer(client, whole)
                    seconds, copied = ours(client, access, whole, nodes)
                    fast = options.documents / seconds
                    after = f"; replicas {copied:.0f} s more" if nodes > 1 else ""
                    print(f"{nodes} node(s), round {number}: helpers.bulk {slow:,.0f} documents/s", end=", ")
                    print(f"ours {fast:,.0f}, {fast / slow:.2f} ×{after}", flush=True)


if __name__ == "__main__":
    main()
