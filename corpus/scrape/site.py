"""What is to be taken from a site, and how gently: one small TOML file for each site."""

import difflib
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from corpus.errors import GeulgamError
from corpus.scrape.address import canonical, sent

Kind = Literal["essay", "listing"]
_CONTACT = re.compile(r"[^@\s<>()]+@[^@\s<>()]+\.[^@\s<>()]+|https?://[^\s<>()]+")
_NAME = re.compile(r"[\w.-]+")


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Selectors(_Table):
    """[select]: CSS selectors, where what trafilatura finds is not what is wanted; empty: trafilatura's.

    ``remove``: elements that are thrown away first, whoever finds the text.
    """

    text: str = ""
    title: str = ""
    author: str = ""
    date: str = ""
    remove: list[str] = []

    @field_validator("text", "title", "author", "date", "remove")
    @classmethod
    def _selects(cls, value: str | list[str]) -> str | list[str]:
        from cssselect import HTMLTranslator, SelectorError

        for selector in [value] if isinstance(value, str) else value:
            try:
                HTMLTranslator().css_to_xpath(selector or "a")
            except SelectorError as error:
                raise ValueError(f"a CSS selector, not {selector}: {error}") from None
        return value


class Limits(_Table):
    """[limits]: what a run may take at most; the same command goes on behind ``pages``, ``minutes``, ``megabytes``.

    ``depth``: links from a start page. ``barren``: listings in a row without a link to an essay that was not linked
    before, since a calendar goes on for ever. ``page_kilobytes``: one page, unpacked. ``seconds``: one request.
    ``delay``: seconds between two requests; more where robots.txt or a slow server asks for it, up to
    ``longest_delay`` for the server. ``longest_wait``: seconds that a Retry-After or a Crawl-delay may ask for before
    the run ends. ``tries``: of a page that fails.
    """

    pages: int = Field(default=5000, ge=1)
    minutes: float = Field(default=240, gt=0)
    megabytes: float = Field(default=1000, gt=0)
    depth: int = Field(default=200, ge=0)
    barren: int = Field(default=10, ge=1)
    page_kilobytes: int = Field(default=4096, ge=1)
    seconds: float = Field(default=30, gt=0)
    delay: float = Field(default=1, ge=0)
    longest_delay: float = Field(default=60, ge=0)
    longest_wait: float = Field(default=300, ge=0)
    tries: int = Field(default=3, ge=1)


class Site(_Table):
    """A site's file. ``essays``, ``listings`` and ``exclude`` are regular expressions, searched for in an address.

    ``contact`` stands in the user agent: an e-mail address or a page, so that who runs the site can write to you.
    ``hosts``: which a link may lead to; none: those of the start pages. ``drop``: parameters of an address that do
    not make it another page. ``verify_certificates``: whether a page under https:// has to prove whose it is.
    """

    name: str = ""
    contact: str
    start: list[str] = Field(min_length=1)
    essays: list[str] = []
    listings: list[str] = []
    exclude: list[str] = []
    hosts: list[str] = []
    drop: list[str] = ["utm_source", "utm_medium", "utm_campaign", "fbclid", "gclid", "PHPSESSID", "jsessionid"]
    verify_certificates: bool = True
    select: Selectors = Selectors()
    limits: Limits = Limits()

    @field_validator("name")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if name and (not _NAME.fullmatch(name) or name.startswith(".")):
            raise ValueError("letters, digits, dots and hyphens")
        return name

    @field_validator("contact")
    @classmethod
    def _reaches_somebody(cls, contact: str) -> str:
        if not _CONTACT.fullmatch(contact) or not contact.isascii():
            raise ValueError("your e-mail address, or the address of a page about you")
        return contact

    @field_validator("start")
    @classmethod
    def _can_be_fetched(cls, start: list[str]) -> list[str]:
        if wrong := next((url for url in start if not is_web(url)), None):
            raise ValueError(f"addresses such as https://example.org/essays, not {wrong}")
        return start

    @field_validator("hosts")
    @classmethod
    def _can_be_sent(cls, hosts: list[str]) -> list[str]:
        for host in hosts:
            try:
                sent(host)
            except ValueError:
                raise ValueError(f"names such as example.org, not {host}") from None
        return hosts

    @field_validator("essays", "listings", "exclude")
    @classmethod
    def _compiles(cls, patterns: list[str]) -> list[str]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"regular expressions, not {pattern}: {error}") from None
        return patterns

    @property
    def user_agent(self) -> str:
        """What the site reads in its log, such as "geulgam (+mailto:me@example.org)"."""
        contact = self.contact if "://" in self.contact else f"mailto:{self.contact}"
        return f"geulgam (+{contact})"

    @property
    def wanted(self) -> tuple[object, ...]:
        """What decides which pages are read."""
        return self.start, self.essays, self.listings, self.exclude, sorted(self.all_hosts), self.drop

    @property
    def all_hosts(self) -> frozenset[str]:
        """Every host, as it is sent, that is asked for a page."""
        return frozenset(map(sent, self.hosts or [urlsplit(url).hostname or "" for url in self.start]))

    def address(self, url: str, base: str = "", encoding: str = "utf-8") -> str | None:
        """The one way in which this address is written, see :func:`canonical`; None: it leads out of the site."""
        written = canonical(url, self.drop, base, encoding)
        return written if written and (urlsplit(written).hostname or "") in self.all_hosts else None

    def excludes(self, url: str) -> bool:
        """Whether an address is not to be asked for, however one comes to it."""
        return _found(self.exclude, url)

    def kind(self, url: str) -> Kind | None:
        """What stands at an address, by the patterns; None: nothing that is wanted."""
        if self.excludes(url):
            return None
        if _found(self.essays, url):
            return "essay"
        return "listing" if _found(self.listings, url) else None


def _found(patterns: Iterable[str], url: str) -> bool:
    """Whether one of them is in the address, as it is sent or as it is read."""
    return any(re.search(pattern, url) or re.search(pattern, unquote(url)) for pattern in patterns)


def is_web(url: str) -> bool:
    """Whether this is an address that can be fetched."""
    return canonical(url) is not None


def read_site(file: Path) -> Site:
    """The site in the file, named as the file if it names none. Raises GeulgamError, naming the key."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise GeulgamError(f"there is no {file}", "geulgam corpus scrape --new URL drafts one") from None
    except UnicodeDecodeError:
        raise GeulgamError(f"{file} is not UTF-8 text", "save it as UTF-8") from None
    except OSError as error:
        raise GeulgamError(f"could not read {file}: {error.strerror}", "name a file that can be read") from error
    return parse_site(text, file.stem, file.name)


def parse_site(text: str, name: str, called: str) -> Site:
    """The site that the text is. ``name``: if it has none; ``called``: what errors call the file."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        hint = "texts stand in quotes, patterns in single ones: '/essay/\\d+'"
        raise GeulgamError(f"{called} is not valid TOML: {error}", hint) from None
    try:
        site = Site.model_validate(values)
    except ValidationError as error:
        raise _explained(error, called) from None
    return site if site.name else site.model_copy(update={"name": re.sub(r"[^\w.-]", "-", name).lstrip(".") or "site"})


def _explained(error: ValidationError, called: str) -> GeulgamError:
    """The first complaint as one line: file, key, what it needs."""
    first = error.errors()[0]
    key = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
    match first["type"]:
        case "missing":
            hints = {"contact": 'contact = "you@example.org": who runs the site must be able to reach you'}
            return GeulgamError(f"{called} has no {key}", hints.get(key, f"add {key} = …"))
        case "extra_forbidden":
            tables: dict[str, type[_Table]] = {"select": Selectors, "limits": Limits}
            table = tables.get(str(first["loc"][0]), Site)
            near = difflib.get_close_matches(str(first["loc"][-1]), table.model_fields, 1)
            hint = f"did you mean {near[0]}?" if near else f"known there: {', '.join(table.model_fields)}"
            return GeulgamError(f"{called}: there is no {key}", hint)
    need = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return _wrong(called, key, first["input"], need)


def _wrong(called: str, key: str, got: Any, need: str) -> GeulgamError:
    shown = str(got) if len(str(got)) <= 60 else str(got)[:59] + "…"
    return GeulgamError(f"{called}: {key} is {shown}, but needs: {need}", "correct it there")
