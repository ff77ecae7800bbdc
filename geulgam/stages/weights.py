"""What a topic's adapter and the shared one have in common: their weights, the settings that shape them, a line."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from finetune.execution import Execution
from finetune.recipe import Recipe
from geulgam.manifest import Manifest
from geulgam.stages.base import identity

WEIGHTS = "adapter_model.safetensors"


def has_weights(folder: Path) -> bool:
    """Whether there is an adapter in the folder."""
    return (folder / WEIGHTS).exists()


def fingerprint(folder: Path) -> str:
    """32 hexadecimal digits of an adapter's weights, by which what was made with it is known."""
    with (folder / WEIGHTS).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:32]


def told_since(found: Manifest | None) -> Manifest | None:
    """What an adapter was trained from, with what manifests did not tell before there was any: no headers then."""
    return found and replace(found, settings={"headers": False, **found.settings})


def shape(base: str, execution: Execution, recipe: Recipe, found: Manifest | None) -> Mapping[str, Any]:
    """The base and the recipe; of how it is run, what changes weights: a base's bits, a precision that is asked for."""
    precision: str = execution.precision
    if precision == "auto" and found is not None:
        precision = found.settings.get("precision", precision)
    bits = {} if execution.base_bits is None else {"base_bits": execution.base_bits}
    return {"base": identity(base), "precision": precision, **bits, **recipe.determinants}


def doctor(metrics: Mapping[str, Any]) -> list[str]:
    """What may be wrong with a training, for people, a line each."""
    return [f"doctor: {line}" for line in metrics.get("diagnosis", ())]


def told(metrics: Mapping[str, Any]) -> str:
    """What training took and gave, for people: essays, steps, time, and the loss on the valid side."""
    stopped = ", stopped early" if metrics["stopped_early"] else ""
    share = metrics.get("share", 1.0)
    kept = "" if share == 1 else f", of which {share:.0%} stays"
    return (
        f"trained on {metrics['train_documents']:,} essays, {metrics['steps']:,} steps in {metrics['seconds']:.0f} s "
        f"({metrics['tokens_per_second']:.0f} tokens/s){stopped}{kept}; loss on the valid side "
        f"{metrics['valid_loss_start']:.3f} → {metrics['valid_loss']:.3f}"
    )
