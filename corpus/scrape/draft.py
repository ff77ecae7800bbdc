"""The first draft of a site's file, made by looking at a page with links to essays, and at a few of the essays."""

import json
import re
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from corpus.document import Raw
from corpus.errors import GeulgamError
from corpus.events import On, silent
from corpus.scrape.crawl import crawl, rows
from corpus.scrape.frontier import Frontier
from corpus.scrape.site import Limits, Site, parse_site

_SAMPLES = 3  # essays that are looked at
_PAGING = re.compile(r"[?&/](page|paged|pg|p|pageno|pageindex|page_no|cpage|offset|start)[=/](?=\d)", re.IGNORECASE)
_TURNS = re.compile(r"\d{1,4}|다음.*|이전.*|[<>«»‹›←→]+|next.*|prev.*|older.*|newer.*", re.IGNORECASE)
_HOLDERS = ("article", "main", "section", "div", "td")

_FILE = """\
# How the essays of {host} are taken. Drafted from {url}; look it over before the first run:
#     geulgam corpus scrape {file}
# Be sure that you may use what stands there; robots.txt is obeyed, whatever stands here.

name = {name}
contact = {contact}  # stands in the user agent, so that who runs the site can write to you

start = {start}

# Regular expressions (in single quotes), searched for in the address of a link.
# Only what one of these finds is fetched.
essays = {essays}
listings = {listings}
exclude = []

# CSS selectors, where what trafilatura finds is not what is wanted. An empty one: trafilatura's.
[select]
{select}
title = ""
author = ""
date = ""
remove = []  # what is thrown away first, such as "div.share"

[limits]
pages = {limits.pages}             # of one run; the same command goes on
minutes = {limits.minutes:g}            # of one run
megabytes = {limits.megabytes:g}         # of one run
depth = {limits.depth}              # links from a start page
barren = {limits.barren}              # listings in a row without a new essay: a calendar goes on for ever
page_kilobytes = {limits.page_kilobytes}    # one page, unpacked
seconds = {limits.seconds:g}             # for one page
delay = {limits.delay:g}                # seconds between two requests; more where robots.txt or a slow server asks
longest_delay = {limits.longest_delay:g}       # … up to which a slow server is given time
longest_wait = {limits.longest_wait:g}       # seconds that the server may ask to be left alone before the run ends
tries = {limits.tries}                # of a page that fails
"""


@dataclass(frozen=True, slots=True)
class SiteDraft:
    """The text of a site's file. ``links``: how many essays the page links to; ``samples``: what was read of a few."""

    text: str
    links: int
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Link:
    url: str
    words: str


def draft(url: str, contact: str, file: str, *, allow_private: bool = False, on: On = silent) -> SiteDraft:
    """Look at the page at ``url`` and at a few that it links to; robots.txt is obeyed. ``file``: where it will stand.

    Raises GeulgamError if the page cannot be had.
    """
    told = f"contact = {json.dumps(contact)}\nstart = [{json.dumps(url)}]\n[limits]\npages = {_SAMPLES + 2}"
    site = parse_site(told, "draft", "the draft")
    with tempfile.TemporaryDirectory(prefix="geulgam-") as folder:
        place = Path(folder)
        done = crawl(site, place, allow_private=allow_private, on=on)
        found = _links(site, place)
        if found is None:
            why = next(iter(done.failed), done.stopped)
            raise GeulgamError(f"{url} cannot be had: {why}", "see whether a browser can, and what its robots.txt says")
        at, links = found
        essays = _essays(links)
        pages = _listings(links, essays)
        samples: list[str] = []
        selector, needed = "", False
        if essays:
            trial = site.model_copy(update={"essays": [essays]})
            crawl(trial, place, allow_private=allow_private, on=on)
            samples = [row.text for row in rows(trial, place) if isinstance(row, Raw)][:_SAMPLES]
            selector, needed = _holder(trial, place, samples)
    return SiteDraft(
        _FILE.format(
            host=urlsplit(url).hostname, url=url, file=file,
            name=json.dumps(site_name(url)), contact=json.dumps(contact),
            start=json.dumps([at], ensure_ascii=False), essays=_patterns([essays] if essays else []),
            listings=_patterns(pages), limits=Limits(), select=_select(selector, needed),
        ),
        sum(re.search(essays, link.url) is not None for link in links) if essays else 0,
        tuple(samples),
    )  # fmt: skip


def site_name(url: str) -> str:
    """What the site is called: its host, in letters that a file's name may have."""
    return re.sub(r"[^\w.-]", "-", urlsplit(url).hostname or "site")


def _patterns(patterns: Sequence[str]) -> str:
    """In single quotes, between which TOML knows no other way to write one."""
    quoted = ("'" + pattern.replace("'", r"\x27") + "'" for pattern in patterns)
    return f"[{', '.join(quoted)}]"


def _select(selector: str, needed: bool) -> str:
    if needed:
        return f"text = {json.dumps(selector)}  # trafilatura finds something else there"
    return 'text = ""' + (f"  # or {json.dumps(selector)}" if selector else "")


def _links(site: Site, folder: Path) -> tuple[str, list[_Link]] | None:
    """Where the start page stands in the end, and the links on it that stay on the site."""
    from corpus.scrape import extract

    with Frontier(folder) as frontier:
        read = frontier.read()
        if not read:
            return None
        answer = frontier.answer(read[0])
    if answer is None:
        return None
    html, encoding = extract.decoded(answer.body, extract.declared(answer.headers))
    tree = extract.parsed(html)
    if tree is None:
        return read[0], []
    base, links = extract.base(tree, read[0]), dict[str, _Link]()
    for href, element in extract.links(tree):
        url = site.address(href, base, encoding)
        words = " ".join(extract.written(element).split())
        if url and url != read[0] and len(words) >= len(links.get(url, _Link("", "")).words):
            links[url] = _Link(url, words)
    return read[0], list(links.values())


def _shape(url: str) -> str:
    """The address as a pattern in which every number behind the host may be another."""
    root, rest = _split(url)
    return f"^{_escaped(root)}" + re.sub(r"\d+", lambda _: r"\d+", _escaped(rest)) + "$"


def _slug(url: str) -> str:
    """The address as a pattern in which the last part of its path may be another."""
    root, rest = _split(url)
    head, _, _ = rest.partition("?")[0].rstrip("/").rpartition("/")
    return f"^{_escaped(root + head)}/[^/?]+/?$"


def _split(url: str) -> tuple[str, str]:
    """Scheme and host, and the rest."""
    root = "/".join(url.split("/", 3)[:3])
    return root, url[len(root) :]


def _escaped(text: str) -> str:
    return re.escape(text).replace(r"\-", "-")


def _essays(links: Sequence[_Link]) -> str:
    """The pattern whose links say most in Korean, and are no numbers of pages; "" if none does."""
    best, most = "", 0
    for shape in (_shape, _slug):
        groups: dict[str, list[_Link]] = defaultdict(list)
        for link in links:
            if not _turns(link):
                groups[shape(link.url)].append(link)
        for pattern, group in groups.items():
            said = sum(_korean(link.words) or len(link.words) // 4 for link in group)
            depth = urlsplit(group[0].url).path.strip("/")
            if len(group) >= 3 and said > most and (depth or "?" in group[0].url):
                best, most = pattern, said
        if best:
            return best
    return best


def _listings(links: Sequence[_Link], essays: str) -> list[str]:
    """Patterns of the links that turn pages."""
    patterns: list[str] = []
    for link in links:
        pattern = _shape(link.url)
        turns = _turns(link) and r"\d" in pattern and not (essays and re.search(essays, link.url))
        if turns and pattern not in patterns:
            patterns.append(pattern)
    return patterns[:5]


def _turns(link: _Link) -> bool:
    return bool(_PAGING.search(link.url) or _TURNS.fullmatch(link.words))


def _korean(text: str) -> int:
    return sum("가" <= letter <= "힣" for letter in text)


def _holder(site: Site, folder: Path, samples: Sequence[str]) -> tuple[str, bool]:
    """The selector of the element that holds most of the text on each page that was looked at, and if it is needed.

    It is, where trafilatura's text is less than half of what stands there.
    """
    from corpus.scrape import extract

    found: dict[str, list[int]] = defaultdict(list)
    pages = 0
    with Frontier(folder) as frontier:
        read = [url for url in frontier.read() if site.kind(url) == "essay"]
        answers = [answer for url in read if (answer := frontier.answer(url))]
    for answer in answers:
        tree = extract.parsed(extract.decoded(answer.body, extract.declared(answer.headers))[0])
        if tree is None:
            continue
        pages += 1
        best: tuple[int, str] = (0, "")
        for element in tree.iter(*_HOLDERS):
            name = _named(element)
            if name and len(tree.cssselect(name)) == 1:
                best = max(best, (_own(element), name))
        if best[1]:
            found[best[1]].append(best[0])
    common = max(found, key=lambda name: len(found[name]), default="")
    if not common or len(found[common]) < pages:
        return "", False
    return common, sum(map(_korean, samples)) < sum(found[common]) / 2


def _own(element: Any) -> int:
    """The Korean letters that stand in it, its paragraphs and its lines, but not in what it is divided into."""
    from corpus.scrape import extract

    own = _korean(element.text or "") + sum(_korean(child.tail or "") for child in element)
    return own + sum(_korean(extract.written(child)) for child in element if child.tag in ("p", "span", "b", "i"))


def _named(element: Any) -> str:
    """A selector for it, by its id or its first class that no program made; "" if it has none."""
    for sign, names in (("#", [element.get("id") or ""]), (".", (element.get("class") or "").split())):
        for name in names:
            if re.fullmatch(r"[A-Za-z][A-Za-z_-]{2,30}", name):
                return f"{element.tag}{sign}{name}"
    return str(element.tag) if element.tag in ("article", "main") else ""
