"""Which file an essay is that a user names."""

import unicodedata
from pathlib import Path

from corpus.errors import GeulgamError
from geulgam.stages.essay import TEXT
from geulgam.workspace import Workspace


def find_essay(named: str, workspace: Path | None = None) -> Path:
    """The file of a text: ``named`` is it, or an essay's folder, or its name ("함께-001"), or a topic: its last essay.

    A workspace is looked for only where no such file or folder is. Raises GeulgamError if there is none.
    """
    path = Path(named).expanduser()
    if path.is_file():
        return path
    if (path / TEXT).is_file():
        return path / TEXT
    place = Workspace.find(workspace)
    written = sorted(file.parent for file in place.essays.glob(f"*/{TEXT}"))
    name = unicodedata.normalize("NFC", named)
    same = [folder for folder in written if unicodedata.normalize("NFC", folder.name) == name]
    try:
        of_topic = place.essays_of(name)
    except GeulgamError:  # no topic can be called so: it is a path
        of_topic = []
    found = same or [folder for folder in of_topic if folder in written]
    if not found:
        there = ", ".join(folder.name for folder in written[-5:])
        raise GeulgamError(
            f"no essay, topic or file is called {named}",
            f"there are: {there}" if written else "write an essay first: geulgam generate TOPIC",
        )
    return found[-1] / TEXT


def export_file(essay: Path, form: str) -> Path:
    """Where an essay goes that nobody named a place for: beside it; one of the workspace is called as its folder is."""
    return essay.with_name(f"{essay.parent.resolve().name if essay.name == TEXT else essay.stem}.{form}")
