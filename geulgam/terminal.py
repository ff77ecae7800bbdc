"""What the commands say and where: results on stdout, all else on stderr; JSON pure on stdout."""

import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from corpus.errors import GeulgamError
from geulgam.explain import explain

if TYPE_CHECKING:
    from rich.console import Console

    from corpus.events import On
    from geulgam.settings import Settings
    from geulgam.workspace import Workspace


def out() -> "Console":
    """The console of results (stdout)."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False)


def note(text: str) -> None:
    """A line about the work, on stderr."""
    typer.echo(text, err=True)


def say(text: str = "") -> None:
    """A line of result, on stdout."""
    typer.echo(text)


def show_json(value: Any) -> None:
    """The value as indented JSON on stdout; dataclasses as objects, paths as texts."""
    encoding = (sys.stdout.encoding or "utf-8").lower().replace("-", "")
    typer.echo(json.dumps(value, ensure_ascii=not encoding.startswith("utf"), indent=2, default=_plain))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str = "") -> None:
    """A table on stdout; columns whose name ends in ">" stand to the right."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", pad_edge=False)
    for name in columns:
        grid.add_column(name.rstrip(">"), justify="right" if name.endswith(">") else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    out().print(grid)


@contextmanager
def showing() -> "Iterator[On]":
    """An ``on`` that shows what goes on, see :mod:`geulgam.show`."""
    from geulgam import show

    with show.showing(note) as on:
        yield on


def keep_settings(workspace: "Workspace", values: Mapping[str, str | float | None]) -> None:
    """Write what a command was given into `geulgam.toml`, saying so, so that the next command does not undo it."""
    from geulgam.graph import at_work
    from geulgam.settings_file import put_setting

    file = workspace.settings_file
    with at_work(workspace, file.name):
        for key, value in values.items():
            if value is not None and put_setting(file, key, value):
                note(f"{file.name}: {key} is now {json.dumps(value, ensure_ascii=False)}")


def note_stale_index(workspace: "Workspace", settings: "Settings") -> None:
    """Say why the index has to be built anew, if it has."""
    from geulgam.stages.index import stale

    for reason in stale(workspace, settings):
        note(f"note: the index is out of date: {reason}; renew it with geulgam index build")


def plain(path: Path) -> str:
    """A path as short as it can be said from here."""
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


@contextmanager
def failing_clearly() -> Iterator[None]:
    """Turn what goes wrong inside into lines on stderr and an exit status: 1 for failed work, 130 for Ctrl-C."""
    try:
        yield
    except KeyboardInterrupt:
        note("interrupted; the same command continues")
        raise typer.Exit(130) from None
    except GeulgamError as error:
        _show(error)
        raise typer.Exit(1) from None
    except Exception as error:
        told = explain(error)
        if told is None:
            raise
        _show(told)
        raise typer.Exit(1) from None


def _show(error: GeulgamError) -> None:
    typer.echo(typer.style("error: ", fg="red") + str(error), err=True)
    if error.hint:
        typer.echo(typer.style("hint: ", fg="cyan") + error.hint, err=True)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return str(value)
