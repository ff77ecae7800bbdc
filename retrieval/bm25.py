"""The embedded default index: BM25 scores computed beforehand, on disk, memory-mapped.

bm25s keeps the matrix (its file format, and its loader); the terms, the ids and the phrases are ours, see
:mod:`retrieval.postings`. Its folder:

    manifest.json        what it was made from; names the folder below, so that replacing it replaces the index
    bm25-<random>/       the matrix and what belongs to it
    terms/               every document's terms, see :mod:`retrieval.terms`

Adding or removing documents makes the matrix anew from the cached terms: 5 seconds for 32,000 documents.
"""

import json
import os
import secrets
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, reduce
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpus.atomic import write_text
from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval import postings, spelling
from retrieval.analyzer import Analyzer
from retrieval.index import K1, B, Hit, NearTerm
from retrieval.matching import Numbers, Scores, best, match
from retrieval.query import Query
from retrieval.strings import Arrow, Strings, mapped
from retrieval.terms import TermStore, corpus_ids

FORMAT = 1
BUILD = "geulgam index build"


@dataclass(frozen=True)
class Manifest:
    """What an index on disk was made from, and how much is in it (see :class:`retrieval.postings.Counts`).

    ``corpus`` is the fingerprint of the corpus, or empty if documents were added one by one.
    """

    analyzer: str  # fingerprint
    corpus: str
    k1: float
    b: float
    documents: int
    filled: int
    terms: int
    tokens: int
    folder: str
    format: int = FORMAT


class Bm25Index:
    """The index in ``folder``, which need not exist yet; nothing is read before the first search.

    ``corpus``: whose titles, sources and metadata a query's filters are held against; without it there are none.
    """

    def __init__(
        self, folder: Path, analyzer: Analyzer, *, k1: float = K1, b: float = B, corpus: Corpus | None = None
    ) -> None:
        if not (0 <= k1 < float("inf") and 0 <= b <= 1):
            raise GeulgamError(f"BM25 with k1 = {k1} and b = {b} is not defined", "k1 is 0 or more, b from 0 to 1")
        self.folder = folder
        self.analyzer = analyzer
        self.k1, self.b = float(k1), float(b)
        self.terms = TermStore(folder / "terms", analyzer)
        self._corpus = corpus
        self._opened: _Matrix | None = None

    def build(self, corpus: Corpus, progress: bool = False) -> str:
        """Index exactly the corpus's documents, analysing only those that are new; why it was needed, or nothing.

        Raises GeulgamError for an empty corpus or a disk that is full; the old index then stays.
        """
        why = self.stale(corpus)
        if why:
            if not len(corpus):
                raise GeulgamError(f"no documents in {corpus.folder}", "geulgam corpus add PATH…")
            self.terms.update(corpus, progress)
            self._write(corpus_ids(corpus), corpus.fingerprint(), progress)
        return why

    def stale(self, corpus: Corpus) -> str:
        """Why the index on disk is not that of this corpus with these settings; empty if it is."""
        try:
            manifest = self.manifest()
        except GeulgamError as error:
            return str(error)
        if manifest.corpus != corpus.fingerprint():
            return "the corpus has changed"
        if (manifest.k1, manifest.b) != (self.k1, self.b):
            return f"k1 and b were {manifest.k1:g} and {manifest.b:g}, now {self.k1:g} and {self.b:g}"
        return ""

    def add(self, documents: Iterable[Document], progress: bool = False) -> None:
        """Take in the documents that are not here yet, and make the matrix anew if there are any."""
        known: Arrow = pa.array([], pa.string())
        if (self.folder / "manifest.json").exists():
            known = self._matrix.ids.arrow().cast(pa.string())
        documents = list(documents)
        self.terms.add(documents, progress)
        ids = pa.concat_arrays([known, pa.array([d.id for d in documents], pa.string())]).unique()
        if len(ids) > len(known):
            self._write(ids, "", progress)

    def rebuild(self, ids: Sequence[str], progress: bool = False) -> None:
        """Make the matrix anew, of exactly these documents, all of them analysed before."""
        self._write(pa.array(ids, pa.string()), "", progress)

    def search(self, query: Query, k: int) -> list[Hit]:
        """The k best, best first, ties by document id. Raises GeulgamError if there is no index to search."""
        matrix = self._matrix
        documents, scores = best(match(query, matrix), k)
        pairs = zip(documents.tolist(), scores.tolist(), strict=True)
        return [Hit(matrix.ids[number], rank, score) for rank, (number, score) in enumerate(pairs, start=1)]

    def document_frequency(self, term: str) -> int:
        """How many documents hold the term."""
        matrix = self._matrix
        place = matrix.vocabulary.place(term)
        return 0 if place < 0 else int(matrix.columns[place + 1] - matrix.columns[place])

    def near_terms(self, term: str, limit: int = 5) -> list[NearTerm]:
        """Terms of the index that are spelt nearly so, or begin so, nearest first."""
        return spelling.near(term, self._matrix.vocabulary, np.diff(self._matrix.columns), limit)

    def __len__(self) -> int:
        return self.manifest().documents if (self.folder / "manifest.json").exists() else 0

    def manifest(self) -> Manifest:
        """Of the index on disk. Raises GeulgamError if there is none, or none that this analyzer can search."""
        path = self.folder / "manifest.json"
        try:
            manifest = Manifest(**json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise GeulgamError(f"there is no index in {self.folder}", BUILD) from None
        except (OSError, ValueError, TypeError) as error:
            raise GeulgamError(f"cannot read {path}: {error}", BUILD) from error
        if manifest.format != FORMAT:
            raise GeulgamError(f"the index in {self.folder} was made by another version of geulgam", BUILD)
        if manifest.analyzer != self.analyzer.fingerprint:
            made, now = manifest.analyzer, self.analyzer.fingerprint
            raise GeulgamError(f"the index was made with another analyzer ({made}; now {now})", BUILD)
        return manifest

    @property
    def _matrix(self) -> "_Matrix":
        """The matrix of the manifest that is on disk now."""
        if self._opened is None:
            self._opened = _Matrix(self.folder, self.manifest(), self._corpus)
        return self._opened

    def _write(self, ids: Arrow, corpus: str, progress: bool) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            fresh = self.folder / f"bm25-{secrets.token_hex(6)}"
            fresh.mkdir()
            try:
                counts = postings.build(fresh, self.terms, ids, self.k1, self.b, progress)
                if not counts.tokens:
                    raise GeulgamError("no document has a word to index", "geulgam corpus add PATH…")
                for path in fresh.iterdir():
                    with path.open("rb+") as file:
                        os.fsync(file.fileno())
                fingerprint = self.analyzer.fingerprint
                manifest = Manifest(fingerprint, corpus, self.k1, self.b, **asdict(counts), folder=fresh.name)
                write_text(self.folder / "manifest.json", json.dumps(asdict(manifest), indent=2) + "\n")
            except BaseException:
                shutil.rmtree(fresh, ignore_errors=True)
                raise
        except OSError as error:
            reason = error.strerror or str(error)
            hint = "the old index, if there was one, is as it was; make room or choose another folder"
            raise GeulgamError(f"cannot write the index in {self.folder}: {reason}", hint) from error
        self._opened = None
        self._sweep()

    def _sweep(self) -> None:
        """Remove what an earlier index, or a build that was killed, has left."""
        try:
            current = json.loads((self.folder / "manifest.json").read_text(encoding="utf-8"))["folder"]
        except (OSError, ValueError, KeyError, TypeError):
            current = ""
        for left in self.folder.glob("bm25-*"):
            if left.name != current:
                shutil.rmtree(left, ignore_errors=True)


class _Matrix:
    """One built folder, open: the postings that queries are matched against."""

    def __init__(self, folder: Path, manifest: Manifest, corpus: Corpus | None) -> None:
        self._corpus = corpus
        self._folder = folder / manifest.folder
        self._manifest = manifest
        try:
            import bm25s

            loaded: Any = bm25s.BM25.load(self._folder, mmap=True, load_vocab=False)
            scores = loaded.scores
            self.columns, self._documents, self._scores = (
                scores[name].view(np.ndarray) for name in ("indptr", "indices", "data")
            )
            self.vocabulary = Strings.open(self._folder, "vocabulary")
            self.ids = Strings.open(self._folder, "ids")
            whole = (
                len(self.columns) == len(self.vocabulary) + 1 == manifest.terms + 1
                and len(self.ids) == manifest.documents
                and len(self._documents) == len(self._scores) == self.columns[-1]
            )
            if not whole:
                raise ValueError("its files do not fit together")
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise GeulgamError(f"cannot read the index in {self._folder}: {error}", BUILD) from error

    @property
    def size(self) -> int:
        return self._manifest.documents

    def term(self, term: str) -> tuple[Numbers, Scores]:
        place = self.vocabulary.place(term)
        if place < 0:
            return np.zeros(0, np.int32), np.zeros(0, np.float32)
        column = slice(int(self.columns[place]), int(self.columns[place + 1]))
        return self._documents[column], self._scores[column]

    def phrase(self, terms: Sequence[str]) -> tuple[Numbers, Scores]:
        candidates = reduce(_common, sorted((self.term(term)[0] for term in set(terms)), key=len))
        places = [self.vocabulary.place(term) for term in terms]
        frequency = self._frequency(np.array(places), candidates)
        documents, frequency = candidates[frequency > 0], frequency[frequency > 0]
        found = self.columns[1:][places] - self.columns[:-1][places]
        weight = np.float32(postings.idf(found, self._manifest.filled).astype(np.float64).sum())
        average = self._manifest.tokens / max(self._manifest.filled, 1)
        inverse = postings.saturation(self._lengths[documents], average, self._manifest.k1, self._manifest.b)
        return documents, postings.score(weight, frequency, inverse)

    def filter(self, field: str, value: str) -> Numbers:
        if self._corpus is None:
            raise GeulgamError(f"{field}: this index has no corpus to filter by", "leave out the field")
        places = (self.ids.place(id_) for id_ in self._corpus.having(field, value))
        return np.unique(np.array([place for place in places if place >= 0], np.int64))

    def _frequency(self, places: NDArray[np.int64], candidates: Numbers) -> NDArray[np.int64]:
        """How often the terms stand in a row in each of the candidates, (len(candidates),)."""
        frequency = np.zeros(len(candidates), np.int64)
        lengths = self._lengths[candidates]
        for chosen in postings.chunks(lengths):
            text = self._sequence[postings.ragged(self._starts[candidates[chosen]], lengths[chosen])]
            owner = np.repeat(np.arange(chosen.start, chosen.stop), lengths[chosen])
            last = max(len(text) - len(places) + 1, 0)
            here = owner[:last] == owner[len(owner) - last :]
            for offset, place in enumerate(places):
                here &= text[offset : last + offset] == place
            frequency += np.bincount(owner[:last][here], minlength=len(candidates))
        return frequency

    @cached_property
    def _lengths(self) -> NDArray[np.int32]:
        return mapped(self._folder / "lengths.npy")

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        return mapped(self._folder / "starts.npy")

    @cached_property
    def _sequence(self) -> NDArray[np.int32]:
        return mapped(self._folder / "sequence.npy")


def _common(some: Numbers, others: Numbers) -> Numbers:
    return np.intersect1d(some, others, assume_unique=True)
