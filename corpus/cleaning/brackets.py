"""Asides in brackets, (이렇게) and [이렇게], with what they say: off unless it is asked for.

KLUE's news has parentheses with hanja and English removed (Park et al. 2021, 2105.09680); of an essay they may be the
best. What :mod:`corpus.cleaning.personal` has put in stays.
"""

import re

from corpus.cleaning.personal.mask import MASKS
from corpus.cleaning.text_step import TextStep, without

_KEPT = "|".join(re.escape(mask[1:-1]) for mask in MASKS)
_ASIDE = re.compile(rf"\([^()\[\]\n]{{0,200}}\)|\[(?!(?:{_KEPT})\])[^()\[\]\n]{{0,200}}\]")


def brackets(text: str) -> str:
    """The text without them, also one within the other."""
    while ("(" in text or "[" in text) and (cut := without(text, _ASIDE)) != text:
        text = cut
    return text


STEP = TextStep("brackets", brackets)
