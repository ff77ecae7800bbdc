"""Bytes read in another encoding than they were written in: 안녕 that became ì•ˆë…• or �븞�뀞.

ftfy (Speer 2019) undoes it where it can; where characters were replaced nothing can, so that it is refused. KS X 1001
has the 2,350 syllables that Korean is written with; UTF-8 read as CP949 is full of the other 8,822.
"""

from corpus.judging.rule import LEAST, letters, percent

REPLACED = 0.01  # of the characters: U+FFFD
LATIN = 0.15  # of what is not a space: letters and signs of Latin-1 and its neighbours
RARE = 0.10  # of the hangul syllables: those outside KS X 1001
_WINDOWS = frozenset("€‚ƒ„†‡ˆ‰Š‹ŒŽ˜™š›œžŸ")  # what CP1252 makes of 0x80 to 0x9F and prose has no use for

_COMMON = frozenset(s for s in map(chr, range(0xAC00, 0xD7A4)) if len(s.encode("euc_kr")) == 2)  # KS X 1001's syllables


def mojibake(text: str) -> str | None:
    """The reason, if it is such."""
    counts = letters(text)
    full = sum(counts.values())
    if len(text) < LEAST or not full:
        return None
    if (share := counts.get("\ufffd", 0) / full) > REPLACED:
        return f"mojibake: {percent(share)} of the characters were replaced"
    debris = filter(_is_debris, set(counts) - _COMMON)
    if (share := sum(counts[letter] for letter in debris) / full) > LATIN:
        return f"mojibake: {percent(share)} of the characters are Latin debris"
    rare = sum(counts[letter] for letter in set(counts) - _COMMON if "가" <= letter <= "힣")
    if rare and (share := rare / sum(count for letter, count in counts.items() if "가" <= letter <= "힣")) > RARE:
        return f"mojibake: {percent(share)} of the syllables are none that Korean is written with"
    return None


def _is_debris(letter: str) -> bool:
    """The middle dot, which Korean has, is none."""
    return ("\x80" <= letter <= "\u024f" and letter != "·") or letter in _WINDOWS
