"""Numbers of bank accounts: 10 to 14 figures, with hyphens or without, beside a bank's name or a word for it.

Each bank has a form and check digit of its own, and does not tell: so the words decide.
"""

import re

from corpus.cleaning.personal.mask import ACCOUNT, has_figures, masked, near
from corpus.cleaning.text_step import TextStep

_FORM = re.compile(
    r"(?<![\w.-])(?:\d{2,7}(?:-\d{1,8}){1,4}|\d{10,14}|\d{3,6}(?: \d{2,8}){1,3})(?!\d|-\d|\s?원)",
)
_WORDS = re.compile(
    r"은행|뱅크|계좌|입금|송금|예금주|통장\s?번호|농협|수협|신협|축협|새마을금고|우체국\s?(?=$|\d|\()|무통장|이체|후원금"
)


_BANK = re.compile(r"(?:국민|신한|우리|하나|기업|산업|씨티|카카오|토스|농협|KB|NH|IBK|SC) ?$")


def account(text: str) -> str:
    """The text with them masked."""
    return masked(text, _FORM, ACCOUNT, _is_one) if has_figures(text) else text


def _is_one(found: re.Match[str]) -> bool:
    if not 10 <= sum(map(str.isdigit, found[0])) <= 14:
        return False
    is_theirs = found[0].count("-") > 1 and _BANK.search(found.string[: found.start()][-6:]) is not None
    return is_theirs or near(found, _WORDS)


STEP = TextStep("account", account)
