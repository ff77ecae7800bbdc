"""Execution: how a training is run, which changes its speed and its memory and not what is learnt.

Precision is the exception: it changes the weights, so what a training did use counts when one is to go on.
"""

import re
from dataclasses import dataclass
from typing import Literal

from corpus.errors import GeulgamError
from finetune.limits import Limit, check, one_of, or_none, whole

Precision = Literal["auto", "fp32", "fp16", "bf16"]
PRECISIONS: tuple[Precision, ...] = ("auto", "fp32", "fp16", "bf16")

_DEVICE: Limit = (
    lambda value: isinstance(value, str) and re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", value) is not None,
    "choose auto, cpu, mps, cuda, or one of several GPUs as cuda:0",
)
_LIMITS: dict[str, Limit] = {
    "device": _DEVICE,
    "precision": one_of(PRECISIONS),
    "device_batch": or_none(whole(1)),
    "gradient_checkpointing": one_of((False, True)),
    "checkpoint_steps": whole(1),
    "workers": whole(0),
}


@dataclass(frozen=True, slots=True)
class Execution:
    """How a training is run. Raises GeulgamError for a value that none can be run with.

    ``device``: "auto", "cpu", "mps", "cuda" or "cuda:1". ``precision``: "auto" is what the device is good at.
    ``device_batch``: blocks on the device at once; None: all of a step's. It has to divide the recipe's batch.
    ``gradient_checkpointing``: compute more and keep less. ``checkpoint_steps``: steps between two points from which
    a training that was killed goes on. ``workers``: processes that fetch blocks; 0: the training's own.
    """

    device: str = "auto"
    precision: Precision = "auto"
    device_batch: int | None = None
    gradient_checkpointing: bool = False
    checkpoint_steps: int = 10
    workers: int = 0

    def __post_init__(self) -> None:
        check(self, _LIMITS)

    def passes(self, batch: int) -> int:
        """In how many passes a step of ``batch`` blocks is made. Raises GeulgamError if it cannot be divided so."""
        at_once = self.device_batch or batch
        if batch % at_once:
            divisors = ", ".join(str(n) for n in range(1, batch + 1) if batch % n == 0)
            raise GeulgamError(
                f"finetune.device_batch is {at_once}, which does not divide finetune.batch, {batch}",
                f"choose one of {divisors}",
            )
        return batch // at_once

    def blocks_at_once(self, batch: int) -> int:
        """How many of a step's ``batch`` blocks are on the device at once."""
        return batch // self.passes(batch)
