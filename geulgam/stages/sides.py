"""The corpus's sides: which documents belong together, and which of them are held out of all training."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from corpus.errors import GeulgamError
from corpus.events import On
from corpus.sides import Shares, Sides, assign
from corpus.store import Corpus
from geulgam import manifest
from geulgam.graph import Node, renewed, sealed
from geulgam.manifest import Manifest
from geulgam.settings import Settings
from geulgam.stages.corpus import CorpusNode
from geulgam.workspace import Workspace

FILE = "sides.parquet"


class SidesNode(Node):
    """One for all topics, made from the corpus."""

    stage = "sides"
    version = 2  # near-copies that say themselves again are found

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The corpus."""
        return (CorpusNode(self.workspace, self.settings),)

    @property
    def folder(self) -> Path:
        """`sides`."""
        return self.workspace.sides

    def found(self) -> Manifest | None:
        """What the sides on disk were made from."""
        return super().found() if (self.folder / FILE).exists() else None

    def shape(self, found: Manifest | None) -> Mapping[str, Any]:
        """The shares that are held out."""
        return _plain(shares(self.settings))

    def make(self, now: Manifest, on: On) -> str:
        """Group the documents and give each group its side."""
        began = time.monotonic()
        made = assign(Corpus(self.workspace.corpus), shares(self.settings), on=on)
        counts = made.counts()
        facts = {"groups": made.groups(), **{str(side): count for side, count in counts.items()}}
        with renewed(self.folder) as folder:
            made.save(folder / FILE)
            sealed(now, made.fingerprint(), time.monotonic() - began, facts).write(folder)
        return (
            f"{counts['train']:,} documents to train on, {counts['valid']:,} to choose by, {counts['test']:,} to "
            f"measure on, {made.groups():,} that are not parts or copies of each other"
        )


def shares(settings: Settings) -> Shares:
    """The shares of the corpus that are held out."""
    return Shares(settings.corpus.valid_share, settings.corpus.test_share)


def read_sides(workspace: Workspace) -> Sides:
    """The sides on disk. Raises GeulgamError if there are none."""
    path = workspace.sides / FILE
    if not path.exists():
        raise GeulgamError("the corpus has no sides yet", "geulgam run")
    return Sides.load(path)


def sides_now(workspace: Workspace, settings: Settings) -> Sides:
    """The sides of the corpus as it is: those on disk, else what they would be, without writing them."""
    corpus, chosen = Corpus(workspace.corpus), shares(settings)
    found = manifest.read(workspace.sides)
    if found and found.inputs == {"corpus": corpus.fingerprint()} and found.settings == _plain(chosen):
        return read_sides(workspace)
    return assign(corpus, chosen)


def _plain(chosen: Shares) -> dict[str, float]:
    return {"valid_share": chosen.valid, "test_share": chosen.test}
