"""How far a crawl has come survives kills; what it has found becomes rows, and what not is told."""

import sqlite3
from pathlib import Path
from types import SimpleNamespace

import pytest
from scrapy.http import Request

from corpus.document import Raw, Rejected
from corpus.errors import GeulgamError
from corpus.scrape import extract
from corpus.scrape.crawl import rows
from corpus.scrape.frontier import Essay, Frontier, Page
from corpus.scrape.run import Run
from corpus.scrape.site import Kind, Site, parse_site
from corpus.scrape.spider import FrontierScheduler
from tests.corpus.made_site import FILE, LINKS, finished, pages, site, urls


def test_essays_come_before_listings_and_each_page_once(tmp_path: Path) -> None:
    with Frontier(tmp_path) as frontier:
        frontier.begin(site())
        (start,) = pages(frontier)
        frontier.done(start, LINKS + LINKS, None, "")
        assert urls(frontier) == ["/essay/1", "/list?2"]
        assert not frontier.pending() and frontier.waiting() == 2


def test_what_was_handed_out_waits_again_after_a_kill(tmp_path: Path) -> None:
    frontier = Frontier(tmp_path)
    frontier.begin(site())
    frontier.done(pages(frontier)[0], LINKS, None, "")
    pages(frontier)
    killed = sqlite3.connect(tmp_path / "frontier.db")  # never closed: as it stands when the process is gone
    assert killed.execute("SELECT count(*) FROM pages WHERE state = 'waiting'").fetchone() == (2,)
    with Frontier(tmp_path) as again:
        again.begin(site())
        assert urls(again) == ["/essay/1", "/list?2"] and again.round == 1


def test_a_site_that_was_gone_through_is_gone_through_again(tmp_path: Path) -> None:
    finished(tmp_path)
    with Frontier(tmp_path) as frontier:
        frontier.begin(site())
        assert frontier.round == 2 and sorted(urls(frontier)) == ["/", "/essay/1", "/list?2"]


def test_other_patterns_read_the_same_round_again(tmp_path: Path) -> None:
    finished(tmp_path)
    with Frontier(tmp_path) as frontier:
        frontier.begin(parse_site(FILE.replace("'/list'", "'/other'"), "essays", "essays.toml"))
        assert frontier.round == 1 and urls(frontier) == ["/essay/1", "/"]


def redirected(frontier: Frontier, described: Site, page: Page, path: str) -> bool:
    """Whether the scheduler goes on where the page has moved to."""
    crawler = SimpleNamespace(settings={"RUN": Run(described, frontier)})
    scheduler = FrontierScheduler.from_crawler(crawler)  # type: ignore[arg-type]
    meta = {"page": page, "redirect_times": 1}
    return scheduler.enqueue_request(Request(f"https://essays.example{path}", meta=meta))


def test_what_is_excluded_is_not_reached_by_a_redirect_either(tmp_path: Path) -> None:
    with Frontier(tmp_path) as frontier:
        described = site("exclude = ['/login']")
        frontier.begin(described)
        (start,) = pages(frontier)
        assert not redirected(frontier, described, start, "/login?to=1")
        assert frontier.failures() == ["moved to what is excluded: https://essays.example/login?to=1"]
        assert not frontier.waiting()


def test_redirects_in_a_circle_are_a_failure(tmp_path: Path) -> None:
    with Frontier(tmp_path) as frontier:
        frontier.begin(site())
        (start,) = pages(frontier)
        frontier.done(start, [("https://essays.example/essay/1", "essay")], None, "")
        for path in ("/essay/2", "/essay/3"):
            (page,) = pages(frontier)
            assert redirected(frontier, site(), page, path)
        (last,) = pages(frontier)
        assert not redirected(frontier, site(), last, "/essay/1") and not frontier.waiting()
    (refused,) = rows(site(), tmp_path)
    reason = "moved in a circle: by way of https://essays.example/essay/1"
    assert refused == Rejected("https://essays.example/essay/3", 0, reason)


@pytest.mark.parametrize("more", ["exclude = ['/moved']", "hosts = ['other.example']"])
def test_where_redirects_led_is_forgotten_when_the_site_s_file_shuts_it_out(tmp_path: Path, more: str) -> None:
    with Frontier(tmp_path) as frontier:
        frontier.begin(site())
        (start,) = pages(frontier)
        assert redirected(frontier, site(), start, "/moved")
        frontier.begin(site())
        assert urls(frontier) == ["/moved"]
    with Frontier(tmp_path) as again:
        again.begin(site(more))
        assert "/moved" not in urls(again)


def test_a_file_that_sqlite_cannot_use_is_told_in_a_line(tmp_path: Path) -> None:
    told = r"could not use .*frontier\.db: no such table"
    with pytest.raises(GeulgamError, match=told) as error, Frontier(tmp_path) as frontier:
        other = sqlite3.connect(tmp_path / "frontier.db")
        other.execute("DROP TABLE essays")
        other.close()
        list(frontier.essays())
    assert "\n" not in str(error.value) and "read anew" in error.value.hint
    for rest in tmp_path.iterdir():
        rest.unlink()
    (tmp_path / "frontier.db").write_bytes(b"no data base at all" * 300)
    with pytest.raises(GeulgamError, match=r"could not use .*: file is not a database"):
        list(rows(site(), tmp_path))


def test_an_essay_keeps_the_day_on_which_it_first_read_so(tmp_path: Path) -> None:
    finished(tmp_path)
    with Frontier(tmp_path) as frontier:
        frontier.begin(site())
        page = next(page for page in pages(frontier) if page.kind == "essay")
        frontier.done(page, [], Essay("글", fetched="2026-02-02"), "r")
        assert [essay and essay.fetched for *_, essay, _ in frontier.essays()] == ["2026-01-01"]
        frontier.done(page, [], Essay("다른 글", fetched="2026-02-02"), "r")
        assert [essay and essay.fetched for *_, essay, _ in frontier.essays()] == ["2026-02-02"]


def test_an_essay_stays_when_its_page_is_gone_later(tmp_path: Path) -> None:
    finished(tmp_path)
    with Frontier(tmp_path) as frontier:
        frontier.begin(site())
        for page in pages(frontier):
            frontier.failed(page, "HTTP 404: gone")
    kept = list(rows(site(), tmp_path))
    assert [type(row) for row in kept] == [Raw] and isinstance(kept[0], Raw) and kept[0].text == "글"


def test_a_page_that_never_was_an_essay_is_refused(tmp_path: Path) -> None:
    with Frontier(tmp_path) as frontier:
        frontier.begin(site())
        frontier.done(pages(frontier)[0], LINKS, None, "")
        frontier.failed(pages(frontier)[0], "HTTP 404: x")
    assert list(rows(site(), tmp_path)) == [Rejected("https://essays.example/essay/1", 0, "HTTP 404: x")]


def test_a_page_that_cannot_be_read_anew_does_not_end_the_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(tmp_path)
    with Frontier(tmp_path) as frontier:
        frontier.begin(site())
        for page in pages(frontier):
            links: list[tuple[str, Kind]] = [("https://essays.example/essay/2", "essay")]
            frontier.done(page, links if page.kind == "listing" else [], None, "r")
        for page in pages(frontier):
            frontier.failed(page, "could not be read: ValueError")
        for number in (1, 2):
            frontier.keep_answer(f"https://essays.example/essay/{number}", 200, b"", "<p>글이다.</p>".encode())

    def broken(*_: object) -> None:
        raise ValueError("strange")

    monkeypatch.setattr(extract, "taken", broken)
    kept, refused = rows(site(), tmp_path)
    assert isinstance(kept, Raw) and kept.text == "글", "what was taken before stays"
    assert refused == Rejected("https://essays.example/essay/2", 0, "could not be read: ValueError")
