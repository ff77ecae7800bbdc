"""Building, reloading and asking the embedded index, against rank_bm25 and plain bm25s in the same run.

Synthetic documents: 32,000 of about 490 terms, drawn from half a million by Zipf's law with one slope: many more
different terms than essays have. Analysis is left out: the terms are there before any clock starts, for ours as
cached parts on disk, for the peers as Python lists in memory. "Reload" is everything from a folder (for rank_bm25,
which saves nothing, from the lists) to the answers of 7 queries with k = 500, in a process that has imported the
libraries.

    python -m bench.index_speed [--documents 32000]
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import bm25s
import numpy as np
from rank_bm25 import BM25Okapi

from corpus.document import Document
from corpus.store import Corpus
from retrieval.analyzer import Span
from retrieval.bm25 import Bm25Index
from retrieval.query import Query, Terms

VOCABULARY, LENGTH, K = 500_000, 490, 500
QUERIES = 7


class Given:
    """An analyzer for texts that are their terms already."""

    name = "given"
    fingerprint = "given"

    def __call__(self, texts: Iterable[str]) -> Iterator[list[str]]:
        """The words of each text."""
        return (text.split(" ") if text else [] for text in texts)

    def spans(self, text: str) -> list[Span]:
        """Not needed here."""
        raise NotImplementedError


def drawn(documents: int, seed: int = 7) -> list[list[str]]:
    """The terms of each document. Term number r is drawn in proportion to 1 / (r + 2.7)."""
    random = np.random.default_rng(seed)
    weights = np.cumsum(1 / (np.arange(VOCABULARY) + 2.7))
    words = np.array([f"말{r:x}" for r in range(VOCABULARY)], dtype=object)
    lengths = np.maximum(random.normal(LENGTH, LENGTH / 4, documents).astype(int), 20)
    drawn = np.searchsorted(weights, random.random(int(lengths.sum())) * weights[-1])
    return [part.tolist() for part in np.split(words[drawn], np.cumsum(lengths)[:-1])]


def queries(seed: int = 11) -> list[list[str]]:
    """Three terms each, as topics have: one frequent, two less so."""
    random = np.random.default_rng(seed)
    ranks = [(random.integers(20, 200), *random.integers(200, 5_000, 2)) for _ in range(QUERIES)]
    return [[f"말{int(rank):x}" for rank in three] for three in ranks]


def timed(work: Callable[[], Any], repeats: int = 1) -> tuple[float, Any]:
    """The least of the seconds that the work took, and what it gave."""
    best, result = float("inf"), None
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return best, result


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--documents", type=int, default=32_000)
    documents = parser.parse_args().documents
    folder = Path(tempfile.mkdtemp(prefix="geulgam-index-speed-"))
    try:
        measure(documents, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(documents: int, folder: Path) -> None:
    """Build, reload and ask all three, ours first."""
    terms = drawn(documents)
    asked = queries()
    print(f"{documents:,} documents, {sum(map(len, terms)):,} terms, {QUERIES} queries of 3 terms, k = {K}")

    index = Bm25Index(folder / "ours", Given())
    corpus = Corpus(folder / "corpus")
    corpus.add(Document(f"{i:032x}", " ".join(words)) for i, words in enumerate(terms))
    cached, _ = timed(lambda: index.terms.update(corpus))
    build_ours, _ = timed(lambda: index.build(corpus))

    def reload_ours() -> list[list[str]]:
        fresh = Bm25Index(folder / "ours", Given())
        trees: list[Query] = [Terms(tuple(words)) for words in asked]
        return [[hit.document_id for hit in fresh.search(tree, K)] for tree in trees]

    reload_ours_s, found = timed(reload_ours, 5)

    def build_bm25s() -> None:
        peer = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
        peer.index(terms, show_progress=False)
        peer.save(folder / "bm25s", show_progress=False)

    build_bm25s_s, _ = timed(build_bm25s)

    def reload_bm25s() -> list[list[int]]:
        peer = bm25s.BM25.load(folder / "bm25s", mmap=True)
        return [row.tolist() for row in peer.retrieve(asked, k=K, show_progress=False, n_threads=0).documents]

    reload_bm25s_s, same = timed(reload_bm25s, 3)

    def reload_rank() -> list[Any]:
        peer = BM25Okapi(terms, k1=1.2, b=0.75)
        return [np.argsort(peer.get_scores(words))[::-1][:K] for words in asked]

    reload_rank_s, _ = timed(reload_rank)

    common = np.mean([len({f"{n:032x}" for n in b} & set(a)) / K for a, b in zip(found, same, strict=True)])
    print(f"caching the terms on disk (once, beside their analysis): {cached:.1f} s")
    print(f"the same documents as bm25s finds, with exact lengths: {common:.1%}")
    print(f"{'':12}{'build + save':>14}{'ours is':>10}{'reload + ask':>16}{'ours is':>10}")
    for name, build, reload in (
        ("ours", build_ours, reload_ours_s),
        ("bm25s", build_bm25s_s, reload_bm25s_s),
        ("rank_bm25", None, reload_rank_s),
    ):
        built = f"{build:12.2f} s{build / build_ours:9.1f}×" if build else f"{'-':>14}{'':10}"
        print(f"{name:12}{built}{reload:14.4f} s{reload / reload_ours_s:9.1f}×")


if __name__ == "__main__":
    main()
