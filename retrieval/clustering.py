"""Spherical k-means: texts of like direction together, always the same ones for the same texts.

The mean of all is taken off first: what they share tells none of them apart (Mu and Viswanath 2018). Then clusters are
sought by cosine (Dhillon and Modha 2001), from starts that lie apart (k-means++, Arthur and Vassilvitskii 2007).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from retrieval.unit import unit

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Clusters:
    """``labels`` (n,): the cluster of each row; ``means`` (k, d): their directions, of length 1; ``closeness`` (n,):
    the cosine of each row to the mean that k-means gave it, both without what all rows share."""

    labels: npt.NDArray[np.int64]
    means: Vectors
    closeness: Vectors


def spherical(vectors: Vectors, k: int, seed: int = 0, starts: int = 4, rounds: int = 50) -> Clusters:
    """The best of several starts. ``vectors``: (n, d), n ≥ k ≥ 1."""
    rows = unit(vectors - vectors.mean(0))
    rng = np.random.default_rng(seed)
    tried = [_from(rows, _apart(rows, k, rng), rounds) for _ in range(starts)]
    return max(tried, key=lambda clusters: float(clusters.closeness.sum()))


def merged(clusters: Clusters, least: int, alike: float = 0.5) -> Clusters:
    """The same with the two whose means are most alike made one, until none are alike or so few are left.

    Where texts tell of fewer things than there are clusters, k-means cuts one thing in two. ``alike``: a cosine.
    """
    means, labels = clusters.means, clusters.labels.copy()
    sizes = np.bincount(labels, minlength=len(means)).astype(np.float32)
    while len(means) > least:
        likeness = means @ means.T
        np.fill_diagonal(likeness, -1.0)
        one, other = sorted(int(i) for i in np.unravel_index(likeness.argmax(), likeness.shape))
        if likeness[one, other] < alike:
            break
        means = means.copy()
        means[one] = unit((sizes[one] * means[one] + sizes[other] * means[other])[None])[0]
        sizes[one] += sizes[other]
        labels[labels == other] = one
        labels[labels > other] -= 1
        means, sizes = np.delete(means, other, axis=0), np.delete(sizes, other)
    return Clusters(labels, means, clusters.closeness)


def _from(rows: Vectors, means: Vectors, rounds: int) -> Clusters:
    labels = np.full(len(rows), -1, dtype=np.int64)
    for _ in range(rounds):
        likeness = rows @ means.T
        new = likeness.argmax(1)
        if (new == labels).all():
            break
        labels = new
        for cluster in range(len(means)):
            if (own := labels == cluster).any():
                means[cluster] = rows[own].sum(0)
            else:  # it lost all: it begins again at the row that fits worst
                means[cluster] = rows[likeness.max(1).argmin()]
        means = unit(means)
    likeness = rows @ means.T
    labels = likeness.argmax(1)
    return Clusters(labels, means, likeness.max(1))


def _apart(rows: Vectors, k: int, rng: np.random.Generator) -> Vectors:
    chosen = [int(rng.integers(len(rows)))]
    distance = np.maximum(0, 1 - rows @ rows[chosen[0]])
    while len(chosen) < k:
        total = float(distance.sum())
        weights = distance / total if total > 0 else np.full(len(rows), 1 / len(rows))
        drawn = np.searchsorted(weights.cumsum(), rng.random() * float(weights.sum()))
        chosen.append(min(int(drawn), len(rows) - 1))
        distance = np.minimum(distance, np.maximum(0, 1 - rows @ rows[chosen[-1]]))
    return rows[chosen].copy()
