"""Cached terms → a score matrix on disk: for each term its documents and their BM25 scores.

The matrix is written in the format of bm25s (``data``, ``indices`` and ``indptr`` of a sparse matrix by columns,
and its parameters), which plain ``bm25s.BM25.load`` opens. Beside it stand the sorted vocabulary and ids, the
exact lengths, and the documents' terms in order, which phrases are looked up in.

Built in blocks, so that memory does not grow with the corpus: about 0.5 GB besides the vocabulary.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from tqdm import tqdm

from corpus.errors import GeulgamError
from retrieval.lengths import BYTE4_TO_INT, lucene_length
from retrieval.strings import Arrow, Strings, sorted_distinct
from retrieval.terms import TermStore

BLOCK = 8_000_000  # terms sorted at once


@dataclass(frozen=True)
class Counts:
    """What was indexed. ``filled``: documents with at least one term, which alone count in averages."""

    documents: int
    filled: int
    terms: int  # distinct
    tokens: int

    @property
    def average(self) -> float:
        """Terms per document that has any."""
        return self.tokens / self.filled if self.tokens else 1.0


def saturation(lengths: NDArray[np.integer], average: float, k1: float, b: float) -> NDArray[np.float32]:
    """1 / (k1 · (1 - b + b · length / average)) of each document, in Lucene's precision and with its lengths."""
    one, k1_, b_ = np.float32(1), np.float32(k1), np.float32(b)
    with np.errstate(divide="ignore"):  # k1 = 0: repetition counts for nothing; length 0: has no term to score
        table = one / (k1_ * ((one - b_) + b_ * BYTE4_TO_INT.astype(np.float32) / np.float32(average)))
    return table[np.searchsorted(BYTE4_TO_INT, lucene_length(lengths))]


def idf(frequencies: NDArray[np.integer], documents: int) -> NDArray[np.float32]:
    """ln(1 + (N - df + 0.5) / (df + 0.5)), always above 0."""
    df = frequencies.astype(np.float64)
    return np.log1p((documents - df + 0.5) / (df + 0.5)).astype(np.float32)


def score(
    weight: NDArray[np.float32] | np.float32, frequency: NDArray[np.integer], inverse: NDArray[np.float32]
) -> NDArray[np.float32]:
    """weight · tf / (tf + k1 · (1 - b + b · length / average)), as ``BM25Similarity`` computes it."""
    return weight - weight / (np.float32(1) + frequency.astype(np.float32) * inverse)


def build(folder: Path, store: TermStore, ids: Arrow, k1: float, b: float, progress: bool = False) -> Counts:
    """Write the matrix and what belongs to it into ``folder``, for the documents ``ids``, all of them in the store.

    Raises GeulgamError if the store lacks one.
    """
    bar = tqdm(total=4, desc="indexing", unit="step", disable=not progress)
    with bar:
        names, _ = sorted_distinct(pa.chunked_array([ids], pa.string()))
        names.save(folder, "ids")
        lengths, numbers, terms = _survey(store, names)
        terms.table.save(folder, "vocabulary")
        np.save(folder / "lengths.npy", lengths)
        bar.update()
        starts = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=starts[1:])
        np.save(folder / "starts.npy", starts)
        sequence = _sequence(folder / "sequence.npy", store, starts, numbers, terms)
        bar.update()
        frequencies = np.zeros(len(terms.table), np.int64)
        blocks = folder / "blocks"
        blocks.mkdir()
        count = _sort(sequence, starts, frequencies, blocks)
        bar.update()
        counts = Counts(len(names), int(np.count_nonzero(lengths)), len(terms.table), len(sequence))
        inverse = saturation(lengths, counts.average, k1, b)
        _matrix(folder, blocks, count, frequencies, idf(frequencies, counts.filled), inverse)
        _parameters(folder, counts.documents, k1, b)
        bar.update()
    return counts


@dataclass(frozen=True)
class _Terms:
    """The vocabulary of all parts, and where in it each part's own terms stand: part p's in ``of_part(p)``."""

    table: Strings
    places: NDArray[np.int64]
    bounds: list[int]

    def of_part(self, part: int) -> NDArray[np.int64]:
        return self.places[self.bounds[part] : self.bounds[part + 1]]


def _survey(store: TermStore, names: Strings) -> tuple[NDArray[np.int32], list[NDArray[np.int64]], _Terms]:
    """Length of each document; for each part the number of each of its documents (-1: not wanted); the terms."""
    ids: list[Arrow] = []
    sizes: list[NDArray[np.int64]] = []
    vocabularies: list[Arrow] = []
    for part in store.parts():
        ids.append(part.ids.cast(pa.large_string()))
        sizes.append(np.diff(part.offsets))
        vocabularies.append(part.vocabulary)
    found: Any = pc.index_in(pa.chunked_array(ids, pa.large_string()), value_set=names.arrow())
    places = found.combine_chunks().fill_null(-1).to_numpy().astype(np.int64)
    _, first = np.unique(places, return_index=True)
    again = np.ones(len(places), bool)  # analysed twice, by two processes at a time: the first counts
    again[first] = False
    places[again] = -1
    lengths = np.full(len(names), -1, np.int32)
    lengths[places[places >= 0]] = np.concatenate([np.zeros(0, np.int64), *sizes])[places >= 0]
    if (lengths < 0).any():
        lost = names[int(np.argmin(lengths))]
        raise GeulgamError(f"document {lost} has not been analysed", "build the index again")
    table, spots = sorted_distinct(pa.chunked_array(vocabularies, pa.string()))
    bounds = [0, *np.cumsum([len(v) for v in vocabularies]).tolist()]
    numbers = np.split(places, np.cumsum([len(size) for size in sizes])[:-1])
    return lengths, numbers, _Terms(table, spots, bounds)


def _sequence(
    path: Path, store: TermStore, starts: NDArray[np.int64], numbers: list[NDArray[np.int64]], terms: _Terms
) -> NDArray[np.int32]:
    """The terms of every document one after the other, (tokens,) int32 on disk; document i's from ``starts[i]``."""
    sequence = _array(path, int(starts[-1]), np.int32)
    for number, part in enumerate(store.parts()):
        documents = np.flatnonzero(numbers[number] >= 0)
        source, lengths = part.offsets[documents], np.diff(part.offsets)[documents]
        target = starts[numbers[number][documents]]
        places = terms.of_part(number)
        for chosen in chunks(lengths):
            read = ragged(source[chosen], lengths[chosen])
            sequence[ragged(target[chosen], lengths[chosen])] = places[part.terms[read]]
    return sequence


def ragged(starts: NDArray[np.int64], lengths: NDArray[np.integer]) -> NDArray[np.int64]:
    """start, start + 1, … of each run, (sum of lengths,)."""
    ends = np.cumsum(lengths)
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(int(ends[-1]) if len(ends) else 0)


def chunks(lengths: NDArray[np.integer]) -> Iterator[slice]:
    """Runs of documents of about :data:`BLOCK` terms together, at least one document each."""
    ends = np.cumsum(lengths)
    first = 0
    while first < len(lengths):
        before = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + BLOCK, side="right")))
        yield slice(first, last)
        first = last


def _sort(sequence: NDArray[np.int32], starts: NDArray[np.int64], frequencies: NDArray[np.int64], blocks: Path) -> int:
    """Count each term in each document, block by block, and each term's documents; how many blocks there are.

    A block on disk: terms ascending, their documents ascending, and how often each stands there, (pairs,) each.
    """
    lengths = np.diff(starts)
    count = 0
    for count, chosen in enumerate(chunks(lengths), start=1):
        first, last = starts[chosen.start], starts[chosen.stop]
        keys = sequence[first:last].astype(np.int64) << 32
        keys |= np.repeat(np.arange(chosen.start, chosen.stop), lengths[chosen])
        keys.sort()
        new = np.flatnonzero(np.diff(keys, prepend=-1))
        times = np.diff(new, append=len(keys)).astype(np.int32)
        keys = keys[new]
        terms = (keys >> 32).astype(np.int32)
        frequencies += np.bincount(terms, minlength=len(frequencies))
        np.save(blocks / f"{count - 1}.terms.npy", terms)
        np.save(blocks / f"{count - 1}.documents.npy", keys.astype(np.int32))  # the lower half
        np.save(blocks / f"{count - 1}.times.npy", times)
    return count


def _matrix(
    folder: Path,
    blocks: Path,
    count: int,
    frequencies: NDArray[np.int64],
    weights: NDArray[np.float32],
    inverse: NDArray[np.float32],
) -> None:
    """Merge the blocks: term after term, and its documents ascending, since the blocks are in their order."""
    columns = np.zeros(len(frequencies) + 1, np.int64)
    np.cumsum(frequencies, out=columns[1:])
    np.save(folder / "indptr.csc.index.npy", columns)
    pairs = int(columns[-1])
    indices = _array(folder / "indices.csc.index.npy", pairs, np.int32)
    data = _array(folder / "data.csc.index.npy", pairs, np.float32)
    free = columns[:-1].copy()  # where each term's next document goes
    for number in range(count):
        terms, documents, times = (np.load(blocks / f"{number}.{name}.npy") for name in ("terms", "documents", "times"))
        runs = np.bincount(terms, minlength=len(frequencies))
        places = ragged(free, runs)
        indices[places] = documents
        data[places] = score(weights[terms], times, inverse[documents])
        free += runs
        for name in ("terms", "documents", "times"):
            (blocks / f"{number}.{name}.npy").unlink()
    blocks.rmdir()


def _array(path: Path, length: int, kind: type[np.generic]) -> NDArray[Any]:
    """An array that is its file, (length,). Raises OSError now, not SIGBUS later, if the disk has no room for it."""
    if not length:  # numpy cannot map an empty one
        np.save(path, np.zeros(0, kind))
        return np.zeros(0, kind)
    array = open_memmap(path, mode="w+", dtype=kind, shape=(length,))
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    return array


def _parameters(folder: Path, documents: int, k1: float, b: float) -> None:
    """What ``bm25s.BM25.load`` reads beside the arrays. Its JSON vocabulary is left out: it would be read whole."""
    parameters = {
        "k1": k1,
        "b": b,
        "delta": 0.5,
        "method": "lucene",
        "idf_method": "lucene",
        "dtype": "float32",
        "int_dtype": "int32",
        "num_docs": documents,
        "version": version("bm25s"),
        "backend": "numpy",
    }
    (folder / "params.index.json").write_text(json.dumps(parameters, indent=4), encoding="utf-8")
