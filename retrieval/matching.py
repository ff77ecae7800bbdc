"""Which documents a query tree matches and with what scores, over any postings that numpy can hold.

Shared by the embedded indexes. Documents are numbered from 0 in the order of their ids, so that of two with the
same score the lower number comes first. Scores are added in double precision and end in single, as in Lucene.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.query import Boolean, Filter, Phrase, Query, Terms

Numbers = NDArray[np.integer]
Scores = NDArray[np.floating]


class Postings(Protocol):
    """The documents of each term, distinct and ascending, with the score of each: (n,) and (n,)."""

    @property
    def size(self) -> int:
        """How many documents there are."""
        ...

    def term(self, term: str) -> tuple[Numbers, Scores]:
        """Of one term, at boost 1."""
        ...

    def phrase(self, terms: Sequence[str]) -> tuple[Numbers, Scores]:
        """Of two or more terms in a row, at boost 1."""
        ...

    def filter(self, field: str, value: str) -> Numbers:
        """The documents whose field is exactly this, see :class:`retrieval.query.Filter`."""
        ...


class Matches(NamedTuple):
    """For each document whether it matches, (size,), and its score, 0 where it does not, (size,) float64."""

    found: NDArray[np.bool_]
    scores: NDArray[np.float64]


def match(query: Query, postings: Postings) -> Matches:
    """All the documents that the query matches."""
    if isinstance(query, Boolean):
        return _boolean(query, postings)
    found = np.zeros(postings.size, bool)
    scores = np.zeros(postings.size)
    if isinstance(query, Filter):
        found[postings.filter(query.field, query.value)] = True
        return Matches(found, scores)
    if isinstance(query, Phrase):
        documents, values = postings.phrase(query.terms)
        found[documents] = True
        scores[documents] = values
    else:
        assert isinstance(query, Terms)
        for term in query.terms:
            documents, values = postings.term(term)
            found[documents] = True
            scores[documents] += values
    return Matches(found, scores if query.boost == 1 else scores * query.boost)


def _boolean(query: Boolean, postings: Postings) -> Matches:
    found = np.full(postings.size, bool(query.must))
    scores = np.zeros(postings.size)
    for clause in query.must:
        matches = match(clause, postings)
        found &= matches.found
        scores += matches.scores
    for clause in query.should:
        matches = match(clause, postings)
        if not query.must:
            found |= matches.found
        scores += matches.scores
    for clause in query.must_not:
        found &= ~match(clause, postings).found
    scores *= query.boost
    scores[~found] = 0
    return Matches(found, scores)


def best(matches: Matches, k: int) -> tuple[Numbers, NDArray[np.float32]]:
    """The numbers and scores of the k best, best first, of equal ones the lower number first."""
    documents = np.flatnonzero(matches.found)
    scores = matches.scores[documents].astype(np.float32)
    if 0 < k < len(documents):
        worst = np.partition(scores, len(scores) - k)[len(scores) - k]
        documents, scores = documents[scores >= worst], scores[scores >= worst]
    order = np.argsort(-scores, kind="stable")[:k]
    return documents[order], scores[order]
