"""A real crawl of a real web site on this machine: all of it, politely, through kills, and never where it must not."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from corpus.document import Raw, Rejected
from corpus.errors import GeulgamError
from corpus.events import Begun, Event, Finished, Progress
from corpus.scrape.crawl import Crawled, crawl, rows
from corpus.scrape.draft import draft
from corpus.scrape.site import Site, parse_site
from tests.corpus import scrape_site as web

pytestmark = pytest.mark.slow
ESSAYS = 240
STRANGE = (8001, 8002, 8003, 8004, 8005, 8006, 8007, 8008, 8009, 8010, 8011, 9001, 7001)


def described(site: web.Site, more: str = "", **limits: float) -> Site:
    """The file of the site; ``limits``: of its table, where they are not the tests'."""
    told = {"delay": 0, "seconds": 30, "tries": 2, "page_kilobytes": 4000, **limits}
    table = "\n".join(f"{name} = {value}" for name, value in told.items())
    text = f"""
contact = "me@example.org"
start = ["{site.root}/"]
essays = ['/essay/\\d+$']
listings = ['/list\\?page=\\d+$', '/calendar/']
{more}
[select]
text = "div.entry"
title = "h1.title"
author = ".writer"
date = "time"
[limits]
{table}
"""
    return parse_site(text, "site", "site.toml")


@dataclass
class Whole:
    """The site gone through once."""

    web: web.Site
    site: Site
    folder: Path
    done: Crawled
    events: list[Event]
    rows: list[Raw | Rejected]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    folder, events = tmp_path_factory.mktemp("whole"), list[Event]()
    made = web.Site(ESSAYS, extra=[f"/essay/{number}" for number in STRANGE])
    with web.serving(made):
        made.moved_to = f"http://localhost:{made.port}/essay/1"
        site = described(made, seconds=2.5)  # less than the slow pages take
        done = crawl(site, folder, allow_private=True, on=events.append)
        yield Whole(made, site, folder, done, events, list(rows(site, folder)))


def number_of(row: Raw | Rejected) -> int:
    return int(row.file.rpartition("/")[2])


def test_every_essay_is_found_with_its_own_text_and_nothing_else(whole: Whole) -> None:
    found = {number_of(row): row for row in whole.rows if isinstance(row, Raw)}
    allowed = {number for number in range(1, ESSAYS + 1) if not str(number).startswith("7")}
    assert set(found) == allowed | {8003, 8004}
    for number, row in found.items():
        assert row.text == web.essay(number - 1 if number % 10 == 0 and number <= ESSAYS else number)
        assert (row.title, row.source) == (f"수필 {number}", f"{whole.web.root}/essay/{number}")
        assert row.metadata["author"] == f"글쓴이{number % 9}"
        assert row.metadata["date"] == f"2024-0{number % 9 + 1}-1{number % 10}"
        assert row.metadata["site"] == "site"
    assert whole.done.essays == len(found)


def test_what_is_not_had_is_refused_with_its_reason(whole: Whole) -> None:
    reasons = {number_of(row): row.reason.partition(" http")[0] for row in whole.rows if isinstance(row, Rejected)}
    assert {number: reasons[number] for number in STRANGE if number in reasons} == {
        7001: "forbidden by robots.txt",
        8001: "no answer: not in 2.5 seconds",
        8002: "no answer: not in 2.5 seconds",
        8005: "moved to another site:",
        8006: "too large: more than 4,000 kB when unpacked",
        8007: "too large: more than 4,000 kB",
        8009: "moved in a circle: to itself",
        8010: "not a page: application/pdf",
        8011: "HTTP 500:",
        9001: "HTTP 404:",
    }


def test_nothing_is_asked_for_that_robots_txt_forbids(whole: Whole) -> None:
    assert not [path for path in whole.web.paths() if path.startswith("/essay/7")]
    assert whole.web.asked()["/robots.txt"] == 1


def test_each_page_is_asked_for_once_and_one_at_a_time(whole: Whole) -> None:
    tried_again = {f"/essay/{number}" for number in (8001, 8002, 8003, 8004, 8011)}
    assert {path for path, times in whole.web.asked().items() if times > 1} == tried_again
    left = {f"/essay/{number}" for number in (8001, 8002, 8006, 8007)}  # whose ends are noted after it went on
    patient = [request for request in whole.web.requests if request.path not in left]
    assert web.Site(requests=patient).most_at_once() == 1


def test_an_endless_calendar_ends(whole: Whole) -> None:
    calendar = [path for path in whole.web.paths() if path.startswith("/calendar/")]
    assert len(calendar) == whole.site.limits.barren
    assert whole.done.deeper == 1


def test_it_says_who_it_is(whole: Whole) -> None:
    agents = {request.headers["user-agent"] for request in whole.web.requests}
    assert agents == {"geulgam (+mailto:me@example.org)"}
    assert not any("cookie" in request.headers or "referer" in request.headers for request in whole.web.requests)


def test_it_waits_as_long_as_it_is_asked_to(whole: Whole) -> None:
    for path in ("/essay/8003", "/essay/8004"):
        first, second = (request for request in whole.web.requests if request.path == path)
        assert second.began - first.ended >= 0.7  # of 1 s; the end of the first may be noted late
        assert not [r for r in whole.web.requests if first.ended < r.began < second.began], "others did not wait"


def test_it_tells_how_far_it_is(whole: Whole) -> None:
    assert isinstance(whole.events[0], Begun) and isinstance(whole.events[-1], Finished)
    told = [event for event in whole.events if isinstance(event, Progress)]
    assert [event.done for event in told] == sorted(event.done for event in told)
    assert told[-1].done == whole.done.read and "essays" in told[-1].note


def test_the_second_time_it_asks_only_what_has_changed(whole: Whole) -> None:
    """The last of these tests: it changes the site."""
    whole.web.changed = {1}
    before = len(whole.web.requests)
    done = crawl(whole.site, whole.folder, allow_private=True)
    asked = [request for request in whole.web.requests[before:] if request.path.startswith("/essay/")]
    good = [r for r in asked if int(r.path[7:]) <= ESSAYS]
    assert all(r.headers.get("if-none-match") for r in good), "those with a Last-Modified of two years ago are fresh"
    assert Counter(r.status for r in good) == {304: len(good) - 1, 200: 1}
    assert len(good) > ESSAYS / 3
    again = {row.file: row for row in rows(whole.site, whole.folder) if isinstance(row, Raw)}
    assert done.essays == len(again)
    changed = again[f"{whole.web.root}/essay/1"]
    assert changed.text == web.essay(100_001)
    for row in whole.rows:
        if isinstance(row, Raw) and row.file != changed.file:
            assert again[row.file] == row


def killed(folder: Path, site: Site, web_: web.Site, pages: int) -> None:
    """Crawl in another process, and kill that one with -9 when so many more pages were asked for."""
    code = (
        "import sys; from pathlib import Path; from corpus.scrape.crawl import crawl; from corpus.scrape.site import *;"
    )
    code += "crawl(Site.model_validate_json(sys.argv[1]), Path(sys.argv[2]), allow_private=True)"
    started = subprocess.Popen([sys.executable, "-c", code, site.model_dump_json(), str(folder)])
    enough = len(web_.requests) + pages
    deadline = time.monotonic() + 120
    while len(web_.requests) < enough:
        assert time.monotonic() < deadline and started.poll() is None
        time.sleep(0.002)
    started.send_signal(signal.SIGKILL)
    started.wait()


def quiet(web_: web.Site) -> int:
    """How many pages are asked for until none has been for a second; 60 of them are all there are."""
    asked = -1
    while asked < (now := len(web_.requests)):
        asked = now
        time.sleep(1)
    return asked


def test_killed_twice_nothing_is_lost_and_nothing_asked_for_twice(tmp_path: Path) -> None:
    with web.serving(web.Site(60, latency=0.01)) as made:
        site = described(made)
        for pages in (17, 23):
            killed(tmp_path, site, made, pages)
        assert quiet(made) < 60, "it goes on without its parent"
        crawl(site, tmp_path, allow_private=True)
    found = Counter(number_of(row) for row in rows(site, tmp_path) if isinstance(row, Raw))
    assert found == Counter(number for number in range(1, 61) if number != 7)
    again = [path for path, times in made.asked().items() if times > 1 and path != "/robots.txt"]
    assert len(again) <= 2, "no more than what was on its way when a kill came"
    assert max(made.asked()[path] for path in again) <= 2 if again else True


def test_broken_off_it_goes_on_in_the_same_process(tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    def on(event: Event) -> None:
        if isinstance(event, Progress) and event.done >= 5:
            raise Enough

    with web.serving(web.Site(20, latency=0.05)) as made:
        site = described(made)
        with pytest.raises(Enough):
            crawl(site, tmp_path, allow_private=True, on=on)
        asked = len(made.requests)
        some = [row for row in rows(site, tmp_path) if isinstance(row, Raw)]
        assert 0 < len(some) < 19
        done = crawl(site, tmp_path, allow_private=True)
    assert done.essays == 19 and done.waiting == 0
    assert len(made.requests) > asked


def test_the_delay_of_robots_txt_is_kept(tmp_path: Path) -> None:
    with web.serving(web.Site(4, robots="User-agent: geulgam\nCrawl-delay: 0.6\nDisallow: /list\n")) as made:
        crawl(described(made, "exclude = ['calendar']"), tmp_path, allow_private=True)
    began = [request.began for request in made.requests]
    assert len(began) == 7  # robots.txt, the listing, four essays, one that is not there
    # One that is noted late, since the machine is busy, is nearer to the next.
    assert began[-1] - began[0] >= 6 * 0.6 - 0.25 and min(b - a for a, b in pairwise(began)) >= 0.3


def test_a_run_ends_at_its_limit_and_the_next_goes_on(tmp_path: Path) -> None:
    with web.serving(web.Site(20)) as made:
        first = crawl(described(made, pages=4), tmp_path, allow_private=True)
        assert first.waiting and first.stopped == "limits.pages is 4"
        assert made.paths() == ["/robots.txt", "/", "/essay/1", "/essay/2", "/essay/3"]
        assert crawl(described(made), tmp_path, allow_private=True).essays == 19
    assert max(made.asked()[f"/essay/{number}"] for number in range(1, 21)) == 1


def test_a_robots_txt_that_cannot_be_had_ends_the_run(tmp_path: Path) -> None:
    with web.serving(web.Site(4, robots_status=503)) as made:
        done = crawl(described(made), tmp_path, allow_private=True)
        assert set(made.paths()) == {"/robots.txt"}
        assert "robots.txt cannot be had: 503" in done.stopped and done.waiting == 1


def test_a_host_that_wants_to_be_left_alone_for_long_is(tmp_path: Path) -> None:
    with web.serving(web.Site(4, extra=["/essay/8003"], retry_after="900")) as made:
        site = described(made, longest_wait=5)
        done = crawl(site, tmp_path, allow_private=True)
        assert "asks to be left alone" in done.stopped and done.waiting
        asked = len(made.requests)
        assert crawl(site, tmp_path, allow_private=True).waiting == done.waiting
        assert len(made.requests) == asked, "the next run knows it still"


DNS = """
import socket
PUBLIC, asked, resolve = "93.184.216.34", {}, socket.getaddrinfo
def getaddrinfo(host, *rest, **named):
    host = host.decode() if isinstance(host, bytes) else host
    if host and host.endswith(".test"):
        asked[host] = asked.get(host, 0) + 1
        host = "127.0.0.1" if host == "rebinding.test" and asked[host] > 2 else PUBLIC
    return resolve(host, *rest, **named)
class Socket(socket.socket):
    def connect_ex(self, address):
        return super().connect_ex(("127.0.0.1" if address[0] == PUBLIC else address[0], *address[1:]))
socket.getaddrinfo, socket.socket = getaddrinfo, Socket
"""


@pytest.fixture
def public_names(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the crawl's process names under .test lead to a public address, behind which stands this machine.

    All between the name and the address is as it is; only the net is not. rebinding.test is 127.0.0.1 from the third
    time on that it is asked for.
    """
    folder = tmp_path_factory.mktemp("net")
    (folder / "sitecustomize.py").write_text(DNS)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))


@pytest.mark.usefixtures("public_names")
def test_a_redirect_to_this_machine_is_not_followed(tmp_path: Path) -> None:
    with web.serving(web.Site(3, extra=["/essay/8005"])) as made, web.serving(web.Site(3)) as inside:
        made.moved_to = f"http://127.0.0.1:{inside.port}/essay/1"
        text = described(made).model_copy(
            update={"start": [f"http://essays.test:{made.port}/"], "hosts": ["essays.test", "127.0.0.1"]}
        )
        done = crawl(text, tmp_path)
    assert done.essays == 3, "the public site is read"
    assert inside.requests == []
    refused = [row.reason for row in rows(text, tmp_path) if isinstance(row, Rejected)]
    assert any(reason.startswith("private address: 127.0.0.1 is at 127.0.0.1") for reason in refused)


@pytest.mark.usefixtures("public_names")
def test_a_name_that_becomes_private_is_refused_when_it_is_connected_to(tmp_path: Path) -> None:
    with web.serving(web.Site(3, closing=True)) as made:
        site = described(made).model_copy(update={"start": [f"http://rebinding.test:{made.port}/"]})
        done = crawl(site, tmp_path)
    assert made.paths() == ["/robots.txt", "/"]
    assert done.essays == 0 and next(iter(done.failed)).startswith("private address")


def test_this_machine_is_not_asked_however_it_is_written(tmp_path: Path) -> None:
    hosts = ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"]
    with web.serving(web.Site(3)) as made:
        site = described(made).model_copy(update={"start": [f"http://{host}:{made.port}/" for host in hosts]})
        done = crawl(site, tmp_path)
    assert (done.essays, made.requests) == (0, [])
    assert done.failed == {"private address": len(hosts)}


def test_other_selectors_read_the_pages_as_they_were_kept(tmp_path: Path) -> None:
    with web.serving(web.Site(3)) as made:
        site = described(made)
        crawl(site, tmp_path, allow_private=True)
        asked = len(made.requests)
    other = site.model_copy(update={"select": site.select.model_copy(update={"text": "div.entry p:first-child"})})
    texts = [row.text for row in rows(other, tmp_path) if isinstance(row, Raw)]
    assert texts == [web.paragraphs(number)[0] for number in (1, 2, 3)]
    assert len(made.requests) == asked


def test_a_draft_takes_what_a_person_would(tmp_path: Path) -> None:
    with web.serving(web.Site(25, robots="User-agent: *\nDisallow: /about\n")) as made:
        drafted = draft(made.root + "/", "me@example.org", "site.toml", allow_private=True)
        site = parse_site(drafted.text, "site", "site.toml")
        assert drafted.links == 20 and len(drafted.samples) == 3
        assert "물건에는 그것을 쓰던 사람의 시간이" in drafted.samples[0]
        assert site.kind(f"{made.root}/essay/17") == "essay" and site.kind(f"{made.root}/list?page=3") == "listing"
        assert site.kind(f"{made.root}/about") is None and site.kind(f"{made.root}/calendar/2024/1") is None
        assert '"div.entry"' in drafted.text
        quick = site.model_copy(update={"limits": site.limits.model_copy(update={"delay": 0.0})})
        assert crawl(quick, tmp_path, allow_private=True).essays == 25


def test_a_draft_of_a_page_that_is_not_there_says_so() -> None:
    with web.serving(web.Site(3)) as made, pytest.raises(GeulgamError, match="HTTP 404"):
        draft(f"{made.root}/nothing", "me@example.org", "site.toml", allow_private=True)
