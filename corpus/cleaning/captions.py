"""Captions and credits of pictures: (사진=홍길동), [사진 제공: …], [이미지], a line 출처: 픽사베이.

What news and blogs leave in a text when its pictures go; the contest's teams took essays from such pages and removed
these by hand. A line goes only if it is short and no sentence.
"""

import re

from corpus.cleaning.text_step import TextStep, holds, without, without_lines

_PICTURE = r"(?:사진|이미지|그림|삽화|일러스트|자료|영상|동영상|캡[처쳐])"
_CREDIT = rf"(?:{_PICTURE}\s?(?:제공|출처|자료|캡[처쳐]|설명)?|(?:제공|출처))"
_SIGN = r"[=:：／/|ⓒ©]"
_BRACKETED = re.compile(
    rf"[(\[<【]\s*{_CREDIT}\s*{_SIGN}[^()\[\]<>【】\n]{{1,60}}[)\]>】]"
    rf"|[\[【]\s*{_PICTURE}(?:\s?(?:\d{{1,2}}|제공|첨부|자료|생략))?\s*[\]】]"
)
_LINE = re.compile(
    rf"^[ \t]*(?:[▲△▼▽◀▶◆■]\s?)?{_CREDIT}\s?[=:：ⓒ©](?!.*(?:다|요|까|죠|네)[.!?\"']*[ \t]*$)[^\n]{{1,60}}$"
    rf"|^[ \t]*[▲△▼▽◀▶][^\n]{{1,100}}(?:{_PICTURE}\s?(?:제공|출처)?\s?{_SIGN}|[ⓒ©])[^\n]{{1,40}}$",
    re.MULTILINE,
)
_WORDS = (
    "사진", "이미지", "그림", "삽화", "일러스트", "자료", "영상", "캡처", "캡쳐", "제공", "출처", "▲", "△", "▼",
    "▽", "◀", "▶",
)  # fmt: skip


def captions(text: str) -> str:
    """The text without them."""
    if not holds(text, _WORDS):
        return text
    return without_lines(without(text, _BRACKETED), _LINE)


STEP = TextStep("captions", captions)
