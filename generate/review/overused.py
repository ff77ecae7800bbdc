"""Phrases that a text uses far more often than people do: runs of two to six morphemes by their log-odds.

Log-odds with a prior, over their standard deviation (Monroe, Colaresi and Quinn 2008, Fightin' Words, section 3.5, with
Jeffreys' prior): what stands three times in a short text and never in a million words of essays comes out high, what
stands three times there and often here does not.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from generate.korean import Word

LENGTHS = (2, 3, 4, 5, 6)  # morphemes
LEAST_TIMES = 3
LEAST_SCORE = 3.0  # standard deviations
_PRIOR = 0.5
_STOPS = frozenset(".!?…。？！,\"'“”‘’()")

Gram: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overuse:
    """A phrase, the number of its first token wherever it stands, how often people would use it in as long a text, and
    its score in standard deviations."""

    gram: Gram
    places: list[int]
    expected: float
    score: float


def repeated(words: Sequence[Word]) -> dict[Gram, list[int]]:
    """The runs of two to six words that stand there three times and more, and where: the number of the first.

    Only phrases: a run that begins with a content word, has one that says how and not only what (것, 있다, 너무), and
    no punctuation. Names and things with their particles (할머니가) come again in any text about them.
    """
    tokens = [word.surface for word in words]
    found: dict[Gram, list[int]] = {}
    for n in LENGTHS:
        places: dict[Gram, list[int]] = defaultdict(list)
        for place in range(len(words) - n + 1):
            gram = tuple(tokens[place : place + n])
            if words[place].content and any(w.turn for w in words[place : place + n]) and not _STOPS.intersection(gram):
                places[gram].append(place)
        found |= {gram: where for gram, where in places.items() if len(where) >= LEAST_TIMES}
    return found


class PhraseUsage:
    """How often people use each of some phrases: counted once in their texts, given as tokens."""

    def __init__(self, asked: Iterable[Gram], human: Iterable[Sequence[str]]) -> None:
        wanted = set(asked)
        self._counts: Counter[Gram] = Counter()
        self._total = 0
        for tokens in human:
            self._total += len(tokens)
            for n in LENGTHS:
                columns = (tokens[i:] for i in range(n))
                self._counts.update(filter(wanted.__contains__, zip(*columns, strict=False)))

    @property
    def counted(self) -> int:
        """The tokens of human text."""
        return self._total

    def overused(self, words: Sequence[Word]) -> Iterator[Overuse]:
        """The overused phrases of a text: none without human text, and none that always stands within a longer one."""
        if not self._total:
            return
        told = {gram: (places, self._score(gram, len(places), len(words))) for gram, places in repeated(words).items()}
        told = {gram: (places, score) for gram, (places, score) in told.items() if score >= LEAST_SCORE}
        inner = {
            (part, len(places))
            for gram, (places, _) in told.items()
            for n in range(2, len(gram))
            for part in (gram[i : i + n] for i in range(len(gram) - n + 1))
        }
        for gram, (places, score) in told.items():
            if (gram, len(places)) not in inner:
                yield Overuse(gram, places, self._counts[gram] * len(words) / self._total, score)

    def _score(self, gram: Gram, times: int, tokens: int) -> float:
        ours, theirs = times + _PRIOR, self._counts[gram] + _PRIOR
        odds = math.log(ours / (max(tokens - times, 0) + _PRIOR)) - math.log(theirs / (self._total - theirs + 1))
        return odds / math.sqrt(1 / ours + 1 / theirs)
