"""The HTTP cache: Scrapy's, by RFC 2616, with the answers in the frontier's file.

Loaded in the crawl's own process alone. Scrapy's own storages keep pickles.
"""

from typing import Any

from scrapy.extensions.httpcache import RFC2616Policy
from scrapy.http import Headers, Request, Response
from scrapy.responsetypes import responsetypes
from scrapy.settings import BaseSettings
from w3lib.http import headers_dict_to_raw, headers_raw_to_dict

from corpus.scrape.frontier import Frontier

_FRESH = "kept in this round"


class KeptAnswers:
    """What Scrapy calls a cache storage. Bodies are kept unpacked: the cache stands before what unpacks them."""

    def __init__(self, settings: BaseSettings) -> None:
        self._frontier: Frontier = settings["RUN"].frontier

    def open_spider(self, spider: Any) -> None:
        """The file is open already."""

    def close_spider(self, spider: Any) -> None:
        """Others close it."""

    def retrieve_response(self, spider: Any, request: Request) -> Response | None:
        """The answer that was kept; its request is told whether that was in this round."""
        answer = self._frontier.answer(_key(request))
        if answer is None:
            return None
        headers = Headers(headers_raw_to_dict(answer.headers) or {})
        request.meta[_FRESH] = answer.round == self._frontier.round
        kind = responsetypes.from_args(headers=headers, url=request.url, body=answer.body)
        return kind(url=request.url, status=answer.status, headers=headers, body=answer.body)

    def store_response(self, spider: Any, request: Request, response: Response) -> None:
        """Keep it."""
        response.headers.pop("Content-Encoding", None)
        headers = headers_dict_to_raw(response.headers) or b""
        self._frontier.keep_answer(_key(request), response.status, headers, response.body)


def _key(request: Request) -> str:
    """The address as the frontier writes it."""
    page = request.meta.get("page")
    return str(page.url) if page else request.url


class RoundPolicy(RFC2616Policy):
    """RFC 2616, but what came in this round over the site is not asked for again, and every page is kept.

    So a page that was fetched, and not yet read when the process was killed, costs no second request.
    """

    def should_cache_response(self, response: Response, request: Request) -> bool:
        """Errors of the moment are not."""
        if response.status == 429 or response.status >= 500:
            return False
        allowed = b"no-store" not in self._parse_cachecontrol(response)
        return super().should_cache_response(response, request) or (response.status == 200 and allowed)

    def is_cached_response_fresh(self, cachedresponse: Response, request: Request) -> bool:
        """Whether it may be used without asking."""
        return bool(request.meta.get(_FRESH)) or super().is_cached_response_fresh(cachedresponse, request)

    def is_cached_response_valid(self, cachedresponse: Response, response: Response, request: Request) -> bool:
        """Whether the server said that it is as before; an error of the server's does not say so."""
        return response.status == 304
