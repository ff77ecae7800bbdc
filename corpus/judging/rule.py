"""A rule that finds texts that are no essays, and what several rules have in common."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

LEAST = 100  # characters: what has fewer is judged by its length alone, since a share of a little says little

_FIGURES = re.compile(r"[0-9][0-9,]*")


@dataclass(frozen=True, slots=True)
class Rule:
    """One of the steps that :class:`corpus.judging.judging.Judge` is made of.

    ``name`` is that of its setting in `[corpus.judge]`, with its value where it has one; ``refuse`` gives the reason
    for refusing a text, "kind: particulars", or None; ``version`` is raised whenever it gives something else.
    """

    name: str
    refuse: Callable[[str], str | None]
    version: int = 1


@dataclass(frozen=True, slots=True)
class Signs:
    """What a kind of text is told by: so many ``distinct`` signs, figures aside, and so many hits in 1,000
    characters.

    A ``pattern`` whose alternatives all begin with a letter of their own, and not with a set, is found much faster.
    """

    pattern: re.Pattern[str]
    distinct: int
    density: float

    def found(self, text: str) -> str | None:
        """What is found, for the reason, or None where it is too little."""
        if len(text) < LEAST:
            return None
        hits = self.pattern.findall(text)
        several = {_FIGURES.sub("0", hit): hit for hit in reversed(hits)}  # 30원 and 150원 are one sign
        if len(several) < self.distinct or len(hits) * 1_000 < self.density * len(text):
            return None
        return ", ".join(" ".join(hit.split()) for hit in list(several.values())[:-5:-1])


@lru_cache(maxsize=1)  # several rules ask in turn
def letters(text: str) -> Mapping[str, int]:
    """How often each character that is not a space stands in the text."""
    return {letter: count for letter, count in Counter(text).items() if not letter.isspace()}


def how_many(text: str, signs: str) -> int:
    """How many of the text's characters are one of these."""
    counts = letters(text)
    return sum(counts.get(sign, 0) for sign in signs)


def percent(share: float) -> str:
    """A share as people read it."""
    return f"{share * 100:.0f} %"
