"""Addresses of web pages go (KLUE, Park et al. 2021, 2105.09680; C4, Raffel et al. 2020, 1910.10683).

A bare name such as naver.com is a word of the sentence and stays; with a path behind it, it goes. The particle
behind an address stays, as does the full stop.
"""

import re

from corpus.cleaning.text_step import TextStep, without

_PATH = r"""[!#-&*+,\-./0-9:;=?@A-Z\[\]\\_a-z|~]*[#&/0-9=A-Z_a-z~-]"""
# A lookbehind after the first letters, not before them: the engine then skips to where they stand.
_FULL = re.compile(rf"(?:[hH][tT][tT][pP][sS]?|[fF][tT][pP])://{_PATH}")
_WWW = re.compile(
    rf"[wW]{{3}}\.(?<![\w@./-]www\.)[a-z0-9-]+(?:\.[a-z]{{2,}})+(?:[/?:]{_PATH}|/)?",
    re.IGNORECASE | re.ASCII,
)
_BARE = re.compile(
    rf"(?<![\w@./-])(?:[a-z0-9-]{{1,63}}\.){{1,8}}(?:com|net|org|kr|jp|io|me|be|ly|gl)/(?:{_PATH})?",
    re.IGNORECASE | re.ASCII,
)
_BARE_GUARD = re.compile(r"\.(?:com|net|org|kr|jp|io|me|be|ly|gl)/", re.IGNORECASE)
_EMPTY_LABEL = re.compile(r"(?:(?<=\n)|^)[ \t]*(?:출처|링크|바로가기|URL|주소)\s*[:=]?[ \t]*(?=\n|$)", re.IGNORECASE)


def urls(text: str) -> str:
    """The text without them, and without a label (출처:) that stands alone in its line then."""
    cut = text
    if "://" in cut:
        cut = without(cut, _FULL)
    if "www." in cut or "WWW." in cut:
        cut = without(cut, _WWW)
    if "/" in cut and _BARE_GUARD.search(cut):
        cut = without(cut, _BARE)
    return cut if cut == text else _EMPTY_LABEL.sub("", cut)


STEP = TextStep("urls", urls)
