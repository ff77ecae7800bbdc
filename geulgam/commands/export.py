"""`geulgam export`: an essay as a file to hand in."""

from pathlib import Path
from typing import Annotated

import typer

from geulgam.options import WorkspaceOption
from geulgam.terminal import note, plain, say


def register(app: typer.Typer) -> None:
    """Put the command on the app."""
    app.command(epilog="Example:  geulgam export 함께-001 --to hwpx")(export)


def export(
    essay: Annotated[
        str,
        typer.Argument(
            metavar="ESSAY",
            help="An essay's name or folder, a topic (its last one), or a file: .md, .txt, .docx.",
            show_default=False,
        ),
    ],
    to: Annotated[
        str | None,
        typer.Option(metavar="FORMAT", help="md, txt, docx or hwpx; else as --out ends.", show_default=False),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to; else beside the essay.", show_default=False)
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Write over a file that is there.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Write an essay as Markdown, text, Word or 한글 file, and say how long it is as contests count."""
    from corpus.errors import GeulgamError
    from generate.export.export import FORMATS
    from generate.export.export import export as write
    from generate.export.manuscript_file import read_manuscript
    from geulgam.stages.export import export_file, find_essay

    ending = out.suffix.lower().lstrip(".") if out else ""
    form = (to or ending).lower()
    if form not in FORMATS:
        raise GeulgamError(
            f"no format is called {form}" if form else "to which format?", f"say --to {', '.join(FORMATS)}"
        )
    if ending in FORMATS and ending != form:
        raise GeulgamError(f"{out} would not be what its name says", f"leave --to out, or name it .{form}")
    source = find_essay(essay, workspace)
    manuscript = read_manuscript(source)
    target = out.expanduser() if out else export_file(source, form)
    if target.exists() and target.samefile(source):
        raise GeulgamError(f"{target} is the essay itself", "name another file: --out FILE")
    write(manuscript, target, form, again=again)
    say(plain(target.resolve()))
    note(f"its length, title apart: {manuscript.length.line()}")
