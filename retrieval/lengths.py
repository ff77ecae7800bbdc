"""Document lengths as Lucene keeps them: in one byte, exact up to 40, then to four significant bits.

Elasticsearch computes BM25 with these, so the embedded index does too, and the two rank alike. Source:
``org.apache.lucene.util.SmallFloat`` (``intToByte4``, ``byte4ToInt``), Lucene 7 to 10.
"""

import numpy as np
from numpy.typing import NDArray


def _long_to_int4(value: int) -> int:
    bits = value.bit_length()
    if bits < 4:
        return value
    shift = bits - 4
    return (value >> shift) & 0x07 | (shift + 1) << 3


def _int4_to_long(value: int) -> int:
    bits, shift = value & 0x07, (value >> 3) - 1
    return bits if shift == -1 else (bits | 0x08) << shift


_FREE = 255 - _long_to_int4(2**31 - 1)  # 24: values below are kept as they are

# byte -> the length that it stands for; strictly rising
BYTE4_TO_INT = np.array([b if b < _FREE else _FREE + _int4_to_long(b - _FREE) for b in range(256)], np.int64)


def lucene_length(lengths: NDArray[np.integer]) -> NDArray[np.int64]:
    """What Lucene takes each length (terms in the document, 0 to 2³¹ - 1) for: the next of its 256 below."""
    return BYTE4_TO_INT[np.searchsorted(BYTE4_TO_INT, lengths, side="right") - 1]
