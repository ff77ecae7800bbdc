"""Execution: how a training is run, which changes its speed and its memory and not what is learnt.

The precision and the bits of the base are the exception: they change the weights, so what a training did use counts
when one is to go on.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal

from corpus.errors import GeulgamError
from finetune.limits import Limit, check, divisors, one_of, or_none, whole

Precision = Literal["auto", "fp32", "fp16", "bf16"]
PRECISIONS: tuple[Precision, ...] = ("auto", "fp32", "fp16", "bf16")

_DEVICE: Limit = (
    lambda value: isinstance(value, str) and re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", value) is not None,
    "choose auto, cpu, mps, cuda, or one of several GPUs as cuda:0",
)
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([MG]i?B)")
_UNITS = {"MB": 10**6, "GB": 10**9, "MiB": 2**20, "GiB": 2**30}
_MEMORY: Limit = (
    lambda value: isinstance(value, str) and (found := _SIZE.fullmatch(value)) is not None and float(found[1]) > 0,
    "give a size, such as 15GiB or 6000MB",
)
_LIMITS: dict[str, Limit] = {
    "device": _DEVICE,
    "precision": one_of(PRECISIONS),
    "device_batch": or_none(whole(1)),
    "gradient_checkpointing": one_of((False, True)),
    "memory": or_none(_MEMORY),
    "base_bits": or_none(one_of((8, 4))),
    "checkpoint_steps": whole(1),
    "workers": whole(0),
}


@dataclass(frozen=True, slots=True)
class Execution:
    """How a training is run. Raises GeulgamError for a value that none can be run with.

    ``device``: "auto", "cpu", "mps", "cuda" or "cuda:1". ``precision``: "auto" is what the device is good at.
    ``device_batch``: blocks on the device at once; None: all of a step's. It has to divide the recipe's batch.
    ``gradient_checkpointing``: compute more and keep less. ``memory``: what a training may take of the device, such as
    "15GiB"; how many blocks it holds at once is then planned (:mod:`finetune.memory_plan`). ``base_bits``: 8 or 4, the
    base's linear layers in so many bits (LLM.int8, 2208.07339; QLoRA, 2305.14314); None: as they are.
    ``checkpoint_steps``: steps between two points from which a training that was killed goes on. ``workers``:
    processes that fetch blocks; 0: the training's own.
    """

    device: str = "auto"
    precision: Precision = "auto"
    device_batch: int | None = None
    gradient_checkpointing: bool = False
    memory: str | None = None
    base_bits: int | None = None
    checkpoint_steps: int = 10
    workers: int = 0

    def __post_init__(self) -> None:
        check(self, _LIMITS)

    def passes(self, batch: int) -> int:
        """In how many passes a step of ``batch`` blocks is made. Raises GeulgamError if it cannot be divided so."""
        at_once = self.device_batch or batch
        if batch % at_once:
            raise GeulgamError(
                f"finetune.device_batch is {at_once}, which does not divide finetune.batch, {batch}",
                f"choose one of {divisors(batch)}",
            )
        return batch // at_once

    def blocks_at_once(self, batch: int) -> int:
        """How many of a step's ``batch`` blocks are on the device at once."""
        return batch // self.passes(batch)

    @property
    def memory_bytes(self) -> int | None:
        """``memory`` in bytes."""
        if self.memory is None or (found := _SIZE.fullmatch(self.memory)) is None:
            return None
        return int(float(found[1]) * _UNITS[found[2]])

    def lower(self, batch: int) -> "Execution | None":
        """The next that needs less memory and teaches the same: half the blocks at once, then gradient checkpointing.

        None if there is none.
        """
        at_once = self.blocks_at_once(batch)
        if at_once > 1:
            return replace(self, device_batch=max(n for n in range(1, at_once // 2 + 1) if batch % n == 0))
        return None if self.gradient_checkpointing else replace(self, gradient_checkpointing=True)
