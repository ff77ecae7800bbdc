"""Several scores of the same documents as one, above whatever index they come from."""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from retrieval.index import SearchIndex
from retrieval.query import Boolean, Filter, Query

WEIGHT = 0.15  # of meaning beside words; docs/meaning.md tells what chose it


class Scored(NamedTuple):
    """Scores of one kind by the documents' ids, 0 for one that has none; each counts ``factor`` times."""

    scores: Mapping[str, float]
    factor: float


def scaled(scores: Mapping[str, float], most: float, share: float = 1.0) -> Scored:
    """The squares of BM25 scores in proportion to the most that the query could score, which counts ``share``.

    So half of a query's words are a quarter of a match, and what means the same comes before what shares a word or two.
    """
    return Scored({id_: (score / most) ** 2 for id_, score in scores.items()} if most > 0 else {}, share)


def most(index: SearchIndex, query: Query) -> float:
    """The score that no document has more of: the idf of all terms times their boosts (Lucene's BM25 of a term is its
    idf times less than 1).

    So a document that has few of a query's words is no match for one that means the same, though no other has more.
    """
    weights: dict[str, float] = defaultdict(float)
    _weigh(query, 1.0, weights)
    terms, documents = list(weights), len(index)
    frequencies = index.document_frequencies(terms) if terms else []
    return sum(
        weights[term] * math.log1p((documents - frequency + 0.5) / (frequency + 0.5))
        for term, frequency in zip(terms, frequencies, strict=True)
    )


def _weigh(query: Query, boost: float, weights: dict[str, float]) -> None:
    """Add the boosts of the terms that a document may be found by."""
    if isinstance(query, Boolean):
        for clause in (*query.must, *query.should):
            _weigh(clause, boost * query.boost, weights)
    elif not isinstance(query, Filter):
        for term in query.terms:
            weights[term] += boost * query.boost


def fused(candidates: Collection[str], kinds: Sequence[Scored]) -> dict[str, float]:
    """The sum of the scores of each candidate, best first, of equal ones the lower id.

    A linear combination (Bruch et al. 2022, 2210.11934): reciprocal ranks (Cormack et al. 2009) forget how far apart
    two scores are.
    """
    sums = {id_: sum(kind.scores.get(id_, 0.0) * kind.factor for kind in kinds) for id_ in candidates}
    return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))
