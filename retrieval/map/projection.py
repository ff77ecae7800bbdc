"""Vectors in fewer dimensions: the directions in which they vary most, and the plane that a map is drawn on."""

from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from corpus.errors import GeulgamError

WAYS = ("pca", "umap")
_NEIGHBOURS = 15  # that UMAP keeps near, its default
_AT_EDGE = 0.5  # per cent of the places at each edge of a map that are put onto it: a few outliers shrink the rest

Vectors = NDArray[np.float32]


def directions(vectors: Vectors, count: int, of: Vectors | None = None) -> Vectors:
    """The vectors (n, d) by their mean, in the ``count`` directions in which they, or the rows ``of``, vary most (PCA):
    (n, min(count, d)). A direction's sign is such that its greatest number is above 0, so that it is always the same.
    """
    mean = vectors.mean(0)
    source = (vectors - mean if of is None else of).astype(np.float64)
    _, axes = np.linalg.eigh(source.T @ source)
    axes = axes[:, ::-1][:, :count]
    axes = axes * np.where(axes[np.abs(axes).argmax(0), np.arange(axes.shape[1])] < 0, -1.0, 1.0)
    made: Vectors = ((vectors - mean) @ axes.astype(np.float32)).astype(np.float32)
    return made


def chosen_way(way: str | None) -> str:
    """How a plane is made: as asked, else by UMAP where it is installed. Raises GeulgamError for another, or without
    its package."""
    is_there = find_spec("umap") is not None
    if way is None:
        return "umap" if is_there else "pca"
    if way not in WAYS:
        raise GeulgamError(f"no way to draw a map called {way!r}", f"the ways are {' and '.join(WAYS)}")
    if way == "umap" and not is_there:
        raise GeulgamError("UMAP needs a package that is not installed", "pip install 'geulgam[map]', or --by pca")
    return way


def plane(vectors: Vectors, labels: NDArray[np.int64], way: str, seed: int = 0) -> Vectors:
    """Places on a map, (n, 2), each from 0 to 1.

    ``pca``: the plane in which the means of the clusters (``labels``, each counting by its size) lie farthest apart.
    ``umap``: neighbours stay neighbours (McInnes et al. 2018, 1802.03426); a seed gives the same map on one machine.
    """
    if way == "umap":
        from umap import UMAP

        places = np.asarray(
            UMAP(n_neighbors=min(_NEIGHBOURS, len(vectors) - 1), metric="cosine", random_state=seed, n_jobs=1)
            .fit_transform(vectors), np.float32
        )  # fmt: skip
    else:
        centred = vectors - vectors.mean(0)
        means = [
            centred[labels == label].mean(0) * np.sqrt((labels == label).sum()) for label in np.unique(labels).tolist()
        ]
        places = directions(vectors, 2, np.stack(means))
    low, high = np.percentile(places, [_AT_EDGE, 100 - _AT_EDGE], axis=0)
    scaled: Vectors = np.clip((places - low) / np.maximum(high - low, 1e-9), 0, 1).astype(np.float32)
    return scaled
