"""Statements in 합쇼체 and 해요체 put into 해라체, as most essays have it (갔습니다 → 갔다): off unless asked for.

Only the last word of a statement that ends with a full stop and stands outside quotation marks, and only where Kiwi
(Lee 2024) takes it apart and puts it together again to the letter; questions, requests and whatever is in doubt stay.
"""

import re
from collections.abc import Sequence
from typing import Any

from corpus.cleaning.kiwi import model
from corpus.cleaning.text_step import TextStep

_POLITE = re.compile(r"(?:니다|어요|아요)\s*\.")
_FORMAL = frozenset(("습니다", "ᆸ니다"))
_SPOKEN = frozenset(("어요", "아요"))
_PAST = frozenset(("었", "았", "였", "었었", "았었"))
_PLAIN = frozenset(("있", "없", "계시", "싶"))  # 있다 and 싶다, whatever Kiwi takes them for
_EITHER = frozenset(("않", "못하"))  # a verb behind a verb, an adjective behind an adjective

_SAID = frozenset(("감사", "고맙", "죄송", "미안", "반갑", "축하", "안녕", "실례", "환영", "사랑"))  # to somebody
_SENTENCE = re.compile(r"[.!?…]\s")


def endings(text: str) -> str:
    """The text with these endings."""
    if not _POLITE.search(text):
        return text
    lines = text.split("\n")
    wanted = [place for place, line in enumerate(lines) if _POLITE.search(line)]
    for place, tokens in zip(wanted, model().tokenize([lines[place] for place in wanted]), strict=True):
        lines[place] = _line(lines[place], tokens)
    return "\n".join(lines)


def _line(line: str, tokens: Sequence[Any]) -> str:
    kept: list[str] = []
    done = 0
    for place, token in enumerate(tokens):
        if token.tag != "EF" or place + 1 == len(tokens) or tokens[place + 1].form != ".":
            continue
        if _is_spoken(line, token.start, token.start + token.len):
            continue
        start, end = line.rfind(" ", 0, token.start + 1) + 1, token.start + token.len
        word = [other for other in tokens[:place] if other.start >= start]
        plain = _plain(tokens[:place], token) if word and word[0].form not in _SAID else None
        if plain is None or start < done or _joined([*word, token]) != line[start:end]:
            continue
        kept += [line[done:start], _joined([*word, plain])]
        done = end
    return "".join(kept) + line[done:]


def _is_spoken(line: str, start: int, end: int) -> bool:
    """Whether the ending may stand within quotation marks: they are open before it, or in its own sentence."""
    before = line[:start]
    if any(before.count(mark) % 2 for mark in "\"'"):
        return True
    ends = [found.end() for found in _SENTENCE.finditer(before)]
    own = line[ends[-1] if ends else 0 : end + 3]
    return any(mark in own for mark in "\"'“”‘’")


def _plain(before: Sequence[Any], ending: Any) -> tuple[str, str] | None:
    """The ending in 해라체, as a form and a tag, or None where it is not known."""
    tag, form = _kind(before[-1]), before[-1].form
    if tag == "EP" and form in _PAST and (ending.form in _FORMAL or ending.form in _SPOKEN):
        return "다", "EF"
    if ending.form not in _FORMAL:
        return None  # 먹어요 may be a request
    if tag == "VX" and form in _EITHER and len(before) > 2:
        tag = _kind(before[-3])
    if form in _PLAIN or tag in ("VA", "VCP", "VCN", "XSA"):
        return "다", "EF"
    return ("ᆫ다", "EF") if tag in ("VV", "XSV", "VX") else None


def _kind(token: Any) -> str:
    """Kiwi's tag without what it adds for irregular stems."""
    return str(token.tag).partition("-")[0]


def _joined(tokens: Sequence[Any]) -> str:
    return str(model().join([token if isinstance(token, tuple) else (token.form, token.tag) for token in tokens]))


STEP = TextStep("endings", endings)
