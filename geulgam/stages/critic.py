"""What the critic knows of how people write, and the critic itself as the settings have it."""

import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.events import On
from corpus.store import Corpus
from geulgam.graph import Node, renewed, sealed
from geulgam.manifest import Manifest
from geulgam.settings import Settings
from geulgam.stages.adapter import AdapterNode, require_adapter
from geulgam.stages.base import ModelNode
from geulgam.stages.corpus import CorpusNode
from geulgam.stages.sides import SidesNode, read_sides
from geulgam.stages.subset import read_subset
from geulgam.workspace import Workspace

if TYPE_CHECKING:
    from generate.critic.critic import Critic
    from generate.guards.guards import Guards
    from retrieval.vectors import KeptVectors

_MOST = 2_000  # essays: of so many, few pairs of morphemes that people use are missing


class WordingNode(Node):
    """How people word things: one for all topics, made from the train side alone, so that no essay that was held out
    has a say in what is written."""

    stage = "wording"
    version = 2

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
        from generate.critic.wording import Wording

        began = time.monotonic()
        ids = read_sides(self.workspace).ids("train")
        ids = ids[:: -(-len(ids) // _MOST) or 1]
        made = Wording.of(Corpus(self.workspace.corpus).get(ids), on=on)
        with renewed(self.folder) as folder:
            made.save(folder)
            sealed(now, made.fingerprint, time.monotonic() - began, {"essays": len(ids)}).write(folder)
        return f"how {len(ids):,} essays put words together"


class CriticNode(ModelNode):
    """The learnt part of a topic's critic, taught with its adapter on train essays that the adapter was not trained on.

    Where too few of them are long enough, or none is wanted (generate.places = 0), the critic goes without.
    """

    stage = "critic"

    @property
    def inputs(self) -> tuple[Node, ...]:
        """Its adapter, and the sides."""
        return (
            AdapterNode(self.workspace, self.settings, self.topic, self.lender),
            SidesNode(self.workspace, self.settings),
        )

    @property
    def folder(self) -> Path:
        """`topics/<name>/critic`."""
        return self.workspace.critic(self.topic)

    def shape(self, found: Manifest | None) -> Mapping[str, Any]:
        """At how many places, how the model writes there, and what tells nearness."""
        chosen = self.settings.generate
        return {"places": chosen.places, "preset": chosen.preset, "encoder": chosen.encoder, **chosen.sampling}

    def make(self, now: Manifest, on: On) -> str:
        """Teach it."""
        from generate.critic.head import Head
        from generate.critic.places import taught
        from generate.decoding.sampling import preset
        from retrieval.encoder import encoder

        began, chosen = time.monotonic(), self.settings.generate
        adapter = require_adapter(self.workspace, self.topic)
        own = set(read_subset(adapter).ids("train"))
        others = [id_ for id_ in read_sides(self.workspace).ids("train") if id_ not in own]
        head: Head | None = None
        if chosen.places:
            with self.lender.for_adapter(adapter, on) as base:
                head = taught(
                    base,
                    adapter,
                    Corpus(self.workspace.corpus).get(others),
                    encoder(chosen.encoder),
                    sampling=preset(chosen.preset, **chosen.sampling),
                    most=chosen.places,
                    on=on,
                )
        with renewed(self.folder) as folder:
            if head is not None:
                head.save(folder)
            told = {"told": asdict(head.told)} if head is not None else {}
            sealed(now, head.fingerprint if head else "", time.monotonic() - began, told).write(folder)
        if head is None:
            return "goes without a learnt part"
        return f"tells how an essay goes on from what the model writes in {head.told.model:.0%} of places"


def critic(workspace: Workspace, settings: Settings, topic: str) -> "Critic":
    """A topic's critic with the weights of the settings. Raises GeulgamError where the wording is missing."""
    from generate.critic.critic import Critic
    from generate.critic.head import Head
    from generate.critic.wording import Wording
    from retrieval.analyzers import analyzer
    from retrieval.encoder import encoder

    folder = workspace.critic(topic)
    return Critic(
        settings.generate.critic,
        encoder=encoder(settings.generate.encoder),
        wording=Wording.load(workspace.wording),
        head=Head.load(folder) if settings.generate.places and Head.is_in(folder) else None,
        terms_of=analyzer(settings.retrieval.analyzer),
    )


def guards(workspace: Workspace, settings: Settings) -> "Guards":
    """What may not be written. Raises GeulgamError where the index of spans is missing."""
    from generate.guards.guards import Guards
    from geulgam.stages.spans import read_spans

    return Guards(read_spans(workspace), settings.generate.banned)


def kept_vectors(workspace: Workspace, settings: Settings) -> "KeptVectors":
    """The encoder of the settings, which computes only what this workspace has not seen yet."""
    from retrieval.encoder import encoder
    from retrieval.vectors import KeptVectors

    return KeptVectors(encoder(settings.generate.encoder), workspace.vectors)
