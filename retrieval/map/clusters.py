"""Passages of like meaning together, so many groups as a person can read."""

import math

import numpy as np
from numpy.typing import NDArray

from retrieval.clustering import spherical
from retrieval.unit import unit

FEWEST, MOST = 4, 48  # groups, where none were asked for
ESSAYS = 3  # that a group has to be told by

Vectors = NDArray[np.float32]


def usual_count(passages: int) -> int:
    """How many groups so many passages are shown in: 11 for 1,000, 32 for 8,000."""
    return min(MOST, max(FEWEST, round(math.sqrt(passages / 8))))


def grouped(
    vectors: Vectors, essays: NDArray[np.int64], count: int, seed: int = 0
) -> tuple[NDArray[np.int64], Vectors]:
    """The group of each row, the largest group 0, and the cosine of each row to its group's mean: (n,), (n,).

    At most ``count`` groups; what fewer than three essays tell of is put to the groups that are nearest.
    """
    rows = unit(vectors - vectors.mean(0))
    labels = spherical(vectors, min(count, len(rows)), seed).labels
    fit = [label for label in range(count) if len(np.unique(essays[labels == label])) >= ESSAYS]
    if not fit:
        return np.zeros(len(rows), np.int64), np.ones(len(rows), np.float32)
    likeness = rows @ unit(np.stack([rows[labels == label].sum(0) for label in fit])).T
    labels = likeness.argmax(1)
    order = np.argsort(-np.bincount(labels, minlength=len(fit)), kind="stable")
    return np.argsort(order)[labels], likeness.max(1)
