"""Spaces: one between words, none at the ends of lines, at most one empty line.

C4 and KLUE (Park et al. 2021, 2105.09680) normalise them so; paragraphs stay paragraphs, and (      ) a blank.
"""

import re

from corpus.cleaning.text_step import TextStep

_OTHER = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u3164]")  # the last is Hangul's filler
_RUN = re.compile(r"(?<![( ]) {2,}|(?<=\() {2,}(?![ )])")  # but for a blank in brackets, (   )
_ENDS = re.compile(r" +\n ?|\n +")
_EMPTY = re.compile(r"\n{3,}")


def spaces(text: str) -> str:
    """The text with these spaces."""
    if _OTHER.search(text):
        text = _OTHER.sub(" ", text)
    if "  " in text:
        text = _RUN.sub(" ", text)
    if " \n" in text or "\n " in text:
        text = _ENDS.sub("\n", text)
    if "\n\n\n" in text:
        text = _EMPTY.sub("\n\n", text)
    return text


STEP = TextStep("spaces", spaces)
