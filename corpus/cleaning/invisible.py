"""Characters that nobody sees: zero-width spaces, byte order marks, soft hyphens, control characters.

C4 (Raffel et al. 2020, 1910.10683) and KLUE (Park et al. 2021, 2105.09680) clean them away. The joiner within an
emoji stays. A vertical tab, a form feed and Unicode's own line ends become a line's end.
"""

import re

from corpus.cleaning.text_step import TextStep

_LINE_ENDS = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_SPACES = re.compile("[\x1c-\x1f\ufffc]")  # separators, and the place of an object
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u2064\ufeff]"
)
_JOINER = re.compile("(?<=[가-힣A-Za-z0-9\\s])\u200d|\u200d(?=[가-힣A-Za-z0-9\\s])")


def invisible(text: str) -> str:
    """The text without them."""
    if text.isascii() and text.isprintable():
        return text
    if _LINE_ENDS.search(text):
        text = _LINE_ENDS.sub("\n", text)
    if _SPACES.search(text):
        text = _SPACES.sub(" ", text)
    if _INVISIBLE.search(text):
        text = _INVISIBLE.sub("", text)
    while "\u200d" in text and (cut := _JOINER.sub("", text)) != text:
        text = cut
    return text


STEP = TextStep("invisible", invisible)
