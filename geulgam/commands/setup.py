"""`geulgam new`, `demo`, `doctor`: a place to work, a first look, and whether all is there."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from geulgam.options import JsonOption
from geulgam.terminal import note, plain, say, show_json, showing


def register(app: typer.Typer) -> None:
    """Put the commands on the app."""
    app.command(epilog="Example:  geulgam new my-contest && cd my-contest")(new)
    app.command(epilog="Example:  geulgam demo my-demo --topic 여행 --chars 800")(demo)
    app.command(epilog="Example:  geulgam doctor --json")(doctor)


def new(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder to make, or `.` for this one.")],
) -> None:
    """Make a workspace: a folder with geulgam.toml, every setting in it explained, and one example topic."""
    from geulgam.workspace import Workspace

    place = Workspace.create(folder)
    say(f"made {plain(place.settings_file)}")
    enter = "" if place.folder == Path.cwd() else f"cd {plain(place.folder)} && "
    note(f"next: {enter}geulgam corpus add PATH…")


def demo(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="Where; else a new temporary folder.", show_default=False)
    ] = None,
    topic: Annotated[str, typer.Option(help="함께, 가족, 여행, 자연, 이별, 학교 or 글쓰기.")] = "함께",
    chars: Annotated[int, typer.Option(min=1, help="How long the essay shall be.")] = 1500,
) -> None:
    """From the bundled sample of essays to a finished one, told step by step; some minutes on two CPU cores."""
    from geulgam.demo import run_demo

    place = folder or Path(tempfile.mkdtemp(prefix="geulgam-demo-"))
    try:
        with showing() as on:
            run_demo(place, topic, chars, tell=say, on=on)
    except KeyboardInterrupt:
        note(f"interrupted; it continues with: geulgam demo {place} --topic {topic} --chars {chars}")
        raise typer.Exit(130) from None


def doctor(json: JsonOption = False) -> None:
    """What is installed, which devices and models are there, what is missing and how to get it."""
    from geulgam.doctor import examine

    findings = examine()
    if json:
        show_json({"ok": all(f.ok or not f.required for f in findings), "findings": findings})
    else:
        for finding in findings:
            mark = "ok" if finding.ok else "MISSING" if finding.required else "none"
            color = "green" if finding.ok else "red" if finding.required else "yellow"
            say(typer.style(f"{mark:>8}", fg=color) + f"  {finding.name}: {finding.found}")
            if finding.remedy:
                say(f"{'':>8}  → {finding.remedy}")
    if any(f.required and not f.ok for f in findings):
        raise typer.Exit(1)
