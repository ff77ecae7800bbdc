"""What is looked for: a small frozen tree of analysed terms, the same for every backend.

:func:`retrieval.lucene.parse` reads Lucene's query syntax into it, :func:`bag` free text. Scores are Lucene's: that
of a document is the sum over the clauses that match it, each term's BM25 times its boost.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from corpus.errors import GeulgamError
from retrieval.analyzer import Analyzer


@dataclass(frozen=True, slots=True)
class Terms:
    """A bag of terms: documents with any of them, scored by the sum; a term that stands twice counts twice.

    ``written``: as it stands in the query, for what does not go by terms.
    """

    terms: tuple[str, ...]
    boost: float = 1.0
    written: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Phrase:
    """The terms one right after the other, as the analyzer leaves them (particles are no gap).

    Scored as one term whose idf is the sum of the terms' and whose frequency is the phrase's. ``written``: as it
    stands in the query, for an analyzer that leaves gaps where it drops something.
    """

    terms: tuple[str, ...]
    boost: float = 1.0
    written: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Filter:
    """Documents whose ``field`` is exactly ``value``; it adds nothing to their scores.

    ``field``: "title", "source" or "metadata.NAME".
    """

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Boolean:
    """Documents that match all of ``must``, none of ``must_not`` and, if ``must`` is empty, any of ``should``.

    Scored by the sum of the matching ``must`` and ``should``, times ``boost``. ``written``: of one word that the
    analyzer took apart, as it stands in the query.
    """

    must: tuple["Query", ...] = ()
    should: tuple["Query", ...] = ()
    must_not: tuple["Query", ...] = ()
    boost: float = 1.0
    written: str = field(default="", compare=False)


Query: TypeAlias = Terms | Phrase | Filter | Boolean

NOTHING_LEFT = "use a word with a meaning of its own (particles and endings are not indexed)"


def bag(text: str, analyzer: Analyzer) -> Query:
    """The terms of free text, such as a question; nothing in it is an operator. Raises GeulgamError if none."""
    (terms,) = analyzer([text])
    if not terms:
        raise GeulgamError(f"nothing to look for in {text!r}", NOTHING_LEFT)
    return Terms(tuple(terms), written=text)


def terms_of(query: Query) -> Iterator[str]:
    """Every term that a document may be found by, left to right; not those under ``must_not``."""
    if isinstance(query, Boolean):
        for clause in (*query.must, *query.should):
            yield from terms_of(clause)
    elif not isinstance(query, Filter):
        yield from query.terms


def written(query: Query) -> str:
    """The words that are looked for as they were written, left to right, with spaces between; no operators."""
    if isinstance(query, Boolean):
        return query.written or " ".join(filter(None, map(written, (*query.must, *query.should))))
    return "" if isinstance(query, Filter) else query.written or " ".join(query.terms)
