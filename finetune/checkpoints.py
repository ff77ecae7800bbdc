"""The folder of a training that is on its way: its checkpoints, of which one counts only once it is whole.

<adapter>.part/run               the fingerprint of the training
<adapter>.part/checkpoint-20/    what transformers needs to go on; whole once it holds reached.json
<adapter>.part/best-16/          the best adapter by the valid side, and the step at which it was
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.atomic import write_text

WEIGHTS = "adapter_model.safetensors"
_REACHED = "reached.json"

History = list[tuple[int, float]]  # step and loss on the valid side, in nats per token; step 0 is the base


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a training stood: at which step, after how many seconds in all its sessions, what was measured so far."""

    folder: Path
    step: int
    seconds: float
    history: History


def prepare(work: Path, fingerprint: str) -> Checkpoint | None:
    """Make the folder ready for the training of that fingerprint: where it can go on from, or None if it begins.

    What another training left there is removed, and what is not whole.
    """
    noted = work / "run"
    checkpoint = last_checkpoint(work)
    if not is_of(work, fingerprint) or (checkpoint and not _has_best(checkpoint)):
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        write_text(noted, fingerprint)
        return None
    for folder in work.glob("checkpoint-*"):
        if not (folder / _REACHED).exists():
            shutil.rmtree(folder)
    keep_best(work, checkpoint.history if checkpoint else [])
    return checkpoint


def is_of(work: Path, fingerprint: str) -> bool:
    """Whether the folder is that of the training of this fingerprint."""
    noted = work / "run"
    return noted.exists() and noted.read_text(encoding="utf-8") == fingerprint


def complete(folder: Path, seconds: float, history: History) -> None:
    """Everything of the checkpoint stands on disk: say so, and how far the training has come with it."""
    write_text(folder / _REACHED, json.dumps({"seconds": round(seconds, 3), "history": history}))


def last_checkpoint(work: Path) -> Checkpoint | None:
    """The newest whole checkpoint in a training's folder, or None."""
    whole = [path.parent for path in work.glob(f"checkpoint-*/{_REACHED}")]
    if not whole:
        return None
    newest = max(whole, key=_step)
    reached = json.loads((newest / _REACHED).read_text(encoding="utf-8"))
    history = [(int(step), float(loss)) for step, loss in reached["history"]]
    return Checkpoint(newest, _step(newest), float(reached["seconds"]), history)


def best_of(history: Sequence[tuple[int, float]]) -> tuple[int, float]:
    """The step with the lowest loss, and that loss; the base counts only if nothing was measured after it."""
    return min(history[1:] or history, key=lambda pair: pair[1])


def best_folder(work: Path, step: int) -> Path:
    """Where the adapter of that step lies if it is the best."""
    return work / f"best-{step}"


def keep_best(work: Path, history: History) -> None:
    """Remove every adapter but the best of this history."""
    kept = best_folder(work, best_of(history)[0]) if history else None
    for folder in work.glob("best-*"):
        if folder != kept:
            shutil.rmtree(folder)


def _has_best(checkpoint: Checkpoint) -> bool:
    """Whether the adapter lies there that the checkpoint counts as the best: it is gone once put in its place."""
    step, _ = best_of(checkpoint.history)
    return step == 0 or (best_folder(checkpoint.folder.parent, step) / WEIGHTS).exists()


def _step(folder: Path) -> int:
    return int(folder.name.rpartition("-")[2])
