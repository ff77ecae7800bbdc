"""An index as :mod:`retrieval.postings` wrote it, open: the postings that queries are matched against.

All files are mapped when it is opened, so that it can be searched for as long as it is held, whoever removes its folder
meanwhile. Nothing of it changes, so any number of threads may search it.
"""

from collections.abc import Sequence
from functools import cached_property, reduce
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.digests import Digest, array, from_hex
from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval import postings
from retrieval.index import BUILD, Made
from retrieval.matching import Numbers, Scores
from retrieval.strings import Strings, mapped


class Matrix:
    """The index in ``folder``. Documents are numbered from 0 in the order of their ``ids``.

    ``corpus``: what filters are held against; None: there are none. Raises GeulgamError if a file is not there or not
    whole.
    """

    def __init__(self, folder: Path, made: Made, corpus: Corpus | None) -> None:
        self.folder = folder
        self.made = made
        self._corpus = corpus
        try:
            import bm25s

            loaded: Any = bm25s.BM25.load(folder, mmap=True, load_vocab=False)
            self._columns, self._documents, self._scores = (
                loaded.scores[name].view(np.ndarray) for name in ("indptr", "indices", "data")
            )
            self.vocabulary = Strings.open(folder, "vocabulary")
            self.ids: Digest = mapped(folder / "ids.npy")
            self.versions: Digest = mapped(folder / "versions.npy")
            self._lengths: NDArray[np.int32] = mapped(folder / "lengths.npy")
            self._starts: NDArray[np.int64] = mapped(folder / "starts.npy")
            self._sequence: NDArray[np.int32] = mapped(folder / "sequence.npy")  # of terms, document after document
            whole = (
                len(self.ids) == len(self.versions) == len(self._lengths) == len(self._starts) - 1 == made.documents
                and len(self._sequence) == self._starts[-1] == made.tokens
                and len(self._columns) == len(self.vocabulary) + 1
                and len(self._documents) == len(self._scores) == self._columns[-1]
            )
            if not whole:
                raise ValueError("its files do not fit together")
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise GeulgamError(f"cannot read the index in {folder}: {error}", BUILD) from error

    @property
    def size(self) -> int:
        """How many documents there are."""
        return len(self.ids)

    @cached_property
    def frequencies(self) -> NDArray[np.int64]:
        """In how many documents each term of the vocabulary stands, (len(vocabulary),)."""
        columns: NDArray[np.int64] = self._columns
        return np.diff(columns)

    def term(self, term: str) -> tuple[Numbers, Scores]:
        """The documents of one term, and their scores."""
        place = self.vocabulary.place(term)
        if place < 0:
            return np.zeros(0, np.int32), np.zeros(0, np.float32)
        column = slice(int(self._columns[place]), int(self._columns[place + 1]))
        return self._documents[column], self._scores[column]

    def phrase(self, terms: Sequence[str]) -> tuple[Numbers, Scores]:
        """The documents with the terms in a row, and their scores."""
        candidates = reduce(_common, sorted((self.term(term)[0] for term in set(terms)), key=len))
        places = [self.vocabulary.place(term) for term in terms]
        frequency = self._frequency(np.array(places), candidates)
        documents, frequency = candidates[frequency > 0], frequency[frequency > 0]
        found = self._columns[1:][places] - self._columns[:-1][places]
        weight = np.float32(postings.idf(found, self._filled).astype(np.float64).sum())
        inverse = postings.saturation(self._lengths[documents], self._average, self.made.k1, self.made.b)
        return documents, postings.score(weight, frequency, inverse)

    def filter(self, field: str, value: str) -> Numbers:
        """The documents whose field is exactly this. Raises GeulgamError without a corpus."""
        if self._corpus is None:
            raise GeulgamError(f"{field}: this index has no corpus to filter by", "leave out the field")
        having = np.sort(array(map(from_hex, self._corpus.having(field, value))))
        places = np.searchsorted(self.ids, having)
        there = places < len(self.ids)  # not so one that came after the index was built
        there[there] = self.ids[places[there]] == having[there]
        return places[there]

    @cached_property
    def _filled(self) -> int:
        return int(np.count_nonzero(self._lengths))

    @cached_property
    def _average(self) -> float:
        return postings.average(self._lengths)

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


def _common(some: Numbers, others: Numbers) -> Numbers:
    return np.intersect1d(some, others, assume_unique=True)
