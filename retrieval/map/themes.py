"""A corpus as a map: passages → vectors → themes with names → places on a plane.

found = mapped(corpus, encoder().encode)
[theme.name.title for theme in found.themes]
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from retrieval.map.clusters import ESSAYS, FEWEST, grouped, usual_count
from retrieval.map.cutting import MOST, Excerpts, excerpts
from retrieval.map.naming import MapWord, ThemeName, contents, named, vocabulary
from retrieval.map.projection import directions, plane

DIRECTIONS = 64  # in which passages are compared; see docs/map.md
_LEAST = 5  # passages for each theme
_SHOWN = 5  # passages that a theme is shown by

Encode = Callable[[Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True)
class Theme:
    """A group of passages. ``essays``: how many they are of; ``nearest``: those in its middle, no two of one essay
    while there are others."""

    name: ThemeName
    passages: int
    essays: int
    nearest: tuple[int, ...]


@dataclass(frozen=True)
class CorpusMap:
    """What a map shows of n passages. ``theme`` (n,): the number of each one's theme; ``places`` (n, 2): from 0 to 1;
    ``holds``: the numbers of the ``words`` that each says."""

    excerpts: Excerpts
    theme: NDArray[np.int64]
    places: NDArray[np.float32]
    themes: tuple[Theme, ...]
    words: tuple[MapWord, ...]
    holds: tuple[tuple[int, ...], ...]


def mapped(
    documents: Iterable[Document],
    encode: Encode,
    *,
    themes: int | None = None,
    way: str = "pca",
    seed: int = 0,
    most: int = MOST,
    on: On = silent,
) -> CorpusMap:
    """The map of these documents. ``themes``: at most so many, else as many as suit; ``way``: see
    :func:`retrieval.map.projection.plane`; ``most``: passages on it.

    The same documents and seed give the same map. Raises GeulgamError if there are too few passages to compare.
    """
    with Task(on, "cutting"):
        read = excerpts(documents, most)
    count = themes or usual_count(len(read.texts))
    needed = _LEAST * min(count, FEWEST)
    if len(read.texts) < needed or len(read.documents) < ESSAYS:
        raise GeulgamError(
            f"too few passages for a map: {len(read.texts)} of {len(read.documents)} essays",
            f"it needs {needed} of {ESSAYS} essays at least: geulgam corpus add PATH…",
        )
    vectors = directions(encode(read.texts), DIRECTIONS)
    essays = np.array(read.essay)
    with Task(on, "clustering"):
        labels, closeness = grouped(vectors, essays, min(count, len(read.texts) // _LEAST), seed)
    said = contents(read.essay, read.texts, on)
    rows = [np.flatnonzero(labels == label) for label in range(int(labels.max()) + 1)]
    names = named([[said[i] for i in own.tolist()] for own in rows])
    with Task(on, "drawing"):
        places = plane(vectors, labels, way, seed)
    words = vocabulary(said)
    number = {each.word: i for i, each in enumerate(words)}
    return CorpusMap(
        read,
        labels,
        places,
        tuple(
            Theme(name, len(own), len(np.unique(essays[own])), _nearest(own, closeness, essays))
            for name, own in zip(names, rows, strict=True)
        ),
        tuple(words),
        tuple(tuple(sorted(number[word] for word in each.words)) for each in said),
    )


def _nearest(own: NDArray[np.intp], closeness: NDArray[np.float32], essays: NDArray[np.int64]) -> tuple[int, ...]:
    ordered = own[np.argsort(-closeness[own], kind="stable")]
    _, first = np.unique(essays[ordered], return_index=True)
    chosen = [*np.sort(first).tolist(), *(i for i in range(len(ordered)) if i not in set(first.tolist()))]
    return tuple(ordered[chosen[:_SHOWN]].tolist())
