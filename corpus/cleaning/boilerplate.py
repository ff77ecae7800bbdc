"""What many documents of one source share: menus, footers, greetings around the texts. Off unless switched on.

After the line deduplication of CCNet (Wenzek et al. 2019, 1911.00359), but within a source: the host of a page, or a
file. A line of ten letters or more that a tenth of a source's documents have, and at least five, goes wherever it
stands, whatever its figures are; of a text without line ends, sentences at its beginning and its end. A text of which
less than half would be left stays as it is: it is one of several copies, and no frame.

Unlike the other steps this one has to be told what to look for, by :func:`shared`, which reads all documents first.
"""

import hashlib
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from corpus.cleaning.text_step import TextStep
from corpus.document import Document

DOCUMENTS, SHARE = 5, 0.1  # of a source's documents so many, and such a share of them
LETTERS = 10
EDGE = 3  # sentences at either end of a text without line ends
LEFT = 0.5  # of the letters
CODE = 1  # to be raised whenever the same documents would come out otherwise
_HELD = 1 << 20  # hashes that are gathered before they are counted
_MOST = 1 << 22  # hashes that are counted at once
_BETWEEN = re.compile(r"(?:(?<=[.!?…])|(?<=[.!?…][\"'”’)]))\s+")
_FIGURES = re.compile(r"\d+")

Lines = NDArray[np.uint64]  # hashes
NO_LINES: Lines = np.empty(0, np.uint64)


def shared(documents: Iterable[Document]) -> Lines:
    """Hashes of the lines that documents of one source share, sorted.

    Counts some four million different lines at once; of more, those that one document alone had so far are forgotten,
    as in lossy counting (Manku and Motwani 2002), so that in a very large corpus a line may be missed.
    """
    owners: dict[str, int] = {}
    counts, sizes = _Counts(), Counter[int]()
    for one in documents:
        owner = owners.setdefault(_source(one), len(owners))
        sizes[owner] += 1
        counts.add(owner, {_hash(each) for each in _asked(one.text) if _is_long(each)})
    return counts.shared(np.array([sizes[owner] for owner in range(len(owners))], np.int64))


def step(lines: Lines) -> TextStep:
    """The step that takes these lines out; its version stands for them too."""
    digest = hashlib.blake2b(lines.tobytes(), digest_size=4).digest()
    known = frozenset(lines.tolist())
    return TextStep("boilerplate", partial(_without, known), CODE << 32 | int.from_bytes(digest))


def is_of_this_code(version: int) -> bool:
    """Whether a step of that version does what one of this code does, whatever its lines are."""
    return version >> 32 == CODE


def _without(known: frozenset[int], text: str) -> str:
    """The text without the lines, or the sentences at its ends, that are known."""
    if not known:
        return text
    if "\n" in text:
        lines = text.split("\n")
        kept = [line for line in lines if not _is_known(line, known)]
        left = "\n".join(kept).strip("\n") if len(kept) < len(lines) else text
    else:
        left = _peeled(text, known)
    return left if _letters(left) >= LEFT * _letters(text) else text


def _peeled(text: str, known: frozenset[int]) -> str:
    """A text without line ends, without those of the sentences at its ends that are known."""
    ends = [match.end() for match in _BETWEEN.finditer(text)]
    sentences = [text[start:end] for start, end in zip([0, *ends], [*ends, len(text)], strict=True)]
    inner = range(EDGE, len(sentences) - EDGE)
    kept = [each for place, each in enumerate(sentences) if place in inner or not _is_known(each, known)]
    return "".join(kept).strip() if len(kept) < len(sentences) else text


def _asked(text: str) -> Sequence[str]:
    """The lines of a text, or the sentences at its ends."""
    if "\n" in text:
        return text.split("\n")
    sentences = _BETWEEN.split(text)
    return sentences if len(sentences) <= 2 * EDGE else [*sentences[:EDGE], *sentences[-EDGE:]]


def _is_known(line: str, known: frozenset[int]) -> bool:
    return _is_long(line) and _hash(line) in known


def _is_long(line: str) -> bool:
    return len(line) >= LETTERS and sum(1 for _ in islice(filter(str.isalpha, line), LETTERS)) == LETTERS


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def _hash(line: str) -> int:
    told = _FIGURES.sub("0", " ".join(line.split()))
    return int.from_bytes(hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def _source(document: Document) -> str:
    """The host of a page, else what the source says: a file."""
    try:
        return urlsplit(document.source).netloc or document.source
    except ValueError:  # a bracket that belongs to no IPv6 address
        return document.source


@dataclass
class _Counted:
    """In how many documents of which source a line stands, each of these (n,); ``keys`` stand for both, rising."""

    keys: NDArray[np.uint64]
    lines: Lines
    owners: NDArray[np.int64]
    counts: NDArray[np.int64]


class _Counts:
    def __init__(self) -> None:
        self._lines, self._owners = array("Q"), array("q")
        self._counted = _Counted(NO_LINES, NO_LINES, np.empty(0, np.int64), np.empty(0, np.int64))

    def add(self, owner: int, lines: set[int]) -> None:
        """One document of the source, with these lines."""
        self._lines.extend(lines)
        self._owners.extend([owner] * len(lines))
        if len(self._lines) >= _HELD:
            self._count()

    def shared(self, sizes: NDArray[np.int64]) -> Lines:
        """The lines of which a source has enough; ``sizes``: documents of each source."""
        self._count()
        now = self._counted
        enough = now.counts >= np.maximum(DOCUMENTS, SHARE * sizes[now.owners])
        return np.unique(now.lines[enough])

    def _count(self) -> None:
        before = self._counted
        lines = np.concatenate([before.lines, np.array(self._lines, np.uint64)])
        owners = np.concatenate([before.owners, np.array(self._owners, np.int64)])
        counts = np.concatenate([before.counts, np.ones(len(self._lines), np.int64)])
        keys = lines * np.uint64(0x9E3779B97F4A7C15) + owners.astype(np.uint64) * np.uint64(0xD1B54A32D192ED03)
        keys, first, places = np.unique(keys, return_index=True, return_inverse=True)
        counted = np.bincount(places, weights=counts, minlength=len(keys)).astype(np.int64)
        kept = counted > 1 if len(keys) > _MOST else np.ones(len(keys), np.bool_)
        self._counted = _Counted(keys[kept], lines[first][kept], owners[first][kept], counted[kept])
        self._lines, self._owners = array("Q"), array("q")
