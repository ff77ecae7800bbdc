"""Pictures of signs, lines of stars, keys hit at random: too much of it is neither a letter nor a figure.

Gopher (Rae et al. 2021, 2112.11446, A.1.1) refuses by the ratio of # and … to words. All signs are counted here, and lone jamo.
"""

from corpus.judging.rule import LEAST, percent


def symbols(text: str, most: float) -> str | None:
    """The reason, if a larger share than ``most`` of what is not a space is signs."""
    letters = [letter for letter in text if not letter.isspace()]
    if len(text) < LEAST or not letters:
        return None
    share = sum(not letter.isalnum() or "ㄱ" <= letter <= "ㆎ" for letter in letters) / len(letters)
    return f"signs: {percent(share)} are neither letters nor figures" if share > most else None
