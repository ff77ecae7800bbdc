"""A site's file and its frontier, for tests without a net."""

from pathlib import Path

from corpus.scrape.frontier import Essay, Frontier, Page
from corpus.scrape.site import Kind, Site, parse_site

FILE = """
contact = "me@example.org"
start = ["https://essays.example/"]
essays = ['/essay/\\d+$']
listings = ['/list']
"""


def site(more: str = "") -> Site:
    return parse_site(FILE + more, "essays", "essays.toml")


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


def finished(tmp_path: Path) -> None:
    with Frontier(tmp_path) as frontier:
        frontier.begin(site())
        frontier.keep_answer("https://essays.example/", 200, b"", b"<a href=/list/9>")
        frontier.done(pages(frontier)[0], LINKS, None, "")
        for page in pages(frontier):
            frontier.done(page, [], Essay("글", fetched="2026-01-01") if page.kind == "essay" else None, "r")
