"""Texts written alike together, so that some of each are asked about: spherical k-means of their main directions.

Runs of characters tell verse, minutes and prose apart where meaning does not: verse and prose may be about one river.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.judging.learnt.features import TextFeatures

_DIRECTIONS = 50
_EACH = 10  # texts to a group, where there are few


@dataclass(frozen=True)
class Groups:
    """``labels`` (n,): the group of each text; ``middles`` (k,): of each group the text that is nearest to its mean."""

    labels: NDArray[np.intp]
    middles: NDArray[np.intp]


def groups(features: TextFeatures, most: int = 20, seed: int = 0) -> Groups:
    """At most so many groups of n ≥ 1 texts."""
    from sklearn.cluster import KMeans
    from sklearn.decomposition import TruncatedSVD

    many = min(most, len(features) // _EACH)
    if many < 2:
        return Groups(np.zeros(len(features), np.intp), np.zeros(1, np.intp))
    places = TruncatedSVD(min(_DIRECTIONS, len(features) - 1), random_state=seed).fit_transform(features.runs)
    places = places - places.mean(axis=0)
    places /= np.maximum(np.linalg.norm(places, axis=1, keepdims=True), 1e-9)
    found = KMeans(many, n_init=2, random_state=seed).fit(places)
    labels = np.unique(found.labels_, return_inverse=True)[1].astype(np.intp)  # none is empty
    far = np.linalg.norm(places - found.cluster_centers_[found.labels_], axis=1)
    nearest = np.lexsort((far, labels))
    return Groups(labels, nearest[np.unique(labels[nearest], return_index=True)[1]])
