"""A page's bytes to text, title, author and date: by the site's CSS selectors, else by trafilatura.

Barbaresi, Trafilatura: A Web Scraping Library and Command-Line Tool for Text Discovery and Extraction (ACL 2021).
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from datetime import date as calendar_date
from importlib.metadata import version
from typing import Any
from urllib.parse import urljoin

import lxml.html
from lxml.etree import ParserError

from corpus.encoding import NotText, detect
from corpus.scrape.frontier import Essay
from corpus.scrape.site import Selectors

_VERSION = 1  # change it when what is taken from a page changes
_BLOCKS = frozenset(
    """address article aside blockquote body dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5
    h6 header hr li main nav ol p pre section table tbody td tfoot th thead tr ul""".split()  # noqa: SIM905
)
_SILENT = frozenset("script style noscript template iframe object button select textarea svg".split())  # noqa: SIM905
_DATE = re.compile(r"((?:19|20)\d\d)\s*[-./년]\s*(\d{1,2})\s*[-./월]\s*(\d{1,2})")
_DECLARED = re.compile(rb"""<meta[^>]{0,200}charset\s*=\s*["']?\s*([\w-]+)""", re.IGNORECASE)


def recipe(select: Selectors) -> str:
    """What an essay depends on besides its page."""
    told = f"{_VERSION} {version('trafilatura')} {select!r}"
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def decoded(body: bytes, told: str = "") -> tuple[str, str]:
    """A page as text, and the encoding it is in.

    Whether it is UTF-8 or CP949 is told by the bytes, see :mod:`corpus.encoding`, since many a page declares the
    wrong one; what was ``told`` by the header, and then what the page itself says, count where neither fits.
    """
    try:
        codec = detect(lambda: [body]).codec
        return body.decode(codec, "replace"), codec.removesuffix("-sig")
    except NotText:
        own = _DECLARED.search(body[:4096])
        for codec in (told, own[1].decode("ascii") if own else "", "utf-8"):
            try:
                return body.decode(codec, "replace"), codec
            except (LookupError, UnicodeError):  # such as idna, which is a codec, but not of pages
                continue
        return body.decode("utf-8", "replace"), "utf-8"


def declared(headers: bytes) -> str:
    """The encoding that a response's raw headers name, or ""."""
    found = re.search(rb"(?im)^content-type:[^\r\n]*charset\s*=\s*[\"']?([\w-]+)", headers)
    return found[1].decode("ascii") if found else ""


def parsed(html: str) -> Any:
    """The page as a tree (lxml); None: there is nothing in it."""
    parser = lxml.html.HTMLParser(encoding="utf-8", remove_comments=True)
    try:
        tree = lxml.html.document_fromstring(html.encode("utf-8", "replace"), parser)
    except ParserError:
        return None
    return tree if isinstance(tree, lxml.html.HtmlElement) else None


def links(tree: Any) -> Iterator[tuple[str, Any]]:
    """The addresses that its links name, as they stand, and their elements."""
    for element in tree.iter("a", "area", "link"):
        href = element.get("href")
        if href and (element.tag != "link" or "next" in (element.get("rel") or "").lower().split()):
            yield href, element


def base(tree: Any, url: str) -> str:
    """What the page's addresses are relative to."""
    found = tree.find(".//base[@href]")
    try:
        return url if found is None else urljoin(url, found.get("href"))
    except ValueError:  # such as http://[, which browsers pass over too
        return url


def taken(tree: Any, url: str, select: Selectors) -> Essay | None:
    """The essay on the page; None: no text was found. The tree is changed by it."""
    for selector in select.remove:
        for element in tree.cssselect(selector):
            element.drop_tree()
    own = {name: _selected(tree, getattr(select, name)) for name in ("text", "title", "author", "date")}
    found = None
    if not (select.text and select.title and select.author and select.date):
        from trafilatura import bare_extraction

        found = bare_extraction(
            tree, url=url, with_metadata=True, include_comments=False, include_tables=False, deduplicate=False,
            date_extraction_params={"extensive_search": False, "original_date": True},
        )  # fmt: skip
    told = {name: getattr(found, name, None) or "" for name in ("text", "title", "author", "date")}
    text = own["text"] if select.text else told["text"]
    if not text.strip():
        return None
    title, author = (own[name] if getattr(select, name) else told[name] for name in ("title", "author"))
    return Essay(text, _line(title), _line(author), _day(own["date"]) if select.date else _day(told["date"]))


def written(element: Any) -> str:
    """The text of an element: a line for each block, none for what is not read."""
    parts: list[str] = []
    _write(element, parts)
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line)


def _write(element: Any, parts: list[str]) -> None:
    """A stack, not recursion: pages are nested as deep as they like."""
    stack: list[tuple[Any, bool]] = [(element, False)]
    while stack:
        node, left = stack.pop()
        block = node.tag in _BLOCKS
        if left:
            parts.append("\n" if block else "")
            if node is not element:
                parts.append(_flat(node.tail))
            continue
        if not isinstance(node.tag, str) or node.tag in _SILENT:
            parts.append(_flat(node.tail) if node is not element else "")
            continue
        parts.append("\n" if block or node.tag == "br" else "")
        parts.append((node.text or "") if node.tag == "pre" else _flat(node.text))
        stack.append((node, True))
        stack.extend((child, False) for child in reversed(node))


def _flat(text: str | None) -> str:
    """Line ends in the source are spaces on the page."""
    return (text or "").replace("\n", " ").replace("\r", " ")


def _selected(tree: Any, selector: str) -> str:
    """What the selector finds; a value that stands in an attribute (content, datetime) rather than as text, too."""
    if not selector:
        return ""
    found = []
    for element in tree.cssselect(selector):
        found.append(element.get("content") or element.get("datetime") or written(element))
    return "\n".join(text for text in found if text)


def _line(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _day(text: str) -> str:
    """A date as 2026-01-31, of what is written so or in Korean; "" if there is none."""
    found = _DATE.search(text)
    try:
        return calendar_date(*map(int, found.groups())).isoformat() if found else ""
    except ValueError:
        return ""
