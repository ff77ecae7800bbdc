"""The linear model is fitted to the marks, and tried on marks that it has not seen.

A logistic regression with an L2 penalty, in which both kinds count the same however many marks each has. Its solution
lies in the span of the marked texts (the representer theorem: Schölkopf, Herbrich and Smola 2001), so that fifty marks
are fitted in fifty dimensions, whatever the number of features.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.judging.learnt.features import TextFeatures, Vectors
from corpus.judging.learnt.judge import LearntJudge

ENOUGH = 8  # marks, of both kinds, from which a judge is learnt
_VECTORS = 0.1  # what the likeness of two texts' vectors counts beside that of their runs, 1
_PENALTY = 12.5  # scikit-learn's C
_FOLDS = 5
_LEAST = 1e-8  # of a direction in which marked texts differ, by its square


@dataclass(frozen=True, slots=True)
class CrossValidated:
    """How well marks are told that were left out: the share told right, and the area under the ROC curve."""

    accuracy: float
    auc: float
    folds: int


def can_fit(marks: Sequence[bool]) -> bool:
    """Whether there is enough to learn from."""
    return len(marks) >= ENOUGH and len(set(marks)) == 2


def fitted(features: TextFeatures, marks: Sequence[bool], encoder: str = "") -> LearntJudge:
    """The judge of these texts, of which some are essays and some are none. Its ``marks`` are left to be named."""
    spread, axes = _spanned(features)
    model = _model().fit(spread, np.asarray(marks))
    weights = axes @ model.coef_[0]
    runs = np.asarray(features.runs.T @ weights, np.float32)
    vector = np.asarray(features.vectors.T @ weights, np.float32) * np.float32(_VECTORS)
    return LearntJudge(runs, vector, float(model.intercept_[0]), encoder)


def cross_validated(features: TextFeatures, marks: Sequence[bool]) -> CrossValidated | None:
    """The same on each fifth of the marks, learnt from the others; None where a kind has fewer than two.

    The marks are those that were hardest to tell, so that this says less than the judge can do on all other texts.
    """
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    wanted = np.asarray(marks)
    folds = min(_FOLDS, int(wanted.sum()), int((~wanted).sum()))
    if folds < 2:
        return None
    spread, _ = _spanned(features)
    split = StratifiedKFold(folds, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fold that does not converge is as it is
        told = cross_val_predict(_model(), spread, wanted, cv=split, method="decision_function")
    return CrossValidated(float(np.mean((told > 0) == wanted)), float(roc_auc_score(wanted, told)), folds)


def _model() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=_PENALTY, class_weight="balanced", max_iter=1_000)


def _spanned(features: TextFeatures) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The texts in the span of themselves, (n, r), and the axes of that, (n, r), as sums of texts."""
    runs: Vectors = (features.runs @ features.runs.T).toarray()
    likeness = runs.astype(np.float64) + _VECTORS * (features.vectors @ features.vectors.T)
    lengths, turned = np.linalg.eigh(likeness)
    kept = lengths > _LEAST
    axes = turned[:, kept] / np.sqrt(lengths[kept])
    return likeness @ axes, axes
