"""Copies of essays as they are met: some words changed, a half alone, the paragraphs in another order."""

import random
import re
from collections.abc import Callable, Sequence

_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+")
_PARAGRAPH = 5  # sentences, where a text has no line ends


def words_changed(text: str, words: Sequence[str], chance: random.Random, share: float = 0.1) -> str:
    """The text with that share of its words replaced by some of ``words``; line ends stay."""
    pieces = re.split(r"(\s+)", text)
    places = range(0, len(pieces), 2)
    for place in chance.sample(places, round(share * len(places))):
        pieces[place] = chance.choice(words)
    return "".join(pieces)


def half(text: str, words: Sequence[str], chance: random.Random) -> str:
    """The first or the second half of the words."""
    there = text.split(" ")
    middle = len(there) // 2
    return " ".join(there[:middle] if chance.random() < 0.5 else there[middle:])


def reordered(text: str, words: Sequence[str], chance: random.Random) -> str:
    """The paragraphs in any order; of a text without line ends, each five sentences are one."""
    if "\n" in text.strip():
        paragraphs, between = [each for each in text.split("\n") if each.strip()], "\n"
    else:
        sentences = _SENTENCE.split(text)
        starts = range(0, len(sentences), _PARAGRAPH)
        paragraphs, between = [" ".join(sentences[start : start + _PARAGRAPH]) for start in starts], " "
    chance.shuffle(paragraphs)
    return between.join(paragraphs)


KINDS: dict[str, Callable[[str, Sequence[str], random.Random], str]] = {
    "a tenth of the words changed": words_changed,
    "halves": half,
    "paragraphs reordered": reordered,
}
