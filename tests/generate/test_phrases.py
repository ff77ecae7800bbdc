"""Phrases: what is one, and how much more often one stands in a text than in people's."""

import pytest

from generate.korean import words
from generate.phrases import overuse, phrases


def test_a_phrase_begins_with_a_content_word_and_says_how() -> None:
    found = {" ".join(gram) for gram, _ in phrases(words("할머니가 참 그렇게 웃었다"))}
    assert "참 그렇게" in found and "할머니 가 참" in found
    assert "할머니 가" not in found and not any(gram.startswith("가 ") for gram in found)


@pytest.mark.parametrize("mark", [".", ",", "」", "《", "-", "·", ":", "…"])
def test_no_punctuation_stands_in_one(mark: str) -> None:
    found = [gram for gram, _ in phrases(words(f"참 그렇게 {mark} 아주 좋게"))]
    assert found and not any(mark in part for gram in found for part in gram)


def test_what_is_seldom_said_by_people_and_often_here_scores_high() -> None:
    assert overuse(3, 200, 0, 1_000_000) > overuse(3, 200, 500, 1_000_000) > overuse(3, 200, 20_000, 1_000_000)
    assert overuse(3, 200, 0, 1_000_000) > 3 and overuse(1, 200, 5_000, 1_000_000) < 3
