"""Files become the corpus."""

from collections.abc import Sequence
from pathlib import Path

from corpus.read import read
from corpus.store import Added, Corpus
from geulgam.settings import Settings
from geulgam.workspace import Workspace


def add_documents(workspace: Workspace, settings: Settings, paths: Sequence[Path], *, progress: bool = False) -> Added:
    """Add the documents of files and folders; what is known stays, what is refused is noted with its reason."""
    columns = settings.corpus
    with workspace.exclusive():
        items = read(paths, columns.text_column, columns.title_column, progress)
        return Corpus(workspace.corpus).add(items)
