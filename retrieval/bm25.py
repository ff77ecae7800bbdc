"""The embedded default index: BM25 scores computed beforehand, on disk, memory-mapped.

bm25s keeps the matrix (its file format, and its loader); the terms, the ids and the phrases are ours, see
:mod:`retrieval.postings`. Its folder:

    manifest.json        what it was made from; names the folder below, so that replacing it replaces the index
    bm25-<random>/       the matrix and what belongs to it, see :mod:`retrieval.matrix`
    terms/               every document's terms, see :mod:`retrieval.terms`

A changed corpus makes the matrix anew, from the cached terms: 5 seconds for 32,000 documents.
"""

import json
import os
import secrets
import shutil
import threading
from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from corpus.atomic import write_text
from corpus.digests import array, find, from_hex, to_hex
from corpus.errors import GeulgamError
from corpus.events import On, silent
from corpus.store import Corpus
from retrieval import postings, spelling
from retrieval.analyzer import Analyzer
from retrieval.index import BUILD, K1, B, Built, Hit, Made, NearTerm
from retrieval.matching import Matches, best, match
from retrieval.matrix import Matrix
from retrieval.query import Query
from retrieval.strings import Arrow
from retrieval.terms import TermStore, corpus_versions

FORMAT = 2


class Bm25Index:
    """The index in ``folder``, which need not exist yet; every call works on what is there at that moment.

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
        self._lock = threading.Lock()
        self._opened: Matrix | None = None

    def build(self, corpus: Corpus, *, on: On = silent) -> Built:
        """Make it hold exactly the corpus, analysing only what is new; readers keep the old index until it is whole.

        Raises GeulgamError for an empty corpus or a disk that is full; the old index then stays.
        """
        if self.stale(corpus):
            if not len(corpus):
                raise GeulgamError(f"no documents in {corpus.folder}", "geulgam corpus add PATH…")
            fingerprint = corpus.fingerprint()  # before the rest: what comes meanwhile makes the index stale
            ids, versions = corpus_versions(corpus)
            self.terms.update(corpus, on=on)
            self._write(fingerprint, ids, versions, on)
        return Built(len(self))

    def made(self) -> Made | None:
        """What it was made from, with whatever settings; None if there is none that can be read."""
        try:
            return self._manifest()[0]
        except GeulgamError:
            return None

    def stale(self, corpus: Corpus) -> list[str]:
        """Why the index on disk is not that of this corpus with these settings; empty if it is."""
        made = self.made()
        if made is None:
            return ["not built yet"]
        reasons = made.differs(corpus, self.analyzer, self.k1, self.b)
        if not reasons:
            try:
                self.check()
            except GeulgamError as error:
                reasons = [str(error)]
        return reasons

    def check(self) -> None:
        """Raise GeulgamError if there is no index, or none that can be read and searched with this analyzer."""
        self._current()

    def search(self, query: Query, k: int, within: Collection[str] | None = None) -> list[Hit]:
        """The k best, best first, ties by document id. Raises GeulgamError if there is no index to search."""
        matrix = self._current()
        matches = match(query, matrix)
        if within is not None:
            spots, there = find(array(map(from_hex, within)), matrix.ids)
            kept = np.zeros(matrix.size, bool)
            kept[spots[there]] = True
            matches = Matches(matches.found & kept, matches.scores)
        documents, scores = best(matches, k)
        found = zip(to_hex(matrix.ids[documents]), scores.tolist(), strict=True)
        return [Hit(id_, rank, score) for rank, (id_, score) in enumerate(found, start=1)]

    def document_frequencies(self, terms: Sequence[str]) -> list[int]:
        """How many documents hold each of the terms, (len(terms),)."""
        matrix = self._current()
        places = map(matrix.vocabulary.place, terms)
        return [int(matrix.frequencies[place]) if place >= 0 else 0 for place in places]

    def near_terms(self, term: str, limit: int = 5) -> list[NearTerm]:
        """Terms of the index that are spelt nearly so, or begin so, nearest first."""
        matrix = self._current()
        return spelling.near(term, matrix.vocabulary, matrix.frequencies, limit)

    def status(self) -> dict[str, Any]:
        """Nothing that :meth:`made` does not tell."""
        return {}

    def __len__(self) -> int:
        made = self.made()
        return made.documents if made else 0

    def _current(self) -> Matrix:
        """The index that is on disk now, open."""
        with self._lock:
            while True:
                made, folder = self._manifest()
                if self._opened and self._opened.folder == folder:
                    return self._opened
                now = self.analyzer.fingerprint
                if made.analyzer != now:
                    raise GeulgamError(f"the index was made with another analyzer ({made.analyzer}; now {now})", BUILD)
                try:
                    self._opened = self._open(folder, made)
                except GeulgamError:
                    if self._manifest()[1] == folder:
                        raise  # else another process has built anew meanwhile, and removed this one

    def _open(self, folder: Path, made: Made) -> Matrix:
        return Matrix(folder, made, self._corpus)

    def _manifest(self) -> tuple[Made, Path]:
        """What the index on disk was made from, and its folder. Raises GeulgamError if there is none to be read."""
        path = self.folder / "manifest.json"
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if found.pop("format") != FORMAT:
                raise GeulgamError(f"the index in {self.folder} was made by another version of geulgam", BUILD)
            folder = self.folder / found.pop("folder")
            return Made(**found), folder
        except FileNotFoundError:
            raise GeulgamError(f"there is no index in {self.folder}", BUILD) from None
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise GeulgamError(f"cannot read {path}: {error}", BUILD) from error

    def _write(self, corpus: str, ids: Arrow, versions: Arrow, on: On) -> None:
        """A new folder, and then the manifest that names it."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._sweep()
            try:
                fresh = self.folder / f"bm25-{secrets.token_hex(6)}"
                fresh.mkdir()
                counts = postings.build(fresh, self.terms, ids, versions, self.k1, self.b, on=on)
                if not counts.tokens:
                    raise GeulgamError("no document has a word to index", "geulgam corpus add PATH…")
                for path in fresh.iterdir():
                    with path.open("rb+") as file:
                        os.fsync(file.fileno())
                when = datetime.now().astimezone().isoformat(timespec="seconds")
                made = Made(corpus, self.analyzer.fingerprint, self.k1, self.b, when=when, **counts._asdict())
                manifest = {"format": FORMAT, "folder": fresh.name, **asdict(made)}
                write_text(self.folder / "manifest.json", json.dumps(manifest, indent=2) + "\n")
            finally:
                self._sweep()
        except OSError as error:
            reason = error.strerror or str(error)
            hint = "the old index, if there was one, is as it was; make room or choose another folder"
            raise GeulgamError(f"cannot write the index in {self.folder}: {reason}", hint) from error

    def _sweep(self) -> None:
        """Remove what no manifest names: an earlier index, and what a build left that was broken off or killed."""
        try:
            current = self._manifest()[1].name
        except GeulgamError as error:
            if isinstance(error.__cause__, OSError):
                return  # it may be there all the same
            current = ""
        for left in self.folder.glob("bm25-*"):
            if left.name != current:
                shutil.rmtree(left, ignore_errors=True)
