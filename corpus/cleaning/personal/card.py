"""Numbers of payment cards: 14 to 16 figures, in fours as they are printed or in one, with the right check digit.

ISO/IEC 7812 says which figures they begin with, Luhn's algorithm the last one (python-stdnum, `stdnum.luhn`).
"""

import re

from stdnum import luhn

from corpus.cleaning.personal.mask import CARD, has_figures, masked
from corpus.cleaning.text_step import TextStep

_FORM = re.compile(
    r"(?<![\d.-])(?:[2-69]\d{3}(?P<gap>[ .-]?| - )\d{4}(?P=gap)\d{4}(?P=gap)\d{4}"
    r"|3[47]\d{2}(?P<amex>[ -]?)\d{6}(?P=amex)\d{5}|3[068]\d{2}(?P<diners>[ -]?)\d{6}(?P=diners)\d{4})(?!\d|-\d)"
)


def card(text: str) -> str:
    """The text with them masked."""
    return masked(text, _FORM, CARD, _is_one) if has_figures(text) else text


def _is_one(found: re.Match[str]) -> bool:
    return bool(luhn.is_valid(re.sub(r"\D", "", found[0])))


STEP = TextStep("card", card)
