"""Cached terms → a score matrix on disk: for each term its documents and their BM25 scores.

The matrix is written in the format of bm25s (``data``, ``indices`` and ``indptr`` of a sparse matrix by columns,
and its parameters), which plain ``bm25s.BM25.load`` opens. Beside it stand the sorted vocabulary, the
sorted ids, the documents' versions and exact lengths, and their terms in order, which phrases are looked up in.

Built in blocks, so that memory does not grow with the corpus: about 0.5 GB besides the vocabulary.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from corpus.parts import hexadecimal
from retrieval.lengths import BYTE4_TO_INT, lucene_length
from retrieval.strings import Arrow, Strings, loaded, sorted_distinct
from retrieval.terms import TermStore

BLOCK = 8_000_000  # terms sorted at once


class Counts(NamedTuple):
    """What was indexed."""

    documents: int
    terms: int  # different ones
    tokens: int


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


def average(lengths: NDArray[np.integer]) -> float:
    """Terms per document that has any."""
    return int(lengths.sum(dtype=np.int64)) / max(int(np.count_nonzero(lengths)), 1) or 1.0


def build(
    folder: Path, store: TermStore, ids: Arrow, versions: Arrow, k1: float, b: float, *, on: On = silent
) -> Counts:
    """Write the matrix and what belongs to it into ``folder``, for these documents, all of them in the store.

    ``ids``, ``versions``: (n,) each, in any order; documents are numbered in the order of their ids. Raises
    GeulgamError if the store lacks one.
    """
    with Task(on, "indexing", 4, "step") as task:
        order = pc.sort_indices(ids)
        ids, versions = ids.take(order), versions.take(order)
        np.save(folder / "ids.npy", hexadecimal(ids))
        np.save(folder / "versions.npy", hexadecimal(versions))
        lengths, sources, terms = _survey(store, ids, versions, task)
        terms.table.save(folder, "vocabulary")
        np.save(folder / "lengths.npy", lengths)
        task.advance()
        starts = np.zeros(len(lengths) + 1, np.int64)
        np.cumsum(lengths, out=starts[1:])
        np.save(folder / "starts.npy", starts)
        sequence = _sequence(folder / "sequence.npy", store, starts, sources, terms, task)
        task.advance()
        frequencies = np.zeros(len(terms.table), np.int64)
        blocks = folder / "blocks"
        blocks.mkdir()
        count = _sort(sequence, starts, frequencies, blocks, task)
        task.advance()
        weights = idf(frequencies, int(np.count_nonzero(lengths)))
        _matrix(folder, blocks, count, frequencies, weights, saturation(lengths, average(lengths), k1, b), task)
        _parameters(folder, len(ids), k1, b)
        task.advance()
    return Counts(len(ids), int(np.count_nonzero(frequencies)), len(sequence))


@dataclass(frozen=True)
class _Terms:
    """The vocabulary of all parts, and where in it each part's own terms stand: part p's in ``of_part(p)``."""

    table: Strings
    places: NDArray[np.int64]
    bounds: list[int]

    def of_part(self, part: int) -> NDArray[np.int64]:
        return self.places[self.bounds[part] : self.bounds[part + 1]]


class _Source(NamedTuple):
    """Which documents have their terms in one part, and in which of its rows, (n,) each."""

    documents: NDArray[np.int64]
    rows: NDArray[np.int64]


def _survey(
    store: TermStore, ids: Arrow, versions: Arrow, task: Task
) -> tuple[NDArray[np.int32], list[_Source], _Terms]:
    """The length of each document, what each part has of them, and the terms."""
    stored: list[Arrow] = []
    sizes: list[NDArray[np.int64]] = []
    vocabularies: list[Arrow] = []
    for part in store.parts():
        stored.append(part.versions)
        sizes.append(np.diff(part.offsets))
        vocabularies.append(part.vocabulary)
        task.advance(0)
    # Where a version stands twice, analysed by two processes at a time, it is the first.
    found: Any = pc.index_in(versions, value_set=pa.chunked_array(stored, pa.string()))
    rows = found.fill_null(-1).to_numpy().astype(np.int64)
    if (rows < 0).any():
        raise GeulgamError(f"document {ids[int(np.argmin(rows))]} has not been analysed", "build the index again")
    lengths = np.concatenate([np.zeros(0, np.int64), *sizes])[rows].astype(np.int32)
    order = np.argsort(rows, kind="stable")
    firsts = np.cumsum([0, *map(len, sizes)])
    bounds = np.searchsorted(rows[order], firsts)
    sources = [
        _Source(order[start:end], rows[order[start:end]] - first)
        for (start, end), first in zip(pairwise(bounds), firsts, strict=False)
    ]
    table, places = sorted_distinct(pa.chunked_array(vocabularies, pa.string()))
    return lengths, sources, _Terms(table, places, [0, *np.cumsum([len(v) for v in vocabularies]).tolist()])


def _sequence(
    path: Path, store: TermStore, starts: NDArray[np.int64], sources: list[_Source], terms: _Terms, task: Task
) -> NDArray[np.int32]:
    """The terms of every document one after the other, (tokens,) int32 on disk; document i's from ``starts[i]``."""
    sequence = _array(path, int(starts[-1]), np.int32)
    for number, (source, part) in enumerate(zip(sources, store.parts(), strict=False)):
        begins, lengths = part.offsets[source.rows], np.diff(part.offsets)[source.rows]
        target = starts[source.documents]
        places = terms.of_part(number)
        for chosen in chunks(lengths):
            read = ragged(begins[chosen], lengths[chosen])
            sequence[ragged(target[chosen], lengths[chosen])] = places[part.terms[read]]
        task.advance(0)
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


def _sort(
    sequence: NDArray[np.int32], starts: NDArray[np.int64], frequencies: NDArray[np.int64], blocks: Path, task: Task
) -> int:
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
        task.advance(0)
    return count


def _matrix(
    folder: Path,
    blocks: Path,
    count: int,
    frequencies: NDArray[np.int64],
    weights: NDArray[np.float32],
    inverse: NDArray[np.float32],
    task: Task,
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
        terms, documents, times = (loaded(blocks / f"{number}.{name}.npy") for name in ("terms", "documents", "times"))
        runs = np.bincount(terms, minlength=len(frequencies))
        places = ragged(free, runs)
        indices[places] = documents
        data[places] = score(weights[terms], times, inverse[documents])
        free += runs
        for name in ("terms", "documents", "times"):
            (blocks / f"{number}.{name}.npy").unlink()
        task.advance(0)
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
