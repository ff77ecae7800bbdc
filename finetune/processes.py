"""Several processes that train one adapter, started by `accelerate launch` or `torchrun`: who is who, what they tell.

The main process does the work, alone but for the steps of a training: the others wait until it trains, and then compute
their share of each step (:mod:`finetune.alongside`). They decide nothing, hold no lock, measure and say nothing, and
write nothing but the state of their own random numbers into a checkpoint. Whatever breaks off a training in one of them
ends them all, and the same command goes on from the last whole checkpoint. Not launched so, a process is the main and
the only one.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from corpus.errors import GeulgamError
from finetune.limits import divisors

if TYPE_CHECKING:
    from torch import Tensor, device

_LONG = timedelta(days=30)  # that the others wait, while the main process indexes, measures, writes
_GONE = ("Connection closed", "Connection reset", "Broken pipe")  # gloo of a process that is no more
_SET = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")  # in the environment, by every launcher

_connected = False  # the processes can talk
_training = False  # they train, or a training was broken off


class LostError(GeulgamError):
    """Another of the processes has ended."""


def number() -> int:
    """How many processes there are."""
    return int(os.environ["WORLD_SIZE"]) if all(name in os.environ for name in _SET) else 1


def is_main() -> bool:
    """Whether this is the one that does the work."""
    return number() == 1 or os.environ["RANK"] == "0"


def share(batch: int, device: "device") -> int:
    """How many of a step's ``batch`` blocks each process computes, on the ``device`` of the base.

    Raises GeulgamError where they cannot be divided or a process has no device of its own, and for processes that were
    launched without :func:`finetune.launch.by_main`.
    """
    processes = number()
    if processes == 1:
        return batch
    if not _connected:
        raise GeulgamError(
            f"this is one of {processes} processes, which know nothing of each other",
            "launch geulgam finetune, or in a program of yours what finetune.launch.by_main gives",
        )
    if device.type not in ("cpu", "cuda") or device.index is not None:
        raise GeulgamError(f"finetune.device is {device}, and each of {processes} processes needs its own", "say auto")
    if batch % processes:
        raise GeulgamError(
            f"finetune.batch is {batch}, which {processes} processes cannot share evenly",
            f"set finetune.batch to {-(-batch // processes) * processes}, or launch one of {divisors(batch)} processes",
        )
    return batch // processes


@contextmanager
def all_training(order: Any) -> Iterator[None]:
    """The others carry out the ``order`` to train while the main process trains inside the block.

    One at a time. Raises GeulgamError where one of them cannot go on, with what to do.
    """
    global _training
    if number() == 1:
        yield
        return
    if _training:
        raise GeulgamError("these processes are at another training, or broke one off", "start them again")
    _training = True
    with explained():
        sent(order)
        yield
    _training = False


def sent(value: Any = None) -> Any:
    """What the main process gives to this, in each process: it is called in all of them, and waits for the main one."""
    if number() == 1:
        return value
    import torch
    import torch.distributed as dist

    values = [value if is_main() else None]
    with explained():
        dist.broadcast_object_list(values, src=0, device=torch.device("cpu"))
    return values[0]


def summed(value: "Tensor") -> "Tensor":
    """The sum of what all processes give, in each of them, on the CPU; it waits for all of them."""
    if number() == 1:
        return value
    import torch.distributed as dist

    total = value.detach().to("cpu", copy=True)
    with explained():
        dist.all_reduce(total)
    return total


def all_here() -> None:
    """Wait until every process has come to this line."""
    import torch

    summed(torch.zeros(()))


@contextmanager
def explained() -> Iterator[None]:
    """Turn what one process cannot mend alone into a GeulgamError that tells what to do."""
    from finetune.memory import MemoryFullError, enough_memory

    again = "the same command goes on from the last whole checkpoint"
    try:
        with enough_memory(f"{number()} processes trained", f"lower finetune.device_batch; {again}"):
            yield
    except MemoryFullError as error:  # no stepping down: the others would not know of it
        raise GeulgamError(str(error), error.hint) from error
    except RuntimeError as error:
        if any(words in str(error) for words in _GONE):
            raise LostError(f"another of the {number()} processes has ended", f"see what it said; {again}") from error
        raise


@contextmanager
def connected() -> Iterator[None]:
    """The processes know each other inside the block, and each has its GPU where there are some.

    When the main process leaves it, the others are sent None, for that there is no more to do.
    """
    global _connected
    import torch
    import torch.distributed as dist

    if not is_main():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the main process; the others end with it
    gpus = torch.cuda.device_count()
    if gpus:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]) % gpus)
    dist.init_process_group("cpu:gloo,cuda:nccl" if gpus else "gloo", timeout=_LONG)
    _connected = True
    try:
        yield
    finally:
        if not _training:  # else some are in the midst of it, and end as this one does
            if is_main():
                sent(None)
            dist.destroy_process_group()
            _connected = False
