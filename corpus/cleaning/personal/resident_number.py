"""Resident registration numbers (주민등록번호), and those of foreigners: a birth date, then seven figures.

With the hyphen a date that exists is enough, since numbers given from October 2020 on have no check digit; without
it the check digit has to be right (python-stdnum, `stdnum.kr.rrn`), or the words have to say so.
"""

import re
from datetime import date

from stdnum.kr import rrn

from corpus.cleaning.personal.mask import RESIDENT, has_figures, masked, near
from corpus.cleaning.text_step import TextStep

_DATE = r"(?P<year>\d\d)(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12]\d|3[01])"
_FORM = re.compile(rf"(?<![\d.-]){_DATE}(?P<between> ?- ?|[ /]?)(?P<sex>[0-9])(?:\d{{6}}|[*●xX]{{6}})(?![\d*]|-\d)")
_WORDS = re.compile(r"주민|외국인\s?등록|등록\s?번호")


def resident_number(text: str) -> str:
    """The text with them masked."""
    return masked(text, _FORM, RESIDENT, _is_one) if has_figures(text) else text


def _is_one(found: re.Match[str]) -> bool:
    if not _is_date(found):
        return False
    if "-" in found["between"] or near(found, _WORDS):
        return True
    return bool(rrn.is_valid(found[0].replace(" ", "").replace("/", "")))


def _is_date(found: re.Match[str]) -> bool:
    century = {"9": 1800, "0": 1800, "3": 2000, "4": 2000, "7": 2000, "8": 2000}.get(found["sex"], 1900)
    try:
        date(century + int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return False
    return True


STEP = TextStep("resident_number", resident_number)
