"""The reference index: rank-bm25 in memory, the plain way. The embedded index is held to its scores.

For a few thousand documents and no disk. Everything is Python lists; each query term looks at each document.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from math import log

import numpy as np
import pyarrow as pa
from rank_bm25 import BM25Okapi

from corpus.document import Document
from retrieval import spelling
from retrieval.analyzer import Analyzer
from retrieval.index import K1, B, Hit, NearTerm
from retrieval.lengths import lucene_length
from retrieval.matching import Numbers, Scores, best, match
from retrieval.query import Query
from retrieval.strings import Strings
from retrieval.terms import TermStore


class _Lucene(BM25Okapi):  # type: ignore[misc]
    """BM25Okapi with Lucene's idf (never negative), lengths (one byte each) and without the factor k1 + 1."""

    def _calc_idf(self, nd: dict[str, int]) -> None:
        lengths = np.array(self.doc_len)  # type: ignore[has-type]
        filled = int(np.count_nonzero(lengths))
        self.avgdl = lengths.sum() / max(filled, 1)
        self.idf = {term: log(1 + (filled - df + 0.5) / (df + 0.5)) / (self.k1 + 1) for term, df in nd.items()}
        self.frequencies = nd
        self.doc_len = lucene_length(lengths).tolist()


class RankBm25Index:
    """An index that is made anew with every :meth:`add` and gone with the process.

    With ``cache`` the terms are kept there, and taken from there.
    """

    def __init__(self, analyzer: Analyzer, *, k1: float = K1, b: float = B, cache: TermStore | None = None) -> None:
        self.analyzer = analyzer
        self._cache = cache
        self.k1, self.b = k1, b
        self._terms: dict[str, list[str]] = {}
        self._ids: list[str] = []
        self._labels: dict[str, dict[str, str]] = {}  # by the names of fields
        self._bm25: _Lucene | None = None

    def add(self, documents: Iterable[Document], progress: bool = False) -> None:
        """Take in the documents that are not here yet: title and text."""
        documents = [document for document in documents if document.id not in self._terms]
        if self._cache:
            self._cache.add(documents, progress)
            self._terms.update(self._cache.of(document.id for document in documents))
        else:
            terms = self.analyzer(chain.from_iterable((d.title, d.text) for d in documents))
            for document in documents:
                self._terms[document.id] = [*next(terms), *next(terms)]
        self._labels |= {document.id: _labels(document) for document in documents}
        self._ids = sorted(self._terms)
        if self._ids:
            self._bm25 = _Lucene([self._terms[id_] for id_ in self._ids], k1=self.k1, b=self.b)

    def search(self, query: Query, k: int) -> list[Hit]:
        """The k best, best first, ties by document id."""
        documents, scores = best(match(query, self), k)
        pairs = zip(documents.tolist(), scores.tolist(), strict=True)
        return [Hit(self._ids[number], rank, score) for rank, (number, score) in enumerate(pairs, start=1)]

    def document_frequency(self, term: str) -> int:
        """How many documents hold the term."""
        return self._bm25.frequencies.get(term, 0) if self._bm25 else 0

    def near_terms(self, term: str, limit: int = 5) -> list[NearTerm]:
        """Terms of the index that are spelt nearly so, or begin so, nearest first."""
        if not self._bm25:
            return []
        terms = sorted(self._bm25.frequencies)
        counts = np.array([self._bm25.frequencies[term] for term in terms])
        return spelling.near(term, Strings.of(pa.array(terms, pa.string())), counts, limit)

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def size(self) -> int:
        """How many documents there are, for :mod:`retrieval.matching`."""
        return len(self._ids)

    def term(self, term: str) -> tuple[Numbers, Scores]:
        """The documents of one term and rank-bm25's scores of it."""
        if self._bm25 is None or term not in self._bm25.idf:
            return np.zeros(0, np.int64), np.zeros(0)
        scores = self._bm25.get_scores([term])
        documents = np.flatnonzero(scores)
        return documents, scores[documents]

    def filter(self, field: str, value: str) -> Numbers:
        """The documents whose field is exactly this."""
        return np.array([n for n, id_ in enumerate(self._ids) if self._labels[id_].get(field) == value], np.int64)

    def phrase(self, terms: Sequence[str]) -> tuple[Numbers, Scores]:
        """The documents with the terms in a row, counted one by one."""
        if self._bm25 is None or any(term not in self._bm25.idf for term in terms):
            return np.zeros(0, np.int64), np.zeros(0)
        wanted, documents, scores = list(terms), [], []
        weight = sum(self._bm25.idf[term] for term in terms) * (self.k1 + 1)
        for number, id_ in enumerate(self._ids):
            text = self._terms[id_]
            frequency = sum(text[i : i + len(wanted)] == wanted for i in range(len(text) - len(wanted) + 1))
            if frequency:
                length = self._bm25.doc_len[number] / self._bm25.avgdl
                documents.append(number)
                scores.append(weight * frequency / (frequency + self.k1 * (1 - self.b + self.b * length)))
        return np.array(documents, np.int64), np.array(scores)


def _labels(document: Document) -> dict[str, str]:
    named = {f"metadata.{name}": value for name, value in document.metadata.items()}
    return {"title": document.title, "source": document.source, **named}
