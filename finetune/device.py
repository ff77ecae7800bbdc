"""Where a model is to run, and in which precision that is fast there."""

import time
import timeit
from functools import cache, partial

import torch

from corpus.errors import GeulgamError
from finetune.execution import Precision

DTYPES: dict[Precision, torch.dtype] = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
_PROBES = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
_OVERFLOWS = ("gemma3",)  # kinds of models whose activations are too large for fp16


def device_of(name: str) -> torch.device:
    """The device of that name, "auto": the fastest. Raises GeulgamError for one that PyTorch does not see."""
    cuda, mps = torch.cuda.is_available(), torch.backends.mps.is_available()
    if name == "auto":
        return torch.device("cuda" if cuda else "mps" if mps else "cpu")
    device = torch.device(name)
    there = {"cpu": True, "mps": mps, "cuda": cuda and (device.index or 0) < torch.cuda.device_count()}
    if not there.get(device.type):
        kind = "CUDA" if device.type == "cuda" else device.type.upper()
        raise GeulgamError(
            f"finetune.device is {name}, but PyTorch sees no {'such ' if cuda else ''}{kind} device",
            'set it to "auto"; see geulgam doctor',
        )
    return device


def best_dtype(device: torch.device, kind: str = "") -> torch.dtype:
    """bf16 where the hardware multiplies in it, fp16 on older GPUs (a T4), fp32 elsewhere.

    ``kind``: the model's type in transformers; one that overflows fp16 has fp32 there.
    """
    if device.type == "cuda":
        if torch.cuda.get_device_capability(device)[0] >= 8:
            return torch.bfloat16
        return torch.float32 if kind.startswith(_OVERFLOWS) else torch.float16
    if device.type == "cpu":
        return torch.bfloat16 if cpu_multiplies_bf16() else torch.float32
    return torch.float32


@cache
def cpu_multiplies_bf16() -> bool:
    """Whether the processor is the faster in bf16 than in fp32.

    It is with tiles (AMX), and is not without instructions for it. AVX512-BF16 alone makes some processors twice as
    fast and others, whose units for fp32 are twice as many, slower: there a product is timed, for some 50 ms.
    """
    tiles, instructions = (getattr(torch.cpu, probe, bool)() for probe in _PROBES)
    return tiles or (instructions and _seconds(torch.bfloat16) < _seconds(torch.float32))


def _seconds(dtype: torch.dtype) -> float:
    """Of the processor's time, that of a product of a layer's size: the least of a few, which no other work shares."""
    rows, weights = torch.ones(256, 640, dtype=dtype), torch.ones(2048, 640, dtype=dtype)
    multiply = partial(torch.nn.functional.linear, rows, weights)
    multiply()  # the first one prepares itself
    return min(timeit.repeat(multiply, timer=time.thread_time, number=1, repeat=7))
