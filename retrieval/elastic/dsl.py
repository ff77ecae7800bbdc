"""A query tree as Elasticsearch's query DSL, such that the scores are those of :mod:`retrieval.matching`."""

from typing import Any

import numpy as np

from retrieval.elastic.mapping import indexed
from retrieval.query import Boolean, Filter, Phrase, Query

FIELD = "terms"


def dsl(query: Query, k1: float, *, raw: bool = False) -> dict[str, Any]:
    """The query as a JSON object, for an index whose similarity has this k1.

    Every term is looked up as it stands (``term``), for it was analysed already; Lucene adds the scores of the
    clauses, and counts a clause that stands twice twice. ``raw``: the index was given raw text, so the server
    takes apart a phrase as it did the text, gaps and all.
    """
    return _clause(query, _unit(k1), raw)


def _unit(k1: float) -> float:
    """The boost at which Elasticsearch gives Lucene's score.

    It multiplies each boost by k1 + 1, as Lucene did before version 8 (``LegacyBM25Similarity``). The quotient is
    taken such that the product is 1 in single precision, so that scores do not differ in their last digit either.
    """
    factor = np.float32(1) + np.float32(k1)
    near = np.float32(1) / factor
    around = (near, np.nextafter(near, np.float32(0)), np.nextafter(near, np.float32(1)))
    return float(next((boost for boost in around if boost * factor == 1), near))


def _clause(query: Query, unit: float, raw: bool) -> dict[str, Any]:
    if isinstance(query, Boolean):
        return _boolean(query, unit, raw)
    if isinstance(query, Filter):
        return {"constant_score": {"filter": {"term": {query.field: query.value}}, "boost": 0.0}}
    boost = query.boost * unit
    if isinstance(query, Phrase) and raw:
        return {"match_phrase": {FIELD: {"query": query.written, "boost": boost}}}
    if isinstance(query, Phrase):
        words = " ".join(map(indexed, query.terms))
        return {"match_phrase": {FIELD: {"query": words, "analyzer": "whitespace", "boost": boost}}}
    terms = [{"term": {FIELD: {"value": indexed(term), "boost": boost}}} for term in query.terms]
    return terms[0] if len(terms) == 1 else {"bool": {"should": terms, "minimum_should_match": 1}}


def _boolean(query: Boolean, unit: float, raw: bool) -> dict[str, Any]:
    if not query.must and not query.should:  # Lucene would take it for everything
        return {"match_none": {}}
    clauses: dict[str, Any] = {
        name: [_clause(clause, unit, raw) for clause in clauses]
        for name, clauses in (("must", query.must), ("should", query.should), ("must_not", query.must_not))
        if clauses
    }
    if not query.must:
        clauses["minimum_should_match"] = 1
    return {"bool": {**clauses, "boost": query.boost}}
