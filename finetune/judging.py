"""Texts that a base model finds far too easy, or far too hard, are no essays: a judge of perplexity.

CCNet (Wenzek et al. 2020, 1911.00359) keeps the third of a language's pages that a model of Wikipedia finds easiest;
here the extremes alone are refused, since the middle says little about quality. What repeats itself, or is
boilerplate, is easy; letters without sense, another language in hangul, a list of names are hard.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from corpus.document import Document
from finetune.execution import Execution
from retrieval.vectors import KeptVectors

if TYPE_CHECKING:
    from finetune.base import BaseModel

READ = 400  # characters of a text, from its beginning: some 200 tokens; reading all of it takes five times as long


@dataclass(frozen=True, slots=True)
class Perplexity:
    """A :class:`corpus.step.Step` that refuses what takes fewer bits per character than ``least``, or more than
    ``most``; 0: no bound.

    ``base``: the model's name, ``identity``: changes with its weights; of ``how`` its device, precision and bits count.
    What was measured is kept in ``folder``; the base is held until :func:`let_go`.
    """

    least: float
    most: float
    base: str
    identity: str
    folder: Path
    how: Execution = field(default_factory=Execution)
    version: int = 1
    at_once: ClassVar[int] = 1  # each holds the base

    @property
    def name(self) -> str:
        """With the bounds and the base, so that the corpus is made anew when one of them changes."""
        return f"judge.perplexity {self.least:g} to {self.most:g} by {self.identity}"

    def __call__(self, document: Document) -> Document | str:
        """The document as it is, or the reason."""
        bits = self.bits(document.text)
        if self.least and bits < self.least:
            return f"too easy: {bits:.2f} bits a character, less than {self.least:g}"
        if self.most and bits > self.most:
            return f"too hard: {bits:.2f} bits a character, more than {self.most:g}"
        return document

    def bits(self, text: str) -> float:
        """Per character of the text's beginning, as the base finds it."""
        ((bits,),) = _kept(self.base, self.identity, self.folder, self.how).encode([text[:READ]]).tolist()
        return float(bits)


def let_go() -> None:
    """Hold no base any longer."""
    _kept.cache_clear()
    _loaded.cache_clear()


class _Bits:
    """As an encoder whose vectors are of one number, so that :class:`retrieval.vectors.KeptVectors` keeps it."""

    dimensions = 1

    def __init__(self, base: str, identity: str, how: Execution) -> None:
        self._base, self._how = base, how
        self.name = f"bits {identity} {READ}" + (f" in {how.base_bits} bits" if how.base_bits else "")

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        from finetune.evaluate import bits_per_character  # torch is imported once something has to be measured

        base = _loaded(self._base, self._how)
        nothing = Document("0" * 32, "")
        found = [bits_per_character(base, [replace(nothing, text=text)]) for text in texts]
        return np.array(found, np.float32)[:, None]


@cache
def _kept(base: str, identity: str, folder: Path, how: Execution) -> KeptVectors:
    return KeptVectors(_Bits(base, identity, how), folder)


@cache
def _loaded(base: str, how: Execution) -> "BaseModel":
    """With its whole vocabulary."""
    from finetune.base import BaseModel

    return BaseModel.load(base, device=how.device, precision=how.precision, bits=how.base_bits)
