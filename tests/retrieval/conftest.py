"""What the tests of retrieval share: analyzers that are quick, documents from few words, indexes of them."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from corpus.document import Document, document
from corpus.store import Corpus
from retrieval.analyzer import Analyzer, Span
from retrieval.analyzers import analyzer
from retrieval.bm25 import Bm25Index


class Counting:
    """Words between spaces; counts the texts that it was given, and can break down at one of them."""

    name = "counting"

    def __init__(self, fingerprint: str = "counting 1", breaks_at: str = "") -> None:
        self.fingerprint = fingerprint
        self.breaks_at = breaks_at
        self.texts: list[str] = []

    def __call__(self, texts: Iterable[str]) -> Iterator[list[str]]:
        for text in texts:
            if self.breaks_at and self.breaks_at in text:
                raise KeyboardInterrupt
            self.texts.append(text)
            yield text.split()

    def spans(self, text: str) -> list[Span]:
        raise NotImplementedError


@pytest.fixture
def words() -> Analyzer:
    return analyzer("whitespace")


@pytest.fixture(scope="session")
def essays(shared: Path) -> list[Document]:
    """The 1,259 real essays, each text once."""
    found: dict[str, Document] = {}
    for path in sorted((shared / "data" / "essays").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                essay = document(row["contents"], row["title"], row["refer"])
                found.setdefault(essay.id, essay)
    return list(found.values())


def corpus_of(folder: Path, documents: Iterable[Document]) -> Corpus:
    """A corpus of exactly these documents."""
    corpus = Corpus(folder)
    corpus.add(documents)
    return corpus


def built(folder: Path, documents: Iterable[Document], analyzer: Analyzer | None = None) -> Bm25Index:
    """The embedded index of exactly these documents, in ``folder / "index"``; their corpus is ``folder / "corpus"``."""
    corpus = corpus_of(folder / "corpus", documents)
    index = Bm25Index(folder / "index", analyzer or Counting(), corpus=corpus)
    index.build(corpus)
    return index


def numbered(texts: Iterable[str]) -> list[Document]:
    """Documents with ids that sort as they are given."""
    return [Document(f"{number:032x}", text) for number, text in enumerate(texts)]
