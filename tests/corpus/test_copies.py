"""Of copies, editions and parts one text stays, by the rule, and nothing goes that is not like one that stays."""

import random
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from bench.essays import sample_documents
from bench.planted_copies import KINDS
from corpus.copies import COPIED, Copies, copies, corpus_copies
from corpus.document import Document, document
from corpus.duplicates import SHARED, share, shingles
from corpus.keeping import Rule
from corpus.kinship import groups
from corpus.store import Corpus
from tests.corpus.made_up import prose, reworded

RULES: tuple[Rule, ...] = ("longest", "earliest", "best")


class AnyScores:
    """Some for each id, of which many are the same; and of whom they were asked."""

    digest = "any"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, ids: Sequence[str], texts: Sequence[str]) -> NDArray[np.float64]:
        assert [document(text).id for text in texts] == list(ids)
        self.asked += ids
        return np.array([int(id_[:6], 16) % 5 / 4 for id_ in ids])


ANY = AnyScores()


def staying(texts: Sequence[str], rule: Rule = "longest") -> list[int]:
    """The places of the texts that stay."""
    documents = [document(text) for text in texts]
    gone = {one.id for each in copies(documents, rule, scores=ANY) for one in each.dropped}
    return [place for place, one in enumerate(documents) if one.id not in gone]


def shared(one: Document, other: Document) -> float:
    return share(*(np.unique(shingles(text)) for text in (one.text, other.text)))


def test_the_longest_or_the_earliest_of_two_editions_stays_and_the_other_names_it() -> None:
    short, long = document(prose(1)), document(prose(1) + prose(2, 100))
    for documents in ([short, long], [long, short]):
        assert [(each.kept, [one.id for one in each.dropped]) for each in copies(documents, "longest")] == [
            (long.id, [short.id])
        ]
        (each,) = copies(documents, "earliest")
        assert each.kept == documents[0].id and each.dropped[0].shared == 1.0


def test_the_best_of_editions_stays_and_of_equally_good_ones_the_longest() -> None:
    editions = [document(prose(1) + prose(2, more)) for more in (0, 60, 100)]

    def kept(scores: dict[str, float]) -> str:
        class Given(AnyScores):
            def __call__(self, ids: Sequence[str], texts: Sequence[str]) -> NDArray[np.float64]:
                return np.array([scores[id_] for id_ in ids])

        for documents in (editions, editions[::-1]):
            (each,) = copies(documents, "best", scores=Given())
            assert {each.kept, *(one.id for one in each.dropped)} == {one.id for one in editions}
        return each.kept

    short, middle, long = (one.id for one in editions)
    assert kept({short: 0.9, middle: 0.4, long: 0.8}) == short
    assert kept({short: 0.2, middle: 0.4, long: 0.3}) == middle
    assert kept({short: 0.4, middle: 0.9, long: 0.9}) == long


def test_a_score_is_asked_once_and_of_those_alone_that_may_have_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.copies._SCORED", 3)
    scores = AnyScores()
    pairs = [document(text) for seed in range(4) for text in (prose(seed), prose(seed) + prose(9, 30 + seed))]
    alone = [document(prose(seed)) for seed in range(20, 40)]
    assert len(copies([*alone, *pairs], "best", scores=scores)) == 4
    assert sorted(scores.asked) == sorted(one.id for one in pairs)
    with pytest.raises(ValueError, match="told by scores, and there are none"):
        copies(pairs, "best")


def test_what_has_no_copy_is_not_named() -> None:
    assert copies([document(prose(seed)) for seed in range(5)], "longest") == []
    assert copies([], "longest") == [] and copies([document("")], "earliest") == []
    assert copies([], "best", scores=ANY) == [] and copies([document("")], "best", scores=ANY) == []


@pytest.mark.parametrize("rule", RULES)
def test_a_part_goes_and_its_whole_stays_whichever_came_first(rule: Rule) -> None:
    whole, first, second = prose(1) + prose(2), prose(1), prose(2)
    assert staying([first, whole, second], rule) == [1]
    assert staying([whole, second], rule) == [0]
    assert staying([prose(2, 80), whole], rule) == [1]


@pytest.mark.parametrize("rule", RULES)
def test_two_halves_without_their_whole_both_stay(rule: Rule) -> None:
    assert staying([prose(1), prose(2)], rule) == [0, 1]


@pytest.mark.parametrize("rule", RULES)
def test_parts_that_overlap_by_half_are_one_and_those_that_overlap_by_less_are_not(rule: Rule) -> None:
    one, two, three = prose(1, 300), prose(2, 300), prose(3, 200)
    assert len(staying([one + two, two + prose(4, 280)], rule)) == 1
    assert len(staying([one + two, prose(2, 200) + prose(4, 400)], rule)) == 2
    assert len(staying([one + three, three + prose(4, 280)], rule)) == 2


def test_a_text_that_is_like_a_dropped_one_alone_stays() -> None:
    """b goes for a; c is like b and not like a, so that it stays."""
    a, b, c = prose(1) + prose(2, 60), prose(1, 300) + prose(3, 290), prose(3, 290) + prose(4, 200)
    assert shared(document(a), document(b)) >= COPIED <= shared(document(b), document(c))
    assert shared(document(a), document(c)) < 0.1
    assert staying([a, b, c]) == [0, 2]


def test_an_edition_that_came_first_goes_with_the_whole_that_it_is_a_part_of() -> None:
    """By the earliest, b goes for a; a is a part of w, and goes for it; b, which is like a alone, comes back."""
    a, w, b = prose(1, 300) + prose(2, 300), prose(1, 300) + prose(2, 40) + prose(5, 700), prose(2, 300) + prose(6, 280)
    assert staying([a, b], "earliest") == [0] and staying([a, w], "earliest") == [1]
    assert staying([a, b, w], "earliest") == [1, 2]


@pytest.mark.parametrize("rule", ("longest", "earliest"))
def test_what_very_many_copied_and_changed_stays_once(rule: Rule) -> None:
    """Each shares half with few of the others, and all of them with the first."""
    original = prose(1) + prose(2, 120)
    texts = [original, *(reworded(prose(1), 0.1, seed) for seed in range(150))]
    assert staying(texts, rule) == [0]


def test_a_footer_on_every_page_drops_none() -> None:
    footer = prose(99, 300)
    assert staying([prose(seed) + footer for seed in range(150)]) == list(range(150))


@pytest.mark.parametrize("kind", KINDS)
def test_of_planted_copies_one_of_each_pair_goes_and_no_other_essay(kind: str) -> None:
    essays = sample_documents()
    chance, words = random.Random(5), [word for one in essays for word in one.text.split()]
    planted = {one.id: document(KINDS[kind](one.text, words, chance)) for one in essays}
    for rule in RULES:
        found = copies([*planted.values(), *essays], rule, scores=ANY)
        pairs = [{each.kept, one.id} for each in found for one in each.dropped]
        assert len(pairs) == len([copy for id_, copy in planted.items() if copy.id != id_])
        assert all({id_, copy.id} in pairs for id_, copy in planted.items() if copy.id != id_)


def test_a_corpus_is_told_as_its_documents_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("corpus.parts.PART_ROWS", 7)
    monkeypatch.setattr("corpus.copies._AT_ONCE", 3_000)
    texts = [reworded(prose(seed % 12), 0.03 * (seed // 12), seed) for seed in range(40)]
    documents = [document(text) for text in texts]
    corpus = Corpus(tmp_path)
    corpus.add(documents)
    for rule in RULES:
        found = corpus_copies(corpus, rule, scores=ANY)
        assert found == copies(documents, rule, scores=ANY) and len(found) == 12
        assert sum(len(each.dropped) for each in found) == 28
    assert corpus_copies(Corpus(tmp_path / "none"), "longest") == []


def test_whatever_is_dropped_of_the_real_essays_is_kin(real_essays: list[Document]) -> None:
    """The held-out sides keep together all that would have been dropped; and different essays all stay."""
    kin = {real_essays[place].id: number for number, group in enumerate(groups(real_essays)) for place in group}
    texts = {one.id: one for one in real_essays}
    dropped = 0
    for each in copies(real_essays, "longest"):
        for one in each.dropped:
            dropped += 1
            assert kin[one.id] == kin[each.kept]
            assert one.shared == round(shared(texts[one.id], texts[each.kept]), 4) >= 0.8
    assert dropped >= 30


def texts(most: int) -> st.SearchStrategy[list[Document]]:
    """Texts that have paragraphs in common."""
    one = st.lists(st.integers(0, 6), min_size=1, max_size=4).map(
        lambda paragraphs: document("".join(prose(paragraph, 60) for paragraph in paragraphs))
    )
    return st.lists(one, max_size=most, unique_by=lambda one: one.id)


def stays(documents: Sequence[Document], found: Sequence[Copies]) -> list[Document]:
    gone = {one.id for each in found for one in each.dropped}
    return [one for one in documents if one.id not in gone]


@given(texts(14), st.sampled_from(RULES))
def test_what_goes_is_like_one_that_stays(documents: list[Document], rule: Rule) -> None:
    found = copies(documents, rule, scores=ANY)
    left = stays(documents, found)
    by_id = {one.id: one for one in documents}
    assert {each.kept for each in found} <= {one.id for one in left}
    for each in found:
        for one in each.dropped:
            assert one.shared == round(shared(by_id[one.id], by_id[each.kept]), 4)
            assert one.shared >= COPIED > SHARED


@given(texts(8), st.sampled_from(RULES))
@example([document(prose(0, 60) * 3 + prose(1, 60)), document(prose(1, 60) * 4)], "longest")  # which say it again
def test_of_pieces_that_eight_or_fewer_have_no_two_that_stay_are_alike(documents: list[Document], rule: Rule) -> None:
    left = stays(documents, copies(documents, rule, scores=ANY))
    assert all(shared(one, other) < COPIED for one, other in combinations(left, 2))
    assert copies(left, rule, scores=ANY) == []  # so twice is once


@given(texts(14), st.sampled_from(("longest", "best")), st.randoms(use_true_random=False))
def test_which_stay_as_the_longest_or_best_does_not_depend_on_their_order(
    documents: list[Document], rule: Rule, random: object
) -> None:
    mixed = list(documents)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    found, again = copies(documents, rule, scores=ANY), copies(mixed, rule, scores=ANY)
    assert sorted(found, key=lambda each: each.kept) == sorted(again, key=lambda each: each.kept)
