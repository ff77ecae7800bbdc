"""A menu or a price list: a price every few words. No source; by what menus look like.

A price that a particle follows (150원이었다) stands in a sentence and does not count; 4.5 behind a word does.
"""

import re
from string import digits

from corpus.judging.rule import LEAST, how_many

PRICES, APART = 6, 40  # at least so many, and at most so many characters from one to the next
_PRICE = re.compile(
    r"(?<![0-9,.])(?:[₩￦]\s?[0-9][0-9,]*|[0-9]{1,3}(?:,[0-9]{3})+(?:\s?원)?|[0-9]+(?:\.[0-9]+)?[천만]?\s?원)(?![0-9가-힣])"
    r"|(?<=[가-힣)]\s)[0-9]{1,2}\.[0-9](?=\s|$)"
)


def menus(text: str) -> str | None:
    """The reason, if it is one."""
    least = max(PRICES, len(text) / APART)
    if len(text) < LEAST or how_many(text, digits) < least or (prices := len(_PRICE.findall(text))) < least:
        return None
    return f"menu: {prices} prices, one every {len(text) // prices} characters"
