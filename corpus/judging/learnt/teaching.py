"""Marks come in, the judge is learnt again, and the text that is asked about next is chosen.

First one text of each group of texts that are written alike, then, of those that the judge is least sure of, one of the
group of which the fewest are marked. Uncertainty alone (Lewis and Gale 1994) marks one kind of junk over and over and
may never meet another; ``bench/label.py`` measures both.
"""

import numpy as np
from numpy.typing import NDArray

from corpus.judging.learnt.features import TextFeatures
from corpus.judging.learnt.fitting import CrossValidated, can_fit, cross_validated, fitted
from corpus.judging.learnt.grouping import Groups, groups
from corpus.judging.learnt.judge import LearntJudge, probabilities

_UNSURE = 20  # of so many that the judge is least sure of, one is asked about


class Teaching:
    """Of n texts some are marked. ``features``: of all; ``encoder``: what made their vectors; ``seed``: of all that is
    drawn; ``grouped``: the groups of the texts, where they are known.
    """

    def __init__(self, features: TextFeatures, encoder: str = "", seed: int = 0, grouped: Groups | None = None) -> None:
        self.features, self.encoder = features, encoder
        self._groups = grouped or groups(features, seed=seed)
        self._draw = np.random.default_rng(seed).permutation(len(features))
        self._marks: dict[int, bool] = {}
        self._learnt: tuple[LearntJudge, NDArray[np.float64]] | None = None
        self._is_new = False

    @property
    def marks(self) -> dict[int, bool]:
        """Of each text that is marked its place, and whether it is an essay."""
        return dict(self._marks)

    def mark(self, place: int, essay: bool) -> None:
        """Text ``place`` is an essay, or none."""
        self._marks[place] = essay
        self._is_new = True

    def unmark(self, place: int) -> None:
        """Take a mark back."""
        del self._marks[place]
        self._is_new = True

    @property
    def judge(self) -> LearntJudge | None:
        """The judge of these marks; None while there are too few."""
        learnt = self._fit()
        return learnt[0] if learnt else None

    def scores(self) -> NDArray[np.float64] | None:
        """What it makes of every text, (n,), from 0 to 1."""
        learnt = self._fit()
        return probabilities(learnt[1]) if learnt else None

    def validated(self) -> CrossValidated | None:
        """How well marks are told that are left out; None while there are too few."""
        marks = list(self._marks.values())
        return cross_validated(self.features.rows(list(self._marks)), marks) if can_fit(marks) else None

    def next(self) -> int | None:
        """The place of the text to ask about; None if all are marked."""
        marked = list(self._marks)
        if len(marked) == len(self.features):
            return None
        labels, middles = self._groups.labels, self._groups.middles
        counts = np.bincount(labels[marked], minlength=len(middles))
        unseen = np.flatnonzero(counts == 0)
        if len(unseen):
            return int(middles[unseen[0]])
        learnt = self._fit()
        if learnt is None:
            return next(int(place) for place in self._draw if place not in self._marks)
        left = np.setdiff1d(np.arange(len(self.features)), marked)
        unsure = left[np.argsort(np.abs(learnt[1][left]), kind="stable")[:_UNSURE]]
        return int(unsure[counts[labels[unsure]].argmin()])

    def _fit(self) -> tuple[LearntJudge, NDArray[np.float64]] | None:
        """The judge and the log odds of all texts, learnt again where marks have changed."""
        if self._is_new:
            marks = list(self._marks.values())
            self._learnt = None
            if can_fit(marks):
                judge = fitted(self.features.rows(list(self._marks)), marks, self.encoder)
                self._learnt = judge, judge.logits(self.features)
            self._is_new = False
        return self._learnt
