"""Pictures of signs, lines of stars, keys hit at random: too much of it is neither a letter nor a figure.

Gopher (Rae et al. 2021, 2112.11446, A.1.1) refuses by the ratio of # and … to words. Here all signs count,
but for those of any sentence (a dialogue is full of them), and lone jamo.
"""

from corpus.judging.rule import LEAST, letters, percent

_ORDINARY = frozenset(".,?!\"'…“”‘’")


def symbols(text: str, most: float) -> str | None:
    """The reason, if a larger share than ``most`` of what is not a space is signs."""
    counts = letters(text)
    if len(text) < LEAST or not counts:
        return None
    share = sum(count for letter, count in counts.items() if _is_sign(letter)) / sum(counts.values())
    return f"signs: {percent(share)} are neither letters nor figures" if share > most else None


def _is_sign(letter: str) -> bool:
    return "ㄱ" <= letter <= "ㆎ" or not (letter.isalnum() or letter in _ORDINARY)
