"""A topic's query becomes its subset: the essays to learn from, to choose by and to measure on."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from corpus.errors import GeulgamError
from corpus.events import On, silent
from corpus.store import Corpus
from geulgam.graph import Node, Outcome, make, renewed, sealed
from geulgam.manifest import Manifest
from geulgam.settings import Settings
from geulgam.stages.index import IndexNode, open_index
from geulgam.stages.sides import SidesNode, shares, sides_now
from geulgam.workspace import Workspace
from retrieval.hybrid import HybridIndex
from retrieval.select import select
from retrieval.topic import Subset, Topic

FILE = "subset.parquet"


class SubsetNode(Node):
    """A topic's, made from the index and the sides."""

    stage = "subset"
    version = 2  # words count by the square of their share
    not_there = "not selected yet"

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The index and the sides."""
        return IndexNode(self.workspace, self.settings), SidesNode(self.workspace, self.settings)

    @property
    def folder(self) -> Path:
        """`topics/<name>/subset`."""
        return self.workspace.subset(self.topic)

    def found(self) -> Manifest | None:
        """What the subset on disk was made from."""
        return super().found() if (self.folder / FILE).exists() else None

    def shape(self, found: Manifest | None) -> Mapping[str, Any]:
        """The query, and how many documents."""
        topic = wanted(self.settings, self.topic)
        chosen = self.settings.retrieval
        weight = {"meaning_weight": chosen.meaning_weight} if chosen.meaning else {}
        take = {"take": chosen.take} if chosen.take != "essay" else {}
        return {"query": topic.query, "k": topic.k, **weight, **take}

    def make(self, now: Manifest, on: On) -> str:
        """Select, and write it. Raises GeulgamError for a query that matches nothing, naming near terms."""
        began = time.monotonic()
        subset = selected(self.workspace, self.settings, self.topic)
        facts = {"documents": len(subset.rows), "note": subset.note}
        made = sealed(now, subset.fingerprint(), time.monotonic() - began, facts)
        with renewed(self.folder) as folder:
            subset.save(folder / FILE)
            made.write(folder)
        return summary(subset)


def wanted(settings: Settings, topic: str) -> Topic:
    """The topic of that name as retrieval takes it."""
    chosen = settings.topic(topic)
    return Topic(chosen.name, chosen.query, chosen.k or settings.retrieval.k)


def selected(workspace: Workspace, settings: Settings, topic: str) -> Subset:
    """What would be selected now from the index as it is, without writing it."""
    index, sides = open_index(workspace, settings), sides_now(workspace, settings)
    takes_passages = settings.retrieval.take == "passage"
    parts = index.parts if takes_passages and isinstance(index, HybridIndex) else None
    return select(index, Corpus(workspace.corpus), sides, wanted(settings, topic), shares(settings), parts)


def select_topics(
    workspace: Workspace,
    settings: Settings,
    names: Sequence[str],
    *,
    on: On = silent,
    told: Callable[[Outcome], None] | None = None,
) -> list[Subset]:
    """Select the subset of each topic, where it is stale, and what it is made from before it.

    ``told`` is called with each artifact that was made. Raises GeulgamError for a query that matches nothing.
    """
    nodes = [SubsetNode(workspace, settings, settings.topic(name).name) for name in names]
    for node in nodes:
        make(node, on, told=told)
    return [read_subset(node.folder) for node in nodes]


def read_subset(folder: Path) -> Subset:
    """The subset in this folder: a topic's of today, or the one that an adapter was trained with.

    Raises GeulgamError if there is none.
    """
    path = folder / FILE
    if not path.exists():
        raise GeulgamError(f"there is no subset in {folder}", "geulgam run")
    return Subset.load(path)


def summary(subset: Subset) -> str:
    """ "90 essays: 72 to train on, 9 to choose by, 9 to measure on"; with the note, if anything was refused."""
    train, valid, test = (len(subset.ids(side)) for side in ("train", "valid", "test"))
    parts = [row.parts for row in subset.rows if row.parts is not None]
    by = f" by {sum(map(len, parts)):,} passages" if parts else ""
    text = f"{train + valid + test:,} essays: {train:,} to train on{by}, {valid:,} to choose by, {test:,} to measure on"
    return f"{text} ({subset.note})" if subset.note else text
