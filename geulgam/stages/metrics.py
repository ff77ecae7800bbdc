"""An adapter is measured: bits per character of held-out essays, base against adapted."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from corpus.atomic import write_text
from corpus.errors import GeulgamError
from corpus.store import Corpus
from geulgam import manifest
from geulgam.manifest import Manifest
from geulgam.settings import Settings
from geulgam.stages.base import Lender, identity, lender
from geulgam.stages.subset import read_subset
from geulgam.workspace import Workspace


@dataclass(frozen=True)
class Measured:
    """Bits per character over the full vocabulary on a topic's test split (``essays``, of ``characters``)."""

    topic: str
    essays: int
    characters: int
    base: float
    adapted: float

    @property
    def gain(self) -> float:
        """How much less the adapted model needs, in percent of the base; negative if it needs more."""
        return 100 * (self.base - self.adapted) / self.base

    def line(self) -> str:
        """ "함께: 2.310 → 2.204 bits per character (4.6 % less) on 9 held-out essays"."""
        change = f"{abs(self.gain):.1f} % {'less' if self.gain >= 0 else 'MORE'}"
        return (
            f"{self.topic}: {self.base:.3f} → {self.adapted:.3f} bits per character ({change}) on {self.essays} "
            "essays that it has not seen"
        )


def evaluate_topics(
    workspace: Workspace,
    settings: Settings,
    names: Sequence[str],
    *,
    base: Lender | None = None,
    progress: bool = False,
) -> Iterator[Measured]:
    """Measure each topic's adapter, giving each result as it is done; one that was measured is not measured again.

    Raises GeulgamError for a topic without an adapter.
    """
    base = base or lender(workspace, settings, progress=progress)
    with workspace.exclusive():
        for name in [settings.topic(name).name for name in names]:
            require_adapter(workspace, name)
        for name in [settings.topic(name).name for name in names]:
            if not stale(workspace, settings, name):
                known = read(workspace, name)
                if known is not None:
                    yield known
                    continue
            from finetune.evaluate import bits_per_character

            held_out = Corpus(workspace.corpus).get(read_subset(workspace, name).ids("test"))
            before = bits_per_character(base(), held_out, progress=progress)
            after = bits_per_character(base(), held_out, workspace.adapter(name), progress=progress)
            characters = sum(len(document.text) for document in held_out)
            measured = Measured(name, len(held_out), characters, round(before, 4), round(after, 4))
            now = made_from(workspace, settings, name)
            _write(workspace, measured, now)
            yield measured


def read(workspace: Workspace, topic: str) -> Measured | None:
    """What was measured last, or None."""
    told = _told(workspace, topic)
    try:
        return Measured(**{field.name: told[field.name] for field in fields(Measured)})
    except KeyError:
        return None


def made_from(workspace: Workspace, settings: Settings, topic: str) -> Manifest:
    """What would be measured now."""
    adapter = manifest.read(workspace.adapter_manifest(topic))
    inputs: dict[str, Any] = {
        "adapter": adapter.facts.get("weights", "") if adapter else "",
        "subset": adapter.inputs.get("subset", "") if adapter else "",
        "base": identity(settings.finetune.base),
    }
    return Manifest(inputs, {"precision": settings.finetune.precision})


def stale(workspace: Workspace, settings: Settings, topic: str) -> list[str]:
    """Why the topic has to be measured; empty if it was."""
    found = _told(workspace, topic).get("made_from")
    if not isinstance(found, dict) or not {"inputs", "settings"} <= found.keys():
        return ["not measured yet"]
    now = made_from(workspace, settings, topic)
    reasons = [f"{name} changed" for name in now.inputs if found["inputs"].get(name) != now.inputs[name]]
    return [*reasons, *manifest.changes(found["settings"], now.settings)]


def require_adapter(workspace: Workspace, topic: str) -> None:
    """Raise GeulgamError unless the topic has an adapter."""
    if not (workspace.adapter(topic) / "adapter_model.safetensors").exists():
        raise GeulgamError(f"{topic} has no adapter yet", f"geulgam finetune {topic}")


def _told(workspace: Workspace, topic: str) -> dict[str, Any]:
    """`metrics.json`, or nothing where it cannot be read."""
    try:
        told = json.loads(workspace.metrics(topic).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _write(workspace: Workspace, measured: Measured, now: Manifest) -> None:
    """`metrics.json`: the figures, what training took and with which recipe, and what they were made from."""
    adapter = manifest.read(workspace.adapter_manifest(measured.topic))
    training = dict(adapter.facts) if adapter else {}
    told = {
        **asdict(measured),
        "gain_percent": round(measured.gain, 2),
        **{name: training.get(name) for name in ("seconds", "tokens", "tokens_per_second", "steps", "train_documents")},
        "recipe": dict(adapter.settings) if adapter else {},
        "made_from": {"inputs": now.inputs, "settings": now.settings, "made": now.made},
    }
    write_text(workspace.metrics(measured.topic), json.dumps(told, ensure_ascii=False, indent=1) + "\n")
