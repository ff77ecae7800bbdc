"""In which style Korean sentences end: what kiwi finds at the end of each, and which style most of a text has."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, Protocol, TypeAlias

Ending: TypeAlias = Literal["", "해라체", "합쇼체", "해요체"]

_POLITE = ("니다", "니까", "시오", "ᆸ시다", "읍시다")
_PLAIN = ("다", "라", "자", "냐", "구나", "도다", "노라")


class _Morpheme(Protocol):
    """What is used of ``kiwipiepy.Token``."""

    form: str
    tag: str


def ending(morphemes: Sequence[_Morpheme]) -> Ending:
    """The style of one sentence, given all its morphemes as kiwi tags them.

    "" where it tells nothing: a sentence that closes with a noun or a quotation, and endings that stand in texts of any
    style, as the questions that one asks oneself (그럴까, 무엇인가) and 해체, which is the style of talk within one.
    """
    closing = list(morphemes)
    while closing and closing[-1].tag.startswith(("S", "W")):
        if closing.pop().tag == "SSC" and any(m.form in "\"'“”‘’" for m in morphemes[-2:]):
            return ""
    if not closing:
        return ""
    last = closing[-1]
    if last.tag == "JX" and last.form == "요":
        return "해요체"
    if last.tag != "EF":
        return ""
    if last.form.endswith(("요", "죠")):
        return "해요체"
    if last.form.endswith(_POLITE):
        return "합쇼체"
    return "해라체" if last.form.endswith(_PLAIN) else ""


def commonest(endings: Iterable[Ending]) -> Ending:
    """The style that most of the sentences have which tell one; "" if none does."""
    counts = Counter(found for found in endings if found)
    return counts.most_common(1)[0][0] if counts else ""
