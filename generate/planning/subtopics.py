"""The sub-topics of a topic's passages: what several essays tell of, in the order in which they tell it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from corpus.errors import GeulgamError
from generate.planning.passages import Passage
from retrieval.clustering import Vectors, merged, spherical

_OF_TOPIC, _FOR_EACH = 0.6, 24  # the share of the passages that are clustered, or so many for each sub-topic
_MORE = 1.5  # clusters for each sub-topic
_SMALLEST = 6  # passages of a cluster, as a mean

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Subtopic:
    """Some passages by their numbers, where they stand in their essays (0 to 1), and how much they are of the topic,
    in standard deviations."""

    own: Sequence[int]
    place: float
    worth: float


def subtopics(
    read: Sequence[Passage], vectors: Vectors, said: Sequence[bool], towards: Vectors, count: int, seed: int = 0
) -> list[Subtopic]:
    """So many sub-topics, in the order in which they stand in the essays; passages that belong to none are left out.

    ``vectors``: of the passages, (n, d); ``said``: whether each says a word of the topic; ``towards``: the topic's own
    vector, (d,), for where none does. First the passages that are least of the topic are put aside; the rest is cut
    into half as many clusters again as are asked for, and the best are taken. Raises GeulgamError if there are too few.
    """
    tells = np.asarray(said, dtype=float)
    nearness = _nearness(vectors, tells, towards)
    enough = max(round(_OF_TOPIC * len(read)), min(len(read), _FOR_EACH * count))
    kept = np.sort(np.argsort(-_standard(nearness) - _standard(tells), kind="stable")[:enough])
    k = max(count, min(round(_MORE * count), len(kept) // _SMALLEST))
    clusters = merged(spherical(vectors[kept], min(k, len(kept)), seed), count)
    owns = [own for label in range(len(clusters.means)) if len(own := np.flatnonzero(clusters.labels == label))]
    if len(owns) < count:
        raise GeulgamError(f"the essays tell of {len(owns)} things, not of {count}", "plan fewer sections")
    worth = (
        _standard([nearness[kept[own]].mean() for own in owns])
        + _standard([tells[kept[own]].mean() for own in owns])
        + _standard([np.log(len({read[i].essay for i in kept[own]})) for own in owns])
        + 0.5 * _standard([clusters.closeness[own].mean() for own in owns])
    )
    found = []
    for own, value in zip(owns, worth, strict=True):
        numbers = [int(i) for i in kept[own]]
        found.append(Subtopic(numbers, _place([read[i] for i in numbers]), float(value)))
    best = sorted(found, key=lambda subtopic: (-subtopic.worth, subtopic.own[0]))[:count]
    return sorted(best, key=lambda subtopic: (subtopic.place, subtopic.own[0]))


def _nearness(vectors: Vectors, tells: Numbers, towards: Vectors) -> Numbers:
    """How far each passage lies in the direction in which those that say the topic's words lie (Rocchio 1971)."""
    centred = vectors - vectors.mean(0)
    some = 0 < tells.sum() < len(tells)
    direction = centred[tells > 0].mean(0) if some else towards
    nearness: Numbers = (centred @ direction).astype(float)
    return nearness


def _place(own: Sequence[Passage]) -> float:
    """Where the passages stand, each essay once."""
    of_essay: dict[int, list[float]] = {}
    for passage in own:
        of_essay.setdefault(passage.essay, []).append(passage.place)
    return float(np.mean([np.mean(places) for places in of_essay.values()]))


def _standard(values: Sequence[float] | Numbers) -> Numbers:
    array = np.asarray(values, dtype=float)
    standard: Numbers = (array - array.mean()) / (array.std() or 1.0)
    return standard
