"""Which documents the embedded indexes find, and with which scores."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.document import Document, document
from retrieval import postings
from retrieval.analyzer import Analyzer
from retrieval.analyzers import analyzer
from retrieval.bm25 import Bm25Index
from retrieval.index import Hit
from retrieval.lucene import parse
from retrieval.query import Boolean, Phrase, Query, Terms
from retrieval.reference import RankBm25Index
from tests.retrieval.conftest import Counting, built, corpus_of, numbered

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
Pair = tuple[Bm25Index, RankBm25Index]


def agree(found: list[Hit], expected: list[Hit]) -> bool:
    """The same documents with the same scores; near ties may change places."""
    scores = {hit.document_id: hit.score for hit in expected}
    return len(found) == len(expected) and all(
        hit.score == pytest.approx(scores[hit.document_id], rel=1e-5, abs=1e-9)
        and hit.score == pytest.approx(other.score, rel=1e-5, abs=1e-9)
        for hit, other in zip(found, expected, strict=True)
    )


@pytest.fixture(scope="module")
def both(essays: list[Document], tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """250 real essays in the embedded index, and ranked by the reference."""
    embedded = built(tmp_path_factory.mktemp("real"), essays[:250], analyzer("mecab"))
    return embedded, RankBm25Index(embedded.folder, embedded.analyzer)


@pytest.mark.parametrize("text", QUERIES)
def test_scores_are_those_of_the_reference_on_real_essays(text: str, both: Pair) -> None:
    embedded, reference = both
    query = parse(text, embedded.analyzer)
    found = embedded.search(query, 250)
    assert found
    assert agree(found, reference.search(query, 250))


def test_document_frequencies_are_counted_right(both: Pair, essays: list[Document]) -> None:
    terms = ["함께", "가족", "없는말", "함께"]
    texts = iter(both[0].analyzer(text for essay in essays[:250] for text in (essay.title, essay.text)))
    held = [{*title, *text} for title, text in zip(texts, texts, strict=True)]
    counted = [sum(term in document for document in held) for term in terms]
    assert counted[0] > 10
    for index in both:
        assert index.document_frequencies(terms) == counted
        assert index.document_frequencies([]) == []


def test_near_terms_come_with_their_frequencies(both: Pair) -> None:
    for index in both:
        near = index.near_terms("가조", 3)
        assert near and index.document_frequencies([found.term for found in near]) == [n.documents for n in near]


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
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """60 documents of 0 to 90 letters, built in many tiny blocks."""
    random = np.random.default_rng(3)
    documents = numbered(" ".join(random.choice(list("aaaabbbccdef"), n)) for n in random.integers(0, 90, 60))
    whole, postings.BLOCK = postings.BLOCK, 200
    embedded = built(tmp_path_factory.mktemp("small"), documents)
    postings.BLOCK = whole
    yield embedded, RankBm25Index(embedded.folder, embedded.analyzer)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=trees(), k=st.integers(1, 70))
def test_any_query_tree_scores_as_in_the_reference(query: Query, k: int, small: Pair) -> None:
    embedded, reference = small
    assert agree(embedded.search(query, k), reference.search(query, k))


def test_the_score_of_one_term_is_lucenes_formula(tmp_path: Path) -> None:
    index = built(tmp_path, numbered(["a b b", "a c", "d d d d", ""]))
    (hit,) = index.search(Terms(("b",)), 10)
    idf = np.log(1 + (3 - 1 + 0.5) / (1 + 0.5))  # the empty document does not count
    assert hit.score == pytest.approx(idf * 2 / (2 + 1.2 * (0.25 + 0.75 * 3 / 3)), rel=1e-6)
    assert (hit.document_id, hit.rank) == (f"{0:032x}", 1)


def test_must_should_and_must_not_choose_documents_as_in_lucene(words: Analyzer, tmp_path: Path) -> None:
    index = built(tmp_path, numbered(["a b", "a c", "b c", "a b c", "d", "b a"]), words)

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
    index = built(tmp_path, numbered(["a b", "a c", "b c"]), words)

    def score(text: str) -> float:
        return index.search(parse(text, words), 1)[0].score

    assert score("(a^2 b)^3") == pytest.approx(6 * score("a -c") + 3 * score("+b a^0 -c"), rel=1e-6)
    assert score('+"a b"^2') == pytest.approx(2 * score('"a b"'), rel=1e-6)


def test_ties_are_broken_by_document_id_whatever_the_order_of_adding(tmp_path: Path) -> None:
    documents = numbered(["a b", "a c a"] * 150)
    index = built(tmp_path, [*documents[100:], *documents[99::-1]])
    expected = [document.id for document in [*documents[1::2], *documents[::2]]]
    for k in (4, 160, 299, 300):
        assert [hit.document_id for hit in index.search(Terms(("a",)), k)] == expected[:k]


def test_a_title_is_found_like_the_text(tmp_path: Path) -> None:
    index = built(tmp_path, [document("하나 둘", "동행"), document("셋 넷")])
    assert [hit.document_id for hit in index.search(Terms(("동행",)), 5)] == [document("하나 둘").id]


def test_k1_of_nothing_counts_a_term_once(tmp_path: Path) -> None:
    index = Bm25Index(tmp_path / "index", Counting(), k1=0)
    index.build(corpus_of(tmp_path / "corpus", numbered(["a a a", "a", "b"])))
    one, other = index.search(Terms(("a",)), 5)
    assert one.score == other.score > 0


def test_plain_bm25s_opens_the_matrix_and_gives_the_same_scores(tmp_path: Path) -> None:
    import bm25s

    index = built(tmp_path, numbered(["a b b", "a c", "b c d"]))
    (folder,) = index.folder.glob("bm25-*")
    plain = bm25s.BM25.load(folder, mmap=True, load_vocab=False)
    scores = plain.get_scores_from_ids([0, 1])  # the terms a and b
    expected = {hit.document_id: hit.score for hit in index.search(Terms(("a", "b")), 5)}
    assert scores.tolist() == pytest.approx([expected[f"{number:032x}"] for number in range(3)])
