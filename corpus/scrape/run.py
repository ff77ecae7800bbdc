"""What the parts of a crawl share while it goes on. Loaded in the crawl's own process alone."""

import time
from dataclasses import dataclass, field
from typing import Self

from corpus.scrape.frontier import Frontier
from corpus.scrape.site import Site

AGENT = "geulgam"  # what robots.txt calls it
_GIVEN_UP = 10  # pages in a row that the server did not answer


@dataclass
class Run:
    """One run over a site. ``floors``: seconds between two requests that a host's robots.txt asks for.

    ``refused``: hosts that were found at an address where nobody is sent to. ``stopped``: why the run ends before
    all pages are read; ``deeper``: links left alone since they lie too deep, or behind listings without essays.
    """

    site: Site
    frontier: Frontier
    floors: dict[str, float] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    stopped: str = ""
    deeper: int = 0
    pages: int = 0
    bytes: int = 0
    unanswered: int = 0
    began: float = field(default_factory=time.monotonic)

    def __deepcopy__(self, memo: object) -> Self:
        """Scrapy copies its settings, and this is one of them; there is one run only."""
        return self

    def stop(self, why: str) -> None:
        """Ask for no more pages."""
        self.stopped = self.stopped or why

    def at_its_limit(self) -> bool:
        """Whether the run has taken all that it may."""
        limits = self.site.limits
        if self.pages >= limits.pages:
            self.stop(f"limits.pages is {limits.pages:,}")
        elif time.monotonic() - self.began >= limits.minutes * 60:
            self.stop(f"limits.minutes is {limits.minutes:g}")
        elif self.bytes >= limits.megabytes * 1e6:
            self.stop(f"limits.megabytes is {limits.megabytes:g}")
        return bool(self.stopped)

    def answered(self, did: bool) -> None:
        """Whether a page was answered at all: a server that has stopped to is left alone."""
        self.unanswered = 0 if did else self.unanswered + 1
        if self.unanswered >= _GIVEN_UP:
            self.stop(f"the server did not answer {_GIVEN_UP} pages in a row")

    def pause(self, host: str, seconds: float) -> None:
        """Ask the host for nothing so long, also after a kill."""
        self.frontier.note(f"pause {host}", max(time.time() + seconds, self.frontier.fact(f"pause {host}")))

    def paused(self, host: str) -> float:
        """For how many seconds more."""
        return max(0.0, self.frontier.fact(f"pause {host}") - time.time())
