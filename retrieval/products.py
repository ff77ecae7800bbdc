"""Inner products of many vectors of bytes with one: exact, at the speed at which memory is read.

For 300,000 vectors of 512 bytes numpy, which makes floats of the bytes first, takes 44 ms of one core, and torch, whose
product of integers does not, 19 ms (``bench/meaning.py --speed``). torch takes a second or two to import, so it is
asked where there is much to multiply. Both give the same integers: a sum of 1,040 products of bytes still is a whole
number in single precision.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

MANY = 200_000  # vectors; from so many on torch is worth its import
_CHUNK = 512  # vectors: as floats they stay in the cache
_LONGEST = (1 << 24) // 127**2  # numbers of a vector whose product single precision still holds exactly


def products(vectors: NDArray[np.int8], query: NDArray[np.int8], many: bool = False) -> NDArray[np.int32]:
    """The inner products of the vectors, (n, d), with the query, (d,): (n,). ``many``: see :data:`MANY`."""
    if many and len(vectors) and _torch_is_exact():
        return _by_torch(vectors, query)
    found = np.empty(len(vectors), np.float64 if len(query) > _LONGEST else np.float32)
    numbers = query.astype(found.dtype)
    buffer = np.empty((_CHUNK, len(query)), found.dtype)
    for start in range(0, len(vectors), _CHUNK):
        some = vectors[start : start + _CHUNK]
        floats = buffer[: len(some)]
        np.copyto(floats, some)
        np.dot(floats, numbers, out=found[start : start + _CHUNK])
    return found.astype(np.int32)


def _by_torch(vectors: NDArray[np.int8], query: NDArray[np.int8]) -> NDArray[np.int32]:
    import torch

    # As a row: the strides of a column that numpy makes of a vector lead the product astray.
    row, rows = torch.from_numpy(np.array(query[None])), torch.from_numpy(vectors)
    product: Any = torch._int_mm(row, rows.T)
    found: NDArray[np.int32] = product.numpy()[0]
    return found


@cache
def _torch_is_exact() -> bool:
    """Processors without VNNI add pairs of products in 16 bits, where the largest bytes do not fit."""
    rows = np.tile(np.array([[127], [-127], [-128]], np.int8), (6, 512))
    query = np.full(512, 127, np.int8)
    expected = rows.astype(np.int32) @ query.astype(np.int32)
    try:
        return bool((_by_torch(rows, query) == expected).all())
    except (ImportError, AttributeError, RuntimeError):
        return False
