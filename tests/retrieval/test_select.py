from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.document import Document, document
from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval.analyzers import analyzer
from retrieval.bm25 import Bm25Index
from retrieval.kinship import groups
from retrieval.select import ENOUGH, FEWEST, select, split
from retrieval.topic import Subset, Topic
from tests.retrieval.test_kinship import prose


def library(folder: Path, documents: Iterable[Document], tool: str = "whitespace") -> tuple[Bm25Index, Corpus]:
    corpus = Corpus(folder / "corpus")
    corpus.add(documents)
    index = Bm25Index(folder / "index", analyzer(tool))
    index.build(corpus)
    return index, corpus


def about(word: str, number: int, first: int = 0) -> list[Document]:
    """Essays that say the word the less often the later they come."""
    return [
        document(
            " ".join([word] * (number - i)) + " " + prose(1_000 + first + i, 300 + 10 * i),
            f"{word} 글 {prose(first + i, 6)}",
        )
        for i in range(number)
    ]


def test_the_best_k_are_taken_best_first(tmp_path: Path) -> None:
    index, corpus = library(tmp_path, about("함께", 40))
    subset = select(index, corpus, Topic("함께", "함께", 30))
    assert [row.rank for row in subset.rows] == list(range(1, 31))
    assert [row.score for row in subset.rows] == sorted((row.score for row in subset.rows), reverse=True)
    assert subset.note == ""


def test_a_query_that_matches_fewer_yields_those_and_says_so(tmp_path: Path) -> None:
    index, corpus = library(tmp_path, [*about("함께", 40), *about("정치", 40, 100)])
    subset = select(index, corpus, Topic("함께", "함께", 500))
    assert len(subset) == 40
    assert subset.note == "40 of 500 asked: no more documents match"


def test_a_floor_under_the_scores_cuts_the_tail_and_says_so(tmp_path: Path) -> None:
    index, corpus = library(tmp_path, about("함께", 40))
    whole = select(index, corpus, Topic("함께", "함께", 40))
    subset = select(index, corpus, Topic("함께", "함께", 40), score_floor=0.9)
    assert 0 < len(subset) < 40
    assert all(row.score >= 0.9 * whole.rows[0].score for row in subset.rows)
    assert "score under 90%" in subset.note


def test_nothing_found_suggests_near_words(tmp_path: Path) -> None:
    index, corpus = library(tmp_path, about("함께", 12))
    with pytest.raises(GeulgamError, match="nothing matches 함깨") as caught:
        select(index, corpus, Topic("주제", "함깨"))
    assert "함께 (12)" in caught.value.hint


def test_words_that_are_there_but_never_together_are_told(tmp_path: Path) -> None:
    index, corpus = library(tmp_path, [*about("함께", 12), *about("정치", 5, 50)])
    with pytest.raises(GeulgamError, match="nothing matches") as caught:
        select(index, corpus, Topic("주제", "+함께 +정치"))
    assert "함께 (12 documents), 정치 (5 documents)" in caught.value.hint


def test_too_few_to_split_says_how_many(tmp_path: Path) -> None:
    index, corpus = library(tmp_path, [*about("정치", 12, 50), *about("함께", 2)])
    with pytest.raises(GeulgamError, match="2 documents, 3 essays are needed"):
        select(index, corpus, Topic("함께", "함께"))
    index, corpus = library(tmp_path / "parts", [document(f"함께 {prose(i)}", "한 편", "essays.csv") for i in range(3)])
    with pytest.raises(GeulgamError, match="3 documents of 1 essays"):
        select(index, corpus, Topic("함께", "함께"))


def test_a_document_that_left_the_corpus_is_a_clear_error(tmp_path: Path) -> None:
    index, _ = library(tmp_path, about("함께", 12))
    other = Corpus(tmp_path / "other")
    other.add(about("정치", 3))
    with pytest.raises(GeulgamError, match="no document") as caught:
        select(index, other, Topic("함께", "함께"))
    assert caught.value.hint


def test_real_essays_are_split_with_no_essay_on_two_sides(tmp_path: Path, essays: list[Document]) -> None:
    index, corpus = library(tmp_path, essays, "bigram")
    subset = select(index, corpus, Topic("민들레", "민들레 귀향 어머니 근본 감꽃", 500))
    documents = corpus.get(subset.ids())
    sides = {row.document_id: row.split for row in subset.rows}
    together = [group for group in groups(documents) if len(group) > 1]
    assert len(together) > 10
    assert all(len({sides[documents[place].id] for place in group}) == 1 for group in together)
    counts = Counter(sides.values())
    assert counts["test"] == pytest.approx(0.12 * len(subset), abs=4)
    assert counts["valid"] == pytest.approx(0.08 * len(subset), abs=4)
    for side in ("valid", "test"):  # held out from the whole length of the ranking
        ranks = [row.rank for row in subset.rows if row.split == side]
        assert sum(ranks) / len(ranks) == pytest.approx(len(subset) / 2, rel=0.15)
        assert min(ranks) < 50 and max(ranks) > len(subset) - 50
    again = select(index, corpus, Topic("민들레", "민들레 귀향 어머니 근본 감꽃", 500))
    assert again == subset
    other = select(index, corpus, Topic("민들레", "민들레 귀향 어머니 근본 감꽃", 500), seed=1)
    assert set(other.ids("test")) != set(subset.ids("test"))
    subset.save(tmp_path / "subset.parquet")
    assert Subset.load(tmp_path / "subset.parquet") == subset


@st.composite
def essays_of(draw: st.DrawFn) -> tuple[list[str], list[list[int]]]:
    """Ids, and their places dealt out to essays."""
    owners = draw(st.lists(st.integers(0, 40), min_size=1, max_size=120))
    found: dict[int, list[int]] = {}
    for place, owner in enumerate(owners):
        found.setdefault(owner, []).append(place)
    return [f"{place * 7919 % 1_000_003:032x}" for place in range(len(owners))], list(found.values())


@given(essays_of(), st.integers(0, 3), st.floats(0.01, 0.4), st.floats(0.01, 0.4))
def test_any_split_keeps_essays_whole_and_fills_every_side(
    case: tuple[list[str], Sequence[Sequence[int]]], seed: int, valid: float, test: float
) -> None:
    ids, essays = case
    if len(essays) < FEWEST:
        with pytest.raises(GeulgamError, match="too few"):
            split(ids, essays, seed, valid, test)
        return
    sides = split(ids, essays, seed, valid, test)
    assert all(len({sides[place] for place in essay}) == 1 for essay in essays)
    counts = Counter(sides)
    least = 2 if len(essays) >= ENOUGH else 1
    assert counts["train"] >= 1
    assert counts["valid"] >= least
    assert counts["test"] >= least
    assert sides == split(ids, [*essays][::-1], seed, valid, test)


def test_shares_that_leave_nothing_to_train_on_are_refused() -> None:
    with pytest.raises(GeulgamError, match="cannot split"):
        split(["a", "b", "c"], [[0], [1], [2]], 0, 0.5, 0.5)
