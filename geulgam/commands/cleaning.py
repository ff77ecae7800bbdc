"""`geulgam corpus clean`, `diff`, `undo` and `report`: what is done to the texts, seen, taken back and told."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from corpus.errors import GeulgamError
from geulgam.options import AddressOption, JsonOption, WorkspaceOption
from geulgam.terminal import keep_settings, note, out, plain, say, show_json, showing, table

if TYPE_CHECKING:
    from rich.text import Text

    from corpus.cleaning.marks import Stretch
    from corpus.derive import Engine
    from geulgam.stages.cleaning import Cleaned

_STYLES = {"removed": "red strike", "added": "green"}
_PLAIN = {"kept": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command(epilog="Example:  geulgam corpus clean --dry-run --without hashtags")(clean)
    app.command(epilog="Example:  geulgam corpus diff 3f2a91")(diff)
    app.command(epilog="Example:  geulgam corpus undo")(undo)
    app.command(epilog="Example:  geulgam corpus report")(report)


def clean(
    switch_on: Annotated[
        list[str] | None, typer.Option("--with", metavar="STEP", help="Switch a step on.", show_default=False)
    ] = None,
    switch_off: Annotated[
        list[str] | None, typer.Option("--without", metavar="STEP", help="Switch a step off.", show_default=False)
    ] = None,
    hanja: Annotated[str | None, typer.Option(metavar="HOW", help="keep, read or remove.", show_default=False)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Tell what would change, and change nothing.")] = False,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="How many cores; else all, if there is enough to do.", show_default=False),
    ] = None,
    engine: Annotated[
        Literal["ray"] | None, typer.Option(help="ray: on the nodes of a Ray cluster.", show_default=False)
    ] = None,
    address: AddressOption = None,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Make the corpus from the imports by \\[corpus.clean] and \\[corpus.judge]; tell what is changed and refused.

    The imports never change, so that every step can be taken back. What is switched here is kept in geulgam.toml.
    """
    from geulgam.stages import cleaning
    from geulgam.workspace import Workspace

    if address is not None and engine is None:
        raise typer.BadParameter("only together with --engine ray", param_hint="--address")
    if workers is not None and engine is not None:
        raise typer.BadParameter(
            "not together with --engine ray, which has all of the cluster's", param_hint="--workers"
        )
    place = Workspace.find(workspace)
    switched: dict[str, str | float | None] = {"corpus.clean.hanja": hanja}
    switched |= _switched(switch_on or (), on=True) | _switched(switch_off or (), on=False)
    settings = place.settings(switched)
    if not dry_run:
        keep_settings(place, switched)
    with showing() as on, _at_work(workers, engine, address) as works:
        cleaned = cleaning.clean(place, settings, dry_run=dry_run, engine=works, on=on)
    if json:
        show_json(cleaned)
        return
    _report(cleaned, dry_run)


@contextmanager
def _at_work(workers: int | None, engine: str | None, address: str | None) -> "Iterator[Engine]":
    """What cleans: cores of this machine, or a cluster."""
    if engine is None:
        from corpus.engine import LocalEngine

        yield LocalEngine(workers)
        return
    from geulgam.cluster import connected
    from geulgam.cluster_ranks import RayEngine

    with connected(address):
        yield RayEngine()


def diff(
    id_: Annotated[str, typer.Argument(metavar="ID", help="A document's id, or its beginning.", show_default=False)],
    whole: Annotated[bool, typer.Option("--whole", help="All of the text, not only around the changes.")] = False,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """One document before and after cleaning: what went, what came, and by which step."""
    from geulgam.stages import cleaning
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    found = cleaning.diff(place, place.settings(), id_)
    if json:
        show_json(found)
        return
    say(f"{found.id}  {found.title or 'no title'}  ({found.source})")
    if found.before == found.after:
        say("no step changes it")
        return
    console = out()
    console.print(_shown(found.marks, whole, is_plain=not console.is_terminal or console.no_color), soft_wrap=True)
    say(f"{len(found.before):,} → {len(found.after):,} characters")


def undo(workspace: WorkspaceOption = None) -> None:
    """Make the corpus by the steps and rules of before, at once; a second time comes back.

    These are all that stands in geulgam.toml under \\[corpus.clean], \\[corpus.judge] and the tables beside them.
    """
    from geulgam.stages import cleaning
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    with showing() as on:
        undone = cleaning.undo(place, on=on)
    say(f"steps on again: {', '.join(undone.come) or 'none'}; off: {', '.join(undone.gone) or 'none'}")
    say(f"{undone.documents:,} documents")


def report(json: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Write corpus/report.html: what came in, what changed, what was refused and why, with examples.

    The numbers of each figure stand beside it as CSV, in corpus/report.
    """
    from geulgam.stages import corpus_report
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    with showing() as on:
        written = corpus_report.report(place, place.settings(), on=on)
    if json:
        show_json(written.plain())
        return
    funnel = written.figures["funnel"]
    table(
        ("", "documents>", "characters>", ""),
        [(name, f"{documents:,}", f"{characters:,}", what) for name, documents, characters, what in funnel.rows],
    )
    say(plain(written.file))
    if written.survey.waiting:
        note(f"{written.survey.waiting:,} rows were imported since the corpus was made: geulgam corpus clean")
    note(f"next: open {plain(written.file)} in a browser; its figures as CSV: {plain(written.file.with_suffix(''))}")


def _switched(names: Sequence[str], *, on: bool) -> dict[str, str | float | None]:
    """The settings that these switches of the command line set."""
    from corpus.cleaning.cleaning import NAMES

    found: dict[str, str | float | None] = {}
    for name in names:
        if name not in NAMES:
            raise GeulgamError(f"no cleaning step is called {name}", f"the steps are: {', '.join(NAMES)}")
        found[f"corpus.clean.{name}"] = on if name != "hanja" else "read" if on else "keep"
    return found


def _report(cleaned: "Cleaned", dry_run: bool) -> None:
    told, derived = cleaned.tally, cleaned.derived
    table(
        ("step", "documents>", "characters gone>", "come>", "replaced>"),
        [
            (name, f"{n.documents:,}", f"{n.removed:,}", f"{n.added:,}", f"{n.replaced:,}")
            for name, n in told.steps.items()
        ],
    )
    say(f"{told.changed:,} of {told.documents:,} documents are not as they were imported")
    would = "would be " if dry_run else ""
    say(f"{cleaned.documents:,} documents: {derived.changed:,} {would}changed, {derived.gone:,} {would}gone")
    for reason, count in derived.reasons.items():
        note(f"not taken: {count:,} × {reason}")
    note("one document before and after: geulgam corpus diff ID; the steps of before: geulgam corpus undo")


def _shown(marks: "Sequence[Stretch]", whole: bool, *, is_plain: bool) -> "Text":
    """The marks as a text for the terminal, in colours or with signs; behind each change its step."""
    from rich.text import Text

    from corpus.cleaning.marks import shortened

    shown = Text()
    marks = marks if whole else shortened(marks)
    for place, mark in enumerate(marks):
        if mark.kind == "kept":
            shown.append(mark.text)
            continue
        text = mark.text.replace("\n", "⏎")
        shown.append(_PLAIN[mark.kind].format(text) if is_plain else text, _STYLES[mark.kind])
        if place + 1 == len(marks) or marks[place + 1].step != mark.step:
            shown.append(f"⟨{mark.step}⟩", "dim")
    return shown
