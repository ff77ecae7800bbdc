"""`geulgam corpus label`: what is an essay is learnt from marks, documents are ordered by it, a threshold chosen."""

from typing import TYPE_CHECKING, Annotated

import typer

from corpus.errors import GeulgamError
from geulgam.options import JsonOption, WorkspaceOption
from geulgam.terminal import keep_settings, note, plain, say, show_json, showing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from geulgam.settings import Settings
    from geulgam.stages.label import ScoredDocument, Threshold
    from geulgam.workspace import Workspace

_AROUND = 5  # documents shown on either side of a threshold that was typed


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog="Example:  geulgam corpus label --threshold")(label)


def label(
    listed: Annotated[bool, typer.Option("--list", help="All documents by their score, the best first.")] = False,
    threshold: Annotated[
        bool, typer.Option("--threshold", help="What thresholds would leave, and what is near them; choose one.")
    ] = False,
    at: Annotated[
        float | None,
        typer.Option("--at", metavar="SCORE", help="Refuse what scores less; 0: nothing.", show_default=False),
    ] = None,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Mark documents as essays or as none; a judge learns it, and asks about what it is least sure of.

    Keys: y, n, b (back), q (quit); elsewhere than in a terminal, lines: y, n, back, quit. The same command goes on.
    """
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    if at is not None:
        _keep(place, at)
    elif listed:
        _list(place, place.settings(), json)
    elif threshold:
        _choose(place, place.settings(), json)
    else:
        _mark(place, place.settings(), json)


def _mark(place: "Workspace", settings: "Settings", json: bool) -> None:
    from geulgam import labelling
    from geulgam.graph import at_work
    from geulgam.stages import label as stage
    from geulgam.ticking import is_terminal

    with showing() as on, at_work(place, "marks", on):
        session = stage.Labelling(place, settings, on=on)
        try:
            if is_terminal() and not json:
                labelling.mark_in_terminal(session)
            else:
                labelling.mark_by_lines(session, say, as_json=json)
        finally:  # also after Ctrl-C
            if session.can_learn:
                stage.learn(place, settings, session.corpus, on=on)
    note(f"{plain(place.marks)}: {labelling.standing(session)}")
    if session.document is None:
        note("all documents are marked")
    note("next: geulgam corpus label --threshold, or --list; the same command asks on")


def _list(place: "Workspace", settings: "Settings", json: bool) -> None:
    from geulgam.stages import label as stage

    with showing() as on:
        ordered = stage.scored(place, settings, on=on)
    if json:
        show_json(ordered)
        return
    for document in ordered:
        say(_line(document))


def _choose(place: "Workspace", settings: "Settings", json: bool) -> None:
    from geulgam.stages import label as stage
    from geulgam.ticking import is_terminal

    with showing() as on:
        ordered = stage.scored(place, settings, on=on)
    found = stage.candidates(ordered)
    if json:
        show_json(found)
        return
    for each in reversed(found):
        _show(each)
    if is_terminal():
        chosen = _asked(ordered)
        if chosen is not None:
            _keep(place, chosen)
    else:
        note("keep one: geulgam corpus label --at 0.4")


def _asked(ordered: "Sequence[ScoredDocument]") -> float | None:
    """The threshold that somebody at the terminal wants, after looking at what is around it; None: none."""
    from geulgam.stages.label import candidates

    chosen: float | None = None
    while True:
        told = typer.prompt(
            f"a threshold to look at{'' if chosen is None else f'; enter keeps {chosen:g}'}; q leaves it",
            default="",
            show_default=False,
        ).strip()
        if told == "q" or (not told and chosen is None):
            return None
        if not told:
            return chosen
        try:
            value = float(told)
        except ValueError:
            value = -1
        if not 0 <= value <= 1:
            say("a score is a number from 0 to 1")
            continue
        chosen = value
        _show(*candidates(ordered, [value], _AROUND))


def _show(each: "Threshold") -> None:
    for document in each.above:
        say(_line(document))
    say(f"── {each.threshold:g} ── {each.documents:,} documents stay, {each.characters:,} characters")
    for document in each.below:
        say(_line(document))


def _keep(place: "Workspace", threshold: float) -> None:
    if not 0 <= threshold <= 1:
        raise GeulgamError(f"a score of {threshold:g}", "scores go from 0 to 1")
    if threshold and not place.judge.exists():
        raise GeulgamError("nothing was learnt from marks yet", "geulgam corpus label")
    keep_settings(place, {"corpus.judge.learnt": threshold})
    note("geulgam corpus clean, or geulgam run, makes the corpus by it; the rows stay")


def _line(document: "ScoredDocument") -> str:
    """Score, mark, length, id and beginning, with tabs between."""
    mark = "" if document.mark is None else "y" if document.mark else "n"
    begins = f"{document.title} — {document.beginning}" if document.title else document.beginning
    return f"{document.score:.2f}\t{mark}\t{document.characters}\t{document.id[:12]}\t{begins}"
