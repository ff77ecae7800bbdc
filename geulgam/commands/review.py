"""`geulgam review`: any text beside what people write, also a person's own."""

from pathlib import Path
from typing import Annotated

import typer

from geulgam.options import JsonOption, WorkspaceOption
from geulgam.terminal import note, plain, say, show_json, showing


def register(app: typer.Typer) -> None:
    """Put the command on the app."""
    app.command(epilog="Example:  geulgam review 내글.docx --topic 함께")(review)


def review(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A .md, .txt or .docx file; or an essay's name or folder, or a topic (its last one).",
            show_default=False,
        ),
    ],
    topic: Annotated[
        str | None,
        typer.Option(metavar="TOPIC", help="Compare with its essays; else with the corpus.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the report goes; else beside the text.", show_default=False),
    ] = None,
    pmi: Annotated[
        bool, typer.Option("--pmi", help="Its topic's model reads it too: does each passage follow? Under a minute.")
    ] = False,
    json: JsonOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Measure a text beside human essays, say what to mend, and write a report to open in a browser.

    Headings in the file are its sections, and each is measured too.
    """
    from geulgam.stages.export import find_essay
    from geulgam.stages.review import review_file
    from geulgam.workspace import Workspace

    place = Workspace.find(workspace)
    with showing() as on:
        done = review_file(place, place.settings(), find_essay(file, workspace), topic, page=out, pmi=pmi, on=on)
    if json:
        show_json(done.review.to_json())
    else:
        for line in done.review.lines():
            say(line)
        for label, advice in done.review.advice():
            say(f"{label}: {advice}")
        if not done.review.is_judged:
            note("people's essays are too few to say what is to be mended")
    if pmi and done.review.figures["pmi"].essay is None:
        note(
            "information was not measured: the text is shorter than twelve sentences, or the model was trained with it"
        )
    note(f"compared with {done.beside}; the report: {plain(done.page.resolve())}")
