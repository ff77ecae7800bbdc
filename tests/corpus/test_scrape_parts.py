"""What scraping is made of, without a net: addresses, a site's file, what a page gives, how far all has come."""

import asyncio
import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.exceptions import DownloadConnectionRefusedError, IgnoreRequest
from scrapy.http import HtmlResponse, Request, Response

from corpus.document import Raw, Rejected
from corpus.errors import GeulgamError
from corpus.scrape import crawl as crawling
from corpus.scrape import extract
from corpus.scrape.address import canonical, is_public
from corpus.scrape.crawl import crawl, rows
from corpus.scrape.draft import _patterns, _shape
from corpus.scrape.frontier import Essay, Frontier, Page
from corpus.scrape.polite import RetryLater, Robots
from corpus.scrape.run import Run
from corpus.scrape.site import Kind, Selectors, Site, parse_site, read_site
from corpus.scrape.spider import FrontierScheduler

FILE = """
contact = "me@example.org"
start = ["https://essays.example/"]
essays = ['/essay/\\d+$']
listings = ['/list']
"""


def site(more: str = "") -> Site:
    return parse_site(FILE + more, "essays", "essays.toml")


@pytest.mark.parametrize(
    ("written", "once"),
    [
        ("HTTPS://Essays.Example:443/a b/글#here", "https://essays.example/a%20b/%EA%B8%80"),
        ("https://essays.example/x;jsessionid=A1?utm_source=b&q=%EA%B8%80&p", "https://essays.example/x?q=%EA%B8%80&p"),
        ("https://essays.example", "https://essays.example/"),
        ("https://글.example/", "https://xn--bj0b.example/"),
        ("../b", "https://essays.example/b"),
        ("mailto:me@essays.example", None),
        ("javascript:void(0)", None),
        ("file:///etc/passwd", None),
        ("https://me:secret@essays.example/", None),
        ("https://essays.example:99999/", None),
        ("https://[broken/", None),
        ("https://essays.example/" + "a" * 3000, None),
    ],
)
def test_an_address_is_written_in_one_way(written: str, once: str | None) -> None:
    assert canonical(written, ["utm_source", "jsessionid"], "https://essays.example/a/c") == once


def test_the_parameters_of_a_cp949_page_are_in_cp949() -> None:
    assert canonical("/list?q=글", base="https://a.example/", encoding="cp949") == "https://a.example/list?q=%B1%DB"


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::"]
)
def test_public_addresses_are_asked(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    """127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 240.0.0.1 192.0.2.1
    255.255.255.255 :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 fe80::1 fe80::1%eth0 fc00::1 fec0::1 ff02::1
    64:ff9b::7f00:1 2002:7f00:1:: 2001:db8::1 nonsense""".split(),  # noqa: SIM905
)
def test_private_and_reserved_addresses_are_not(address: str) -> None:
    assert not is_public(address)


def test_a_site_knows_its_pages() -> None:
    kinds = {path: site("exclude = ['/essay/13']").kind(f"https://essays.example{path}") for path in PAGES}
    assert kinds == PAGES


PAGES = {"/essay/12": "essay", "/list?page=2": "listing", "/about": None, "/essay/13": None, "/essay/12/print": None}


def test_a_pattern_may_be_in_korean() -> None:
    assert (
        parse_site(FILE.replace("/list", "/목록"), "e", "e").kind("https://e.example/%EB%AA%A9%EB%A1%9D/2") == "listing"
    )


def test_a_link_out_of_the_site_is_none_of_its_addresses() -> None:
    assert site().address("//other.example/essay/1", "https://essays.example/") is None
    assert site().address("/essay/1", "https://essays.example/") == "https://essays.example/essay/1"
    assert site("hosts = ['other.example']").address("https://Other.example/essay/1") == "https://other.example/essay/1"


def test_hosts_with_korean_names_are_compared_as_they_are_sent() -> None:
    korean = parse_site(FILE.replace("essays.example", "글.example"), "e", "e")
    assert korean.address("https://글.example/essay/1") == "https://xn--bj0b.example/essay/1"
    assert site("hosts = ['글.Example']").address("https://xn--bj0b.example/") == "https://xn--bj0b.example/"
    assert site("hosts = ['글.example']").address("https://essays.example/") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (FILE.replace('contact = "me@example.org"', ""), "has no contact"),
        (FILE.replace("me@example.org", "me"), "contact is me, but needs: your e-mail"),
        (FILE.replace("https://essays.example/", "essays.example"), "start is .* but needs: addresses such as"),
        (FILE.replace("\\d+$", "("), "essays is .* but needs: regular expressions"),
        (FILE + f"hosts = ['{'글' * 70}']", "hosts is .* but needs: names such as"),
        (FILE + "esays = []", "there is no esays"),
        (FILE + "[limits]\npagse = 3", "there is no limits.pagse"),
        (FILE + "[limits]\npages = 0", "limits.pages is 0, but needs: "),
        (FILE + '[select]\ntext = "div["', "select.text is div\\[, but needs: a CSS selector"),
        (FILE + "name = '../up'", "name is ../up, but needs"),
        ("contact =", "not valid TOML"),
    ],
)
def test_a_wrong_file_is_told_by_its_key(text: str, told: str) -> None:
    with pytest.raises(GeulgamError, match=told) as error:
        parse_site(text, "essays", "essays.toml")
    assert str(error.value).startswith("essays.toml") and "\n" not in str(error.value)


def test_a_misspelt_key_is_corrected() -> None:
    with pytest.raises(GeulgamError) as error:
        parse_site(FILE + "[limits]\npagse = 3", "essays", "essays.toml")
    assert error.value.hint == "did you mean pages?"


def test_a_file_that_is_not_there_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(GeulgamError, match="there is no") as error:
        read_site(tmp_path / "none.toml")
    assert "--new" in error.value.hint


def test_a_quote_in_a_link_makes_a_pattern_that_a_site_s_file_may_have() -> None:
    link = "https://essays.example/writer's/essay-1"
    drafted = parse_site(FILE.replace("['/essay/\\d+$']", _patterns([_shape(link)])), "e", "e")
    assert drafted.kind(link) == drafted.kind(link.replace("1", "20")) == "essay"


def test_a_base_that_is_no_address_is_passed_over() -> None:
    tree = extract.parsed("<html><head><base href='http://[broken'></head><body>글</body></html>")
    assert extract.base(tree, "https://essays.example/a/") == "https://essays.example/a/"
    tree = extract.parsed("<html><head><base href='/b/'></head><body>글</body></html>")
    assert extract.base(tree, "https://essays.example/a/") == "https://essays.example/b/"


BODY = (
    "<html><head><meta charset='{0}'></head><body><div id=t>첫 줄이다.<br>둘째 줄이다.<p>셋째 줄이다.</p></div></body>"
)


@pytest.mark.parametrize("declared", ["utf-8", "euc-kr", "iso-8859-1"])
@pytest.mark.parametrize("real", ["utf-8", "cp949"])
def test_the_bytes_tell_what_they_are_whatever_is_declared(real: str, declared: str) -> None:
    text, codec = extract.decoded((BODY.format(declared) * 3).encode(real), declared)
    assert "둘째 줄이다" in text and codec == real


@pytest.mark.parametrize("declared", ["idna", "undefined", "base64", "no-such-codec"])
def test_a_codec_that_is_none_of_pages_is_passed_over(declared: str) -> None:
    assert extract.decoded(b"\xff\x80 abc \xff" * 3, declared)[1] == "utf-8"


def test_text_keeps_its_lines_and_leaves_out_what_is_not_read() -> None:
    page = "<div id=t> 첫\n 줄이다.<br>둘째 <b>줄</b>이다.<script>var a</script>"
    page += "<p>셋째 줄이다.</p><!-- x --><p> </p>넷째"
    essay = taken(page, Selectors(text="#t", title="#t", author="#t", date="#t"))
    assert essay is not None and essay.text == "첫 줄이다.\n둘째 줄이다.\n셋째 줄이다.\n넷째"


def taken(page: str, select: Selectors) -> Essay | None:
    return extract.taken(extract.parsed(f"<html><body>{page}</body></html>"), "https://essays.example/1", select)


def test_what_is_to_be_removed_is() -> None:
    select = Selectors(text="#t", title="h1", author="i", date="i", remove=["div.share"])
    essay = taken("<div id=t>본문이다.<div class=share>공유</div>꼬리다.</div>", select)
    assert essay is not None and essay.text == "본문이다.꼬리다."


@pytest.mark.parametrize(
    ("element", "day"),
    [
        ("<time datetime='2024-03-09T10:00'>어제</time>", "2024-03-09"),
        ("<time>2024년 3월 9일 토요일</time>", "2024-03-09"),
        ("<time>2024. 3. 9.</time>", "2024-03-09"),
        ("<time>2024.13.40</time>", ""),
        ("<time>어제</time>", ""),
    ],
)
def test_dates_are_written_in_one_way(element: str, day: str) -> None:
    essay = taken(f"<p id=t>글</p>{element}", Selectors(text="#t", title="#t", author="#t", date="time"))
    assert essay is not None and essay.date == day


def test_a_page_nested_ten_thousand_deep_is_read() -> None:
    essay = taken(
        "<div>" * 10_000 + "글이다" + "</div>" * 10_000, Selectors(text="body", title="i", author="i", date="i")
    )
    assert essay is None or "글이다" in essay.text


@pytest.mark.parametrize("page", ["", " ", "\x00", "<", "<html></html>", "\ud800", "<!DOCTYPE html>"])
def test_a_page_with_nothing_on_it_gives_nothing(page: str) -> None:
    tree = extract.parsed(page)
    assert (
        tree is None
        or extract.taken(tree, "https://essays.example/", Selectors(text="p", title="p", author="p", date="p")) is None
    )


def pages(frontier: Frontier) -> list[Page]:
    found = []
    while page := frontier.next():
        found.append(page)
    return found


def urls(frontier: Frontier) -> list[str]:
    return [page.url.removeprefix("https://essays.example") for page in pages(frontier)]


LINKS: list[tuple[str, Kind]] = [
    ("https://essays.example/list?2", "listing"),
    ("https://essays.example/essay/1", "essay"),
]


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


def finished(tmp_path: Path) -> None:
    with Frontier(tmp_path) as frontier:
        frontier.begin(site())
        frontier.keep_answer("https://essays.example/", 200, b"", b"<a href=/list/9>")
        frontier.done(pages(frontier)[0], LINKS, None, "")
        for page in pages(frontier):
            frontier.done(page, [], Essay("글", fetched="2026-01-01") if page.kind == "essay" else None, "r")


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


@pytest.mark.parametrize(
    ("name", "taken_so_far"),
    [("pages", {"pages": 9}), ("megabytes", {"bytes": 9_000_000}), ("minutes", {"began": -1e9})],
)
def test_a_run_knows_its_limits(tmp_path: Path, name: str, taken_so_far: dict[str, float]) -> None:
    with Frontier(tmp_path) as frontier:
        run = Run(site(f"[limits]\n{name} = 9"), frontier)
        assert not run.at_its_limit()
        for field, value in taken_so_far.items():
            setattr(run, field, value)
        assert run.at_its_limit() and run.stopped == f"limits.{name} is 9"


def test_a_server_that_has_stopped_to_answer_is_left_alone(tmp_path: Path) -> None:
    with Frontier(tmp_path) as frontier:
        run = Run(site(), frontier)
        for did in [False] * 9 + [True] + [False] * 9:
            run.answered(did)
        assert not run.stopped
        run.answered(False)
        assert "did not answer" in run.stopped


def crawler(run: Run, robots: bytes = b"", asked: list[Request] | None = None) -> Any:
    """What Scrapy's middlewares are made with, and a host that has this robots.txt."""

    async def download(request: Request) -> Response:
        if asked is not None:
            asked.append(request)
        return Response(request.url, body=robots)

    downloader = SimpleNamespace(slots={}, per_slot_settings={})
    return SimpleNamespace(
        settings={"RUN": run}, engine=SimpleNamespace(download_async=download, downloader=downloader)
    )


def test_robots_txt_is_asked_for_anew_in_each_run(tmp_path: Path) -> None:
    asked: list[Request] = []
    with Frontier(tmp_path) as frontier:
        robots = Robots(crawler(Run(site(), frontier), b"User-agent: geulgam\nDisallow: /private", asked))
        for path in ("essay/1", "essay/2"):
            asyncio.run(robots.process_request(Request(f"https://essays.example/{path}")))
        with pytest.raises(IgnoreRequest):
            asyncio.run(robots.process_request(Request("https://essays.example/private/1")))
    assert [request.url for request in asked] == ["https://essays.example/robots.txt"]
    assert asked[0].meta["dont_cache"], "Scrapy's cache neither keeps nor gives it"


@pytest.mark.parametrize(("delay", "stops"), [(30, False), (86_400, True)])
def test_a_crawl_delay_that_is_too_long_ends_the_run(tmp_path: Path, delay: int, stops: bool) -> None:
    with Frontier(tmp_path) as frontier:
        run = Run(site(), frontier)
        robots = Robots(crawler(run, f"User-agent: *\nCrawl-delay: {delay}".encode()))
        asking = robots.process_request(Request("https://essays.example/essay/1"))
        if stops:
            with pytest.raises(IgnoreRequest):
                asyncio.run(asking)
        else:
            asyncio.run(asking)
    assert ("asks for 86,400 seconds between two requests" in run.stopped) == stops


def test_a_dead_server_is_not_hidden_by_what_was_kept(tmp_path: Path) -> None:
    with Frontier(tmp_path) as frontier:
        later = RetryLater(crawler(Run(site("[limits]\ntries = 1"), frontier)))
        kept = HtmlResponse("https://essays.example/essay/1")
        request = Request(kept.url, meta={"cached_response": kept})
        assert later.process_exception(request, DownloadConnectionRefusedError()) is None
    assert "cached_response" not in request.meta, "with it, Scrapy's cache would answer"


def test_without_scrapy_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawling, "find_spec", lambda name: None)
    with pytest.raises(GeulgamError, match="needs Scrapy and trafilatura") as error:
        crawl(site(), tmp_path)
    assert error.value.hint == 'pip install "geulgam[scrape]"'


def test_modules_of_the_current_folder_are_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('a file of mine was run')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "")
    nobody = site().model_copy(update={"start": ["http://127.0.0.1/"]})
    done = crawl(nobody, tmp_path / "essays")
    assert done.failed == {"private address: 127.0.0.1 is at 127.0.0.1 (--allow-private lets it be)": 1}
