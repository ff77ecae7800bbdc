"""Each backend at 10⁴, 10⁵ and 10⁶ documents: building, asking, memory. Where does each stop being the right choice?

Synthetic documents of about 490 terms, as frequent as those of Korean essays (:class:`Drawn`); their analysis is left
out (the terms are cached on disk before any clock starts). Each backend is built in a process of its own, whose peak
memory is told (for Elasticsearch that is the loader; the server, one node with 1 GB of heap, stands beside it), and
asked 50 queries of six terms with k = 500, twice: a server that has just been started compiles its own code the first
time, which is told apart. rank_bm25 ranks what the embedded index has built, if that was measured before; building is
then the making of its lists, and it is left out where they would not fit into the machine's memory.

    python -m bench.scale [10000 100000 1000000] [--backends bm25s rank-bm25 elasticsearch]
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from bench.index_speed import LENGTH, VOCABULARY
from corpus.document import document
from corpus.store import Corpus
from retrieval.analyzer import Span
from retrieval.backends import BACKENDS, Backend, open_index
from retrieval.elastic.connection import Access
from retrieval.elastic.index import ElasticsearchIndex
from retrieval.index import SearchIndex
from retrieval.query import Query, Terms
from retrieval.terms import TermStore
from tests.elastic_server import Server

QUERIES, TERMS, K = 50, 6, 500
RANK_BYTES = 17_500  # of memory that rank_bm25 takes for a document of 490 terms, measured at 10⁴ and 10⁵


class Drawn:
    """An analyzer for texts that are numbers: the number seeds the terms, which are drawn by Zipf's law.

    It has two slopes: the frequency of a term falls as 1 / (rank + 10), and beyond rank 3,000 with the square of that.
    The 10, 100, 1,000 and 10,000 most frequent are then 10, 35, 69 and 96 % of all terms; in 1,259 essays, with Kiwi's
    content morphemes, they are 12, 34, 69 and 96 %. Two slopes: Ferrer i Cancho and Solé, 2001.
    """

    name = fingerprint = "drawn"

    def __init__(self) -> None:
        ranks = np.arange(1, VOCABULARY + 1) + 10.0
        self._weights = np.cumsum(np.minimum(1 / ranks, 3_010 / ranks**2))
        self._words = [f"말{rank:x}" for rank in range(VOCABULARY)]

    def __call__(self, texts: Iterable[str]) -> Iterator[list[str]]:
        """The terms of each text; none for an empty one."""
        for text in texts:
            if not text:
                yield []
                continue
            random = np.random.default_rng(int(text))
            length = max(int(random.normal(LENGTH, LENGTH / 4)), 20)
            ranks = np.searchsorted(self._weights, random.random(length) * self._weights[-1])
            yield [self._words[rank] for rank in ranks.tolist()]

    def spans(self, text: str) -> list[Span]:
        """Not needed here."""
        raise NotImplementedError


def queries() -> list[Query]:
    """Six terms each: two frequent ones, four less so."""
    random = np.random.default_rng(11)
    ranks = [(*random.integers(20, 200, 2), *random.integers(200, 5_000, TERMS - 2)) for _ in range(QUERIES)]
    return [Terms(tuple(f"말{int(rank):x}" for rank in six)) for six in ranks]


def measure(backend: Backend, folder: Path) -> dict[str, float]:
    """Build and ask one backend in this process; the terms lie in ``folder`` already."""
    corpus, drawn = Corpus(folder / "corpus"), Drawn()
    index = open_index(backend, folder, drawn, corpus=corpus, name=f"bench-{len(corpus)}")
    began = time.perf_counter()
    index.build(corpus)
    if backend == "rank-bm25":
        index.search(queries()[0], K)  # its lists are read with the first query
    built = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2  # Linux: kibibytes
    asked = queries()[: QUERIES if backend != "rank-bm25" else 5]
    first, second = answering(index, asked), answering(index, asked)
    return {
        "build": built,
        "peak": peak,
        "first": statistics.median(first),
        "query": statistics.median(second),
        "queries": 1 / statistics.mean(second),
    }


def answering(index: SearchIndex, asked: list[Query]) -> list[float]:
    """The seconds that the answer to each query takes."""
    seconds = []
    for query in asked:
        began = time.perf_counter()
        index.search(query, K)
        seconds.append(time.perf_counter() - began)
    return seconds


def prepare(folder: Path, documents: int) -> None:
    """A corpus of so many numbers, and their terms."""
    corpus = Corpus(folder / "corpus")
    corpus.add(document(str(number)) for number in range(documents))
    TermStore(folder / "terms", Drawn()).update(corpus)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", nargs="*", type=int, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--backends", nargs="+", choices=BACKENDS, default=BACKENDS)
    parser.add_argument("--child", nargs=2, metavar=("BACKEND", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        print(json.dumps(measure(options.child[0], Path(options.child[1]))))
        return
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    print(f"{'documents':>10}  {'backend':<14}{'build':>9}{'documents/s':>13}{'peak memory':>13}"
          f"{'first queries':>15}{'median query':>14}{'queries/s':>11}{'on disk':>10}")  # fmt: skip
    for documents in options.documents:
        with tempfile.TemporaryDirectory() as temporary, Server.start(heap="1g") as server:
            folder = Path(temporary)
            prepare(folder, documents)
            for backend in options.backends:
                if backend == "rank-bm25" and documents * RANK_BYTES > 0.8 * memory:
                    print(f"{documents:>10,}  {backend:<14}   would need about {documents * RANK_BYTES / 1e9:.0f} GB")
                    continue
                command = [sys.executable, "-m", "bench.scale", "--child", backend, temporary]
                done = subprocess.run(
                    command, env={**os.environ, **server.environment}, check=True, stdout=subprocess.PIPE, text=True
                )
                told = json.loads(done.stdout)
                print(
                    f"{documents:>10,}  {backend:<14}{told['build']:>7.1f} s{documents / told['build']:>13,.0f}"
                    f"{told['peak']:>10.2f} GiB{told['first'] * 1000:>12.1f} ms{told['query'] * 1000:>11.1f} ms"
                    f"{told['queries']:>11,.0f}"
                    f"{on_disk(backend, folder, server, documents):>10}",
                    flush=True,
                )


def on_disk(backend: str, folder: Path, server: Server, documents: int) -> str:
    """The size of the finished index, without the cached terms."""
    if backend == "bm25s":
        size = sum(file.stat().st_size for file in folder.glob("bm25-*/*"))
    elif backend == "elasticsearch":
        index = ElasticsearchIndex(f"bench-{documents}", folder, Drawn(), access=Access.given(server.environment))
        size = int(index.status().get("bytes", 0))
    else:
        return "-"
    return f"{size / 1e9:.2f} GB"


if __name__ == "__main__":
    main()
