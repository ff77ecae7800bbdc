"""A run ends at its limits, is polite, and has a process of its own that runs nothing of the current folder."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.exceptions import DownloadConnectionRefusedError, IgnoreRequest
from scrapy.http import HtmlResponse, Request, Response

from corpus.errors import GeulgamError
from corpus.scrape import crawl as crawling
from corpus.scrape.crawl import crawl
from corpus.scrape.frontier import Frontier
from corpus.scrape.polite import RetryLater, Robots
from corpus.scrape.run import Run
from tests.corpus.made_site import site


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
