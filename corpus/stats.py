"""What a corpus holds, in numbers: how many documents, how long, from where."""

from collections import Counter
from dataclasses import dataclass
from pathlib import PurePath
from typing import cast
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.store import Corpus

# Characters; finer where essays are: a page of a contest's essay has 700 to 2,000.
_EDGES = (0, 100, 250, 500, 750, 1000, 1500, 2000, 3000, 5000, 10_000, 20_000, 50_000, 100_000, 1_000_000)


@dataclass(frozen=True, slots=True)
class Histogram:
    """``counts[i]`` values lie in ``edges[i] <= value < edges[i + 1]``; both are empty if there are none."""

    edges: tuple[int, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Stats:
    """Figures of a corpus. Lengths are in characters; ``sources`` counts documents by host name or folder."""

    documents: int
    characters: int
    shortest: int
    median: int
    longest: int
    lengths: Histogram
    sources: Counter[str]


def stats(corpus: Corpus) -> Stats:
    """Read through the corpus once; holds four bytes per document and a name per source."""
    lengths = [np.empty(0, np.int32)]
    sources: Counter[str] = Counter()
    for batch in corpus.batches(["text", "source"]):
        lengths.append(pc.utf8_length(cast(pa.StringArray, batch.column("text"))).to_numpy())
        sources.update(origin(str(source)) for source in batch.column("source").to_pylist())
    characters = np.concatenate(lengths)
    some = len(characters) > 0
    return Stats(
        documents=len(characters),
        characters=int(characters.sum()),
        shortest=int(characters.min()) if some else 0,
        median=int(np.median(characters)) if some else 0,
        longest=int(characters.max()) if some else 0,
        lengths=histogram(characters),
        sources=sources,
    )


def histogram(values: np.typing.NDArray[np.int32]) -> Histogram:
    """The values in bins that suit essays' lengths, from the first that has any to the last."""
    if not len(values):
        return Histogram((), ())
    edges = [edge for edge in _EDGES if edge <= values.max()]
    edges.append(next((edge for edge in _EDGES if edge > values.max()), int(values.max()) + 1))
    counts, _ = np.histogram(values, [*edges[:-1], edges[-1] - 0.5])
    first = int(np.flatnonzero(counts)[0])
    return Histogram(tuple(edges[first:]), tuple(int(count) for count in counts[first:]))


def origin(source: str) -> str:
    """The host name of a URL without ``www.``, the folder of a path, anything else as it is."""
    if "://" in source:
        try:
            host = urlsplit(source).hostname
        except ValueError:  # a bracket that belongs to no IPv6 address
            host = None
        return (host or source).removeprefix("www.")
    folder = str(PurePath(source).parent)
    return folder if folder != "." else source
