"""Lines that say whose it is: ⓒ 연합뉴스, 무단 전재 및 재배포 금지, Copyright … All rights reserved.

After KLUE (Park et al. 2021, 2105.09680) for news, and C4's lines of policy (Raffel et al. 2020, 1910.10683). An
essay that speaks of copyright keeps its sentences: a notice has a sign of its own or ends with 금지.
"""

import re

from corpus.cleaning.text_step import TextStep, holds, without, without_lines

_SIGN = r"(?:ⓒ|©|\(c\)|copyrights?\b|저작권자)"
_OWNER = r"(?:ⓒ|©|copyrights?\b|저작권자\s?(?=[ⓒ©:(]))"  # (c) may count something
_FORBIDDEN = r"무단\s?(?:전재|전제|복제|배포|도용|사용)[^\n.!?]{0,40}?금지"
_NOTICE = re.compile(
    rf"(?:[<(\[][ \t]?)?{_SIGN}[^\n]{{0,80}}?(?:{_FORBIDDEN}|all rights? reserved)[.]?(?:[ \t]?[>)\]])?"
    rf"|[<(\[]\s?(?:{_OWNER}[^\n<>()\[\]]{{1,60}}|{_FORBIDDEN}[^\n<>()\[\]]{{0,10}})[>)\]]",
    re.IGNORECASE,
)
_LINE = re.compile(
    rf"^[^\n]{{0,60}}{_FORBIDDEN}[ \t.>)\]]*$|^[ \t]*{_OWNER}(?![^\n]*(?:다|요|까)[.!?]*[ \t]*$)[^\n]{{1,60}}$"
    r"|^[^\n]{0,60}all rights? reserved[ \t.>)\]]*$",
    re.IGNORECASE | re.MULTILINE,
)
_WORDS = (
    "ⓒ", "©", "(c)", "(C)", "copyright", "Copyright", "COPYRIGHT", "저작권자", "무단", "reserved", "Reserved",
    "RESERVED",
)  # fmt: skip


def copyrights(text: str) -> str:
    """The text without them."""
    if not holds(text, _WORDS):
        return text
    text = without(text, _NOTICE)
    return text if "ⓑ" in text else without_lines(text, _LINE)  # there ⓒ counts something


STEP = TextStep("copyrights", copyrights)
