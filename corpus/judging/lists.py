"""A list: most lines are items. After Gopher (Rae et al. 2021, 2112.11446, A.1.1), which refuses what is 90 % bullets.

An item begins with a bullet or a number, or is a few words that end like no sentence and no verse. Where there are no
line ends, numbers that count up from one, or bullets, in short distances.
"""

import re
from string import digits

from corpus.judging.rule import LEAST, how_many

ITEMS = 8  # at least
SHARE = 0.7  # of the lines
APART = 40  # characters from one to the next, at most, where there are no line ends
_MARK = r"[-•·*□■◆◇○●▶▷√✓☑※]"
_MARKED = re.compile(rf"{_MARK}\s?\S|\(?[0-9]{{1,3}}(?:[.)]|\s)\s?\S|[①-⑳]")
_BARE = re.compile(r"[^.!?…\"',]{1,20}$")
_SENTENCE = re.compile(r"(?:[다요까고며니네라지는은을를에의로와과도서면데])$")
_NUMBER = re.compile(r"(?:^|\s)\(?([0-9]{1,3})[.)]?(?=\s)")
_BULLETS = "-•*□■◆◇○●▶▷√✓☑※"  # not ·, which stands between words of prose
_BULLET = re.compile(rf"(?:^|\s)[{_BULLETS}](?=\s)")


def lists(text: str) -> str | None:
    """The reason, if it is one."""
    if len(text) < LEAST:
        return None
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    items = sum(map(_is_item, lines))
    if items >= ITEMS and items >= SHARE * len(lines):
        return f"list: {items} of {len(lines)} lines are items"
    least = max(ITEMS, len(text) / APART)
    if max(how_many(text, digits), how_many(text, _BULLETS)) < least:
        return None  # as in most prose: there cannot be as many
    told = max(_counted(text), len(_BULLET.findall(text)))
    if told >= least:
        return f"list: {told} items, one every {len(text) // told} characters"
    return None


def _is_item(line: str) -> bool:
    if _MARKED.match(line):
        return len(line) <= 2 * APART
    return len(line.split()) <= 4 and bool(_BARE.match(line)) and not _SENTENCE.search(line)


def _counted(text: str) -> int:
    """How far numbers count up from one."""
    last = 0
    for found in _NUMBER.finditer(text):
        last += int(found[1]) == last + 1
    return last
