"""`geulgam corpus`: essays get in, and are counted."""

from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer

from corpus.errors import GeulgamError
from geulgam.options import JsonOption, WorkspaceOption
from geulgam.terminal import note, plain, say, show_json, showing, table

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
    corpus = Corpus(place.corpus)
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
    if not added.taken and not added.known:
        raise GeulgamError("no document was found", "see the reasons above; `geulgam corpus add --help`")


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
