"""Options that several commands share, each defined once."""

from pathlib import Path
from typing import Annotated

import typer

WorkspaceOption = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        metavar="FOLDER",
        help="The workspace; else GEULGAM_WORKSPACE, else the folder with geulgam.toml here or above.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
AddressOption = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT", help="Of the Ray cluster; else that of this machine, or one for now.", show_default=False
    ),
]
Topics = Annotated[
    list[str] | None,
    typer.Argument(metavar="TOPIC", help="Topics by name; none: all.", show_default=False),
]
