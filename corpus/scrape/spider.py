"""The crawl: pages out of the frontier, links and essays into it. Loaded in the crawl's own process alone."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import urlsplit

import scrapy
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, DownloadTimeoutError, IgnoreRequest
from scrapy.http import Request, Response, TextResponse
from scrapy.spidermiddlewares.httperror import HttpError

from corpus.scrape import extract
from corpus.scrape.frontier import Essay, Page
from corpus.scrape.polite import FORBIDDEN, UNANSWERED
from corpus.scrape.run import Run
from corpus.scrape.site import Kind

_HOPS = 5  # redirects from one address


class Scraper(scrapy.Spider):
    """Reads what the frontier gives. ``tell`` is called after each page."""

    name = "geulgam"

    def __init__(self, run: Run, tell: Callable[[], None]) -> None:
        super().__init__()
        self._run, self._tell = run, tell
        self._recipe = extract.recipe(run.site.select)

    async def start(self) -> AsyncIterator[Any]:
        """Nothing: the scheduler has it all."""
        return
        yield

    def read(self, response: Response) -> None:
        """Note the links and the essay of a page."""
        page: Page = response.meta["page"]
        self._run.answered(True)
        self._run.bytes += len(response.body)
        if not isinstance(response, TextResponse):
            kind = (response.headers.get("Content-Type") or b"unknown").decode("latin-1").partition(";")[0]
            self._run.frontier.failed(page, f"not a page: {kind}")
        else:
            try:
                self._note(page, response)
            except Exception as error:  # one strange page does not end the work on all others
                self.logger.exception("could not read %s", page.url)
                self._run.frontier.failed(page, f"could not be read: {type(error).__name__}")
        self._tell()

    def _note(self, page: Page, response: TextResponse) -> None:
        site, limits = self._run.site, self._run.site.limits
        html, encoding = extract.decoded(response.body, response._declared_encoding() or "")
        tree = extract.parsed(html)
        links: dict[str, Kind] = {}
        if tree is not None:
            base = extract.base(tree, page.url)
            for href, _ in extract.links(tree):
                url = site.address(href, base, encoding)
                if url and (kind := site.kind(url)):
                    links[url] = kind
        in_vain = page.kind == "listing" and page.barren + 1 >= limits.barren
        if page.depth >= limits.depth or (in_vain and not self._run.frontier.brings_new(links.items())):
            self._run.deeper += len(links)
            links.clear()
        essay = extract.taken(tree, page.url, site.select) if page.kind == "essay" and tree is not None else None
        why = "no text: nothing on the page reads like an essay" if page.kind == "essay" and essay is None else ""
        if essay is not None:
            today = datetime.now(UTC).date().isoformat()
            essay = Essay(essay.text, essay.title, essay.author, essay.date, today)
        self._run.frontier.done(page, list(links.items()), essay, self._recipe, why)

    def missed(self, failure: Any) -> None:
        """Note why a page was not had."""
        page: Page = failure.request.meta["page"]
        error = failure.value
        if self._run.stopped and isinstance(error, IgnoreRequest) and not isinstance(error, HttpError):
            self._run.frontier.put_back(page)
        else:
            server = isinstance(error, UNANSWERED) or (isinstance(error, HttpError) and error.response.status >= 429)
            self._run.answered(not server)
            self._run.frontier.failed(page, self._reason(page, error))
        self._tell()

    def _reason(self, page: Page, error: Exception) -> str:
        host = urlsplit(page.url).hostname or ""
        limit = f"{self._run.site.limits.page_kilobytes:,} kB"
        match error:
            case _ if host in self._run.refused:
                return f"private address: {host} is at {self._run.refused[host]} (--allow-private lets it be)"
            case HttpError():
                return f"HTTP {error.response.status}: {page.url}"
            case DownloadCancelledError():
                return f"too large: more than {limit}"
            case IgnoreRequest():
                return FORBIDDEN if str(error) == FORBIDDEN else f"too large: more than {limit} when unpacked"
            case DownloadTimeoutError():
                return f"no answer: not in {self._run.site.limits.seconds:g} seconds"
            case _:
                return f"no answer: {type(error).__name__}"


class FrontierScheduler(BaseScheduler):
    """Scrapy's queue is the frontier."""

    def __init__(self, crawler: Crawler) -> None:
        self._run: Run = crawler.settings["RUN"]
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """As Scrapy makes it."""
        return cls(crawler)

    def has_pending_requests(self) -> bool:
        """Whether there is more to do in this run."""
        return not self._run.at_its_limit() and self._run.frontier.pending()

    def next_request(self) -> Request | None:
        """The next page that waits."""
        if self._run.at_its_limit() or (page := self._run.frontier.next()) is None:
            return None
        self._run.pages += 1
        spider: Any = self._crawler.spider
        return Request(page.url, spider.read, errback=spider.missed, meta={"page": page}, dont_filter=True)

    def enqueue_request(self, request: Request) -> bool:
        """Take back a request that is to be tried again, or the other address that a page has moved to."""
        page: Page = request.meta["page"]
        frontier, site = self._run.frontier, self._run.site
        if request.meta.get("tries", 0) and not request.meta.get("redirect_times"):
            frontier.again(page)
            return True
        url = site.address(request.url)
        if url is None:
            frontier.failed(page, f"moved to another site: {request.url}")
        elif site.excludes(url):
            frontier.failed(page, f"moved to what is excluded: {url}")
        elif url == page.url:
            frontier.failed(page, "moved in a circle: to itself")
        elif page.hops >= _HOPS:
            frontier.failed(page, f"moved over and over: {_HOPS} times")
        else:
            return frontier.moved(page, url, site.kind(url) or page.kind)
        return False
