"""Texts as vectors whose inner product says how near in meaning they are, and which encoder makes them.

    use = encoder()                                   # the default, which needs no GPU and no download
    near = use.encode(["비가 온다."]) @ use.encode(["우산을 폈다."]).T
    of_blocks(use, [["비가 온다.", "우산을 폈다."]])   # passages, as their sentences

To encode a corpus, put :class:`retrieval.vectors.KeptVectors` around it.
"""

from collections.abc import Sequence
from functools import cache
from itertools import accumulate, chain
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from corpus.errors import GeulgamError
from retrieval.unit import unit

DEFAULT = "use"


class Encoder(Protocol):
    """Text to vectors. Any number of threads may call it."""

    @property
    def name(self) -> str:
        """Changes with the weights: vectors of one name can be compared, and kept by it."""
        ...

    @property
    def dimensions(self) -> int:
        """How many numbers a vector has."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """The vectors of the texts, (len(texts), dimensions), each of length 1; none depends on the other texts."""
        ...


def encoder(name: str = DEFAULT) -> Encoder:
    """The encoder of this name, the same object for the whole process; its weights are loaded with the first text.

    ``name``: "use" (:mod:`retrieval.use`), or the folder of a sentence-transformers model
    (:mod:`retrieval.sentence_transformers`). Raises GeulgamError if it is neither or its package is not installed.
    """
    if name == DEFAULT:
        return _loaded(name)
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise GeulgamError(
            f"no encoder called {name!r}", f"it is {DEFAULT!r}, or the folder of a sentence-transformers model"
        )
    return _loaded(str(folder.resolve()))


def of_blocks(encoder: Encoder, blocks: Sequence[Sequence[str]]) -> NDArray[np.float32]:
    """One vector for each block of sentences, (len(blocks), dimensions): of its text and of its sentences, summed.

    Both are made of length 1 first: the text encoded whole, and the mean of the sentences. At 4,000 places of 1,008
    real essays USE tells the next four sentences from four of another essay in 91.1 % by the text, 90.6 % by the mean
    (no difference beyond chance), 91.8 % by the sum (better than either, p < 0.01); from four that stand four blocks
    later in the same essay in 69.2, 69.1 and 70.3 %. It takes twice the time of the text alone. ``bench/encoder.py``.
    """
    if not blocks:
        return np.empty((0, encoder.dimensions), np.float32)
    if not all(blocks):
        raise ValueError("a block without sentences has no vector")
    vectors = encoder.encode([*(" ".join(block) for block in blocks), *chain.from_iterable(blocks)])
    firsts = [0, *accumulate(map(len, blocks))][:-1]
    return unit(vectors[: len(blocks)] + unit(np.add.reduceat(vectors[len(blocks) :], firsts, axis=0)))


@cache
def _loaded(name: str) -> Encoder:
    # Imported here: each of them is a library that not everybody who asks for vectors needs.
    if name == DEFAULT:
        from retrieval.use import Use

        return Use()
    from retrieval.sentence_transformers import SentenceTransformers

    return SentenceTransformers(Path(name))
