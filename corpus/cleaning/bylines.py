"""Who wrote it, as newspapers print it: 홍길동 기자 gildong@example.com, (서울=연합뉴스) 홍길동 기자 =, 글·사진 홍길동.

KLUE (Park et al. 2021, 2105.09680) removes reporters' names and agencies from its news. A bare 홍길동 기자 goes only
as a text's first or last line.
"""

import re

from corpus.cleaning.emails import ADDRESS
from corpus.cleaning.text_step import TextStep, holds, without, without_lines

_NAME = r"[가-힣]{2,4}"
_REPORTER = r"(?:(?:수습|선임|객원|인턴|시민|전문|대학생)\s?)?(?:기자|특파원|리포터|논설위원)"
_PAPER = r"(?:뉴스|뉴시스|뉴스1|신문|일보|통신|방송|타임[즈스]|미디어|데일리|투데이|경제|저널|닷컴|TV)"
_AGENCY = rf"[(\[【]\s?[가-힣A-Za-z]{{1,12}}\s?=\s?[가-힣A-Za-z0-9 ]{{0,12}}{_PAPER}[)\]】]"
_BY = rf"{_NAME}(?:[·,]\s?{_NAME}){{0,3}}\s?{_REPORTER}"
_LEAD = re.compile(rf"^[ \t]*{_AGENCY}[ \t]?(?:{_BY})?[ \t]?=?[ \t]*", re.MULTILINE)
_TAIL = re.compile(rf"[ \t]*{_NAME}\s?{_REPORTER}\s?(?:=\s?)?[(\[<]?\s?{ADDRESS}\s?[)\]>]?[ \t]*$", re.MULTILINE)
_LINE = re.compile(
    rf"^[ \t]*(?:글|글\s?[·ㆍ・,/&]\s?(?:사진|그림)|글쓴이|글\s?/\s?사진|작성자|필자)\s?[=:：|│/]\s?{_NAME}"
    rf"(?:\s?(?:{_REPORTER}|작가|시인|수필가))?[ \t]*$"
    rf"|^[ \t]*글\s?[·ㆍ・/&]\s?(?:사진|그림)\s{_NAME}(?:\s?(?:{_REPORTER}|작가|시인|수필가))?[ \t]*$"
    rf"|\A[ \t]*{_NAME}\s{_REPORTER}[ \t]*$|^[ \t]*{_NAME}\s{_REPORTER}[ \t]*\Z",
    re.MULTILINE,
)
_REPORTERS = ("기자", "특파원", "리포터", "논설위원")
_WRITERS = ("글", "작성자", "필자", *_REPORTERS)


def bylines(text: str) -> str:
    """The text without them."""
    if "@" in text and holds(text, _REPORTERS):
        text = without(text, _TAIL)
    if "=" in text:
        text = _LEAD.sub("", text)
    if not holds(text, _WRITERS):
        return text
    while (cut := without_lines(text, _LINE)) != text:
        text = cut
    return text


STEP = TextStep("bylines", bylines)
