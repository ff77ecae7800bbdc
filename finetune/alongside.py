"""What a process does that is not the main one of a launch: it trains along, its share of each step's blocks."""

import sys
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import torch
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from corpus.errors import GeulgamError
from finetune.base import BaseModel
from finetune.execution import Precision
from finetune.memory import within
from finetune.processes import LostError, all_here, explained, sent
from finetune.selection import DivergedError
from finetune.silence import quiet
from finetune.trainer import Training, train
from finetune.vocabulary import Vocabulary


@dataclass(frozen=True)
class TrainingOrder:
    """A training to take part in, and the base that it is of, as the main process has it."""

    training: Training
    measured: frozenset[int]  # steps after which the main process measures, and says whether to stop
    name: str
    kept: npt.NDArray[Any] | None  # the vocabulary's ids, None: all
    device: str
    precision: Precision
    fingerprint: str

    @classmethod
    def of(cls, base: BaseModel, training: Training, measured: frozenset[int]) -> "TrainingOrder":
        """To train on this base."""
        kept = None if base.vocabulary.is_full else base.vocabulary.kept
        return cls(training, measured, base.name, kept, base.device.type, base.precision, base.fingerprint)


class Follower(TrainerCallback):
    """Waits for the main process where it alone measures or keeps something."""

    def __init__(self, measured: frozenset[int]) -> None:
        self._measured = measured

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Learn whether this was the last step."""
        if state.global_step in self._measured and sent():
            control.should_training_stop = True

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """What this process keeps in the checkpoint stands on disk."""
        all_here()


def train_along() -> None:
    """Take part in all trainings of the main process, until it says that there are no more; it ends if that one ends.

    Raises GeulgamError where this process has another base than the main one, or not enough memory.
    """
    base: BaseModel | None = None
    try:
        while (order := sent()) is not None:
            base = _base(order, base)
            with quiet(), within(order.training.execution.memory_bytes, base.device), explained():
                try:
                    train(base, order.training, [Follower(order.measured)])
                except DivergedError:  # in all of them at once: the main process tells
                    pass
                finally:
                    base.take_off()
    except LostError:
        sys.exit(1)


def _base(order: TrainingOrder, base: BaseModel | None) -> BaseModel:
    """The base of an order: the one that is loaded if it is that."""
    bits = order.training.execution.base_bits
    if base is None or (base.name, base.precision) != (order.name, order.precision):
        base = BaseModel.load(order.name, device=order.device, precision=order.precision, bits=bits)
    if base.fingerprint != order.fingerprint:
        base.trim(Vocabulary(base.vocabulary.tokenizer, None if order.kept is None else order.kept.tolist()))
    if base.fingerprint != order.fingerprint:
        raise GeulgamError(
            f"{order.name} is another model in process {torch.distributed.get_rank()} than in the main one",
            "have the same files on all machines of a launch",
        )
    return base
