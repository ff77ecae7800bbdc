"""A crawl from outside: it is started, watched, ended; and what it took is read as rows of an import."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import corpus
from corpus.child import last_line, started
from corpus.document import Raw, Rejected
from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from corpus.refusals import Reasons
from corpus.scrape.frontier import Essay, Frontier
from corpus.scrape.site import Site

INSTALL = 'pip install "geulgam[scrape]"'


@dataclass(frozen=True, slots=True)
class Crawled:
    """What :func:`crawl` did. ``read``: pages in this run; ``essays``: in all of them; ``waiting``: still to be read.

    ``stopped``: why the run ended before its end, or ""; ``deeper``: links left alone by limits.depth and
    limits.barren; ``failed``: pages that were not had, by reason.
    """

    read: int
    essays: int
    waiting: int
    stopped: str
    deeper: int
    failed: Mapping[str, int]


def is_available() -> bool:
    """Whether Scrapy and trafilatura are installed."""
    return find_spec("scrapy") is not None and find_spec("trafilatura") is not None


def check_installed() -> None:
    """Raise GeulgamError, which says what to install, if Scrapy and trafilatura are not."""
    if not is_available():
        raise GeulgamError("scraping needs Scrapy and trafilatura, which are not installed", INSTALL)


def crawl(site: Site, folder: Path, *, allow_private: bool = False, on: On = silent) -> Crawled:
    """Read the site's pages into ``folder``: from where the last run was broken off, or else all of it again.

    Again means by conditional requests, for what the server's headers do not call fresh. Ctrl-C, a kill or whatever
    ``on`` raises loses nothing: the same call goes on. ``allow_private``: whether names may lead to private and
    loopback addresses. Raises GeulgamError if Scrapy is not installed, or ended by an error.
    """
    check_installed()
    Frontier(folder).close()  # makes the folder, and tells of a disk that is full
    order = {"site": site.model_dump(), "folder": str(folder), "allow_private": allow_private}
    log = folder / "log.txt"
    with Task(on, f"scraping {site.name}", unit="page") as task, log.open("wb") as errors:
        process = started("corpus.scrape.child", paths=_paths(), said=errors)
        assert process.stdin and process.stdout
        told: dict[str, int | float | str] = {}
        try:
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
            for line in process.stdout:
                told = json.loads(line)
                task.reach(int(told["read"]), _note(told))
        except BrokenPipeError:
            pass  # it ended before it was told; why, stands in its log
        finally:
            _end(process)
    if "end" not in told:
        raise GeulgamError(
            f"the crawl ended by an error: {last_line(log) or 'it said nothing'}", f"all of it stands in {log}"
        )
    with Frontier(folder) as frontier:
        failed = frontier.failures()
    reasons = Reasons()
    for why in failed:
        reasons.add(why)
    read, essays, waiting = (int(told[name]) for name in ("read", "essays", "waiting"))
    return Crawled(read, essays, waiting, str(told["stopped"]), int(told["deeper"]), reasons.counts())


def rows(site: Site, folder: Path, *, on: On = silent) -> Iterator[Raw | Rejected]:
    """Every essay that was taken, in the order in which they were found, and every page that should have been one.

    ``file`` and ``source`` are its address; the metadata say the site, the author, the date that the page names and
    the day on which it was fetched. Where the site's selectors have changed, the page is read anew as it was kept.
    """
    from corpus.scrape import extract

    recipe = extract.recipe(site.select)
    with Frontier(folder) as frontier, Task(on, "reading", unit="essay") as task:
        for page, url, why, essay, by in frontier.essays():
            if by != recipe and (again := _taken_again(frontier, site, url, essay)):
                frontier.replace_essay(page, again, recipe)
                essay = again
            if essay is None:
                yield Rejected(url, 0, why)
            else:
                told = {"site": site.name, "author": essay.author, "date": essay.date, "scraped": essay.fetched}
                metadata = {name: value for name, value in told.items() if value}
                yield Raw(url, 0, essay.text, essay.title, url, metadata)
            task.advance()


def _taken_again(frontier: Frontier, site: Site, url: str, before: Essay | None) -> Essay | None:
    """None: there is nothing to take, or not by these selectors; one strange page does not end the import of all."""
    from corpus.scrape import extract

    answer = frontier.answer(url)
    try:
        tree = extract.parsed(extract.decoded(answer.body, extract.declared(answer.headers))[0]) if answer else None
        essay = extract.taken(tree, url, site.select) if tree is not None else None
    except Exception:  # whatever lxml and trafilatura come to, as while it is crawled
        return None
    day = before.fetched if before else datetime.now(UTC).date().isoformat()
    return essay and replace(essay, fetched=day)


def _paths() -> list[str]:
    """Where the child finds this package, installed or not: not in the current folder, whose json.py is no module."""
    paths = [*os.environ.get("PYTHONPATH", "").split(os.pathsep), str(Path(corpus.__file__).parents[1])]
    return list(filter(None, paths))


def _note(told: Mapping[str, int | float | str]) -> str:
    paused = float(told["paused"])
    pace = f"asked to wait {paused:.0f} s more" if paused >= 1 else f"one in {float(told['delay']):.1f} s"
    return f"{told['essays']:,} essays, {told['waiting']:,} pages waiting, {pace}"


def _end(process: subprocess.Popen[bytes]) -> None:
    """It ends with its stdin; what it was asking for is asked for again."""
    assert process.stdin and process.stdout
    with suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
