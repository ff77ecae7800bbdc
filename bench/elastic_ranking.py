"""Does Elasticsearch find what the embedded index finds? On real essays, and on KorQuAD's questions.

A real server of one node is started (see tests/elastic_server.py). For seven queries on the real essays of
``GEULGAM_SHARED`` and k = 500: the share of documents that both find, Spearman's rank correlation of those, and the
largest difference between two scores of one document. Then nDCG@10 of both on the 2,887 KorQuAD questions of
:mod:`bench.retrieval`, without and with the passages' titles.

    python -m bench.elastic_ranking [--shards 1]
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from bench.essays import QUERIES, shared_documents, shared_folder
from bench.retrieval import korquad, lines, passages, stored
from retrieval.analyzers import analyzer
from retrieval.bm25 import Bm25Index
from retrieval.elastic.connection import Access
from retrieval.elastic.index import ElasticsearchIndex
from retrieval.index import Hit
from retrieval.lucene import parse
from tests.elastic_server import Server

K = 500


def spearman(some: list[Hit], others: list[Hit]) -> float:
    """Rank correlation of the documents that both lists hold, ranked among themselves."""
    common = {hit.document_id for hit in some} & {hit.document_id for hit in others}
    ranks = [{hit.document_id: hit.rank for hit in hits if hit.document_id in common} for hits in (some, others)]
    one, two = (np.argsort(np.argsort([places[id_] for id_ in sorted(common)])) for places in ranks)
    return float(np.corrcoef(one, two)[0, 1])


def agreement(embedded: Bm25Index, server: ElasticsearchIndex) -> None:
    """Print how far the two agree on the seven queries."""
    print(f"{'query':<8}{'hits':>6}{'same documents':>16}{'Spearman':>10}{'score differs by at most':>26}")
    for name, text in QUERIES.items():
        query = parse(text, embedded.analyzer)
        ours, theirs = embedded.search(query, K), server.search(query, K)
        scores = [{hit.document_id: hit.score for hit in hits} for hits in (ours, theirs)]
        common = scores[0].keys() & scores[1].keys()
        most = max(abs(scores[0][id_] - scores[1][id_]) for id_ in common)
        print(f"{name:<8}{len(ours):>6}{len(common) / len(ours):>16.2%}{spearman(ours, theirs):>10.4f}{most:>26.2g}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, default=1)
    shards = parser.parse_args().shards
    kiwi = analyzer("kiwi")
    folder = shared_folder() / "data" / "korquad"
    rows, questions = lines(folder / "passages.jsonl"), lines(folder / "queries.jsonl")
    with tempfile.TemporaryDirectory() as temporary, Server.start() as server:
        access = Access.given(server.environment)

        def on_server(name: str) -> ElasticsearchIndex:
            return ElasticsearchIndex(f"bench-{name}", Path(temporary, name), kiwi, access=access, shards=shards)

        corpus = stored(Path(temporary, "corpus"), shared_documents())
        embedded = Bm25Index(Path(temporary, "essays"), kiwi)
        embedded.build(corpus)
        essays = on_server("essays")  # in the same folder: the terms are there already
        essays.build(corpus)
        print(f"{len(corpus):,} real essays, k = {K}, {shards} shard(s)")
        agreement(embedded, essays)
        print(f"\nKorQuAD, {len(rows)} passages, {len(questions):,} questions, nDCG@10")
        for name, titled in (("without titles", False), ("with titles", True)):
            place = name.replace(" ", "-")
            asked = stored(Path(temporary, f"{place}-corpus"), passages(rows, titled))
            ours = korquad(Bm25Index(Path(temporary, place), kiwi), asked, questions)
            theirs = korquad(on_server(place), asked, questions)
            print(f"{name:<16}embedded {ours.ndcg:.4f}, Elasticsearch {theirs.ndcg:.4f}", flush=True)


if __name__ == "__main__":
    main()
