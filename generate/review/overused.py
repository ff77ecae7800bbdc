"""Phrases that a text uses far more often than people do, see :mod:`generate.phrases`."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from generate.korean import Word
from generate.phrases import LEAST_SCORE, LEAST_TIMES, LENGTHS, Gram, overuse, phrases


@dataclass(frozen=True, slots=True)
class Overuse:
    """A phrase, the number of its first token wherever it stands, how often people would use it in as long a text, and
    its score in standard deviations."""

    gram: Gram
    places: list[int]
    expected: float
    score: float


def repeated(words: Sequence[Word]) -> dict[Gram, list[int]]:
    """The phrases that stand there three times and more, and where: the number of the first word."""
    found: dict[Gram, list[int]] = defaultdict(list)
    for gram, place in phrases(words):
        found[gram].append(place)
    return {gram: places for gram, places in found.items() if len(places) >= LEAST_TIMES}


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
        told = {
            gram: (places, score)
            for gram, places in repeated(words).items()
            if (score := overuse(len(places), len(words), self._counts[gram], self._total)) >= LEAST_SCORE
        }
        inner = {
            (part, len(places))
            for gram, (places, _) in told.items()
            for n in range(2, len(gram))
            for part in (gram[i : i + n] for i in range(len(gram) - n + 1))
        }
        for gram, (places, score) in told.items():
            if (gram, len(places)) not in inner:
                yield Overuse(gram, places, self._counts[gram] * len(words) / self._total, score)
