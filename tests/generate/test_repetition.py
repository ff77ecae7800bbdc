"""rep-n and diversity, against values worked out by hand."""

import pytest

from generate.korean import morphemes
from generate.review.repetition import diversity, repetition

WORDS = ["a", "b", "c", "a", "b", "c", "a", "b"]


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (2, 100 * (1 - 3 / 7)),  # ab bc ca ab bc ca ab: 3 of 7
        (3, 100 * (1 - 3 / 6)),  # abc bca cab abc bca cab: 3 of 6
        (4, 100 * (1 - 3 / 5)),  # abca bcab cabc abca bcab: 3 of 5
    ],
)
def test_repetition_is_the_share_of_sequences_seen_before(n: int, expected: float) -> None:
    assert repetition(WORDS, n) == pytest.approx(expected)


def test_diversity_is_the_product_of_what_is_new() -> None:
    assert diversity(WORDS) == pytest.approx(3 / 7 * 3 / 6 * 3 / 5)


def test_a_text_without_repetition_is_wholly_diverse() -> None:
    assert diversity(["a", "b", "c", "d", "e"]) == 1.0
    assert repetition(["a"], 2) == 0.0
    assert diversity([]) == 1.0


def test_a_loop_has_almost_no_diversity() -> None:
    assert diversity(morphemes("우리는 함께 걸었다. " * 40)) < 0.01
