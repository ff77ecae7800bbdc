from pathlib import Path
from typing import get_args

import pytest

from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval.backends import BACKENDS, Backend, open_index
from retrieval.bm25 import Bm25Index
from retrieval.query import Filter
from retrieval.reference import RankBm25Index
from tests.retrieval.conftest import Counting, corpus_of
from tests.retrieval.test_filter import LABELLED


@pytest.mark.parametrize(("backend", "kind"), [("bm25s", Bm25Index), ("rank-bm25", RankBm25Index)])
def test_a_backends_name_stands_for_its_index(backend: Backend, kind: type[Bm25Index], tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path / "corpus", LABELLED)
    index = open_index(backend, tmp_path / "index", Counting(), corpus=corpus, k1=0.9, b=0.4)
    assert type(index) is kind
    assert index.build(corpus).documents == len(index) == 4
    made = index.made()
    assert made is not None and (made.k1, made.b) == (0.9, 0.4)
    assert [hit.document_id for hit in index.search(Filter("title", "첫 눈"), 5)] == [d.id for d in LABELLED[:2]]


def test_opening_reads_nothing_and_asks_no_server(tmp_path: Path) -> None:
    assert set(BACKENDS) == set(get_args(Backend))
    for backend in BACKENDS:
        open_index(backend, tmp_path / "index", Counting(), corpus=Corpus(tmp_path / "corpus"), name="geulgam-test")
    assert list(tmp_path.iterdir()) == []


def test_a_backend_that_there_is_not_and_an_index_without_a_name_are_refused(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "corpus")
    with pytest.raises(GeulgamError, match="no backend called 'lucene'") as caught:
        open_index("lucene", tmp_path, Counting(), corpus=corpus)  # type: ignore[arg-type]
    assert "bm25s, rank-bm25, elasticsearch" in caught.value.hint
    with pytest.raises(GeulgamError, match="needs a name"):
        open_index("elasticsearch", tmp_path, Counting(), corpus=corpus)
