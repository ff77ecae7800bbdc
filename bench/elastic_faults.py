"""Is anything lost when nodes die? Each with `kill -9` and started again, in the middle of one load into three nodes.

Documents of about 490 terms, drawn as in :mod:`bench.scale`, analysed before any clock starts. Three loads of them:

1. Undisturbed.
2. One node after the other is killed, five times in all: as soon as the load goes on, the next one. Each is started
   again after three seconds. The load has to end by itself.
3. All three nodes are killed when half has arrived, and stay away until the load has given up; it is begun again.

After each it is told which documents are missing, which are there twice, and whether the hits of 50 queries of six
terms (k = 500) are those of the embedded index to the last digit, which they are not if a single term is counted twice.

    python -m bench.elastic_faults [--documents 50000] [--kills 5]
"""

import argparse
import itertools
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from elasticsearch import ApiError, TransportError

from bench.scale import Drawn, K, prepare, queries
from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval.bm25 import Bm25Index
from retrieval.elastic.connection import Access
from retrieval.elastic.index import ElasticsearchIndex
from retrieval.elastic.keys import Keyed
from retrieval.elastic.paging import document_keys
from tests.elastic_server import Server

AWAY = 3  # seconds for which a node is dead
STRIDE = 3_000  # documents that are to arrive between two deaths


class Tormentor:
    """Waits in a thread until documents arrive in an index, and then does its deeds, one after the other."""

    def __init__(
        self, server: Server, index: ElasticsearchIndex, deeds: list[Callable[[], None]], stride: int = STRIDE
    ) -> None:
        self.done, self._stride = 0, stride
        self._server, self._builds, self._deeds = server, f"{index.alias}-*", deeds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> "Tormentor":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        for deed in self._deeds:
            begin = self._taken_in()
            while self._taken_in() < begin + self._stride:
                if self._over.wait(0.1):
                    return
            deed()
            self.done += 1

    def _taken_in(self) -> int:
        """How many documents the nodes have taken in since they were started."""
        with self._server.client() as client:
            try:
                total = client.indices.stats(index=self._builds, metric="indexing")["_all"]["total"]
            except (ApiError, TransportError):
                return 0
        return int(total["indexing"]["index_total"]) if total else 0


def killing(server: Server, node: int) -> Callable[[], None]:
    """Kill the node, start it again, and wait until it is one of the cluster."""

    def deed() -> None:
        server.kill(node)
        time.sleep(AWAY)
        server.restart(node)

    return deed


def check(index: ElasticsearchIndex, corpus: Corpus, embedded: Bm25Index) -> None:
    """Print whether the index holds what it should."""
    found = document_keys(index.client, index.alias)
    wanted = Keyed.of(corpus).keys
    missing, twice = np.setdiff1d(wanted, found), len(found) - len(np.unique(found))
    same = sum(index.search(query, K) == embedded.search(query, K) for query in queries())
    print(f"   {len(found):,} documents: {len(missing):,} missing, {twice:,} twice; ", end="")
    print(f"{same} of {len(queries())} queries have the embedded index's hits and scores", flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=50_000)
    parser.add_argument("--kills", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, Server.start(nodes=3) as server:
        folder = Path(temporary)
        prepare(folder, options.documents)
        corpus = Corpus(folder / "corpus")
        embedded = Bm25Index(folder, Drawn())
        embedded.build(corpus)

        def index(name: str, **more: float) -> ElasticsearchIndex:
            return ElasticsearchIndex(f"bench-{name}", folder, Drawn(), access=Access.given(server.environment), **more)  # type: ignore[arg-type]

        print(f"1. {options.documents:,} documents into three nodes, undisturbed", flush=True)
        began = time.perf_counter()
        calm = index("calm")
        calm.build(corpus)
        print(f"   {time.perf_counter() - began:.1f} s")
        check(calm, corpus, embedded)

        print(f"2. {options.kills} times a node is killed, and started again after {AWAY} s", flush=True)
        nodes = itertools.islice(itertools.cycle(range(3)), options.kills)
        deeds = [killing(server, node) for node in nodes]
        began = time.perf_counter()
        storm = index("storm")
        with Tormentor(server, storm, deeds) as tormentor:
            built = storm.build(corpus)
        notes = "; ".join(built.notes) or "no shard lost"
        print(f"   {time.perf_counter() - began:.1f} s, {tormentor.done} kills, {notes}")
        check(storm, corpus, embedded)

        print("3. all nodes are killed, and started again when the load has given up", flush=True)

        def kill_all() -> None:
            for node in range(3):
                server.kill(node)

        night = index("night", patience=5.0)
        try:
            with Tormentor(server, night, [kill_all], options.documents // 2):
                night.build(corpus)
            print("   the load ended before the nodes were killed")
        except GeulgamError as error:
            print(f"   {error}", flush=True)
        for node in range(3):
            server.restart(node, wait=False)
        server.wait()
        (unfinished,) = night.client.indices.get(index=f"{night.alias}-*").body
        night.client.indices.refresh(index=unfinished)
        print(f"   {len(document_keys(night.client, unfinished)):,} documents were on disk")
        night.build(corpus)
        check(night, corpus, embedded)


if __name__ == "__main__":
    main()
