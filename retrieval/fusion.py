"""Several scores of the same documents as one, above whatever index they come from."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

WEIGHT = 1.0  # of meaning beside words; docs/meaning.md tells what chose it


class Scored(NamedTuple):
    """Scores of one kind by the documents' ids, 0 for one that has none; each counts ``factor`` times."""

    scores: Mapping[str, float]
    factor: float


def scaled(scores: Mapping[str, float], best: float, share: float = 1.0) -> Scored:
    """BM25 scores in proportion to the query's best of the whole corpus, which then counts ``share``."""
    return Scored(scores, share / best if best > 0 else 0.0)


def fused(candidates: Collection[str], kinds: Sequence[Scored]) -> dict[str, float]:
    """The sum of the scores of each candidate, best first, of equal ones the lower id.

    A linear combination (Bruch et al. 2022, 2210.11934): reciprocal ranks (Cormack et al. 2009) forget how far apart
    two scores are.
    """
    sums = {id_: sum(kind.scores.get(id_, 0.0) * kind.factor for kind in kinds) for id_ in candidates}
    return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))
