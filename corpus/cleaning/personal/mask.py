"""What is put in the place of personal data, and how it is found: by its form, and by the words around it.

After KLUE (Park et al. 2021, 2105.09680), which pseudonymises telephone numbers, e-mail addresses and the like of its
texts. A number that could be anything (a date, a price, a year, an ISBN) stays.
"""

import re
from collections.abc import Callable
from functools import lru_cache

TELEPHONE = "[전화번호]"
RESIDENT = "[주민등록번호]"
EMAIL = "[이메일]"
ACCOUNT = "[계좌번호]"
CARD = "[카드번호]"
PLATE = "[차량번호]"
ADDRESS = "[주소]"
PASSPORT = "[여권번호]"
MASKS = (TELEPHONE, RESIDENT, EMAIL, ACCOUNT, CARD, PLATE, ADDRESS, PASSPORT)

_FIGURES = re.compile("[0-9]{3}")


@lru_cache(maxsize=2)  # every kind asks it of the same text
def has_figures(text: str) -> bool:
    """Whether three figures stand in a row: without, a text has no such number."""
    return _FIGURES.search(text) is not None


def masked(text: str, form: re.Pattern[str], mask: str, wanted: Callable[[re.Match[str]], bool] | None = None) -> str:
    """The text with the mask for whatever has this form, and ``wanted`` agrees to."""
    return form.sub(lambda found: mask if wanted is None or wanted(found) else found[0], text)


def near(found: re.Match[str], words: re.Pattern[str], before: int = 24, after: int = 12) -> bool:
    """Whether such words stand in so many characters before or behind it, in the same line."""
    text, start, end = found.string, found.start(), found.end()
    left = text[max(0, start - before) : start].rpartition("\n")[2]
    right = text[end : end + after].partition("\n")[0]
    return bool(words.search(left) or words.search(right))
