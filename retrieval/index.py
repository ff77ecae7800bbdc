"""What every index can do, whatever holds it: the embedded ones here, a server elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from corpus.document import Document
from retrieval.analyzer import Analyzer
from retrieval.query import Query

K1 = 1.2  # how fast a term's repetition stops counting; Lucene's default
B = 0.75  # how much a long document is discounted, 0 to 1; Lucene's default


@dataclass(frozen=True, slots=True)
class Hit:
    """A document found, with its rank from 1 and its BM25 score (Lucene's, without the factor k1 + 1)."""

    document_id: str
    rank: int
    score: float


class NearTerm(NamedTuple):
    """A term of the index and how many documents hold it."""

    term: str
    documents: int


class SearchIndex(Protocol):
    """Documents that a query tree is put to. All implementations rank alike: same scores, ties by document id."""

    @property
    def analyzer(self) -> Analyzer:
        """Made the terms of this index, and must make those of the queries."""
        ...

    def add(self, documents: Iterable[Document], progress: bool = False) -> None:
        """Take in the documents that are not here yet."""
        ...

    def search(self, query: Query, k: int) -> list[Hit]:
        """The k best of the documents that match, best first; fewer if fewer match. Raises GeulgamError."""
        ...

    def document_frequency(self, term: str) -> int:
        """How many documents hold the term."""
        ...

    def near_terms(self, term: str, limit: int = 5) -> list[NearTerm]:
        """Terms of the index that are spelt nearly so, or begin so, nearest first; never the term itself."""
        ...

    def __len__(self) -> int:
        """How many documents there are."""
        ...
