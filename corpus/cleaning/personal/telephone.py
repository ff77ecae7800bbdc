"""Telephone numbers: of mobiles, of places with their code in a usual form; others where the words say so.

By the numbering plan of South Korea (ITU-T E.164, national number plan +82). 1592-1598 are years, and 1588-1234 a
number only behind 전화 and the like.
"""

import re

from corpus.cleaning.personal.mask import TELEPHONE, has_figures, masked, near
from corpus.cleaning.text_step import TextStep

_END = r"(?!\d|-\d)"
_REST = rf"[ .)/-]{{0,3}}\d{{3,4}} ?[./-]? ?\d{{4}}{_END}"
_AREA = r"(?:2|3[1-3]|4[1-4]|5[1-5]|6[1-4]|70|50\d?|80)"
_LOCAL = rf"(?:\) ?| ?[.-] ?| )\d{{3,4}}(?: ?[.-] ?| )\d{{4}}{_END}"
# A lookbehind after the first figures, not before them: the engine then skips to where they stand.
_FORMS = (
    re.compile(rf"\+82(?<![\w.]\+82)[ .)-]{{0,2}}(?:\(0\) ?)?0?(?:1[016-9]{_REST}|{_AREA}{_LOCAL})"),
    re.compile(rf"82(?<![\w.+-]82)[ .)-]{{1,2}}0?(?:1[016-9]{_REST}|{_AREA}{_LOCAL})"),
    re.compile(rf"\(0(?:1[016-9]{_REST}|{_AREA}{_LOCAL})"),
    re.compile(rf"0(?<![\d.+-]0)(?:1[016-9]{_REST}|{_AREA}{_LOCAL})"),
)
_OTHER = re.compile(
    r"[0-9](?<![\w.+-][0-9])(?<!\d [0-9])"
    rf"(?:(?<=0){_AREA}\d{{7,8}}|(?<=1)[5-8]\d\d-?\d{{4}}|\d{{2,3}}-\d{{4}})(?! ?년){_END}"
)
_SPOKEN = ("전화", "연락처", "휴대폰", "핸드폰", "팩스", "문의", "콜센터", "대표번호", "대표 번호", "☎", "☏", "📞")
_WORDS = re.compile(rf"{'|'.join(_SPOKEN)}|\b[Tt][Ee][Ll]|\bFAX|\bfax|H\.?P\b")


def telephone(text: str) -> str:
    """The text with them masked."""
    if not has_figures(text):
        return text
    for form in _FORMS:
        text = masked(text, form, TELEPHONE)
    if _WORDS.search(text):
        text = masked(text, _OTHER, TELEPHONE, lambda found: near(found, _WORDS, before=12))
    return text


STEP = TextStep("telephone", telephone)
