import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.document import Document, document
from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval import postings
from retrieval.analyzer import Analyzer
from retrieval.analyzers import analyzer
from retrieval.bm25 import Bm25Index
from retrieval.index import Hit, SearchIndex
from retrieval.lucene import parse
from retrieval.query import Boolean, Phrase, Query, Terms
from retrieval.reference import RankBm25Index
from tests.retrieval.conftest import Counting, numbered

QUERIES = [
    "함께",
    "함께^2 더불어 동행",
    "+함께 -정치",
    "여행^3 AND (바다 OR 산)^0.5 NOT 비행기",
    '"가을 하늘"^3 (어머니 아버지)^0.5 -학교',
    '"세 번" "어머니 손"',
    "+(가족 어머니) +집 꽃",
    "봄 봄 봄^0",
    '"다시 다시" 조금',
]


def agree(found: list[Hit], expected: list[Hit]) -> bool:
    """The same documents with the same scores; near ties may change places."""
    scores = {hit.document_id: hit.score for hit in expected}
    return len(found) == len(expected) and all(
        hit.score == pytest.approx(scores[hit.document_id], rel=1e-5, abs=1e-9)
        and hit.score == pytest.approx(other.score, rel=1e-5, abs=1e-9)
        for hit, other in zip(found, expected, strict=True)
    )


@pytest.fixture(scope="module")
def both(essays: list[Document], tmp_path_factory: pytest.TempPathFactory) -> tuple[Bm25Index, RankBm25Index]:
    """250 real essays in the embedded index and in the reference."""
    tool = analyzer("mecab")
    embedded = Bm25Index(tmp_path_factory.mktemp("index"), tool)
    embedded.add(essays[:250])
    reference = RankBm25Index(tool, cache=embedded.terms)
    reference.add(essays[:250])
    return embedded, reference


@pytest.mark.parametrize("text", QUERIES)
def test_scores_are_those_of_the_reference_on_real_essays(text: str, both: tuple[Bm25Index, RankBm25Index]) -> None:
    embedded, reference = both
    query = parse(text, embedded.analyzer)
    found = embedded.search(query, 250)
    assert found
    assert agree(found, reference.search(query, 250))


def test_both_indexes_know_the_same_terms(both: tuple[SearchIndex, SearchIndex]) -> None:
    embedded, reference = both
    assert len(embedded) == len(reference) == 250
    for term in ("함께", "가족", "없는말"):
        assert embedded.document_frequency(term) == reference.document_frequency(term)
        assert embedded.near_terms(term) == reference.near_terms(term)


def trees() -> st.SearchStrategy[Query]:
    words = st.sampled_from("abcdefx")
    boosts = st.sampled_from([0.5, 1.0, 2.0, 3.25])
    bags = st.lists(words, min_size=1, max_size=4).map(tuple)
    rows = st.lists(words, min_size=2, max_size=3).map(tuple)
    leaves = st.builds(Terms, bags, boosts) | st.builds(Phrase, rows, boosts)

    def groups(inner: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
        clauses = st.lists(inner, max_size=2).map(tuple)
        return st.builds(Boolean, clauses, clauses, clauses, boosts)

    return st.recursive(leaves, groups, max_leaves=8)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bm25Index, RankBm25Index]]:
    """60 documents of 0 to 90 letters, built in many tiny blocks."""
    random = np.random.default_rng(3)
    lengths = random.integers(0, 90, 60)
    documents = numbered(" ".join(random.choice(list("aaaabbbccdef"), n)) for n in lengths)
    embedded, reference = Bm25Index(tmp_path_factory.mktemp("small"), Counting()), RankBm25Index(Counting())
    whole, postings.BLOCK = postings.BLOCK, 200
    embedded.add(documents)
    postings.BLOCK = whole
    reference.add(documents)
    yield embedded, reference


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=trees(), k=st.integers(1, 70))
def test_any_query_tree_scores_as_in_the_reference(
    query: Query, k: int, small: tuple[Bm25Index, RankBm25Index]
) -> None:
    embedded, reference = small
    assert agree(embedded.search(query, k), reference.search(query, k))


def test_the_score_of_one_term_is_lucenes_formula(tmp_path: Path) -> None:
    index = Bm25Index(tmp_path, Counting())
    index.add(numbered(["a b b", "a c", "d d d d", ""]))
    (hit,) = index.search(Terms(("b",)), 10)
    idf = np.log(1 + (3 - 1 + 0.5) / (1 + 0.5))  # the empty document does not count
    assert hit.score == pytest.approx(idf * 2 / (2 + 1.2 * (0.25 + 0.75 * 3 / 3)), rel=1e-6)
    assert (hit.document_id, hit.rank) == (f"{0:032x}", 1)


def test_must_should_and_must_not_choose_documents_as_in_lucene(words: Analyzer, tmp_path: Path) -> None:
    index = Bm25Index(tmp_path, words)
    index.add(numbered(["a b", "a c", "b c", "a b c", "d", "b a"]))

    def found(text: str) -> set[int]:
        return {int(hit.document_id, 16) for hit in index.search(parse(text, words), 10)}

    assert found("a") == {0, 1, 3, 5}
    assert found("+a b") == {0, 1, 3, 5}
    assert found("a b") == {0, 1, 2, 3, 5}
    assert found("a AND b") == {0, 3, 5}
    assert found("a -b") == {1}
    assert found('"a b"') == {0, 3}
    assert found('c -"a b"') == {1, 2}
    assert found("+(a d) -c") == {0, 4, 5}
    assert found("nothing") == set()
    assert found('"a nothing"') == set()


def test_boosts_multiply_through_groups(words: Analyzer, tmp_path: Path) -> None:
    index = Bm25Index(tmp_path, words)
    index.add(numbered(["a b", "a c", "b c"]))

    def score(text: str) -> float:
        return index.search(parse(text, words), 1)[0].score

    assert score("(a^2 b)^3") == pytest.approx(6 * score("a -c") + 3 * score("+b a^0 -c"), rel=1e-6)
    assert score('+"a b"^2') == pytest.approx(2 * score('"a b"'), rel=1e-6)


def test_ties_are_broken_by_document_id_whatever_the_order_of_adding(tmp_path: Path) -> None:
    documents = numbered(["a b", "a c a"] * 150)
    index = Bm25Index(tmp_path, Counting())
    index.add(documents[100:])
    index.add(documents[99::-1])
    expected = [document.id for document in [*documents[1::2], *documents[::2]]]
    for k in (4, 160, 299, 300):
        assert [hit.document_id for hit in index.search(Terms(("a",)), k)] == expected[:k]


def test_a_title_is_found_like_the_text(tmp_path: Path) -> None:
    index = Bm25Index(tmp_path, Counting())
    index.add([document("하나 둘", "동행"), document("셋 넷")])
    assert [hit.document_id for hit in index.search(Terms(("동행",)), 5)] == [document("하나 둘").id]


def test_an_index_is_reloaded_and_only_made_anew_when_something_changed(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path / "corpus")
    corpus.add([document("하나 둘"), document("둘 셋")])
    index = Bm25Index(tmp_path / "index", Counting())
    assert "no index" in index.build(corpus)
    assert index.build(corpus) == ""
    fresh = Bm25Index(tmp_path / "index", Counting())
    assert len(fresh.search(Terms(("둘",)), 5)) == len(fresh) == 2
    assert "k1" in Bm25Index(tmp_path / "index", Counting(), k1=2).stale(corpus)
    corpus.add([document("둘 넷")])
    assert "corpus has changed" in fresh.build(corpus)
    assert len(fresh.search(Terms(("둘",)), 5)) == 3
    assert len(list((tmp_path / "index").glob("bm25-*"))) == 1


def test_a_document_that_left_the_corpus_leaves_the_index(tmp_path: Path) -> None:
    documents = numbered(["a", "a b", "a c"])
    index = Bm25Index(tmp_path, Counting())
    index.add(documents)
    index.rebuild([documents[0].id, documents[2].id])
    assert len(index) == 2
    assert index.search(Terms(("b",)), 5) == []
    assert index.near_terms("bb") == []


def test_a_document_analysed_twice_by_two_processes_counts_once(tmp_path: Path) -> None:
    documents = numbered(["a b", "b"])
    index = Bm25Index(tmp_path / "index", Counting())
    index.terms.add(documents)
    (part,) = index.terms.paths()
    part.with_name("part-000002.arrow").write_bytes(part.read_bytes())
    index.rebuild([document.id for document in documents])
    assert index.document_frequency("b") == len(index) == 2
    assert index.manifest().tokens == 3


def test_another_analyzers_index_is_not_searched(tmp_path: Path) -> None:
    Bm25Index(tmp_path, Counting("counting 1")).add(numbered(["a"]))
    with pytest.raises(GeulgamError, match="another analyzer") as caught:
        Bm25Index(tmp_path, Counting("counting 2")).search(Terms(("a",)), 1)
    assert "geulgam index build" in caught.value.hint


@pytest.mark.parametrize("damage", ["manifest", "array", "missing"])
def test_a_missing_or_damaged_index_says_what_to_do(damage: str, tmp_path: Path) -> None:
    index = Bm25Index(tmp_path, Counting())
    index.add(numbered(["a b", "b c"]))
    folder = next(tmp_path.glob("bm25-*"))
    if damage == "manifest":
        (tmp_path / "manifest.json").write_text("{")
    elif damage == "array":
        (folder / "vocabulary.bytes.npy").write_bytes(b"?")
    else:
        (folder / "data.csc.index.npy").unlink()
    with pytest.raises(GeulgamError) as caught:
        Bm25Index(tmp_path, Counting()).search(Terms(("a",)), 1)
    assert caught.value.hint == "geulgam index build"


def test_a_build_that_fails_leaves_the_old_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = Bm25Index(tmp_path, Counting())
    index.add(numbered(["a"]))

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(GeulgamError, match="No space left"):
        index.add(numbered(["a", "b"]))
    monkeypatch.undo()
    assert len(Bm25Index(tmp_path, Counting())) == 1
    assert len(list(tmp_path.glob("bm25-*"))) == 1
    index.add(numbered(["a", "b"]))
    assert len(index) == 2


def test_what_a_killed_build_left_is_swept_by_the_next(tmp_path: Path) -> None:
    left = tmp_path / "bm25-left"
    left.mkdir()
    (left / "data.csc.index.npy").write_bytes(b"half")
    Bm25Index(tmp_path, Counting()).add(numbered(["a"]))
    assert not left.exists()


def test_an_empty_corpus_and_documents_without_words_are_refused(tmp_path: Path) -> None:
    index = Bm25Index(tmp_path / "index", Counting())
    with pytest.raises(GeulgamError, match="no documents"):
        index.build(Corpus(tmp_path / "corpus"))
    with pytest.raises(GeulgamError, match="no document has a word"):
        index.add(numbered([""]))
    assert len(index) == 0


def test_impossible_settings_are_refused(tmp_path: Path) -> None:
    for k1, b in ((-1.0, 0.5), (1.2, 1.5), (float("nan"), 0.5)):
        with pytest.raises(GeulgamError, match="not defined"):
            Bm25Index(tmp_path, Counting(), k1=k1, b=b)


def test_k1_of_nothing_counts_a_term_once(tmp_path: Path) -> None:
    index = Bm25Index(tmp_path, Counting(), k1=0)
    index.add(numbered(["a a a", "a", "b"]))
    one, other = index.search(Terms(("a",)), 5)
    assert one.score == other.score > 0


def test_plain_bm25s_opens_the_matrix_and_gives_the_same_scores(tmp_path: Path) -> None:
    import bm25s

    index = Bm25Index(tmp_path, Counting())
    index.add(numbered(["a b b", "a c", "b c d"]))
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    plain = bm25s.BM25.load(tmp_path / manifest["folder"], mmap=True, load_vocab=False)
    scores = plain.get_scores_from_ids([0, 1])  # the terms a and b
    expected = {hit.document_id: hit.score for hit in index.search(Terms(("a", "b")), 5)}
    assert scores.tolist() == pytest.approx([expected[f"{number:032x}"] for number in range(3)])
