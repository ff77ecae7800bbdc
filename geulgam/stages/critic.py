"""What the critic knows of how people write, and the critic itself as the settings have it."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.events import On
from corpus.store import Corpus
from geulgam.graph import Node, renewed, sealed
from geulgam.manifest import Manifest
from geulgam.settings import Settings
from geulgam.stages.corpus import CorpusNode
from geulgam.stages.sides import SidesNode, read_sides
from geulgam.workspace import Workspace

if TYPE_CHECKING:
    from generate.critic import Critic
    from generate.guards import Guards
    from retrieval.vectors import KeptVectors

_MOST = 2_000  # essays: of so many, few pairs of morphemes that people use are missing


class WordingNode(Node):
    """How people word things: one for all topics, made from the train side alone, so that no essay that was held out
    has a say in what is written."""

    stage = "wording"

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The corpus and its sides."""
        return (CorpusNode(self.workspace, self.settings), SidesNode(self.workspace, self.settings))

    @property
    def folder(self) -> Path:
        """`wording`."""
        return self.workspace.wording

    def shape(self, found: Manifest | None) -> Mapping[str, Any]:
        """How many essays are read at most."""
        return {"essays": _MOST}

    def make(self, now: Manifest, on: On) -> str:
        """Count what stands in essays from all over the train side."""
        from generate.wording import Wording

        began = time.monotonic()
        ids = read_sides(self.workspace).ids("train")
        ids = ids[:: -(-len(ids) // _MOST) or 1]
        made = Wording.of(Corpus(self.workspace.corpus).get(ids), on=on)
        with renewed(self.folder) as folder:
            made.save(folder)
            sealed(now, made.fingerprint, time.monotonic() - began, {"essays": len(ids)}).write(folder)
        return f"how {len(ids):,} essays put words together"


def critic(workspace: Workspace, settings: Settings) -> "Critic":
    """The critic with the weights of the settings. Raises GeulgamError where the wording is missing."""
    from generate.critic import Critic
    from generate.wording import Wording
    from retrieval.analyzers import analyzer
    from retrieval.encoder import encoder

    return Critic(
        settings.generate.critic,
        encoder=encoder(settings.generate.encoder),
        wording=Wording.load(workspace.wording),
        terms_of=analyzer(settings.retrieval.analyzer),
    )


def guards(workspace: Workspace, settings: Settings) -> "Guards":
    """What may not be written. Raises GeulgamError where the index of spans is missing."""
    from generate.guards import Guards
    from geulgam.stages.spans import read_spans

    return Guards(read_spans(workspace), settings.generate.banned)


def kept_vectors(workspace: Workspace, settings: Settings) -> "KeptVectors":
    """The encoder of the settings, which computes only what this workspace has not seen yet."""
    from retrieval.encoder import encoder
    from retrieval.vectors import KeptVectors

    return KeptVectors(encoder(settings.generate.encoder), workspace.vectors)
