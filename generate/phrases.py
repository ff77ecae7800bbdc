"""Phrases: runs of two to six morphemes that say how, and how much more often they stand in a text than people's.

Log-odds with a prior, over their standard deviation (Monroe, Colaresi and Quinn 2008, Fightin' Words, section 3.5, with
Jeffreys' prior): what stands three times in a short text and never in a million words of essays comes out high, what
stands three times there and often here does not.
"""

import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

from generate.korean import Word

LENGTHS = (2, 3, 4, 5, 6)  # morphemes
LEAST_TIMES = 3
LEAST_SCORE = 3.0  # standard deviations
_PRIOR = 0.5

Gram: TypeAlias = tuple[str, ...]


def phrases(words: Sequence[Word]) -> Iterator[tuple[Gram, int]]:
    """The runs of two to six words that are phrases, and the number of the first word of each.

    They begin with a content word, have one that says how and not only what (것, 있다, 너무), and no punctuation. Names
    and things with their particles (할머니가) come again in any text about them.
    """
    for place, first in enumerate(words):
        gram: Gram = ()
        is_turn = False
        for word in words[place : place + LENGTHS[-1]] if first.content else ():
            if not any(map(str.isalnum, word.surface)):
                break
            gram, is_turn = (*gram, word.surface), is_turn or word.turn
            if is_turn and len(gram) >= LENGTHS[0]:
                yield gram, place


def overuse(times: int, tokens: int, human_times: int, human_tokens: int) -> float:
    """How much more often a phrase stands in so many tokens than in people's: log-odds, in standard deviations."""
    ours, theirs = times + _PRIOR, human_times + _PRIOR
    odds = math.log(ours / (max(tokens - times, 0) + _PRIOR)) - math.log(theirs / (human_tokens - theirs + 1))
    return odds / math.sqrt(1 / ours + 1 / theirs)
