"""The reference index: what the embedded one has built, ranked by rank-bm25 in memory, the plain way.

For a few thousand documents. Everything is Python lists; each query term looks at each document. The embedded index is
held to its scores.
"""

import threading
from collections.abc import Sequence
from math import log
from pathlib import Path

import numpy as np
from rank_bm25 import BM25Okapi

from corpus.digests import to_hex
from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval.bm25 import Bm25Index
from retrieval.index import Made
from retrieval.lengths import lucene_length
from retrieval.matching import Numbers, Scores
from retrieval.matrix import Matrix
from retrieval.terms import TermStore


class RankBm25Index(Bm25Index):
    """The same folder, the same documents and the same cached terms; only the scores are made anew, in memory."""

    def _open(self, folder: Path, made: Made) -> Matrix:
        return _Lists(folder, made, self._corpus, self.terms)


class _Lucene(BM25Okapi):  # type: ignore[misc]
    """BM25Okapi with Lucene's idf (never negative), lengths (one byte each) and without the factor k1 + 1."""

    def _calc_idf(self, nd: dict[str, int]) -> None:
        lengths = np.array(self.doc_len)  # type: ignore[has-type]
        filled = int(np.count_nonzero(lengths))
        self.avgdl = lengths.sum() / max(filled, 1)
        self.idf = {term: log(1 + (filled - df + 0.5) / (df + 0.5)) / (self.k1 + 1) for term, df in nd.items()}
        self.doc_len = lucene_length(lengths).tolist()


class _Lists(Matrix):
    """The scores from the lists of the documents' terms, which are read with the first query."""

    def __init__(self, folder: Path, made: Made, corpus: Corpus | None, store: TermStore) -> None:
        super().__init__(folder, made, corpus)
        self._store = store
        self._lock = threading.Lock()
        self._lists: list[list[str]] = []
        self._ranked: _Lucene | None = None

    def term(self, term: str) -> tuple[Numbers, Scores]:
        """The documents of one term and rank-bm25's scores of it."""
        bm25 = self._bm25()
        if term not in bm25.idf:
            return np.zeros(0, np.int64), np.zeros(0)
        scores = bm25.get_scores([term])
        documents = np.flatnonzero(scores)
        return documents, scores[documents]

    def phrase(self, terms: Sequence[str]) -> tuple[Numbers, Scores]:
        """The documents with the terms in a row, counted one by one."""
        bm25 = self._bm25()
        if any(term not in bm25.idf for term in terms):
            return np.zeros(0, np.int64), np.zeros(0)
        wanted, documents, scores = list(terms), [], []
        k1, b = self.made.k1, self.made.b
        weight = sum(bm25.idf[term] for term in terms) * (k1 + 1)
        for number, text in enumerate(self._lists):
            frequency = sum(text[i : i + len(wanted)] == wanted for i in range(len(text) - len(wanted) + 1))
            if frequency:
                length = bm25.doc_len[number] / bm25.avgdl
                documents.append(number)
                scores.append(weight * frequency / (frequency + k1 * (1 - b + b * length)))
        return np.array(documents, np.int64), np.array(scores)

    def _bm25(self) -> _Lucene:
        with self._lock:
            if self._ranked is None:
                versions = to_hex(self.versions)
                terms = dict(self._store.of(versions))
                if len(terms) < len(set(versions)):
                    hint = f"remove {self.folder} and build the index again"
                    raise GeulgamError(f"cached terms are missing in {self._store.folder}", hint)
                self._lists = [terms[version] for version in versions]
                self._ranked = _Lucene(self._lists, k1=self.made.k1, b=self.made.b)
            return self._ranked
