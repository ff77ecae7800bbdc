"""A subset becomes an adapter, which keeps in its folder the very split that it was trained with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.atomic import work_folder
from corpus.errors import GeulgamError
from corpus.events import On, silent
from corpus.store import Corpus
from geulgam.cluster import Cluster
from geulgam.graph import Node, Outcome, make, sealed
from geulgam.manifest import Manifest
from geulgam.settings import Settings
from geulgam.stages import shared, sides, subset, weights
from geulgam.stages.base import Lender, ModelNode
from geulgam.stages.shared import SharedNode
from geulgam.stages.subset import SubsetNode
from geulgam.workspace import Workspace


@dataclass(frozen=True)
class Tuned:
    """A topic's adapter. ``reasons``: why it was trained now, empty if it was up to date.

    ``metrics``: what training measured, see :class:`finetune.adapt.Adapter`.
    """

    topic: str
    folder: Path
    reasons: tuple[str, ...]
    metrics: dict[str, Any]

    def line(self) -> str:
        """What happened, for people."""
        return f"{self.topic}: {weights.told(self.metrics)}" if self.reasons else f"{self.topic}: up to date"


class AdapterNode(ModelNode):
    """A topic's, made from its subset; it goes on from the shared one, if there is to be one."""

    stage = "adapter"
    version = 2
    shaped_by = "recipe"

    @property
    def inputs(self) -> tuple[Node, ...]:
        """Its subset, and the stage that topics share."""
        own = SubsetNode(self.workspace, self.settings, self.topic)
        if not self.settings.finetune.shared.is_wanted:
            return (own,)
        return own, SharedNode(self.workspace, self.settings, lender=self.lender)

    @property
    def folder(self) -> Path:
        """`topics/<name>/adapter`."""
        return self.workspace.adapter(self.topic)

    def found(self) -> Manifest | None:
        """What the adapter that is there was trained from."""
        return weights.told_since(super().found()) if weights.has_weights(self.folder) else None

    def shape(self, found: Manifest | None) -> Mapping[str, Any]:
        """The base and the recipe."""
        chosen = self.settings.finetune
        return weights.shape(chosen.base, chosen.execution, chosen.recipe, found)

    def reasons(self, found: Manifest | None) -> list[str]:
        """Besides what makes any artifact stale: that it was trained on what is held out now."""
        if found is None:
            return ["not finished yet" if work_folder(self.folder).exists() else self.not_there]
        moved = self._held_out_since()
        return [*super().reasons(found), *([f"{moved} of its training documents are held out now"] if moved else [])]

    def make(self, now: Manifest, on: On) -> str:
        """Train it; a run that was killed goes on where it stood."""
        from finetune.adapt import adapt
        from finetune.card import Card

        topic, chosen = self.settings.topic(self.topic), self.settings.finetune
        split = subset.read_subset(self.workspace.subset(self.topic))
        train, valid = (split.documents(Corpus(self.workspace.corpus), side) for side in ("train", "valid"))
        card = Card(topic.name, topic.query, topic.k or self.settings.retrieval.k)
        start = self.workspace.shared if SharedNode.stage in now.inputs else None
        known = shared.trained_on(start) if start else sides.read_sides(self.workspace).ids("train")
        own = set(split.ids("train"))  # also where passages of them are taken alone
        others = Corpus(self.workspace.corpus).get([i for i in known if i not in own] if chosen.recipe.replay else [])
        with self.lender.for_training(on) as base:

            def seal(folder: Path, metrics: dict[str, Any]) -> None:
                split.save(folder / subset.FILE)
                shape = {**now.settings, "precision": base.precision}
                made = Manifest("", {**now.inputs, "subset": split.fingerprint()}, shape, now.version)
                sealed(made, weights.fingerprint(folder), metrics["seconds"], metrics).write(folder)

            adapter = adapt(
                base,
                train,
                valid,
                chosen.recipe,
                self.folder,
                card,
                chosen.execution,
                start=start,
                others=others,
                seal=seal,
                on=on,
            )
        return weights.told(adapter.metrics)

    def _held_out_since(self) -> int:
        """How many of the documents it was trained on are not on the train side any more."""
        try:
            trained = subset.read_subset(self.folder).ids("train")
            return sum(side != "train" for side in sides.read_sides(self.workspace).of(trained))
        except GeulgamError:  # no sides yet, or other documents: the subset is stale then, and tells why
            return 0


def finetune_topics(
    workspace: Workspace,
    settings: Settings,
    names: Sequence[str],
    *,
    lender: Lender | None = None,
    cluster: Cluster | None = None,
    again: bool = False,
    on: On = silent,
    told: Callable[[Outcome], None] | None = None,
) -> list[Tuned]:
    """Fine-tune an adapter for each topic; one that is up to date stays.

    What they are made from is made first, for all of them, so that a bad query fails before any training. A run that
    was killed or cancelled goes on where it stood. ``again``: train even what is up to date. ``told`` is called with
    each artifact that was made for an adapter, and with the adapter. ``cluster``: where to train, each topic in a job
    of its own; else here, one after the other. Raises GeulgamError.
    """
    subset.select_topics(workspace, settings, names, on=on)
    lender = lender or Lender(workspace, settings)
    nodes = [AdapterNode(workspace, settings, settings.topic(name).name, lender) for name in names]
    why = "asked for" if again else ""
    if cluster is not None:
        return [tuned(outcome) for outcome in cluster.make(nodes, on, again=why, told=told)]
    return [tuned(make(node, on, again=why, told=told)) for node in nodes]


def tuned(outcome: Outcome) -> Tuned:
    """What making an adapter came to."""
    made = outcome.node.found()
    facts = dict(made.facts) if made else {}
    return Tuned(outcome.node.topic, outcome.node.folder, outcome.reasons, facts)


def require_adapter(workspace: Workspace, topic: str) -> Path:
    """The topic's adapter. Raises GeulgamError if it has none."""
    folder = workspace.adapter(topic)
    if not weights.has_weights(folder):
        raise GeulgamError(f"{topic} has no adapter yet", f"geulgam finetune {topic}")
    return folder
