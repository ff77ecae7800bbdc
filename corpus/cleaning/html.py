"""HTML that scraping has left: tags go, entities become what they stand for.

KLUE (Park et al. 2021, 2105.09680, appendix on the corpus) removes tags; C4 (Raffel et al. 2020, 1910.10683) drops
pages with code. A tag is one by its name and the form of its attributes, so that <기러기>, <b컷> and a < b stay.
"""

import html as entities
import re

from corpus.cleaning.text_step import TextStep

_BLOCK = (
    "address|article|aside|blockquote|body|br|center|dd|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|head|"
    "header|hr|html|li|main|nav|ol|option|p|section|select|table|tbody|td|tfoot|th|thead|title|tr|ul"
)
_INLINE = (
    "a|abbr|acronym|audio|b|base|big|button|canvas|caption|cite|code|col|colgroup|del|dfn|em|embed|font|i|iframe|img|"
    "input|ins|kbd|label|legend|link|map|mark|meta|noscript|object|o:p|param|picture|pre|q|rp|rt|ruby|s|samp|small|"
    "source|span|strike|strong|style|sub|summary|sup|svg|path|template|textarea|time|tt|u|var|video|wbr"
)
_ATTRIBUTE = r"""\s+[A-Za-z_:@][\w:.-]*\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>]+)"""
_FLAG = r"\s+(?:allowfullscreen|async|checked|controls|defer|disabled|hidden|loop|muted|selected)"
_REST = rf"(?:{_ATTRIBUTE}|{_FLAG}){{0,60}}\s*/?>"
_HIDDEN = re.compile(
    r"<!--.{0,20000}?-->|<!DOCTYPE[^<>]{0,400}>|<(script|style)\b[^<>]{0,2000}>.{0,200000}?</\1\s*>",
    re.IGNORECASE | re.DOTALL,
)
_BLOCKS = re.compile(rf"[ \t]*</?(?:{_BLOCK})(?:{_REST})[ \t]*", re.IGNORECASE | re.ASCII)
_INLINES = re.compile(rf"</?(?:{_INLINE})(?:{_REST})", re.IGNORECASE | re.ASCII)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31}[0-9]{0,2});")


def html(text: str) -> str:
    """The text as a browser would show it; what is escaped twice too."""
    while "<" in text or "&" in text:
        before = text
        if "<" in text:
            text = _HIDDEN.sub(" ", text)
            text = _INLINES.sub("", _BLOCKS.sub("\n", text))
        if "&" in text:
            text = _ENTITY.sub(_shown, text)
        if text == before:
            break
    return text


def _shown(entity: re.Match[str]) -> str:
    shown = entities.unescape(entity[0])
    return " " if shown == "\N{NO-BREAK SPACE}" else shown


STEP = TextStep("html", html)
