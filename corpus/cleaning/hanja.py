"""Hanja: read in hangul (歷史 → 역사), or removed (수필(隨筆) → 수필). Kept unless asked for.

The contest's and KLUE's corpora have them removed with their parentheses. Readings are Unicode's (Unihan, kHangul,
Annex 38), one for each character, under the law of initials (두음법칙, 한글 맞춤법 10 to 12): 金 is 금, also in a name.
"""

import re
from functools import cache
from importlib import resources

from corpus.cleaning.text_step import TextStep, without

_HANJA = "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
_RUN = re.compile(f"{_HANJA}+")
_ANY = re.compile(_HANJA)
_BESIDE = re.compile(rf"(?<=[가-힣])\((?:{_HANJA}|[ ·,])*{_HANJA}(?:{_HANJA}|[ ·,])*\)")
_IN_BRACKETS = re.compile(rf"([가-힣]+)\(((?:{_HANJA})+)\)")
_ALONE = re.compile(rf"{_HANJA}+")
_N, _R, _NONE = 2, 5, 11  # ㄴ, ㄹ and no consonant, as Unicode counts initials
_BEFORE_I = frozenset((2, 3, 6, 7, 12, 17, 20))  # ㅑ ㅒ ㅕ ㅖ ㅛ ㅠ ㅣ, as it counts vowels


def read(text: str) -> str:
    """The text with hanja as they are read; in parentheses behind their own reading they go."""
    if not _ANY.search(text):
        return text
    text = _IN_BRACKETS.sub(lambda found: found[1] if found[1].endswith(_reading(found[2], "")) else found[0], text)
    return _RUN.sub(lambda run: _reading(run[0], text[max(0, run.start() - 1) : run.start()]), text)


def removed(text: str) -> str:
    """The text without them: with their parentheses behind hangul; what is a word by itself too."""
    if not _ANY.search(text):
        return text
    return without(_BESIDE.sub("", text), _ALONE)


def _reading(hanja: str, before: str) -> str:
    """As they are read behind this character; those that no table has stay."""
    table, read = _table(), ""
    for character in hanja:
        syllable = table.get(character, character)
        last = read[-1:] or before
        read += _inside(syllable, last) if "가" <= last <= "힣" else _initial(syllable)
    return read


def _initial(syllable: str) -> str:
    """A reading as it is at a word's beginning: 녀 → 여, 로 → 노, 리 → 이."""
    if not "가" <= syllable <= "힣":
        return syllable
    initial, rest = divmod(ord(syllable) - ord("가"), 588)
    vowel = rest // 28
    if initial in (_N, _R) and vowel in _BEFORE_I:
        initial = _NONE
    elif initial == _R:
        initial = _N
    return chr(ord("가") + initial * 588 + rest)


def _inside(syllable: str, last: str) -> str:
    """… and within a word: 렬 and 률 are 열 and 율 behind a vowel and ㄴ."""
    if syllable in "렬률" and (ord(last) - ord("가")) % 28 in (0, 4):
        return _initial(syllable)
    return syllable


@cache
def _table() -> dict[str, str]:
    lines = (resources.files("corpus.cleaning") / "hanja.txt").read_text(encoding="utf-8").splitlines()
    return {character: line[0] for line in lines if not line.startswith("#") for character in line[1:]}


READ = TextStep("hanja read", read)
REMOVED = TextStep("hanja removed", removed)
