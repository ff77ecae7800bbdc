"""E-mail addresses, also those written 골뱅이 or (at) for the sign (RFC 5321, local part and domain)."""

import re

from corpus.cleaning.emails import ADDRESS
from corpus.cleaning.personal.mask import EMAIL, masked
from corpus.cleaning.text_step import TextStep, holds

_FORM = re.compile(ADDRESS, re.ASCII)
_HIDDEN = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9][\w.+-]{1,63}\s?(?:골뱅이|@|[(\[]\s?(?:at|골뱅이|@)\s?[)\]])\s?"
    r"(?:[A-Za-z0-9-]{1,63}(?:\.|[(\[]dot[)\]])){1,5}[A-Za-z]{2,24}",
    re.IGNORECASE | re.ASCII,
)


def email_address(text: str) -> str:
    """The text with them masked."""
    if "@" in text:
        text = masked(text, _FORM, EMAIL)
    if holds(text, ("골뱅이", "@", "at)", "at]")):
        text = masked(text, _HIDDEN, EMAIL)
    return text


STEP = TextStep("email_address", email_address)
