"""Manners: robots.txt as RFC 9309 has it, Crawl-delay, one request at a time, Retry-After.

Loaded in the crawl's own process alone. Scrapy obeys Disallow, but neither Crawl-delay (issue 892) nor Retry-After
(issue 3849), and takes a robots.txt that cannot be had for leave to do anything.
"""

import asyncio
import time
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import urlsplit

from protego import Protego
from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Request, Response
from scrapy.http.request import NO_CALLBACK

from corpus.scrape.run import AGENT, Run

FORBIDDEN = "forbidden by robots.txt"
#: What goes wrong on the way, and may go well the next time.
UNANSWERED = (
    CannotResolveHostError, DownloadConnectionRefusedError, DownloadFailedError, DownloadTimeoutError,
    ResponseDataLossError, OSError,
)  # fmt: skip
_LATER = frozenset({408, 429, 500, 502, 503, 504})
_ROBOTS_LIMIT = 512_000  # bytes; RFC 9309 asks for at least 500 KiB


class _Middleware:
    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._run: Run = crawler.settings["RUN"]

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)


class Robots(_Middleware):
    """Lets nothing through that a host's robots.txt forbids.

    None there (4xx): all is allowed. It cannot be had (5xx, no answer), or asks for a longer pause between two
    requests than is waited for: the run ends, and asks again next time.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._rules: dict[str, Any] = {}

    async def process_request(self, request: Request) -> None:
        """Raise IgnoreRequest for what is forbidden."""
        if request.meta.get("robots"):
            return
        place = request.url.split("/", 3)[:3]
        root = "/".join(place)
        if root not in self._rules:
            self._rules[root] = await self._asked(root)
        if not self._rules[root].can_fetch(request.url, AGENT):
            raise IgnoreRequest(FORBIDDEN)

    async def _asked(self, root: str) -> Any:
        host = urlsplit(root).hostname or ""
        # Not from the cache, where a round may be older than the 24 hours that RFC 9309 gives a robots.txt.
        asking = Request(f"{root}/robots.txt", meta={"robots": True, "dont_cache": True}, callback=NO_CALLBACK)
        assert self._crawler.engine
        try:
            response = await self._crawler.engine.download_async(asking)
            status: int | str = response.status
        except IgnoreRequest as error:
            status = str(error)
        except UNANSWERED as error:
            status = f"no answer ({type(error).__name__.removesuffix('Error')})"
        if host in self._run.refused:
            raise IgnoreRequest(FORBIDDEN)  # the reason is told by who asks for the page
        if not isinstance(status, int) or status >= 500 or status == 429:
            self._run.stop(f"{root}/robots.txt cannot be had: {status}")
            raise IgnoreRequest(FORBIDDEN)
        text = response.body[:_ROBOTS_LIMIT].decode("utf-8-sig", "ignore") if status < 300 else ""
        rules = Protego.parse(text)
        rate = rules.request_rate(AGENT)
        asked = max(rules.crawl_delay(AGENT) or 0.0, rate.seconds / rate.requests if rate else 0.0)
        if asked > self._run.site.limits.longest_wait:
            self._run.stop(f"{root}/robots.txt asks for {asked:,.0f} seconds between two requests")
            raise IgnoreRequest(FORBIDDEN)
        self._run.floors[host] = asked
        self._hold(host, asked)
        return rules

    def _hold(self, host: str, seconds: float) -> None:
        """Slow down the host's slot, also one that is made anew after a long pause."""
        assert self._crawler.engine
        downloader = self._crawler.engine.downloader
        delay = max(seconds, self._run.site.limits.delay)
        downloader.per_slot_settings[host] = {"concurrency": 1, "delay": delay, "jitter": 0}
        if host in downloader.slots:
            downloader.slots[host].delay = max(downloader.slots[host].delay, delay)


class Throttle:
    """As slow as the server: between two requests as long as it took to answer, slower at once and faster by and by.

    Scrapy's AutoThrottle for one request at a time, but never faster than a host's robots.txt asks for, and "not
    modified" counts as an answer like any other: else one slow page would slow down a whole second visit.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._run: Run = crawler.settings["RUN"]
        crawler.signals.connect(self._downloaded, signal=signals.response_downloaded)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """As Scrapy makes it."""
        return cls(crawler)

    def _downloaded(self, response: Response, request: Request) -> None:
        assert self._crawler.engine
        slot = self._crawler.engine.downloader.slots.get(request.meta.get("download_slot", ""))
        latency = request.meta.get("download_latency")
        if slot is None or latency is None:
            return
        limits, host = self._run.site.limits, urlsplit(response.url).hostname or ""
        delay = min(max(latency, (slot.delay + latency) / 2), limits.longest_delay)
        if delay > slot.delay or response.status in (200, 304):  # an error is answered fast, and no sign of health
            slot.delay = max(delay, limits.delay, self._run.floors.get(host, 0.0))


class RetryLater(_Middleware):
    """Waits as long as a host asks for, or longer each time if it does not say, and tries again."""

    async def process_request(self, request: Request) -> None:
        """Wait while the host wants to be left alone; the run ends if that is too long."""
        host = urlsplit(request.url).hostname or ""
        seconds = self._run.paused(host)
        if seconds > self._run.site.limits.longest_wait:
            self._run.stop(f"{host} asks to be left alone for {seconds:,.0f} seconds")
            raise IgnoreRequest("paused")
        if seconds:
            await asyncio.sleep(seconds)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """The same request once more, if the answer was "later"."""
        if response.status not in _LATER:
            return response
        return self._again(request, _retry_after(response)) or response

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """The same request once more, if the connection broke.

        Else Scrapy's cache would give what it has kept: a dead server's pages would pass for read.
        """
        request.meta.pop("cached_response", None)
        host = urlsplit(request.url).hostname or ""
        if not isinstance(exception, UNANSWERED) or host in self._run.refused:
            return None
        return self._again(request, None)

    def _again(self, request: Request, asked: float | None) -> Request | None:
        limits = self._run.site.limits
        page, before = request.meta.get("page"), int(request.meta.get("tries", 0))
        tries = page.tries if page else before
        seconds = min(limits.longest_delay, max(limits.delay, 0.1) * 2**tries) if asked is None else asked
        self._run.pause(urlsplit(request.url).hostname or "", seconds)
        if tries + 1 >= limits.tries:
            return None
        again = request.copy()
        again.meta["tries"] = before + 1
        again.dont_filter = True
        return again


def _retry_after(response: Response) -> float | None:
    """Seconds, also if a time is named."""
    value = (response.headers.get("Retry-After") or b"").decode("latin-1").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
