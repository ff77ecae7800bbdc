"""Filters on title, source and metadata: the same documents by every index."""

from pathlib import Path

import pytest

from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval.analyzer import Analyzer
from retrieval.bm25 import Bm25Index
from retrieval.index import SearchIndex
from retrieval.lucene import parse
from retrieval.query import Boolean, Filter, Terms
from retrieval.reference import RankBm25Index
from tests.retrieval.conftest import built

LABELLED = [
    Document(f"{0:032x}", "a b", "첫 눈", "http://a.b/c?d=1", {"author": "김", "year": "2020", "a.b": "점"}),
    Document(f"{1:032x}", "a c", "첫 눈", "file.csv", {"author": "김 철수", "작가": "이"}),
    Document(f"{2:032x}", "a b c", "눈", "file.csv", {"author": "김"}),
    Document(f"{3:032x}", "b"),
]
FOUND = {
    "a +metadata.author:김": [0, 2],
    'a AND metadata.author:"김 철수"': [1],
    'a -title:"첫 눈"': [2],
    "+a -metadata.author:김": [1],
    'b +source:"http://a.b/c?d=1"': [0],
    "metadata.author:김": [0, 2],
    "metadata.작가:이 metadata.a.b:점": [0, 1],
    "+source:file.csv +(b metadata.작가:이)": [1, 2],
    "+a +metadata.author:박": [],
    "+a +metadata.nothing:김": [],
    "+title:첫": [],
}


def finds_them(index: SearchIndex) -> None:
    """Whether the index with the labelled documents finds what it should."""
    for text, expected in FOUND.items():
        hits = index.search(parse(text, index.analyzer), 10)
        assert sorted(int(hit.document_id, 16) for hit in hits) == expected, text
    (plain, *_), (filtered, *_) = (index.search(parse(text, index.analyzer), 9) for text in ("c", "c +title:눈"))
    assert plain.document_id == LABELLED[1].id and filtered.document_id == LABELLED[2].id
    scores = {hit.document_id: hit.score for hit in index.search(parse("c", index.analyzer), 9)}
    assert filtered.score == scores[filtered.document_id]


def test_the_embedded_index_filters_by_its_corpus(words: Analyzer, tmp_path: Path) -> None:
    finds_them(built(tmp_path, LABELLED, words))


def test_the_reference_filters_alike(words: Analyzer, tmp_path: Path) -> None:
    index = built(tmp_path, LABELLED, words)
    finds_them(RankBm25Index(index.folder, words, corpus=Corpus(tmp_path / "corpus")))


def test_an_index_without_a_corpus_says_that_it_cannot_filter(words: Analyzer, tmp_path: Path) -> None:
    index = built(tmp_path, LABELLED, words)
    for searched in (Bm25Index(index.folder, words), RankBm25Index(index.folder, words)):
        with pytest.raises(GeulgamError, match="no corpus to filter by"):
            searched.search(parse("a +title:눈", words), 5)


def test_a_document_that_is_not_indexed_yet_is_not_found(words: Analyzer, tmp_path: Path) -> None:
    index = built(tmp_path, LABELLED, words)
    Corpus(tmp_path / "corpus").add([Document(f"{9:032x}", "a", "", "", {"author": "김"})])
    assert len(index.search(parse("metadata.author:김", words), 5)) == 2


def test_filters_are_read_as_clauses(words: Analyzer) -> None:
    assert parse('+title:"첫 눈" a', words) == Boolean(must=(Filter("title", "첫 눈"),), should=(Terms(("a",)),))
    assert parse("(source:file.csv)^2", words) == Filter("source", "file.csv")
    assert parse(r"metadata.a\ b:c\:d", words) == Filter("metadata.a b", "c:d")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("시간 10:30", "10 is not a field"),
        ("author:김", "author is not a field"),
        ("title:(a b)", "needs one word or a text in quotation marks"),
        ("title:[a TO b]", "needs one word or a text in quotation marks"),
        ("title:a^2", "needs one word or a text in quotation marks"),
        ("title:a*", "wildcards are not supported"),
        ("-title:a", "only left out"),
    ],
)
def test_what_is_no_filter_is_refused_with_its_place(text: str, what: str, words: Analyzer) -> None:
    with pytest.raises(GeulgamError, match=what) as caught:
        parse(text, words)
    assert "^" in str(caught.value) and caught.value.hint
