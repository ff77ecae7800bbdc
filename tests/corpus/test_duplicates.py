"""Texts that share a fifth of the shorter one are found, and only those."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.document import Document
from corpus.duplicates import Sample, alike, shingles
from tests.corpus.made_up import prose, reworded


def near_duplicates(texts: Sequence[str]) -> set[tuple[int, int]]:
    """The pairs that are found."""
    sample = Sample(len(texts))
    for text in texts:
        sample.add(text)
    distinct = [np.unique(shingles(text)) for text in texts]
    return {(one, other) for one, other in sample.candidates().tolist() if alike(distinct[one], distinct[other])}


def test_near_duplicates_are_found_whatever_the_spacing_and_punctuation() -> None:
    one = prose(1)
    spaced = one.replace(" ", "\n").replace("가", "가, ")
    shortened = one[:300] + prose(2)[:40]
    quoting = prose(3) + one[:60]
    assert near_duplicates([one, prose(4), spaced, shortened, quoting]) == {(0, 2), (0, 3), (2, 3)}


def test_short_and_empty_texts_are_no_ones_duplicates() -> None:
    assert near_duplicates(["", "!?", "가나", "가나", "가나다"]) == {(2, 3)}
    assert near_duplicates([]) == set()


def test_case_does_not_count_and_letters_of_any_script_do() -> None:
    assert near_duplicates(
        ["Essays On Spring Rain", "essays, on spring rain!", "𠀀𠀁𠀂𠀃𠀄𠀅𠀆𠀇𠀈", "𠀀𠀁𠀂𠀃𠀄𠀅𠀆𠀇𠀈😀"]
    ) == {(0, 1), (2, 3)}


@pytest.mark.parametrize("length", [100, 600, 3000, 20_000])
@pytest.mark.parametrize("changed", [0.0, 0.1, 0.2])
def test_a_copy_with_words_changed_is_found_in_texts_of_any_length(length: int, changed: float) -> None:
    texts = [prose(seed, length) for seed in range(20)]
    copies = [reworded(text, changed, seed) for seed, text in enumerate(texts)]
    assert near_duplicates([*texts, *copies]) == {(place, place + 20) for place in range(20)}


def test_a_short_text_within_a_long_one_is_found() -> None:
    short = [prose(seed, 120) for seed in range(30)]
    long = [prose(seed + 100, 2000) + short[seed] + prose(seed + 200, 2000) for seed in range(30)]
    assert near_duplicates([*short, *long]) == {(place, place + 30) for place in range(30)}


def test_a_footer_on_every_page_makes_no_duplicates() -> None:
    footer = prose(99, 80)
    assert near_duplicates([prose(seed) + footer for seed in range(60)]) == set()


def test_texts_that_share_a_phrase_are_not_even_compared() -> None:
    phrase, sample = prose(99, 40), Sample(60)
    for seed in range(60):
        sample.add(prose(seed) + phrase)
    assert len(sample.candidates()) == 0


def test_what_a_great_many_copied_is_compared_along_a_chain() -> None:
    found = near_duplicates([prose(1) + f" {seed}" for seed in range(500)])
    assert {(place, place + 1) for place in range(499)} <= found
    assert len(found) < 500 * 3


def test_the_sample_finds_in_the_real_essays_what_comparing_all_pairs_finds(real_essays: list[Document]) -> None:
    texts = [document.text for document in real_essays[::4]] + [document.text for document in real_essays[1::40]]
    texts += [reworded(text, 0.15) for text in texts[:40]]
    distinct = [np.unique(shingles(text)) for text in texts]
    pairs = combinations(range(len(texts)), 2)
    exact = {pair for pair in pairs if alike(distinct[pair[0]], distinct[pair[1]])}
    assert near_duplicates(texts) == exact
    assert len(exact) >= 40


@given(st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=4), max_size=12), st.integers(0, 12))
def test_what_comes_later_takes_no_pair_away(essays: list[list[int]], before: int) -> None:
    texts = ["".join(prose(paragraph, 60) for paragraph in paragraphs) for paragraphs in essays]
    assert near_duplicates(texts[:before]) <= near_duplicates(texts)
