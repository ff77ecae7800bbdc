"""An encoder that is quick: a text's vector counts its syllables, so texts with the same syllables are near."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from corpus.digests import digest
from retrieval.unit import unit


class Letters:
    """Each syllable has a direction of its own; remembers what it was given, and is killed at a text."""

    name = "letters 1"
    dimensions = 64

    def __init__(self, killed_at: str = "") -> None:
        self.texts: list[str] = []
        self.killed_at = killed_at

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.killed_at and self.killed_at in texts:
            raise KeyboardInterrupt
        self.texts += texts
        sums = [
            np.sum([_direction(letter) for letter in text if not letter.isspace()] or [_direction("")], axis=0)
            for text in texts
        ]
        return unit(np.array(sums, np.float32).reshape(-1, self.dimensions))


@cache
def _direction(letter: str) -> NDArray[np.float64]:
    return np.random.default_rng(list(digest(letter))).normal(size=Letters.dimensions)
