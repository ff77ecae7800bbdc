"""When a device's memory does not suffice: less of it is taken, or a line with advice stands in a traceback's place."""

import ctypes
import gc
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import psutil
import torch

from corpus.errors import GeulgamError
from corpus.events import On, Task
from finetune.execution import Execution
from finetune.memory_plan import Held

_SAID = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")  # where torch has no error of its own
_Made = TypeVar("_Made")


class MemoryFullError(GeulgamError):
    """The memory ran out."""


@contextmanager
def enough_memory(doing: str, advice: str) -> Iterator[None]:
    """Raise MemoryFullError where the memory runs out inside the block, which is ``doing`` something.

    The tensors that the failed work held are let go, so that the next work can be done.
    """
    try:
        yield
    except RuntimeError as error:  # torch.OutOfMemoryError is one
        if not (isinstance(error, torch.OutOfMemoryError) or any(words in str(error) for words in _SAID)):
            raise
        traceback.clear_frames(error.__traceback__)
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        said = str(error).strip().splitlines()[0].split(" GPU ")[0].rstrip(".")  # the state of the GPU follows
        raise MemoryFullError(f"the memory ran out while {doing}: {said}", advice) from error


def give_back() -> None:
    """Give memory that was let go back to the system: glibc keeps what lies between pieces still in use."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):  # musl has none
        trim(0)


def stepping_down(
    work: Callable[[Execution], _Made], execution: Execution, batch: int, doing: str, advice: str, on: On
) -> _Made:
    """What ``work`` makes with this execution or, where the memory runs out, with the next that needs less of it.

    Each change is told to ``on``; ``work`` is to go on from what it has kept. Raises MemoryFullError, with ``advice``,
    where the least does not suffice either.
    """
    while True:
        at_once, again = execution.blocks_at_once(batch), execution.gradient_checkpointing
        how = f"finetune.device_batch is {at_once}, finetune.gradient_checkpointing {str(again).lower()} already; "
        try:
            with enough_memory(doing, how + advice):
                return work(execution)
        except MemoryFullError as error:
            lower = execution.lower(batch)
            if lower is None:
                raise
            change = (
                "with gradient checkpointing"
                if lower.gradient_checkpointing > again
                else f"with {lower.blocks_at_once(batch)} of a step's {batch} blocks at once, not {at_once}"
            )
            with Task(on, "stepping down", why=f"{error}; it goes on from what is kept, {change}"):
                execution = lower


@contextmanager
def within(memory: int | None, device: torch.device) -> Iterator[None]:
    """Let torch take no more than so many bytes of a GPU inside the block; the driver's own come on top.

    On other devices, and with None, nothing is limited.
    """
    if memory is None or device.type != "cuda":
        yield
        return
    share = memory / torch.cuda.get_device_properties(device).total_memory
    torch.cuda.set_per_process_memory_fraction(min(share, 1.0), device)
    try:
        yield
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0, device)


def held(model: Any, device: torch.device, dtype: torch.dtype) -> Held:
    """What is held now: of the GPU's memory by torch, elsewhere by the whole process."""
    weights = sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())
    all_ = torch.cuda.memory_allocated(device) if device.type == "cuda" else psutil.Process().memory_info().rss
    return Held(weights, max(0, all_ - weights), dtype.itemsize, fused=device.type == "cpu")
