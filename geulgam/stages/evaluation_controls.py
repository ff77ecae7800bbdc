"""What a topic's adapter is compared with beyond the base: as long trainings on other essays.

Both controls go on from what the topic's adapter went on from, with its recipe, for as many steps of as many blocks,
and the topic's own valid side chooses of them as it chose of the topic's. One reads essays drawn at random, as many
characters as the topic has, as often as it did; the other goes through the whole train side, as far as the steps carry.
They are made when a comparison is asked for, and never by `geulgam run`.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, ClassVar

from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.events import On
from corpus.store import Corpus
from finetune.recipe import Recipe
from geulgam import manifest
from geulgam.graph import Node, sealed
from geulgam.manifest import Manifest
from geulgam.settings import Settings
from geulgam.stages import sides, weights
from geulgam.stages.adapter import AdapterNode, require_adapter
from geulgam.stages.base import Lender, ModelNode
from geulgam.stages.shared import SharedNode
from geulgam.stages.subset import read_subset
from geulgam.workspace import Workspace

_ENDLESS = 1e6  # epochs: the steps end sooner
_AT_ONCE = 256  # documents that are read together


class ControlNode(ModelNode):
    """A control of a topic's adapter, made anew when that is another. ``kind``: the name of its folder."""

    kind: ClassVar[str]

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The topic's adapter."""
        return (AdapterNode(self.workspace, self.settings, self.topic, self.lender),)

    @property
    def folder(self) -> Path:
        """`topics/<name>/controls/<kind>`."""
        return control_folder(self.workspace, self.topic, self.kind)

    def found(self) -> Manifest | None:
        """What the adapter that is there was trained from."""
        return super().found() if weights.has_weights(self.folder) else None

    def shape(self, found: Manifest | None) -> Mapping[str, Any]:
        """Nothing but the topic's adapter."""
        return {}

    def make(self, now: Manifest, on: On) -> str:
        """Train it; a run that was killed goes on where it stood."""
        from finetune.adapt import adapt
        from finetune.card import Card

        adapter, corpus = require_adapter(self.workspace, self.topic), Corpus(self.workspace.corpus)
        split = read_subset(adapter)
        own, valid = split.ids("train"), split.ids("valid")
        held_out = {*valid, *split.ids("test")}
        allowed = [i for i in sides.read_sides(self.workspace).ids("train") if i not in held_out]
        recipe = _recipe(adapter)
        read = sum(len(document.text) for document in split.documents(corpus, "train"))
        characters = round((1 + recipe.replay) * read)
        essays = self.drawn(corpus, allowed, characters, recipe.seed)
        facts = {"own": len({essay.id for essay in essays} & set(own)), "of_own": len(own)}
        with self.lender.for_adapter(adapter, on) as base:

            def seal(folder: Path, metrics: dict[str, Any]) -> None:
                found = weights.fingerprint(folder)
                sealed(now, found, metrics["seconds"], {**metrics, **facts}).write(folder)

            made = adapt(
                base,
                essays,
                corpus.get(valid),
                replace(recipe, replay=0.0),
                self.folder,
                Card(f"{self.stage}, to compare {self.topic} with"),
                self.settings.finetune.execution,
                start=went_on_from(self.workspace, adapter),
                seal=seal,
                on=on,
            )
        return weights.told(made.metrics)

    def drawn(self, corpus: Corpus, allowed: Sequence[str], characters: int, seed: int) -> list[Document]:
        """The essays to train on, of those that are ``allowed``; ``characters``: that the topic's adapter has read."""
        raise NotImplementedError


class RandomControl(ControlNode):
    """As many characters of essays drawn at random; the topic's may be among them."""

    stage, kind = "random essays", "random"

    def drawn(self, corpus: Corpus, allowed: Sequence[str], characters: int, seed: int) -> list[Document]:
        """In random order, until there are as many characters."""
        order = random.Random(seed).sample(allowed, len(allowed))
        essays: list[Document] = []
        for start in range(0, len(order), _AT_ONCE):
            for document in corpus.get(order[start : start + _AT_ONCE]):
                if characters <= 0:
                    return essays
                essays.append(document)
                characters -= len(document.text)
        return essays


class CorpusControl(ControlNode):
    """All of the train side."""

    stage, kind = "whole corpus", "corpus"

    def drawn(self, corpus: Corpus, allowed: Sequence[str], characters: int, seed: int) -> list[Document]:
        """All; training reads them in random order."""
        return list(corpus.get(list(allowed)))


CONTROLS: tuple[type[ControlNode], ...] = (RandomControl, CorpusControl)


def controls(workspace: Workspace, settings: Settings, topic: str, lender: Lender) -> list[ControlNode]:
    """The controls of a topic, made or not."""
    return [kind(workspace, settings, topic, lender) for kind in CONTROLS]


def control_folder(workspace: Workspace, topic: str, kind: str) -> Path:
    """Where a control lies."""
    return workspace.topic(topic) / "controls" / kind


def went_on_from(workspace: Workspace, adapter: Path) -> Path | None:
    """The shared stage that the adapter went on from; None if it began with the base.

    Raises GeulgamError if the shared stage has been trained anew since.
    """
    found, shared = manifest.read(adapter), manifest.read(workspace.shared)
    used = found.inputs.get(SharedNode.stage) if found else None
    if used is None:
        return None
    if shared is None or shared.fingerprint != used:
        raise GeulgamError("the shared stage is another than the adapter went on from", "geulgam finetune")
    return workspace.shared


def _recipe(adapter: Path) -> Recipe:
    """The recipe of the adapter, for as many steps as its training was to take, on whatever essays."""
    told = json.loads((adapter / "training.json").read_text(encoding="utf-8"))
    known = {field.name for field in fields(Recipe)}
    recipe = Recipe(**{"headers": False} | {name: value for name, value in told["recipe"].items() if name in known})
    steps = told["metrics"].get("planned_steps", told["metrics"]["steps"])
    return replace(recipe, epochs=_ENDLESS, max_steps=steps)
