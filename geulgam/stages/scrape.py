"""A site's essays become imports, as files do; and a site's file is drafted."""

from dataclasses import dataclass
from pathlib import Path

from corpus.atomic import write_text
from corpus.errors import GeulgamError
from corpus.events import On, about, silent
from corpus.scrape.crawl import Crawled, check_installed, crawl, rows
from corpus.scrape.draft import SiteDraft, draft, site_name
from corpus.scrape.site import read_site
from geulgam.graph import at_work
from geulgam.settings import Settings
from geulgam.stages.corpus import Added, add_rows
from geulgam.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Scraped:
    """What :func:`scrape` did: on the way, and with what it brought home."""

    crawled: Crawled
    added: Added


def scrape(
    workspace: Workspace, settings: Settings, file: Path, *, allow_private: bool = False, on: On = silent
) -> Scraped:
    """Crawl the site that the file describes, import its essays, and derive the corpus.

    Broken off, by Ctrl-C or by what ``on`` raises, what has come is imported all the same, and the same call goes on.
    """
    check_installed()  # before the file is read, since to read its selectors takes the extra too
    site = read_site(file)
    folder = workspace.folder / ".geulgam" / "scrape" / site.name
    name = f"scrape {site.name}"
    with at_work(workspace, name, on):
        try:
            crawled = crawl(site, folder, allow_private=allow_private, on=about(on, name))
        except GeulgamError:
            raise
        except BaseException:
            add_rows(workspace, settings, rows(site, folder))
            raise
        added = add_rows(workspace, settings, rows(site, folder, on=about(on, name)), on=on)
    return Scraped(crawled, added)


def draft_site(
    workspace: Workspace, url: str, contact: str, *, allow_private: bool = False, on: On = silent
) -> tuple[Path, SiteDraft]:
    """Look at the site and write its file, `sites/HOST.toml`. Raises GeulgamError if there is one already."""
    file = workspace.folder / "sites" / f"{site_name(url)}.toml"
    if file.exists():
        raise GeulgamError(f"{file} is there already", "change it as you like, or remove it to have a new draft")
    drafted = draft(url, contact, f"sites/{file.name}", allow_private=allow_private, on=on)
    write_text(file, drafted.text)
    return file, drafted
