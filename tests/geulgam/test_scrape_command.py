"""`geulgam corpus scrape`, as a user types it: a site's file is drafted, its essays come into the corpus."""

import signal
import sys
import time
from pathlib import Path

import pytest

from corpus.imports import Imports
from corpus.scrape import crawl as crawling
from corpus.store import Corpus
from geulgam.workspace import Workspace
from tests.corpus import scrape_site as web
from tests.geulgam.conftest import Command, started
from tests.geulgam.test_processes import INTERRUPTED


def test_it_wants_a_file_or_an_address(geulgam: Command, workspace: Workspace) -> None:
    for words in ((), ("site.toml", "--new", "https://essays.example/")):
        said = geulgam("corpus", "scrape", *words)
        assert said.code == 1 and "name a site's file, or --new and an address" in said.err
    said = geulgam("corpus", "scrape", "site.toml")
    assert said.code == 1 and "there is no site.toml" in said.err and "--new URL" in said.err


def test_without_the_extra_it_says_what_to_install(
    geulgam: Command, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = workspace.folder / "site.toml"
    file.write_text('contact = "me@example.org"\nstart = ["https://e.example/"]\n[select]\ntext = "p"\n', "utf-8")
    monkeypatch.setattr(crawling, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "cssselect", None)  # as the extra's own packages are: not to be had
    said = geulgam("corpus", "scrape", file)
    assert said.code == 1 and 'pip install "geulgam[scrape]"' in said.err


def test_nobody_is_scraped_without_a_contact(geulgam: Command, workspace: Workspace) -> None:
    said = geulgam("corpus", "scrape", "--new", "https://essays.example/")
    assert said.code == 1 and "must be able to reach you" in said.err and "--contact" in said.err
    said = geulgam("corpus", "scrape", "--new", "https://essays.example/", "--contact", "nobody")
    assert said.code == 1 and "contact is nobody" in said.err
    said = geulgam("corpus", "scrape", "--new", "essays.example", "--contact", "me@example.org")
    assert said.code == 1 and "addresses such as" in said.err


def drafted(geulgam: Command, workspace: Workspace, made: web.Site) -> Path:
    """The site's file, drafted, and quick."""
    said = geulgam("corpus", "scrape", "--new", f"{made.root}/", "--contact", "me@example.org", "--allow-private")
    assert said.code == 0, said.err
    assert "20 links on the page look like essays; 3 of them were read" in said.out
    file = workspace.folder / "sites" / "127.0.0.1.toml"
    text = file.read_text(encoding="utf-8")
    assert "\ndelay = 1 " in text
    file.write_text(text.replace("\ndelay = 1 ", "\ndelay = 0 ").replace('text = ""', 'text = "div.entry"'), "utf-8")
    return file


@pytest.mark.slow
def test_a_site_is_drafted_scraped_and_scraped_again(geulgam: Command, workspace: Workspace) -> None:
    with web.serving(web.Site(25)) as made:
        file = drafted(geulgam, workspace, made)
        again = geulgam("corpus", "scrape", "--new", f"{made.root}/", "--contact", "me@example.org")
        assert again.code == 1 and "is there already" in again.err

        refused = geulgam("corpus", "scrape", file)
        assert refused.code == 1 and "private address: 127.0.0.1 is at 127.0.0.1" in refused.err

        said = geulgam("corpus", "scrape", file, "--allow-private")
        assert said.code == 0, said.err
        assert "24 essays there" in said.out and "forbidden by robots.txt" in said.err
        corpus = Corpus(workspace.corpus)
        texts = {document.source: document for document in corpus}
        assert len(texts) == 22, "two say the same as another"
        document = texts[f"{made.root}/essay/3"]
        assert document.text == web.essay(3) and document.metadata["author"] == "글쓴이3"
        assert document.metadata["date"] == "2024-04-13" and document.metadata["scraped"]

        rows, fingerprint = len(Imports(workspace.imports)), corpus.fingerprint()
        said = geulgam("corpus", "scrape", file, "--allow-private")
        assert said.code == 0 and "known already" in said.out
        assert (len(Imports(workspace.imports)), Corpus(workspace.corpus).fingerprint()) == (rows, fingerprint)


@pytest.mark.slow
def test_after_ctrl_c_what_has_come_is_in_the_corpus_and_the_same_command_goes_on(
    geulgam: Command, workspace: Workspace, process: Command
) -> None:
    file = workspace.folder / "site.toml"
    with web.serving(web.Site(60, latency=0.02)) as made:
        file.write_text(
            f'contact = "me@example.org"\nstart = ["{made.root}/"]\nessays = ["/essay/"]\nlistings = ["/list"]\n'
            '[select]\ntext = "div.entry"\ntitle = "h1"\nauthor = ".writer"\ndate = "time"\n[limits]\ndelay = 0\n'
        )
        with started("corpus", "scrape", file, "--allow-private") as scraping:
            deadline = time.monotonic() + 60
            while len(made.requests) < 15:
                assert time.monotonic() < deadline and scraping.poll() is None
                time.sleep(0.01)
            scraping.send_signal(signal.SIGINT)
            _, err = scraping.communicate(timeout=60)
        assert scraping.returncode in INTERRUPTED and "the same command continues" in err
        some = len(Corpus(workspace.corpus))
        assert 5 <= some < 50
        said = process("corpus", "scrape", file, "--allow-private")
        assert said.code == 0 and "59 essays there" in said.out
        assert len(Corpus(workspace.corpus)) == 53, "each tenth says the same as the one before it"
    assert max(made.asked()[f"/essay/{number}"] for number in range(1, 61)) <= 2
    assert sum(times == 2 for times in made.asked().values()) <= 2  # robots.txt, and what was on its way
