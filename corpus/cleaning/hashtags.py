"""Hashtags go where they are tags: two or more in a row, alone in their line, or behind the last sentence of one.

KLUE (Park et al. 2021, 2105.09680) removes all; of one within a sentence the word belongs to the sentence, and only
the sign goes. #59 is a number.
"""

import re

from corpus.cleaning.text_step import TextStep, without

_TAG = r"#+[^\W\d_]\w*"
_TAGS = re.compile(
    rf"(?<![\w&/#])(?:{_TAG}[ \t,]*){{2,}}(?<![ \t])"
    rf"|^[ \t]*{_TAG}[ \t]*$"
    rf"|(?<=[.!?…~\"'])[ \t]+{_TAG}[ \t]*$",
    re.MULTILINE,
)
_SIGN = re.compile(r"(?<![\w&/#])#+(?=[^\W\d_])")


def hashtags(text: str) -> str:
    """The text without them."""
    return _SIGN.sub("", without(text, _TAGS)) if "#" in text else text


STEP = TextStep("hashtags", hashtags)
