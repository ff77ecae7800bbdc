"""An adapter is measured: bits per character of the essays that were held out from its training, and a report."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from corpus.atomic import write_text
from corpus.document import Document
from corpus.events import On, silent
from corpus.store import Corpus
from geulgam import manifest
from geulgam.graph import Node, make, renewed, sealed
from geulgam.manifest import Manifest
from geulgam.settings import Settings
from geulgam.stages import weights
from geulgam.stages.adapter import AdapterNode, require_adapter
from geulgam.stages.base import Lender, ModelNode
from geulgam.stages.evaluation_controls import CONTROLS, control_folder, controls
from geulgam.stages.evaluation_report import Compared, HeldOut, html
from geulgam.stages.shared import SharedNode
from geulgam.stages.sides import sides_now
from geulgam.stages.subset import read_subset
from geulgam.workspace import Workspace

FILE = "metrics.json"
REPORT = "report.html"
WIDE = 2.0  # percent of the base: an interval that is wider is called so
_OF_TRAINING = ("seconds", "tokens", "tokens_per_second", "steps", "train_documents")


@dataclass(frozen=True)
class Measured:
    """Bits per character over the full vocabulary on a topic's test side (``essays``, of ``characters``).

    ``models``: what was measured of each, by name: "base"; "shared", the stage that topics share, alone, if the adapter
    went on from one; with controls "random" and "corpus", see :mod:`geulgam.stages.evaluation_controls`; and "adapted".
    """

    topic: str
    essays: int
    characters: int
    models: Mapping[str, Compared]

    @property
    def base(self) -> float:
        """Of the base as it is."""
        return self.models["base"].bits

    @property
    def adapted(self) -> float:
        """With the topic's adapter."""
        return self.models["adapted"].bits

    @property
    def gain(self) -> float:
        """How much less the adapted model needs, in percent of the base; negative if it needs more."""
        return self.models["adapted"].gain

    @property
    def interval(self) -> tuple[float, float] | None:
        """Between which the gain lies with a probability of 95 %; None for a single essay, which tells nothing."""
        return self.models["adapted"].gain_interval

    def line(self) -> str:
        """ "함께: 2.310 → 2.204 bits per character (4.6 % less, …; …) on 9 essays that it has not seen"."""
        told = _told(self.gain, self.interval)
        if (shared := self.models.get("shared")) is not None:
            told += f"; {_told(shared.lead, shared.lead_interval)} than the shared stage alone"
        return (
            f"{self.topic}: {self.base:.3f} → {self.adapted:.3f} bits per character ({told}) on {self.essays} essays "
            "that it has not seen"
        )

    def told(self) -> dict[str, Any]:
        """For programs: what it is, with the usual figures by names of their own."""
        shared = self.models.get("shared")
        return {
            **asdict(self),
            "base": self.base,
            "adapted": self.adapted,
            "gain": round(self.gain, 2),
            "interval": self.interval,
            "shared": shared and shared.bits,
            "shared_interval": shared and shared.lead_interval,
        }


def _told(gain: float, interval: tuple[float, float] | None) -> str:
    """A gain, and how sure it is."""
    change = f"{abs(gain):.1f} % {'less' if gain >= 0 else 'MORE'}"
    if interval is None:
        return f"{change}, one essay: no telling how sure"
    low, high = interval
    wide = ", too few essays to be sure" if high - low > WIDE else ""
    return f"{change}, 95 %: {low:.1f} to {high:.1f}{wide}"


class EvaluationNode(ModelNode):
    """A topic's, made from its adapter, on the split that the adapter was trained with.

    ``full``: with the controls, which have to be there. What was measured with them stays so until the adapter is
    another.
    """

    stage = "evaluation"
    not_there = "not measured yet"

    def __init__(
        self,
        workspace: Workspace,
        settings: Settings,
        topic: str = "",
        lender: Lender | None = None,
        *,
        full: bool = False,
    ) -> None:
        super().__init__(workspace, settings, topic, lender)
        self.full = full

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
        there = read(self.workspace, self.topic) and (self.folder / REPORT).exists()
        return super().found() if there else None

    def shape(self, found: Manifest | None) -> Mapping[str, Any]:
        """Whether the controls are measured too."""
        if self.full:
            return {"full": True}
        adapter = manifest.read(self.workspace.adapter(self.topic))
        same = found is not None and adapter is not None and found.inputs.get("adapter") == adapter.fingerprint
        return found.settings if found is not None and same else {}

    def make(self, now: Manifest, on: On) -> str:
        """Measure the base, the adapted model, and what else there is to compare with."""
        from finetune.evaluate import by_position, measured_bits
        from finetune.layout import essay_text

        began = time.monotonic()
        adapter = require_adapter(self.workspace, self.topic)
        trained = manifest.read(adapter)
        ids = read_subset(adapter).ids("test")
        held_out = Corpus(self.workspace.corpus).get(ids)
        folders = self._models(adapter, trained, bool(now.settings.get("full")))
        with self.lender.for_adapter(adapter, on) as base:
            found = {name: measured_bits(base, held_out, folder, on=on) for name, folder in folders.items()}
        bits = {name: [essay.total for essay in each] for name, each in found.items()}
        measured = Measured(
            self.topic,
            len(held_out),
            sum(len(document.text) for document in held_out),
            compared(bits, held_out, sides_now(self.workspace, self.settings).kin(ids)),
        )
        positions = {name: by_position(each) for name, each in found.items()}
        essays = [
            HeldOut(essay.id, essay.title, len(essay_text(essay)), {name: each[i] for name, each in bits.items()})
            for i, essay in enumerate(held_out)
        ]
        training = dict(trained.facts) if trained else {}
        figures = {
            **measured.told(),
            "gain_percent": round(measured.gain, 2),
            **{name: training.get(name) for name in _OF_TRAINING},
            "recipe": dict(trained.settings) if trained else {},
            "by_position": positions,
            "each": [asdict(essay) for essay in essays],
        }
        told = {name: made.facts for name, folder in folders.items() if folder and (made := manifest.read(folder))}
        page = html(self.topic, measured.models, positions, essays, told)
        with renewed(self.folder) as folder:
            write_text(folder / FILE, json.dumps(figures, ensure_ascii=False, indent=1) + "\n")
            write_text(folder / REPORT, page)
            sealed(now, f"{measured.base} {measured.adapted}", time.monotonic() - began).write(folder)
        return measured.line().partition(": ")[2]

    def _models(self, adapter: Path, trained: Manifest | None, full: bool) -> dict[str, Path | None]:
        """The adapters to be measured, by what they are called; None is the base."""
        shared = manifest.read(self.workspace.shared)
        goes_on = trained is not None and shared and trained.inputs.get(SharedNode.stage) == shared.fingerprint
        models: dict[str, Path | None] = {"base": None}
        if goes_on:
            models["shared"] = self.workspace.shared
        if full:
            made = {kind.kind: control_folder(self.workspace, self.topic, kind.kind) for kind in CONTROLS}
            models |= {kind: folder for kind, folder in made.items() if weights.has_weights(folder)}
        return {**models, "adapted": adapter}


def compared(
    bits: Mapping[str, Sequence[float]], essays: Sequence[Document], kin: Sequence[int]
) -> dict[str, Compared]:
    """What each model needs for the essays, of which ``bits`` says it one by one, and how the models compare.

    ``kin``: the group of each essay; intervals draw a group as a whole.
    """
    from finetune.evaluate import gain_interval
    from finetune.layout import essay_text

    characters = sum(len(essay_text(document)) for document in essays)
    base, adapted = bits["base"], bits["adapted"]
    return {
        name: Compared(
            bits=round(sum(each) / characters, 4),
            gain=round(_gain(base, each), 3),
            gain_interval=None if name == "base" else _rounded(gain_interval(base, each, kin)),
            lead=round(_gain(each, adapted), 3),
            lead_interval=None if name == "adapted" else _rounded(gain_interval(each, adapted, kin)),
        )
        for name, each in bits.items()
    }


def _gain(before: Sequence[float], after: Sequence[float]) -> float:
    return 100 * (1 - sum(after) / sum(before))


def _rounded(interval: tuple[float, float] | None) -> tuple[float, float] | None:
    return interval and (round(interval[0], 2), round(interval[1], 2))


def evaluate_topics(
    workspace: Workspace,
    settings: Settings,
    names: Sequence[str],
    *,
    full: bool = False,
    lender: Lender | None = None,
    on: On = silent,
) -> list[Measured]:
    """Measure each topic's adapter as it is; one that was measured is not measured again.

    ``full``: beside controls, which are trained first, in as many steps each, where they are not there yet.
    Raises GeulgamError for a topic without an adapter, before anything is measured.
    """
    lender = lender or Lender(workspace, settings)
    topics = [settings.topic(name).name for name in names]
    for topic in topics:
        require_adapter(workspace, topic)
    found = []
    for topic in topics:
        for control in controls(workspace, settings, topic, lender) if full else ():
            make(control, on, alone=True)
        make(EvaluationNode(workspace, settings, topic, lender, full=full), on, alone=True)
        measured = read(workspace, topic)
        assert measured is not None
        found.append(measured)
    return found


def read(workspace: Workspace, topic: str) -> Measured | None:
    """What was measured last, or None."""
    try:
        told = json.loads((workspace.evaluation(topic) / FILE).read_text(encoding="utf-8"))
        models = {name: Compared.read(values) for name, values in told["models"].items()}
        return Measured(told["topic"], told["essays"], told["characters"], models) if "adapted" in models else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
