"""@names of social networks go (KLUE, Park et al. 2021, 2105.09680)."""

import re

from corpus.cleaning.text_step import TextStep, without

_MENTION = re.compile(r"(?<![^\s(\[])@[A-Za-z_](?:[A-Za-z0-9_.]{0,28}[A-Za-z0-9_])?(?![A-Za-z0-9_@])")


def mentions(text: str) -> str:
    """The text without them."""
    return without(text, _MENTION) if "@" in text else text


STEP = TextStep("mentions", mentions)
