"""The learnt judge's scores, by which the best of near-duplicates stays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.judging.learnt.features import Encode, features
from corpus.judging.learnt.judge import LearntJudge


@dataclass(frozen=True)
class LearntScores:
    """From 0, no essay, to 1, an essay, to four digits; what the user has marked is 1 or 0, as it was marked.

    :class:`corpus.keeping.Scores`.
    """

    judge: LearntJudge
    encode: Encode

    @property
    def digest(self) -> str:
        """The judge's."""
        return self.judge.digest

    def __call__(self, ids: Sequence[str], texts: Sequence[str]) -> NDArray[np.float64]:
        """Of each document, (len(ids),)."""
        scores = self.judge.scores(features(texts, self.encode))
        marks = [self.judge.marks.get(id_) for id_ in ids]
        told = [score if mark is None else mark for score, mark in zip(scores, marks, strict=True)]
        return np.asarray(told, np.float64).round(4)
