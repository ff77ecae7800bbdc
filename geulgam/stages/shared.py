"""The stage of training that all topics share: an adapter of the whole corpus's train side, which they go on from."""

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from corpus.atomic import work_folder, write_text
from corpus.digests import to_hex
from corpus.errors import GeulgamError
from corpus.events import On
from corpus.store import Corpus
from geulgam.graph import Node, sealed
from geulgam.manifest import Manifest
from geulgam.stages import weights
from geulgam.stages.base import ModelNode
from geulgam.stages.sides import SidesNode, read_sides

_TRAINED = "documents.json"  # the ids that it was trained on, each with its version
_WATCHED = 64  # documents of the valid side, by which it is watched
_GROWN = 0.1  # share of the train side that it may lack before it is trained anew


class SharedNode(ModelNode):
    """One for all topics, made from the sides.

    An essay more does not make it stale, which would cost hours: it is trained anew when more than a tenth of the train
    side is new or reads otherwise, and at once when one of those that it was trained on is gone or held out.
    """

    stage = "shared-stage"
    shaped_by = "recipe"

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The sides."""
        return (SidesNode(self.workspace, self.settings),)

    @property
    def folder(self) -> Path:
        """`shared`."""
        return self.workspace.shared

    def found(self) -> Manifest | None:
        """What the adapter that is there was trained from."""
        return weights.told_since(super().found()) if weights.has_weights(self.folder) else None

    def made_from(self, found: Manifest | None) -> Manifest:
        """Without the fingerprint of the sides: :meth:`reasons` says when they have changed too much."""
        return Manifest("", {}, self.shape(found), self.version)

    def shape(self, found: Manifest | None) -> Mapping[str, Any]:
        """The base and the recipe, as of a topic's adapter."""
        chosen = self.settings.finetune
        return weights.shape(chosen.base, chosen.execution, chosen.shared.recipe(chosen.recipe), found)

    def reasons(self, found: Manifest | None) -> list[str]:
        """Besides its recipe: what has become of the essays that it was trained on."""
        if found is None:
            return ["not finished yet" if work_folder(self.folder).exists() else self.not_there]
        return [*super().reasons(found), *self._moved()]

    def make(self, now: Manifest, on: On) -> str:
        """Train it; a run that was killed goes on where it stood."""
        from finetune.adapt import adapt
        from finetune.card import Card

        chosen = self.settings.finetune
        recipe = chosen.shared.recipe(chosen.recipe)
        sides, corpus = read_sides(self.workspace), Corpus(self.workspace.corpus)
        ids, watched = sides.ids("train"), sides.ids("valid")
        read = _versions(corpus, ids)
        watched = random.Random(recipe.seed).sample(watched, min(_WATCHED, len(watched)))
        with self.lender.for_training(on) as base:

            def seal(folder: Path, metrics: dict[str, Any]) -> None:
                write_text(folder / _TRAINED, json.dumps(read))
                made = Manifest("", {}, {**now.settings, "precision": base.precision}, now.version)
                sealed(made, weights.fingerprint(folder), metrics["seconds"], metrics).write(folder)

            card = Card("the whole corpus", table="finetune.shared")
            adapter = adapt(
                base,
                corpus.get(ids),
                corpus.get(watched),
                recipe,
                self.folder,
                card,
                chosen.execution,
                seal=seal,
                on=on,
            )
        return weights.told(adapter.metrics)

    def _moved(self) -> list[str]:
        """Why the essays of now are too far from those that it was trained on; empty if they are not.

        By the sides as they are on disk: what they would be is told by their own staleness.
        """
        try:
            ids = read_sides(self.workspace).ids("train")
            now = _versions(Corpus(self.workspace.corpus), ids)
        except GeulgamError:  # no sides yet, or some of them gone from the corpus
            return []
        trained = _trained(self.folder)
        gone, new = len(trained.keys() - now.keys()), sum(trained.get(i) != version for i, version in now.items())
        if gone:
            return [f"{gone:,} of its training documents are gone or held out now"]
        return [f"{new:,} essays are new or read otherwise"] if new > _GROWN * len(now) else []


def trained_on(folder: Path) -> Sequence[str]:
    """The ids of the documents that the shared adapter was trained on."""
    return list(_trained(folder))


def _trained(folder: Path) -> dict[str, str]:
    versions: dict[str, str] = json.loads((folder / _TRAINED).read_text(encoding="utf-8"))
    return versions


def _versions(corpus: Corpus, ids: Sequence[str]) -> dict[str, str]:
    """The version of each of these documents that the corpus has."""
    of_id = dict(zip(to_hex(corpus.digests()), to_hex(corpus.versions()), strict=True))
    return {i: of_id[i] for i in ids if i in of_id}
