"""`geulgam corpus`: essays get in, and are counted."""

import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from corpus.errors import GeulgamError
from geulgam.options import JsonOption, WorkspaceOption
from geulgam.terminal import note, plain, say, show_json, showing, table

if TYPE_CHECKING:
    from corpus.store import Corpus
    from geulgam.stages.corpus import Added
    from geulgam.workspace import Workspace

app = typer.Typer(no_args_is_help=True, help="Add essays, and see what there is.")


@app.command(epilog="Example:  geulgam corpus add ~/essays more.csv --text-column contents")
def add(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Files, or folders with files in them.", show_default=False)
    ],
    text_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="The column with the text.", show_default=False)
    ] = None,
    title_column: Annotated[
        str | None, typer.Option(metavar="NAME", help="The column with the title.", show_default=False)
    ] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Read .jsonl, .json, .csv, .tsv, .parquet, .txt and .md files (text ones also as .gz) into the corpus.

    Nothing is added twice. Rows not taken are listed with their reasons in corpus/rejected.jsonl.
    """
    from corpus.store import Corpus
    from geulgam.stages.corpus import add_documents
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    settings = place.settings({"corpus.text_column": text_column, "corpus.title_column": title_column})
    with showing() as on:
        added = add_documents(place, settings, paths, on=on)
    _report(added, Corpus(place.corpus))
    if not added.taken and not added.known:
        raise GeulgamError("no document was taken", "see the reasons above; `geulgam corpus add --help`")


@app.command(epilog="Example:  geulgam corpus scrape --new https://example.org/essays --contact me@example.net")
def scrape(
    site: Annotated[
        Path | None, typer.Argument(metavar="SITE.toml", help="What to take, and how.", show_default=False)
    ] = None,
    new: Annotated[
        str | None,
        typer.Option("--new", metavar="URL", help="Draft a SITE.toml by looking at this page.", show_default=False),
    ] = None,
    contact: Annotated[
        str | None,
        typer.Option(
            metavar="WHO",
            help="For --new: an e-mail address or a page, so that who runs the site can write to you.",
            envvar="GEULGAM_CONTACT",
            show_default=False,
        ),
    ] = None,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Also ask hosts at private and loopback addresses.")
    ] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Take a site's essays into the corpus, politely; the same command goes on, or looks for what is new.

    robots.txt and its delay are obeyed, one page is asked for at a time, and what is known is asked for only if it has
    changed.
    """
    from geulgam.workspace import Workspace

    if (site is None) == (new is None):
        raise GeulgamError("name a site's file, or --new and an address", "geulgam corpus scrape --new URL drafts one")
    place = Workspace.find(workspace)
    if site is not None:
        _scrape(place, site, allow_private)
    else:
        _draft(place, str(new), contact, allow_private)


@app.command(epilog="Example:  geulgam corpus stats --json")
def stats(json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Documents, characters, sources, and how long the documents are."""
    from corpus import stats as counting
    from corpus.store import Corpus
    from geulgam.workspace import Workspace

    counted = counting.stats(Corpus(Workspace.find(workspace).corpus))
    if json:
        show_json(counted)
        return
    say(f"{counted.documents:,} documents, {counted.characters:,} characters")
    if not counted.documents:
        note("hint: geulgam corpus add PATH…")
        return
    say(f"lengths: {counted.shortest:,} to {counted.longest:,} characters, half of them up to {counted.median:,}")
    edges, counts = counted.lengths.edges, counted.lengths.counts
    labels = [f"{low:,} to {high - 1:,}" for low, high in pairwise(edges)]
    most = max(counts)
    table(
        ("characters>", "documents>", ""),
        [(label, f"{n:,}", _bar(n / most)) for label, n in zip(labels, counts, strict=True)],
    )
    shown = counted.sources.most_common(15)
    table(("source", "documents>"), [(name, f"{n:,}") for name, n in shown])
    if len(counted.sources) > len(shown):
        say(f"… and {len(counted.sources) - len(shown):,} more sources")


def _bar(share: float, width: int = 32) -> str:
    """A bar of that share of the width, to an eighth of a cell; never nothing for something."""
    eighths = max(1 if share > 0 else 0, round(share * width * 8))
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _report(added: "Added", corpus: "Corpus") -> None:
    """What came in, and what was refused and why."""
    table(
        ("", "documents>", "characters>"),
        [
            ("added", f"{added.taken:,}", f"{added.characters:,}"),
            *([("changed", f"{added.changed:,}", "")] if added.changed else []),
            ("known already", f"{added.known:,}", ""),
            ("not taken", f"{added.rejected:,}", ""),
            ("in the corpus now", f"{len(corpus):,}", ""),
        ],
    )
    for reason, count in added.reasons.items():
        note(f"not taken: {count:,} × {reason}")
    if added.rejected:
        note(f"each with its file and line: {plain(corpus.rejected_path)}")


def _scrape(place: "Workspace", site: Path, allow_private: bool) -> None:
    from corpus.store import Corpus
    from geulgam.stages.scrape import scrape

    with showing() as on:
        done = scrape(place, place.settings(), site, allow_private=allow_private, on=on)
    say(f"{done.crawled.read:,} pages read, {done.crawled.essays:,} essays there")
    _report(done.added, Corpus(place.corpus))
    if done.crawled.deeper:
        note(f"left alone: {done.crawled.deeper:,} links that lie deeper than limits.depth, or behind limits.barren")
    if done.crawled.waiting:
        note(f"ended before its end: {done.crawled.stopped or 'stopped'}; {done.crawled.waiting:,} pages wait")
        note(f"the same command goes on: geulgam corpus scrape {plain(site)}")
    elif not done.crawled.essays:
        why = next(iter(done.crawled.failed), "no link fits the patterns")
        raise GeulgamError(f"no essay was found: {why}", f"look over essays and listings in {plain(site)}")


def _draft(place: "Workspace", url: str, contact: str | None, allow_private: bool) -> None:
    from geulgam.stages.scrape import draft_site

    if not contact and sys.stdin.isatty():
        contact = typer.prompt("Your e-mail address or page, for who runs the site", err=True)
    if not contact:
        raise GeulgamError("who runs the site must be able to reach you", "add --contact you@example.org")
    with showing() as on:
        file, drafted = draft_site(place, url, contact, allow_private=allow_private, on=on)
    for sample in drafted.samples:
        say(f"  {sample[:150].replace(chr(10), ' ')} … ({len(sample):,} characters)")
    say(f"{drafted.links:,} links on the page look like essays; {len(drafted.samples)} of them were read")
    say(f"wrote {plain(file)}")
    note(f"next: look it over, then geulgam corpus scrape {plain(file)}")
