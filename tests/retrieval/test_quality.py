"""The two figures that retrieval must reach; bench/retrieval.py prints more."""

from pathlib import Path

import pytest

from bench.essays import QUERIES, sample_documents
from bench.retrieval import korquad, lines, passages, precision, stored
from retrieval.analyzers import analyzer
from retrieval.bm25 import Bm25Index


@pytest.mark.slow
def test_the_default_finds_korquads_passages(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "korquad"
    corpus = stored(tmp_path / "corpus", passages(lines(folder / "passages.jsonl"), titled=False))
    found = korquad(Bm25Index(tmp_path / "index", analyzer()), corpus, lines(folder / "queries.jsonl"))
    assert found.ndcg >= 0.948


@pytest.mark.slow
def test_the_ten_best_of_each_sample_topic_carry_its_label(tmp_path: Path) -> None:
    corpus = stored(tmp_path / "corpus", sample_documents())
    shares = precision(Bm25Index(tmp_path / "index", analyzer()), corpus)
    assert set(shares) == set(QUERIES)
    assert min(shares.values()) >= 0.9
