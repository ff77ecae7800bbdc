"""The corpus's letters and hashes, so that no span of it is written again."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from corpus.events import On
from corpus.store import Corpus
from generate.guards.spans import SHORTEST, SpanIndex
from geulgam.graph import Node, renewed, sealed
from geulgam.manifest import Manifest
from geulgam.stages.corpus import CorpusNode
from geulgam.workspace import Workspace


class SpansNode(Node):
    """One for all topics, made from the whole corpus: also from what is held out, which may not be copied either."""

    stage = "spans"

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The corpus."""
        return (CorpusNode(self.workspace, self.settings),)

    @property
    def folder(self) -> Path:
        """`spans`."""
        return self.workspace.spans

    def shape(self, found: Manifest | None) -> Mapping[str, Any]:
        """The letters of a span that counts as copied."""
        return {"letters": SHORTEST}

    def make(self, now: Manifest, on: On) -> str:
        """Index every document."""
        began = time.monotonic()
        with renewed(self.folder) as folder:
            made = SpanIndex.build(Corpus(self.workspace.corpus), folder, on=on)
            facts = {"documents": made.documents, "letters": made.letters}
            sealed(now, made.fingerprint, time.monotonic() - began, facts).write(folder)
        return f"{made.letters:,} letters of {made.documents:,} documents, that no span of them is copied"


def read_spans(workspace: Workspace) -> SpanIndex:
    """The index of the corpus's spans on disk. Raises GeulgamError if there is none."""
    return SpanIndex.open(workspace.spans)
