"""One sort of quotation marks, " and ', as a keyboard writes them: “그래” → "그래".

A corpus from many sites has all sorts, and a model learns each by itself; the contest's teams unified them. Brackets
that name a work (「」, 『』, 《》) are no quotation marks and stay.
"""

from corpus.cleaning.text_step import TextStep

_PLAIN = {'"': "“”„‟❝❞＂", "'": "‘’‚‛❛❜＇`´"}


def quotes(text: str) -> str:
    """The text with these alone."""
    for plain, others in _PLAIN.items():
        for other in others:
            if other in text:  # much faster than one pass over all of them
                text = text.replace(other, plain)
    return text


STEP = TextStep("quotes", quotes)
