"""Numbers of passports: a letter and eight figures, or since 2021 three figures, a letter and four, beside the word.

ICAO Doc 9303; letters M, S, R, O, D as the ministry gives them out. M123A4567 alone is no other number's form.
"""

import re

from corpus.cleaning.personal.mask import PASSPORT, has_figures, masked, near
from corpus.cleaning.text_step import TextStep

_NEW = re.compile(r"(?<![A-Za-z0-9-])[MSRODG]\d{3}[A-Z]\d{4}(?![A-Za-z0-9]|-\d)")
_OLD = re.compile(r"(?<![A-Za-z0-9-])[A-Z]{1,2} ?\d{3,4} ?\d{4}(?![A-Za-z0-9]|-\d)")
_WORDS = re.compile(r"여권|passport", re.IGNORECASE)


def passport(text: str) -> str:
    """The text with them masked."""
    if not has_figures(text):
        return text
    return masked(masked(text, _NEW, PASSPORT), _OLD, PASSPORT, lambda found: near(found, _WORDS))


STEP = TextStep("passport", passport)
