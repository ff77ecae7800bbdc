"""A program. C4 (Raffel et al. 2020, 1910.10683) refuses a page with a curly bracket.

Here it takes several signs, close together.
"""

import re
from string import ascii_letters

from corpus.judging.rule import Signs, how_many

_CODE = Signs(
    re.compile(
        r"\b(?:def|return|function|const|let|var|import|class|elif|else|for|while|print|printf|console|null|true|false|"
        r"SELECT|FROM|WHERE|JOIN|GROUP BY|INSERT|int|void|float|char|public|static|range|len)\b"
        r"|[=!<>+*-]=|=>|->|&&|\|\||[A-Za-z0-9_]\(|\);|[{}]|;(?=\s*(?:\n|$))|[0-9]px|/\*|\*/|//"
    ),
    distinct=4,
    density=20,
)
_MADE_OF = ascii_letters + "=!<>+*-&|(){};/"  # each sign has one of these


def code(text: str) -> str | None:
    """The reason, if it is one."""
    if how_many(text, _MADE_OF) * 1_000 < _CODE.density * len(text):
        return None  # as in most prose: there cannot be as many signs
    found = _CODE.found(text)
    return f"code: {found}" if found else None
