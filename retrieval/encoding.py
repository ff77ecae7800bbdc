"""Texts to vectors, by several processes at once where there is much to do; and vectors in one byte a number."""

import multiprocessing
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from retrieval.encoder import Encoder

_TEXTS = 256  # that a process is given at once; after so many it can be broken off
LARGEST = 127

Bytes8 = NDArray[np.int8]
Lengths = NDArray[np.float32]
Vectors = NDArray[np.float32]
# Texts to their vectors (n, d); what is given besides is called after some of them.
Batched: TypeAlias = Callable[[Sequence[str], Callable[[], Any]], Vectors]


def quantised(vectors: NDArray[np.float32]) -> tuple[Bytes8, Lengths]:
    """The rows, (n, d), scaled so that the largest number of each is 127 or -127, and rounded; and their new lengths.

    The cosine of two such rows is their inner product by both lengths.
    """
    largest = np.abs(vectors).max(axis=1, keepdims=True, initial=1e-12)
    rounded = np.rint(vectors * (LARGEST / largest)).astype(np.int8)
    lengths = np.sqrt(np.einsum("ij,ij->i", rounded, rounded, dtype=np.int64)).astype(np.float32)
    return rounded, np.maximum(lengths, 1)


@contextmanager
def encoding(make: Callable[[], Encoder], processes: int) -> Iterator[Batched]:
    """How to encode meanwhile: here, or by so many processes, which end with the block."""
    if processes == 1 or not _can_spawn():
        encoder = make()
        yield lambda texts, told: _joined((encoder.encode(some) for some in _batches(texts)), told)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, context, _begin, (make,)) as pool:
        try:
            yield lambda texts, told: _joined(pool.map(_work, _batches(texts)), told)
        finally:
            pool.shutdown(cancel_futures=True)


def _can_spawn() -> bool:
    """Whether a new process can be begun without doing again what the program does: it reads the main file anew."""
    file = getattr(sys.modules["__main__"], "__file__", None)
    return file is None or "__name__" in Path(file).read_text(encoding="utf-8", errors="replace")


def _batches(texts: Sequence[str]) -> list[Sequence[str]]:
    return [texts[start : start + _TEXTS] for start in range(0, len(texts), _TEXTS)]


def _joined(found: Iterator[Vectors], told: Callable[[], Any]) -> Vectors:
    vectors = []
    for some in found:
        vectors.append(some)
        told()
    return np.concatenate(vectors)


_own: list[Encoder] = []  # that of a process of the pool


def _begin(make: Callable[[], Encoder]) -> None:
    _own[:] = [make()]


def _work(texts: Sequence[str]) -> Vectors:
    return _own[0].encode(texts)
