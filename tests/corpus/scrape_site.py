"""A web site on this machine for the tests of scraping: hundreds of pages, and everything that goes wrong on one."""

import gzip
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_PLACES = ("바닷가", "뒷산", "시장 골목", "도서관", "기차역", "학교 운동장", "오래된 다리", "할머니 댁 마당")
_THINGS = ("낡은 우산", "손때 묻은 수첩", "찐빵 한 봉지", "빨간 자전거", "빛바랜 사진", "작은 화분", "모래시계")
_DAYS = ("비가 그친 아침", "첫눈이 내린 날", "늦여름 저녁", "시험이 끝난 오후", "이사를 앞둔 밤")
MONTHS = "달력에는 아무 글도 없다"
PER_LISTING = 20


def paragraphs(number: int) -> list[str]:
    """The text of essay ``number``; each is another."""
    place, thing, day = _PLACES[number % 8], _THINGS[number % 7], _DAYS[number % 5]
    return [
        f"{day}, 나는 {number}번째로 {place}에 갔다. 늘 걷던 길이었지만 그날은 발걸음이 유난히 느렸다.",
        f"{place}에는 {thing} 하나가 놓여 있었다. 누가 두고 갔는지 아무도 몰랐고, 나도 선뜻 손을 대지 못했다.",
        f"집으로 돌아오는 길에 {thing} 생각이 자꾸 났다. 잃어버린 것을 찾는 마음은 {number}년이 지나도 남을 것 같았다.",
        "그 뒤로 나는 작은 물건 하나도 함부로 버리지 않는다. 물건에는 그것을 쓰던 사람의 시간이 배어 있기 때문이다.",
    ]


def essay(number: int) -> str:
    """The text that is to be found on its page."""
    return "\n".join(paragraphs(number))


def essay_page(number: int, text_of: int | None = None, charset: str = "utf-8") -> bytes:
    """Its page, with what stands around an essay on every page of such a site."""
    body = "".join(f"<p>{paragraph}</p>\n" for paragraph in paragraphs(number if text_of is None else text_of))
    html = f"""<!DOCTYPE html><html lang="ko"><head><meta charset="{charset}"><title>수필 {number} - 글마당</title>
<meta name="author" content="글쓴이{number % 9}"></head><body>
<nav><a href="/">처음</a> <a href="/list?page=1">목록</a> <a href="/about">소개</a></nav>
<article><h1 class="title">수필 {number}</h1><span class="writer">글쓴이{number % 9}</span>
<time datetime="2024-0{number % 9 + 1}-1{number % 10}">2024년</time>
<div class="entry">{body}</div><div class="share">공유하기 구독과 좋아요</div></article>
<aside><a href="/essay/{number + 1 if number < 20 else 1}">다음 글</a> 광고: 지금 가입하세요</aside>
<footer>저작권은 글마당에 있습니다. 무단 전재 금지</footer></body></html>"""
    return html.encode("cp949" if charset == "euc-kr" else charset)


@cache
def bomb() -> bytes:
    """100 MB, packed."""
    return gzip.compress(bytes(100_000_000), 9)


@dataclass
class Request:
    """One that came: when it came and when it was answered, what for, with which headers."""

    began: float
    path: str
    headers: dict[str, str]
    status: int = 0
    ended: float = 0.0


@dataclass
class Site:
    """What the site holds, and what was asked of it. ``extra``: links on the first listing besides the essays."""

    essays: int = 40
    robots: str | None = "User-agent: *\nDisallow: /essay/7\n"
    robots_status: int = 200
    extra: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    moved_to: str = ""  # where /essay/8005 leads
    validators: bool = True
    latency: float = 0.0
    closing: bool = False  # every connection after one answer
    retry_after: str = "1"  # of /essay/8003 and 8004, the first time
    changed: set[int] = field(default_factory=set)  # essays that have another text now
    port: int = 0

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def asked(self) -> Counter[str]:
        return Counter(self.paths())

    def most_at_once(self) -> int:
        """How many requests were under way at one moment."""
        moments = sorted(
            [(r.began, 1) for r in self.requests] + [(r.ended or time.monotonic(), -1) for r in self.requests]
        )
        most = now = 0
        for _, step in moments:
            now += step
            most = max(most, now)
        return most


@contextmanager
def serving(site: Site) -> Iterator[Site]:
    """The site, on a free port of 127.0.0.1."""

    class Handler(_Handler):
        pages = site

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if "/essay/8006" in site.extra:
        bomb()  # made before anybody waits for it
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    pages: Site
    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        with suppress(ConnectionError):  # who asked was killed
            super().handle()

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        site = self.pages
        self.request_ = Request(time.monotonic(), self.path, {k.lower(): v for k, v in self.headers.items()})
        site.requests.append(self.request_)
        time.sleep(site.latency)
        with suppress(BrokenPipeError, ConnectionResetError):
            self.answer()
        self.request_.ended = time.monotonic()

    def answer(self) -> None:
        site, path = self.pages, self.path
        match path.partition("?")[0].strip("/").split("/"):
            case ["robots.txt"]:
                if site.robots is None:
                    return self.send(404, b"none")
                return self.send(site.robots_status, site.robots.encode(), {"Content-Type": "text/plain"})
            case [""] | ["list"]:
                return self.listing(int(path.rpartition("=")[2]) if "=" in path else 1)
            case ["calendar", year, month]:
                y, m = int(year), int(month)
                following = f"/calendar/{y + m // 12}/{m % 12 + 1}"
                return self.send(200, f'<p>{MONTHS} {y}.{m}</p><a href="{following}">다음 달</a>'.encode())
            case ["essay", "8001"]:
                time.sleep(4)
                return self.send(200, essay_page(8001))
            case ["essay", "8002"]:
                return self.drip()
            case ["essay", "8003" | "8004" as which]:
                if site.asked()[path] == 1:
                    return self.send(429 if which == "8003" else 503, b"later", {"Retry-After": site.retry_after})
                return self.send(200, essay_page(int(which)))
            case ["essay", "8005"]:
                return self.send(302, b"", {"Location": site.moved_to})
            case ["essay", "8006"]:
                return self.send(200, bomb(), {"Content-Encoding": "gzip"})
            case ["essay", "8007"]:
                return self.send(200, b"<p>" + bytes(8_000_000))
            case ["essay", "8008"]:
                return self.send(301, b"", {"Location": "/essay/3"})
            case ["essay", "8009"]:
                return self.send(302, b"", {"Location": "/essay/8009"})
            case ["essay", "8010"]:
                return self.send(200, b"%PDF-1.4 \x00\x01\xff", {"Content-Type": "application/pdf"})
            case ["essay", "8011"]:
                return self.send(500, b"broken")
            case ["essay", number] if number.isdigit() and (0 < int(number) <= site.essays or number[0] == "7"):
                return self.essay(int(number))
        self.send(404, b"<p>not there</p>")

    def listing(self, page: int) -> None:
        site = self.pages
        first = (page - 1) * PER_LISTING + 1
        numbers = range(first, min(first + PER_LISTING, site.essays + 1))
        links = [f"/essay/{number}" for number in numbers] + (site.extra if page == 1 else [])
        items = "".join(f'<li><a href="{link}">비 오는 날의 이야기 {link[7:]}</a></li>' for link in links)
        turns = "".join(
            f'<a href="/list?page={p}">{p}</a> ' for p in (page - 1, page, page + 1) if 0 < p <= self.last()
        )
        self.send(200, f'<html><body><ul>{items}</ul><p>{turns}<a href="/calendar/2024/1">달력</a></p></body>'.encode())

    def last(self) -> int:
        return -(-self.pages.essays // PER_LISTING)

    def essay(self, number: int) -> None:
        """Every third in CP949 (without a word of it in the header), every fifth packed, every tenth that before it."""
        site = self.pages
        text = number - 1 if number % 10 == 0 else number
        text = text + 100_000 if number in site.changed else text
        body = essay_page(number, text, "euc-kr" if number % 3 == 0 else "utf-8")
        headers = {}
        if site.validators and number % 2:
            headers["ETag"] = f'"{text}"'
        elif site.validators:
            headers["Last-Modified"] = "Mon, 25 Nov 2024 10:00:00 GMT" if number in site.changed else _LAST
        old = self.request_.headers
        if headers and (
            old.get("if-none-match", "-") == headers.get("ETag")
            or old.get("if-modified-since", "-") == headers.get("Last-Modified")
        ):
            return self.send(304, b"", headers)
        if number % 5 == 0:
            body, headers["Content-Encoding"] = gzip.compress(body), "gzip"
        headers["Content-Type"] = "text/html"
        self.send(200, body, headers)

    def drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        for _ in range(12):
            self.wfile.write(b"a")
            time.sleep(0.3)
        self.close_connection = True

    def send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.request_.status = status
        self.send_response(status)
        for name, value in {"Content-Type": "text/html; charset=utf-8", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        if self.pages.closing:
            self.send_header("Connection", "close")
        self.end_headers()
        if status != 304:
            self.wfile.write(body)


_LAST = "Mon, 25 Nov 2024 09:00:00 GMT"
