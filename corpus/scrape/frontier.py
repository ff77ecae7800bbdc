"""Every address of a site and how far it has come, in one SQLite file that survives kill -9 at any moment.

Scrapy's own JOBDIR does not: its disk queue is whole only after a clean stop, and requests on their way are kept in
memory (scrapy issues 2399, 4106 and 7978). Here an address waits until the transaction that says what came of it.
"""

import hashlib
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from corpus.atomic import explaining
from corpus.errors import GeulgamError
from corpus.scrape.site import Kind, Site

State = Literal["waiting", "done", "failed", "moved"]
_SCHEMA = """
CREATE TABLE IF NOT EXISTS pages (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,               -- essay or listing
    depth INTEGER NOT NULL,           -- links from a start page
    barren INTEGER NOT NULL,          -- listings before it, in a row, without a link to an essay that was new
    state TEXT NOT NULL,
    why TEXT NOT NULL DEFAULT '',     -- why it failed; where it moved to
    tries INTEGER NOT NULL DEFAULT 0,
    hops INTEGER NOT NULL DEFAULT 0,  -- redirects that led to it
    seen INTEGER NOT NULL DEFAULT 0   -- the last round in which a page linked to it
);
CREATE INDEX IF NOT EXISTS waiting ON pages (kind, id) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS answers (  -- the HTTP cache
    url TEXT PRIMARY KEY, status INTEGER NOT NULL, headers BLOB NOT NULL, body BLOB NOT NULL,
    round INTEGER NOT NULL, time REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS essays (
    page INTEGER PRIMARY KEY, recipe TEXT NOT NULL, fetched TEXT NOT NULL,
    text TEXT NOT NULL, title TEXT NOT NULL, author TEXT NOT NULL, date TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value REAL NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Page:
    """An address on its way. ``hops``: redirects that led to it."""

    id: int
    url: str
    kind: Kind
    depth: int
    barren: int
    tries: int
    hops: int


@dataclass(frozen=True, slots=True)
class Essay:
    """What was taken from a page; ``fetched``: the day on which it first stood there so, as 2026-01-31."""

    text: str
    title: str = ""
    author: str = ""
    date: str = ""
    fetched: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as it came, still packed if it came so. ``round``: in which of the runs over the site."""

    status: int
    headers: bytes
    body: bytes
    round: int
    time: float


class Frontier:
    """The file ``frontier.db`` in ``folder``. One process at a time may write, any number may read."""

    def __init__(self, folder: Path) -> None:
        with explaining(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "frontier.db"
        try:
            self._db = sqlite3.connect(self._file, isolation_level=None, timeout=30)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")  # a kill loses nothing; a power cut the last moments
            self._db.executescript(_SCHEMA)
        except sqlite3.Error as error:
            raise _unusable(self._file, error) from error
        self._out: set[int] = set()  # handed out, nothing heard of yet

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, *_: object) -> None:
        """Let go of the file; what SQLite could not do with it becomes a GeulgamError."""
        self.close()
        if isinstance(error, sqlite3.Error):
            raise _unusable(self._file, error) from error

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @property
    def round(self) -> int:
        """How often the site has been gone through, this time included."""
        return int(self.fact("round"))

    def begin(self, site: Site) -> None:
        """Go on where the last run was broken off; or if it had come to its end, go through all of it again.

        If what is wanted of the site has changed meanwhile, its pages are read again, as they were kept in this round.
        """
        start = [address for url in site.start if (address := site.address(url))]
        wanted = float(int(hashlib.sha256(repr(site.wanted).encode()).hexdigest()[:12], 16))
        with self._transaction():
            changed = self.round and self.fact("wanted") != wanted
            if changed:
                self._sort(site, set(start))
            elif not self.waiting():
                self._note("round", self.round + 1)
            if changed or not self.waiting():
                self._db.execute("UPDATE pages SET state = 'waiting', tries = 0, barren = 0, seen = 0")
            for url in start:
                self._add(url, "listing", 0, 0, 0)
            self._note("wanted", wanted)

    def _sort(self, site: Site, start: set[str]) -> None:
        """Of every address, what it is by the patterns as they are now; one that is nothing any more is forgotten."""
        for id_, url, hops in self._db.execute("SELECT id, url, hops FROM pages").fetchall():
            leads_out = site.address(url) != url
            kind = None if leads_out else site.kind(url)
            if url in start:
                kind = kind or "listing"
            if kind:
                self._db.execute("UPDATE pages SET kind = ? WHERE id = ?", (kind, id_))
            elif not hops or leads_out or site.excludes(url):
                self._db.execute("DELETE FROM pages WHERE id = ?", (id_,))
                self._db.execute("DELETE FROM essays WHERE page = ?", (id_,))

    def next(self) -> Page | None:
        """The page to fetch next: essays before listings, in the order in which they were found; None: there is none.

        A page is given once, until something is heard of it.
        """
        query = "SELECT id, url, kind, depth, barren, tries, hops FROM pages WHERE state = 'waiting'"
        out = sorted(self._out)
        row = self._db.execute(f"{query} AND id NOT IN ({_marks(out)}) ORDER BY kind, id LIMIT 1", out).fetchone()
        if row is None:
            return None
        self._out.add(row[0])
        return Page(*row)

    def pending(self) -> bool:
        """Whether :meth:`next` has one to give."""
        return self.waiting() > len(self._out)

    def done(
        self, page: Page, links: Sequence[tuple[str, Kind]], essay: Essay | None, recipe: str, why: str = ""
    ) -> None:
        """The page was read: note its essay and its links. ``why``: it should have held an essay, and does not.

        ``recipe`` stands for how the essay was taken from the page.
        """
        with self._transaction():
            barren = page.barren + 1 if page.kind == "listing" and not self.brings_new(links) else 0
            for url, kind in links:
                self._add(url, kind, page.depth + 1, barren, 0)
            if essay is not None:
                self._put_essay(page.id, essay, recipe)
            self._settle(page, "failed" if why else "done", why)

    def brings_new(self, links: Iterable[tuple[str, Kind]]) -> bool:
        """Whether one of the links leads to an essay to which nothing has linked in this round."""
        query = "SELECT seen FROM pages WHERE url = ?"
        seen = (self._db.execute(query, (url,)).fetchone() for url, kind in links if kind == "essay")
        return any(row is None or row[0] < self.round for row in seen)

    def failed(self, page: Page, why: str) -> None:
        """The page cannot be had; it is tried again when the site is gone through the next time."""
        with self._transaction():
            self._settle(page, "failed", why)

    def again(self, page: Page) -> None:
        """It failed, and is to be tried once more in this run."""
        with self._transaction():
            self._db.execute("UPDATE pages SET tries = tries + 1 WHERE id = ?", (page.id,))
        self._out.discard(page.id)

    def put_back(self, page: Page) -> None:
        """It was not asked for after all, and waits as before."""
        self._out.discard(page.id)

    def moved(self, page: Page, url: str, kind: Kind) -> bool:
        """The page stands at another address now; False: by way of others at its own, so that it failed."""
        with self._transaction():
            circle = self._ends_at(url, page.url)
            if not circle:
                self._add(url, kind, page.depth, page.barren, page.hops + 1)
            self._settle(
                page, "failed" if circle else "moved", f"moved in a circle: by way of {url}" if circle else url
            )
        return not circle

    def _ends_at(self, url: str, end: str) -> bool:
        """Whether the redirects that are known lead from one address to the other."""
        passed: set[str] = set()
        while url != end and url not in passed:
            passed.add(url)
            row = self._db.execute("SELECT why FROM pages WHERE url = ? AND state = 'moved'", (url,)).fetchone()
            if row is None:
                return False
            url = row[0]
        return url == end

    def waiting(self) -> int:
        """How many pages are still to be read."""
        return int(self._db.execute("SELECT count(*) FROM pages WHERE state = 'waiting'").fetchone()[0])

    def counts(self) -> dict[tuple[str, str], int]:
        """How many pages there are, by kind and state."""
        rows = self._db.execute("SELECT kind, state, count(*) FROM pages GROUP BY kind, state")
        return {(kind, state): count for kind, state, count in rows}

    def essays(self) -> Iterator[tuple[int, str, str, Essay | None, str]]:
        """Every page that was an essay: number, address, why it failed, what was taken from it and by which recipe.

        In the order in which they were found. An essay stays when its page fails later.
        """
        query = """SELECT id, url, why, text, title, author, date, fetched, recipe FROM pages
            LEFT JOIN essays ON page = id WHERE kind = 'essay' AND (text IS NOT NULL OR state = 'failed') ORDER BY id"""
        for id_, url, why, *taken, recipe in self._db.execute(query):
            yield id_, url, why, None if taken[0] is None else Essay(*taken), recipe or ""

    def read(self) -> list[str]:
        """The addresses of the pages that were read, in the order in which they were found."""
        return [url for (url,) in self._db.execute("SELECT url FROM pages WHERE state = 'done' ORDER BY id")]

    def failures(self) -> list[str]:
        """Of every page that was not had, why."""
        return [why for (why,) in self._db.execute("SELECT why FROM pages WHERE state = 'failed'")]

    def replace_essay(self, page: int, essay: Essay, recipe: str) -> None:
        """What another recipe took from the page as it was kept."""
        with self._transaction():
            self._put_essay(page, essay, recipe)

    def answer(self, url: str) -> Answer | None:
        """The response that was kept of an address."""
        row = self._db.execute(
            "SELECT status, headers, body, round, time FROM answers WHERE url = ?", (url,)
        ).fetchone()
        return None if row is None else Answer(row[0], row[1], zlib.decompress(row[2]), row[3], row[4])

    def keep_answer(self, url: str, status: int, headers: bytes, body: bytes) -> None:
        """Keep a response, in place of an older one."""
        values = (url, status, headers, zlib.compress(body, 6), self.round, time.time())
        self._db.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)", values)

    def fact(self, name: str) -> float:
        """A number that was noted under this name, 0 if none was."""
        row = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return float(row[0]) if row else 0.0

    def note(self, name: str, value: float) -> None:
        """Note a number."""
        self._note(name, value)

    def _note(self, name: str, value: float) -> None:
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def _add(self, url: str, kind: Kind, depth: int, barren: int, hops: int) -> None:
        """An address that is known stays as it is, but for the round in which it was seen."""
        query = """INSERT INTO pages (url, kind, depth, barren, hops, state, seen) VALUES (?, ?, ?, ?, ?, 'waiting', ?)
            ON CONFLICT (url) DO UPDATE SET seen = excluded.seen"""
        self._db.execute(query, (url, kind, depth, barren, hops, self.round))

    def _settle(self, page: Page, state: State, why: str) -> None:
        self._db.execute("UPDATE pages SET state = ?, why = ? WHERE id = ?", (state, why, page.id))
        self._out.discard(page.id)

    def _put_essay(self, page: int, essay: Essay, recipe: str) -> None:
        """One that reads as before keeps its day."""
        values = (essay.text, essay.title, essay.author, essay.date)
        same = "page = ? AND text = ? AND title = ? AND author = ? AND date = ?"
        if not self._db.execute(f"UPDATE essays SET recipe = ? WHERE {same}", (recipe, page, *values)).rowcount:
            row = (page, recipe, essay.fetched, *values)
            self._db.execute("INSERT OR REPLACE INTO essays VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._db)


class _Transaction:
    """All of it or nothing."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._db.execute("COMMIT")
        elif self._db.in_transaction:  # a full disk has ended it already
            self._db.execute("ROLLBACK")


def _unusable(file: Path, error: sqlite3.Error) -> GeulgamError:
    """SQLite's own words (the disk is full, the file is locked, damaged or not to be written), and the way out."""
    hint = "free the disk or the file and run the command again; a damaged file moved away, the site is read anew"
    return GeulgamError(f"could not use {file}: {error}", hint)


def _marks(values: Iterable[Any]) -> str:
    return ",".join("?" for _ in values)
