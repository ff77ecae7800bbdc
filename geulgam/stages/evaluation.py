"""An adapter is measured: bits per character of the essays that were held out from its training."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from corpus.atomic import write_text
from corpus.events import On, silent
from corpus.store import Corpus
from geulgam import manifest
from geulgam.graph import Node, make, renewed, sealed
from geulgam.manifest import Manifest
from geulgam.settings import Settings
from geulgam.stages.adapter import AdapterNode, require_adapter
from geulgam.stages.base import Lender, ModelNode
from geulgam.stages.sides import sides_now
from geulgam.stages.subset import read_subset
from geulgam.workspace import Workspace

FILE = "metrics.json"
WIDE = 2.0  # percent of the base: an interval that is wider is called so


@dataclass(frozen=True)
class Measured:
    """Bits per character over the full vocabulary on a topic's test side (``essays``, of ``characters``).

    ``interval``: the gain, in percent of the base, lies between these with a probability of 95 % (bootstrap over the
    essays); None for a single essay, which tells nothing about others.
    """

    topic: str
    essays: int
    characters: int
    base: float
    adapted: float
    interval: tuple[float, float] | None = None

    @property
    def gain(self) -> float:
        """How much less the adapted model needs, in percent of the base; negative if it needs more."""
        return 100 * (self.base - self.adapted) / self.base

    def line(self) -> str:
        """ "함께: 2.310 → 2.204 bits per character (4.6 % less, …) on 9 essays that it has not seen"."""
        change = f"{abs(self.gain):.1f} % {'less' if self.gain >= 0 else 'MORE'}"
        return (
            f"{self.topic}: {self.base:.3f} → {self.adapted:.3f} bits per character ({change}, {self.sureness()}) on "
            f"{self.essays} essays that it has not seen"
        )

    def sureness(self) -> str:
        """How sure the gain is: "95 %: 3.9 to 5.1", and whether that is wide."""
        if self.interval is None:
            return "one essay: no telling how sure"
        low, high = self.interval
        wide = ", too few essays to be sure" if high - low > WIDE else ""
        return f"95 %: {low:.1f} to {high:.1f}{wide}"


class EvaluationNode(ModelNode):
    """A topic's, made from its adapter, on the split that the adapter was trained with."""

    stage = "evaluation"
    not_there = "not measured yet"

    @property
    def inputs(self) -> tuple[Node, ...]:
        """Its adapter."""
        return (AdapterNode(self.workspace, self.settings, self.topic, self.lender),)

    @property
    def folder(self) -> Path:
        """`topics/<name>/evaluation`."""
        return self.workspace.evaluation(self.topic)

    def found(self) -> Manifest | None:
        """What was measured last."""
        return super().found() if read(self.workspace, self.topic) else None

    def shape(self, found: Manifest | None) -> Mapping[str, Any]:
        """Nothing but the adapter."""
        return {}

    def make(self, now: Manifest, on: On) -> str:
        """Measure the base and the adapted model."""
        from finetune.evaluate import document_bits, gain_interval
        from finetune.layout import essay_text

        began = time.monotonic()
        adapter = require_adapter(self.workspace, self.topic)
        trained = manifest.read(adapter)
        ids = read_subset(adapter).ids("test")
        held_out = Corpus(self.workspace.corpus).get(ids)
        with self.lender.for_adapter(adapter, on) as base:
            before = document_bits(base, held_out, on=on)
            after = document_bits(base, held_out, adapter, on=on)
        read_characters = sum(len(essay_text(document)) for document in held_out)
        interval = gain_interval(before, after, sides_now(self.workspace, self.settings).kin(ids))
        measured = Measured(
            self.topic,
            len(held_out),
            sum(len(document.text) for document in held_out),
            round(sum(before) / read_characters, 4),
            round(sum(after) / read_characters, 4),
            interval and (round(interval[0], 2), round(interval[1], 2)),
        )
        training = dict(trained.facts) if trained else {}
        figures = {
            **asdict(measured),
            "gain_percent": round(measured.gain, 2),
            **{name: training.get(name) for name in _OF_TRAINING},
            "recipe": dict(trained.settings) if trained else {},
        }
        fingerprint = f"{measured.base} {measured.adapted}"
        with renewed(self.folder) as folder:
            write_text(folder / FILE, json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
            sealed(now, fingerprint, time.monotonic() - began).write(folder)
        return measured.line().partition(": ")[2]


_OF_TRAINING = ("seconds", "tokens", "tokens_per_second", "steps", "train_documents")


def evaluate_topics(
    workspace: Workspace,
    settings: Settings,
    names: Sequence[str],
    *,
    lender: Lender | None = None,
    on: On = silent,
) -> list[Measured]:
    """Measure each topic's adapter as it is; one that was measured is not measured again.

    Raises GeulgamError for a topic without an adapter, before anything is measured.
    """
    lender = lender or Lender(workspace, settings)
    topics = [settings.topic(name).name for name in names]
    for topic in topics:
        require_adapter(workspace, topic)
    found = []
    for topic in topics:
        make(EvaluationNode(workspace, settings, topic, lender), on, alone=True)
        measured = read(workspace, topic)
        assert measured is not None
        found.append(measured)
    return found


def read(workspace: Workspace, topic: str) -> Measured | None:
    """What was measured last, or None."""
    try:
        told = json.loads((workspace.evaluation(topic) / FILE).read_text(encoding="utf-8"))
        values = {field.name: told[field.name] for field in fields(Measured)}
        return Measured(**{**values, "interval": values["interval"] and tuple(values["interval"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None
