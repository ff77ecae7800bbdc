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
from geulgam.stages.shared import SharedNode
from geulgam.stages.sides import sides_now
from geulgam.stages.subset import read_subset
from geulgam.workspace import Workspace

FILE = "metrics.json"
WIDE = 2.0  # percent of the base: an interval that is wider is called so


@dataclass(frozen=True)
class Measured:
    """Bits per character over the full vocabulary on a topic's test side (``essays``, of ``characters``).

    ``shared``: those of the stage that topics share, alone; None without one. ``interval``: the gain, in percent of the
    base, lies between these with a probability of 95 % (bootstrap over the essays), ``shared_interval`` in percent of
    the shared stage; None for a single essay, which tells nothing about others.
    """

    topic: str
    essays: int
    characters: int
    base: float
    adapted: float
    interval: tuple[float, float] | None = None
    shared: float | None = None
    shared_interval: tuple[float, float] | None = None

    @property
    def gain(self) -> float:
        """How much less the adapted model needs, in percent of the base; negative if it needs more."""
        return _gain(self.base, self.adapted)

    def line(self) -> str:
        """ "함께: 2.310 → 2.204 bits per character (4.6 % less, …; …) on 9 essays that it has not seen"."""
        told = _told(self.gain, self.interval)
        if self.shared_gain is not None:
            told += f"; {_told(self.shared_gain, self.shared_interval)} than the shared stage alone"
        return (
            f"{self.topic}: {self.base:.3f} → {self.adapted:.3f} bits per character ({told}) on {self.essays} essays "
            "that it has not seen"
        )

    @property
    def shared_gain(self) -> float | None:
        """The same in percent of the shared stage; None without one."""
        return None if self.shared is None else _gain(self.shared, self.adapted)


def _gain(before: float, after: float) -> float:
    return 100 * (before - after) / before


def _told(gain: float, interval: tuple[float, float] | None) -> str:
    """A gain, and how sure it is."""
    change = f"{abs(gain):.1f} % {'less' if gain >= 0 else 'MORE'}"
    if interval is None:
        return f"{change}, one essay: no telling how sure"
    low, high = interval
    wide = ", too few essays to be sure" if high - low > WIDE else ""
    return f"{change}, 95 %: {low:.1f} to {high:.1f}{wide}"


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
        """Measure the base, the adapted model, and the shared stage if that is what the adapter went on from."""
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
            shared = document_bits(base, held_out, self.workspace.shared, on=on) if self._goes_on(trained) else None
        read_characters = sum(len(essay_text(document)) for document in held_out)
        kin = sides_now(self.workspace, self.settings).kin(ids)
        measured = Measured(
            self.topic,
            len(held_out),
            sum(len(document.text) for document in held_out),
            round(sum(before) / read_characters, 4),
            round(sum(after) / read_characters, 4),
            _rounded(gain_interval(before, after, kin)),
            None if shared is None else round(sum(shared) / read_characters, 4),
            None if shared is None else _rounded(gain_interval(shared, after, kin)),
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

    def _goes_on(self, trained: Manifest | None) -> bool:
        """Whether the shared stage that is there is the one that the adapter went on from."""
        found = manifest.read(self.workspace.shared)
        return trained is not None and found is not None and trained.inputs.get(SharedNode.stage) == found.fingerprint


def _rounded(interval: tuple[float, float] | None) -> tuple[float, float] | None:
    return interval and (round(interval[0], 2), round(interval[1], 2))


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
        pairs = {name: values[name] and tuple(values[name]) for name in ("interval", "shared_interval")}
        return Measured(**{**values, **pairs})
    except (OSError, ValueError, KeyError, TypeError):
        return None
