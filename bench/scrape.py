"""A web site on this machine, scraped: what is found, what is wrong, what is asked for in vain, after kills too.

    python -m bench.scrape [--essays 300]

The site is that of the tests (tests/corpus/scrape_site.py): listings, a calendar without end, broken and slow pages,
429 and 503, CP949, duplicates, redirects, a gzip bomb. Delay 0; what is waited for is what the site asks. "twice" are
the pages asked for more than once in a run that no answer said to ask for again.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from corpus.document import Raw
from corpus.scrape.crawl import crawl, rows
from corpus.scrape.site import Site, parse_site
from tests.corpus import scrape_site as web

_STRANGE = (8001, 8002, 8003, 8004, 8005, 8006, 8007, 8008, 8009, 8010, 8011, 9001, 7001)
_KILLED = """import sys; from pathlib import Path
from corpus.scrape.crawl import crawl; from corpus.scrape.site import Site
crawl(Site.model_validate_json(sys.argv[1]), Path(sys.argv[2]), allow_private=True)"""


def main() -> None:
    """Print a row for each of: gone through once, again, and killed twice on the way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--essays", type=int, default=300)
    essays = parser.parse_args().essays
    print(f"{'':14}{'found':>12}{'wrong text':>12}{'forbidden':>12}{'asked':>8}{'twice':>8}{'seconds':>9}")
    with tempfile.TemporaryDirectory() as folder, web.serving(_made(essays)) as made:
        site = _described(made)
        _run("once", site, made, Path(folder), essays, 0)
        made.requests.clear()
        _run("again", site, made, Path(folder), essays, 0)
    with tempfile.TemporaryDirectory() as folder, web.serving(_made(essays)) as made:
        _run("killed twice", _described(made), made, Path(folder), essays, 2)


def _made(essays: int) -> web.Site:
    return web.Site(essays, extra=[f"/essay/{number}" for number in _STRANGE])


def _described(made: web.Site) -> Site:
    made.moved_to = f"http://localhost:{made.port}/essay/1"
    text = f"""contact = "me@example.org"
start = ["{made.root}/"]
essays = ['/essay/\\d+$']
listings = ['/list\\?page=\\d+$', '/calendar/']
select = {{text = "div.entry", title = "h1.title", author = ".writer", date = "time"}}
limits = {{delay = 0, seconds = 2.0, tries = 2}}
"""
    return parse_site(text, "site", "site.toml")


def _run(name: str, site: Site, made: web.Site, folder: Path, essays: int, kills: int) -> None:
    began = time.monotonic()
    for kill in range(kills):
        started = subprocess.Popen([sys.executable, "-c", _KILLED, site.model_dump_json(), str(folder)])
        while len(made.requests) < (kill + 1) * essays // (kills + 1):
            time.sleep(0.001)
        started.send_signal(signal.SIGKILL)
        started.wait()
    crawl(site, folder, allow_private=True)
    seconds = time.monotonic() - began
    found = {int(row.file.rpartition("/")[2]): row.text for row in rows(site, folder) if isinstance(row, Raw)}
    wanted = {number for number in range(1, essays + 1) if not str(number).startswith("7")} | {8003, 8004}
    right = {number: web.essay(number - (number % 10 == 0 and number <= essays)) for number in wanted}
    wrong = sum(text != right.get(number) for number, text in found.items())
    forbidden = sum(path.startswith("/essay/7") for path in made.paths())
    patient = Counter(p for p in made.paths() if p not in {f"/essay/{n}" for n in (8001, 8002, 8003, 8004, 8011)})
    twice = sum(times > 1 for path, times in patient.items() if path != "/robots.txt")
    had = f"{len(wanted & set(found)):,}/{len(wanted):,}"
    print(f"{name:14}{had:>12}{wrong:>12}{forbidden:>12}{len(made.requests):>8}{twice:>8}{seconds:>9.1f}")


if __name__ == "__main__":
    main()
