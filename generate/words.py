"""The words of a text with their places, and what kiwi thinks of its spelling and spacing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from generate.korean import _mecab
from retrieval.analyzer import clean
from retrieval.kiwi import _loaded

_CONTENT = ("NN", "NP", "NR", "VV", "VA", "MA", "XR", "SL")


@dataclass(frozen=True, slots=True)
class Word:
    """A morpheme as :func:`generate.korean.morphemes` gives it, with its place. ``content``: it can stand for
    something by itself, as nouns and verbs can and particles and endings cannot."""

    surface: str
    start: int
    end: int
    content: bool


class Checked(Protocol):
    """What is used of ``kiwipiepy.Token``. ``typo_cost``: above 0 where another word than this ``form`` is written."""

    form: str
    tag: str
    start: int
    end: int
    typo_cost: float


def words(text: str) -> list[Word]:
    """All morphemes of a text, in order, with their places."""
    found, start = [], 0
    for line in text.replace("\0", " ").split("\n"):
        found += [
            Word(m.surface, start + m.span.start, start + m.span.end, m.feature.pos.startswith(_CONTENT))
            for m in (_mecab().parse(line) if line.strip() else ())
        ]
        start += len(line) + 1
    return found


def checked(sentences: Sequence[str]) -> Iterator[Sequence[Checked]]:
    """The morphemes of each sentence, common misspellings (어재, 왜않) taken for what they were meant to be."""
    kiwi, match = _loaded()
    yield from kiwi.tokenize(map(clean, sentences), match_options=match, typos="basic")


def spaced(sentences: Iterable[str]) -> Iterator[str]:
    """Each sentence with the spaces that kiwi would write; it trusts those that are there where both are usual."""
    kiwi, _ = _loaded()
    yield from kiwi.space(map(clean, sentences))
