"""What every index can do, whatever holds it: the embedded ones here, a server elsewhere."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from corpus.events import On, silent
from corpus.store import Corpus
from retrieval.analyzer import Analyzer
from retrieval.query import Query

K1 = 1.2  # how fast a term's repetition stops counting; Lucene's default
B = 0.75  # how much a long document is discounted, 0 to 1; Lucene's default
BUILD = "geulgam index build"


@dataclass(frozen=True, slots=True)
class Hit:
    """A document found, with its rank from 1 and its BM25 score (Lucene's, without the factor k1 + 1).

    Where more counts (:mod:`retrieval.hybrid`), ``score`` is made of ``words``, the BM25 score, of ``meaning``, the
    cosine of the nearest sentence, and of ``passage``, the BM25 score of the best passage; what does not count is None.
    """

    document_id: str
    rank: int
    score: float
    words: float | None = None
    meaning: float | None = None
    passage: float | None = None


class NearTerm(NamedTuple):
    """A term of the index and how many documents hold it."""

    term: str
    documents: int


@dataclass(frozen=True)
class Made:
    """What an index was made from, whatever holds it.

    ``corpus`` and ``analyzer``: their fingerprints; ``when``: ISO 8601; ``terms``, different ones, and ``tokens``, all
    of them: None if not known; ``refused``: documents of the corpus that the holder did not take; ``encoder``: of the
    sentences' vectors, empty where there are none; ``passages``: whether these are ranked too.
    """

    corpus: str
    analyzer: str
    k1: float
    b: float
    documents: int
    when: str
    terms: int | None = None
    tokens: int | None = None
    refused: int = 0
    encoder: str = ""
    passages: bool = False

    def differs(self, corpus: Corpus, analyzer: Analyzer, k1: float, b: float) -> list[str]:
        """Why an index of this corpus with these settings would be another one; empty if it would not."""
        reasons = []
        if self.corpus != corpus.fingerprint():
            new = len(corpus) - self.documents - self.refused
            reasons.append(f"corpus changed: {new:,} new documents" if new > 0 else "corpus changed")
        if self.analyzer != analyzer.fingerprint:
            reasons.append(f"analyzer changed: {self.analyzer} → {analyzer.fingerprint}")
        if (self.k1, self.b) != (k1, b):
            reasons.append(f"settings changed: k1 {self.k1:g}, b {self.b:g} → k1 {k1:g}, b {b:g}")
        return reasons


@dataclass(frozen=True)
class Built:
    """What an index holds once it is built. ``notes``: what was refused, or lost on the way, a line each."""

    documents: int
    notes: tuple[str, ...] = ()


class SearchIndex(Protocol):
    """Documents that a query tree is put to. All implementations rank alike: same scores, ties by document id.

    Several threads may search at once, and while another process builds: a search sees the old index or the new one.
    """

    @property
    def analyzer(self) -> Analyzer:
        """Made the terms of this index, and must make those of the queries."""
        ...

    def build(self, corpus: Corpus, *, on: On = silent) -> Built:
        """Make it hold exactly the corpus, if it does not; only what is new is analysed.

        Broken off at any moment, it leaves the index that was there, and the same call goes on. One at a time may
        build. Raises GeulgamError for an empty corpus, or where it cannot be written.
        """
        ...

    def made(self) -> Made | None:
        """What it was made from, with whatever settings; None if there is none that can be read."""
        ...

    def stale(self, corpus: Corpus) -> list[str]:
        """Why :meth:`build` would do something: "not built yet", "corpus changed: 21 new documents"; else empty."""
        ...

    def check(self) -> None:
        """Raise GeulgamError if it cannot be searched: there is none, it is damaged, or another analyzer made it."""
        ...

    def search(self, query: Query, k: int, within: Collection[str] | None = None) -> list[Hit]:
        """The k best of the documents that match, best first; fewer if fewer match. Raises GeulgamError.

        ``within``: ids of the documents that are looked at; None: all.
        """
        ...

    def document_frequencies(self, terms: Sequence[str]) -> list[int]:
        """How many documents hold each of the terms, (len(terms),). Raises GeulgamError."""
        ...

    def near_terms(self, term: str, limit: int = 5) -> list[NearTerm]:
        """Terms of the index that are spelt nearly so, or begin so, nearest first; never the term itself."""
        ...

    def status(self) -> dict[str, Any]:
        """Further facts for people, by name: of a server its shards, bytes and health; empty where there are none."""
        ...

    def __len__(self) -> int:
        """How many documents there are, 0 where there is no index."""
        ...
