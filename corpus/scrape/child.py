"""The crawl's own process, started by :func:`corpus.scrape.crawl.crawl`.

Twisted's reactor can run once in a process, and wants its signals; so each crawl has a process to itself. It reads
what to do as one line of JSON on stdin, and ends when stdin does: when its parent has died. What goes on it tells in
lines of JSON on stdout.
"""

import asyncio
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from filelock import FileLock
from scrapy.crawler import AsyncCrawlerProcess

from corpus.child import answers
from corpus.scrape.frontier import Frontier
from corpus.scrape.run import AGENT, Run
from corpus.scrape.site import Site
from corpus.scrape.spider import Scraper

_TICK = 0.5  # seconds between two signs of life


def main() -> None:
    """Crawl."""
    channel = answers()
    order = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_die_with_parent, daemon=True).start()
    folder, site = Path(order["folder"]), Site.model_validate(order["site"])
    with FileLock(folder / "crawl.lock", timeout=60), Frontier(folder) as frontier:
        frontier.begin(site)
        run = Run(site, frontier)
        process = AsyncCrawlerProcess(settings(run, order["allow_private"]))

        def tell(**more: Any) -> None:
            counts = frontier.counts()
            state = {
                "read": run.pages,
                "essays": counts.get(("essay", "done"), 0),
                "waiting": frontier.waiting(),
                "delay": max((slot.delay for slot in _slots(process)), default=0.0),
                "paused": max((run.paused(host) for host in site.all_hosts), default=0.0),
            }
            channel.write(json.dumps({**state, **more}) + "\n")

        def tick() -> None:
            tell()
            loop.call_later(_TICK, tick)

        loop = asyncio.get_event_loop()  # which Scrapy has made Twisted's
        tick()
        process.crawl(Scraper, run=run, tell=tell)
        process.start(install_signal_handlers=False)
        stopped = run.stopped if frontier.waiting() else ""
        tell(end=True, stopped=stopped, deeper=run.deeper)
    channel.close()


def _slots(process: AsyncCrawlerProcess) -> list[Any]:
    return [slot for crawler in process.crawlers if crawler.engine for slot in crawler.engine.downloader.slots.values()]


def _die_with_parent() -> None:
    """At once: whatever is written is written in transactions."""
    while os.read(0, 1):
        pass
    os._exit(1)


def settings(run: Run, allow_private: bool) -> dict[str, Any]:
    """Scrapy's settings for this run."""
    limits = run.site.limits
    return {
        "RUN": run,
        "ALLOW_PRIVATE": allow_private,
        "USER_AGENT": run.site.user_agent,
        "DEFAULT_REQUEST_HEADERS": {"Accept": "text/html,*/*;q=0.5", "Accept-Language": "ko,en;q=0.5"},
        "SCHEDULER": "corpus.scrape.spider.FrontierScheduler",
        "TWISTED_DNS_RESOLVER": "corpus.scrape.guard.GuardedResolver",
        "CONCURRENT_REQUESTS": 1,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
        "DOWNLOAD_DELAY": limits.delay,
        "DOWNLOAD_DELAY_JITTER": 0,
        "DOWNLOAD_TIMEOUT": limits.seconds,
        "DOWNLOAD_MAXSIZE": limits.page_kilobytes * 1000,  # also of what a packed page unpacks to, since Scrapy 2.11.1
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_VERIFY_CERTIFICATES": run.site.verify_certificates,
        "DOWNLOAD_HANDLERS": dict.fromkeys(("data", "file", "ftp", "s3")),
        "HTTPCACHE_ENABLED": True,
        "HTTPCACHE_POLICY": "corpus.scrape.kept.RoundPolicy",
        "HTTPCACHE_STORAGE": "corpus.scrape.kept.KeptAnswers",
        "HTTPPROXY_ENABLED": False,  # a proxy would resolve names itself
        "COOKIES_ENABLED": False,
        "REFERER_ENABLED": False,
        "REDIRECT_MAX_TIMES": 5,
        "METAREFRESH_MAXDELAY": 5,
        "RETRY_ENABLED": False,
        "ROBOTSTXT_OBEY": False,  # Robots, below, does, and its Crawl-delay too
        "DOWNLOADER_MIDDLEWARES": {
            "corpus.scrape.polite.Robots": 100,
            "corpus.scrape.polite.RetryLater": 950,
            "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": 585,  # keeps what 590 has unpacked
            "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
        },
        "EXTENSIONS": {
            "scrapy.extensions.telnet.TelnetConsole": None,
            "scrapy.extensions.remote_control.RemoteControl": None,
            "corpus.scrape.polite.Throttle": 0,
        },
        "TELNETCONSOLE_ENABLED": False,
        "LOG_LEVEL": "INFO",
        "BOT_NAME": AGENT,
    }
