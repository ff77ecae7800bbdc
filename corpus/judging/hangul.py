"""In another language: too few of the letters are hangul.

C4 (Raffel et al. 2020, 1910.10683) asks a classifier of languages; hangul is written by one language alone, so that
counting does. Lone jamo do not count, since keys hit at random give them.
"""

from corpus.judging.rule import LEAST, letters, percent


def hangul(text: str, least: float) -> str | None:
    """The reason, if a smaller share of its letters than ``least`` is hangul."""
    counts = {letter: count for letter, count in letters(text).items() if letter.isalpha()}
    if len(text) < LEAST or not counts:
        return None
    share = sum(count for letter, count in counts.items() if "가" <= letter <= "힣") / sum(counts.values())
    return f"other language: {percent(share)} of the letters are hangul" if share < least else None
