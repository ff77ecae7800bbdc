"""When a device's memory does not suffice: a line with advice in place of a traceback, and the memory free again."""

import gc
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from corpus.errors import GeulgamError

_SAID = ("out of memory", "can't allocate memory", "CUBLAS_STATUS_ALLOC_FAILED")  # where torch has no error of its own


@contextmanager
def enough_memory(doing: str, advice: str) -> Iterator[None]:
    """Raise GeulgamError where the memory runs out inside the block, which is ``doing`` something.

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
        raise GeulgamError(f"the memory ran out while {doing}: {said}", advice) from error
