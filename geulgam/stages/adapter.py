"""A subset becomes an adapter."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from corpus.store import Corpus
from geulgam import manifest
from geulgam.manifest import Manifest
from geulgam.settings import Settings
from geulgam.stages.base import Lender, identity, lender
from geulgam.stages.subset import read_subset, select_topic, summary
from geulgam.stages.subset import stale as subset_stale
from geulgam.workspace import Workspace


@dataclass(frozen=True)
class Tuned:
    """A topic's adapter. ``trained``: whether it was made now; ``reasons``: why, empty if it was up to date.

    ``metrics``: what training measured, see :class:`finetune.adapt.Adapter`.
    """

    topic: str
    folder: Path
    trained: bool
    reasons: tuple[str, ...]
    metrics: dict[str, Any]

    def line(self) -> str:
        """What happened, for people: essays, steps, time, and the loss on the valid split."""
        if not self.trained:
            return f"{self.topic}: up to date"
        m = self.metrics
        stopped = ", stopped early" if m["stopped_early"] else ""
        return (
            f"{self.topic}: trained on {m['train_documents']:,} essays, {m['steps']:,} steps in {m['seconds']:.0f} s "
            f"({m['tokens_per_second']:.0f} tokens/s){stopped}; loss on the valid split "
            f"{m['valid_loss_base']:.3f} → {m['valid_loss']:.3f}"
        )


def finetune_topics(
    workspace: Workspace,
    settings: Settings,
    names: Sequence[str],
    *,
    base: Lender | None = None,
    again: bool = False,
    tell: Callable[[str], None] = lambda line: None,
    progress: bool = False,
) -> Iterator[Tuned]:
    """Fine-tune an adapter for each topic, giving each as it is done; one that is up to date stays.

    Subsets that are stale are selected first, all of them, so that a bad query fails before any training. A run
    that was killed goes on where it stood. ``again``: train even what is up to date. ``tell`` is given a line for
    each thing that is begun, and why.
    """
    base = base or lender(workspace, settings, progress=progress)
    with workspace.exclusive():
        topics = [settings.topic(name) for name in names]
        for topic in topics:
            if why := subset_stale(workspace, settings, topic.name):
                tell(f"subset {topic.name}: {'; '.join(why)}")
                tell(f"  {summary(select_topic(workspace, settings, topic.name, progress=progress))}")
        corpus = Corpus(workspace.corpus)
        for topic in topics:
            reasons = stale(workspace, settings, topic.name) or (["asked for"] if again else [])
            folder = workspace.adapter(topic.name)
            path = workspace.adapter_manifest(topic.name)
            if not reasons:
                made = manifest.read(path)
                yield Tuned(topic.name, folder, False, (), dict(made.facts) if made else {})
                continue
            tell(f"adapter {topic.name}: {'; '.join(reasons)}")
            from finetune.adapt import adapt
            from finetune.card import Card

            subset = read_subset(workspace, topic.name)
            adapter = adapt(
                base(),
                corpus.get(subset.ids("train")),
                corpus.get(subset.ids("valid")),
                settings.finetune.recipe,
                folder,
                Card(topic.name, topic.query, topic.k or settings.retrieval.k),
                progress=progress,
            )
            facts = {**adapter.metrics, "weights": weights(folder)}
            wanted = made_from(workspace, settings, topic.name)
            Manifest(wanted.inputs, wanted.settings, facts).write(path)
            yield Tuned(topic.name, folder, True, tuple(reasons), adapter.metrics)


def made_from(workspace: Workspace, settings: Settings, topic: str) -> Manifest:
    """What the adapter would be made from now."""
    subset = manifest.read(workspace.subset_manifest(topic))
    chosen = settings.finetune
    recipe = asdict(chosen.recipe)
    del recipe["checkpoint_steps"]  # which changes no weight
    return Manifest(
        {"subset": str(subset.facts["fingerprint"]) if subset else "", "base": identity(chosen.base)},
        {"base": chosen.base, "precision": chosen.precision, **recipe},
    )


def stale(workspace: Workspace, settings: Settings, topic: str) -> list[str]:
    """Why the topic's adapter has to be made; empty if it is up to date."""
    found = manifest.read(workspace.adapter_manifest(topic))
    if found is None or not (workspace.adapter(topic) / "adapter_model.safetensors").exists():
        begun = workspace.adapter(topic).with_name("adapter.part").exists()
        return ["not finished yet" if begun else "not made yet"]
    now = made_from(workspace, settings, topic)
    recipe = manifest.changes(found.settings, now.settings)
    reasons = ["subset changed"] if found.inputs.get("subset") != now.inputs["subset"] else []
    if found.inputs.get("base") != now.inputs["base"] and not any(r.startswith("base ") for r in recipe):
        reasons.append("base changed")
    return [*reasons, *([f"recipe changed: {', '.join(recipe)}"] if recipe else [])]


def weights(folder: Path) -> str:
    """32 hexadecimal digits of an adapter's weights, by which what was made with it is known."""
    with (folder / "adapter_model.safetensors").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]
