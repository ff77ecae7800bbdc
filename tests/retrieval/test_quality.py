"""The two figures that retrieval must reach; bench/retrieval.py prints more."""

from pathlib import Path

import pytest

from bench.essays import QUERIES, sample_documents
from bench.retrieval import korquad, lines, precision
from corpus.document import Document
from retrieval.analyzers import analyzer
from retrieval.bm25 import Bm25Index


@pytest.mark.slow
def test_the_default_finds_korquads_passages(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "korquad"
    passages = [Document(row["id"], row["text"]) for row in lines(folder / "passages.jsonl")]
    found = korquad(Bm25Index(tmp_path, analyzer()), passages, lines(folder / "queries.jsonl"))
    assert found.ndcg >= 0.948


@pytest.mark.slow
def test_the_ten_best_of_each_sample_topic_carry_its_label(tmp_path: Path) -> None:
    shares = precision(Bm25Index(tmp_path, analyzer()), sample_documents())
    assert set(shares) == set(QUERIES)
    assert min(shares.values()) >= 0.9
