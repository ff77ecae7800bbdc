"""The valid side picks the adapter: measured at evenly spaced steps, the best kept, an end when none gets better."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from corpus.atomic import write_text
from corpus.errors import GeulgamError
from corpus.events import Figure, Task
from finetune.blocks import Blocks
from finetune.checkpoints import History, best_folder, best_of
from finetune.processes import sent


class DivergedError(GeulgamError):
    """The loss or a gradient became NaN or infinite."""


def save_adapter(model: Any, folder: Path) -> None:
    """The adapter's own weights in safetensors with its configuration; never the (trimmed) embedding."""
    model.save_pretrained(str(folder), safe_serialization=True, save_embedding_layers=False)
    file = folder / "adapter_config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    for name, value in config.items():  # peft writes sets in an order that is another in each process
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            config[name] = sorted(value)
    write_text(file, json.dumps(config, indent=2, sort_keys=True) + "\n")


def mean_loss(
    model: Any, blocks: Blocks, at_once: int, dtype: torch.dtype, each: Callable[[], None] = lambda: None
) -> float:
    """Mean negative log-likelihood of what is learnt of the blocks, in nats per token over the model's vocabulary.

    ``at_once``: how many blocks are read together. ``each`` is called before every such reading.
    """
    was_training = model.training
    model.eval()
    device = next(model.parameters()).device
    of_a_block = blocks.tokens - 1  # weights in blocks, so that where all is learnt they are whole numbers
    total = weights = 0.0
    try:
        for start in range(0, len(blocks), at_once):
            each()
            part = slice(start, start + at_once)
            weight = int(blocks.predicted[part].sum()) / of_a_block
            if weight:
                batch = {name: tensor.to(device) for name, tensor in blocks[part].items()}
                with torch.no_grad(), torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32):
                    total += float(model(**batch, use_cache=False).loss) * weight
                weights += weight
    finally:
        model.train(was_training)
    return total / weights


@dataclass
class Selection(TrainerCallback):
    """Measures the valid side at ``steps``, keeps the best adapter in ``work``, stops when patience ends.

    ``task``: the training's, told of what is measured. ``history``: what was measured up to now.
    """

    valid: Blocks
    steps: frozenset[int]
    patience: int
    at_once: int
    dtype: torch.dtype
    work: Path
    task: Task
    history: History = field(default_factory=list)

    @property
    def best(self) -> tuple[int, float]:
        """The step with the lowest loss, and that loss."""
        return best_of(self.history)

    @property
    def stopped_early(self) -> bool:
        """Whether patience ended before the steps did."""
        since_best = sum(step > self.best[0] for step, _ in self.history)
        return since_best >= self.patience and self.history[-1][0] < max(self.steps)

    def begin(self, model: Any) -> None:
        """Measure the base, unless it was."""
        if not self.history:
            self._measure(0, model)

    def is_over(self, step: int) -> bool:
        """Whether a training that has come to this step has come to its end."""
        return step >= max(self.steps) or self.stopped_early

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Measure if this is one of the steps; keep the adapter if it is the best."""
        step = state.global_step
        if step not in self.steps:
            return
        if all(step != s for s, _ in self.history):
            self._measure(step, kwargs["model"])
            if self.best[0] == step:
                save_adapter(kwargs["model"], best_folder(self.work, step))
        if sent(self.stopped_early):
            control.should_training_stop = True

    def _measure(self, step: int, model: Any) -> None:
        loss = mean_loss(model, self.valid, self.at_once, self.dtype, lambda: self.task.advance(0, "measuring"))
        if not math.isfinite(loss):
            raise DivergedError(f"the loss on the valid side became {loss} at step {step}")
        self.history.append((step, loss))
        self.task.on(Figure("valid loss", loss, step))
