"""A text as its letters alone, so that a copy with other spacing, other commas or capitals is still a copy.

Letters and digits are those of :meth:`str.isalnum` in the text in Unicode NFC and case-folded. Those beyond the Basic
Multilingual Plane (a rare hanja, say) are left out like punctuation: each letter is two bytes in UTF-16.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import takewhile

_NO_LETTER = re.compile("[\\W_\U00010000-\U0010ffff]+")
_SPARE = 6  # letters: what is cut off may spoil two where a tail begins, what comes may change three where it ends


def letters_of(text: str) -> str:
    """The text in Unicode NFC and case-folded, its letters and digits alone."""
    return _NO_LETTER.sub("", unicodedata.normalize("NFC", text).casefold())


_letters_of_one = lru_cache(1 << 14)(letters_of)


def _joins(character: str) -> bool:
    """Whether it may become one with what stands before it: a mark, or a vowel or final consonant of Hangul."""
    return "\u1160" <= character <= "\u11ff" or unicodedata.category(character)[0] == "M"


def behind(tail: str, addition: str, before: int) -> str:
    """The letters that an addition behind ``tail`` brings or changes, after so many (at most) that stand ``before``.

    Empty if there are none: a full stop brings no letter. Reads no more of the tail than it needs.
    """
    size = 2 * before + 1
    stands = letters_of(tail[-size:])
    while len(stands) < before + _SPARE and size < len(tail):
        size *= 2
        stands = letters_of(tail[-size:])
    if addition and not _joins(addition[0]):
        kept, whole = len(stands), stands + letters_of(addition)
    else:
        whole = letters_of(tail[-size:] + addition)
        kept = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(stands, whole, strict=False)))
    return whole[max(0, kept - before) :] if kept < len(whole) else ""


def placed(text: str) -> tuple[str, list[int], list[int]]:
    """The text's letters, and of each where in the text begins and ends what it was made from."""
    letters: list[str] = []
    begins: list[int] = []
    ends: list[int] = []
    begin = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or not _joins(text[end]):
            made = _letters_of_one(text[begin:end])
            letters.append(made)
            begins.extend([begin] * len(made))
            ends.extend([end] * len(made))
            begin = end
    return "".join(letters), begins, ends
