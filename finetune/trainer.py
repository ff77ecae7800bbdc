"""transformers' Trainer, with what it lacks: a valid split that picks the adapter, whole checkpoints, no NaN.

Why a subclass and callbacks and not a loop of our own: accumulation, precision, schedules, devices and exact
resumption are Trainer's, kept by others. What is added here is small:

- the valid split is measured at evenly spaced steps on the same blocks, the best adapter is kept aside, and
  training stops early when it no longer improves;
- a checkpoint counts only once it is whole, so a kill while one is written costs nothing;
- a loss or gradient that is not a number stops before it reaches the weights.
"""

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from corpus.atomic import write_text
from corpus.errors import GeulgamError

_WHOLE = "whole"  # the marker in a checkpoint that was written to its end


class DivergedError(GeulgamError):
    """The loss or a gradient became NaN or infinite."""


class AdapterTrainer(Trainer):
    """Trainer over blocks (tokens,) of trimmed ids; saves the adapter alone, and refuses a loss that is no number."""

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        """One forward and backward pass; raises DivergedError before the optimizer sees a loss that is no number."""
        loss: torch.Tensor = super().training_step(model, inputs, num_items_in_batch)
        if not torch.isfinite(loss):
            raise DivergedError(f"the loss became {loss.item()} at step {self.state.global_step + 1}")
        return loss

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        save_adapter(self.model, Path(output_dir or str(self.args.output_dir)))


def save_adapter(model: Any, folder: Path) -> None:
    """The adapter's own weights in safetensors with its configuration; never the (trimmed) embedding."""
    model.save_pretrained(str(folder), safe_serialization=True, save_embedding_layers=False)


def stack(blocks: Sequence[torch.Tensor]) -> dict[str, torch.Tensor]:
    """Blocks of equal length (tokens,) as a batch (batch, tokens), its own labels."""
    batch = torch.stack(list(blocks))
    return {"input_ids": batch, "labels": batch}


@torch.no_grad()
def mean_loss(model: Any, blocks: torch.Tensor, batch: int, dtype: torch.dtype) -> float:
    """Mean negative log-likelihood, nats per token over the model's vocabulary, of blocks (n, tokens)."""
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    total = 0.0
    try:
        with torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32):
            for part in torch.split(blocks, batch):
                part = part.to(device)
                total += float(model(input_ids=part, labels=part, use_cache=False).loss) * len(part)
    finally:
        model.train(was_training)
    return total / len(blocks)


@dataclass
class Selection(TrainerCallback):
    """Measures the valid split at ``steps``, keeps the best adapter in ``folder``/best, stops when patience ends.

    ``history``: (step, loss) pairs, step 0 being the base. It is read back on resumption from valid.json.
    """

    valid: torch.Tensor
    steps: frozenset[int]
    patience: int
    batch: int
    dtype: torch.dtype
    folder: Path
    history: list[tuple[int, float]] = field(default_factory=list)
    stopped_early: bool = False

    @property
    def best(self) -> tuple[int, float]:
        """The step with the lowest loss, and that loss; the base counts only if nothing was measured after it."""
        return min(self.history[1:] or self.history, key=lambda pair: pair[1])

    def begin(self, model: Any, at_step: int) -> None:
        """Measure the base, or on resumption read what was measured up to ``at_step``."""
        file = self.folder / "valid.json"
        if at_step and file.exists():
            self.history = [(int(s), float(x)) for s, x in json.loads(file.read_text()) if s <= at_step]
        if not self.history:
            self._measure(0, model)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Measure if this is one of the steps; keep the adapter if it is the best."""
        step = state.global_step
        if step not in self.steps or any(step == s for s, _ in self.history):
            return
        self._measure(step, kwargs["model"])
        best_step = self.best[0]
        if best_step == step:
            save_adapter(kwargs["model"], self.folder / "best")
        since_best = sum(s > best_step for s, _ in self.history)
        if since_best >= self.patience and step < max(self.steps):
            self.stopped_early = True
            control.should_training_stop = True

    def _measure(self, step: int, model: Any) -> None:
        loss = mean_loss(model, self.valid, self.batch, self.dtype)
        if not math.isfinite(loss):
            raise DivergedError(f"the loss on the valid split became {loss} at step {step}")
        self.history.append((step, loss))
        write_text(self.folder / "valid.json", json.dumps(self.history))


class Guard(TrainerCallback):
    """Stops before a gradient that is no number is applied, and marks checkpoints that are whole."""

    def on_pre_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Look at every gradient. Under fp16 the loss scaler meets overflows on purpose and skips them itself."""
        if args.fp16:
            return
        for name, parameter in kwargs["model"].named_parameters():
            if parameter.grad is not None and not torch.isfinite(parameter.grad).all():
                raise DivergedError(f"the gradient of {name} became infinite at step {state.global_step + 1}")

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Everything of the checkpoint stands on disk: say so."""
        (Path(str(args.output_dir)) / f"checkpoint-{state.global_step}" / _WHOLE).touch()


def last_checkpoint(folder: Path) -> Path | None:
    """The newest whole checkpoint in a run's folder, or None."""
    whole = [path.parent for path in folder.glob(f"checkpoint-*/{_WHOLE}")]
    return max(whole, key=lambda path: int(path.name.rsplit("-", 1)[1]), default=None)


class Bar(TrainerCallback):
    """One tqdm bar for the run: steps, loss, tokens per second."""

    def __init__(self, name: str, tokens_per_step: int) -> None:
        self.name, self.tokens_per_step = name, tokens_per_step
        self.bar: tqdm[Any] | None = None
        self.began, self.first = 0.0, 0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Open the bar where a resumed run stands."""
        self.began, self.first = time.monotonic(), state.global_step
        self.bar = tqdm(total=state.max_steps, initial=state.global_step, desc=f"fine-tuning {self.name}", unit="step")

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Advance."""
        assert self.bar is not None
        speed = (state.global_step - self.first) * self.tokens_per_step / (time.monotonic() - self.began)
        self.bar.set_postfix_str(f"{speed:.0f} tok/s", refresh=False)
        self.bar.update()

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Show the last training loss."""
        loss = (kwargs.get("logs") or {}).get("loss")
        if self.bar is not None and loss is not None:
            self.bar.set_description(f"fine-tuning {self.name}, loss {float(loss):.2f}")

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self.bar is not None:
            self.bar.close()
