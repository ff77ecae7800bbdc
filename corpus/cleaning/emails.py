"""E-mail addresses that no sentence needs go: in brackets, alone in their line, or behind a label at a line's end.

After KLUE (Park et al. 2021, 2105.09680), which removes them all. One that a sentence speaks of is masked instead, see
:mod:`corpus.cleaning.personal.email_address`, so that the sentence stays one.
"""

import re

from corpus.cleaning.text_step import TextStep, without

ADDRESS = r"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,24}(?![A-Za-z0-9-])"
_LABEL = r"(?:E-?mail|이메일|전자우편|메일|문의|연락처|제보|기고)"
_ALONE = re.compile(
    rf"(?:\(|\[|<)\s*(?:{_LABEL}\s*[:=]?\s*)?{ADDRESS}\s*(?:\)|\]|>)"
    rf"|^[ \t]*(?:{_LABEL}\s*[:=]?[ \t]*)?{ADDRESS}[ \t]*$"
    rf"|{_LABEL}\s*[:=]\s*{ADDRESS}[ \t]*$",
    re.IGNORECASE | re.MULTILINE | re.ASCII,
)


def emails(text: str) -> str:
    """The text without them."""
    return without(text, _ALONE) if "@" in text else text


STEP = TextStep("emails", emails)
