"""What writing and judging know of Korean: how its sentences end, where quotations stand, and its morphemes.

For a second language, another file gives the same.
"""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

# Quotation marks and parentheses: what opens, and what closes it.
CLOSER = {"“": "”", "‘": "’", "「": "」", "『": "』", "〈": "〉", "《": "》", "(": ")", '"': '"', "'": "'"}

_TURNS = ("NNB", "VV", "VA", "MA")  # mecab's tags of words that say how rather than what
_CONTENT = (*_TURNS, "NN", "NP", "NR", "XR", "SL")
_FINAL_SYLLABLES = "다요까죠네지자라군나오어야게걸래냐"  # of the endings that close a sentence
_STATEMENT = re.compile(r"(?:[^\s마보]다|[어아에예해세네지데]요|죠)(?=\s)")  # how a sentence ends that has no full stop


def closes_sentence(text: str) -> bool:
    """Whether the text's last syllable, if there is one, is one with which Korean sentences close."""
    return not text or text[-1] in _FINAL_SYLLABLES


def statement(text: str) -> str:
    """A text that runs on without full stops, up to the last place where one is missing; "" if there is none."""
    places = [match.end() for match in _STATEMENT.finditer(text)]
    return text[: places[-1]] + "." if places else ""


def morphemes(text: str) -> list[str]:
    """All morphemes of a text in order, particles, endings and punctuation among them, as mecab finds them.

    mecab's dictionary is fixed, so that figures of today and of next year compare, and it needs a tenth of Kiwi's
    memory.
    """
    return [m for line in text.replace("\0", " ").splitlines() if line.strip() for m in _mecab().morphs(line)]


@dataclass(frozen=True, slots=True)
class Word:
    """A morpheme and its place. ``content``: it can stand for something by itself, as nouns and verbs can, particles
    and endings not; ``turn``: it names no thing or person, but is part of how things are said, as 것, 있, 너무."""

    surface: str
    start: int
    end: int
    content: bool
    turn: bool


def words(text: str) -> list[Word]:
    """The same morphemes with their places."""
    found, start = [], 0
    for line in text.replace("\0", " ").splitlines(keepends=True):
        for m in _mecab().parse(line) if line.strip() else ():
            content, turn = m.feature.pos.startswith(_CONTENT), m.feature.pos.startswith(_TURNS)
            found.append(Word(m.surface, start + m.span.start, start + m.span.end, content, turn))
        start += len(line)
    return found


def stem(word: str) -> str:
    """A verb's dictionary form without its 다, so that any ending may follow; any other word as it is (바다)."""
    found = words(word)
    is_verb = len(found) > 1 and found[-1].surface == "다" and not found[-1].content
    return word.removesuffix("다") if is_verb else word


@cache
def _mecab() -> Any:
    from mecab import MeCab

    return MeCab()
