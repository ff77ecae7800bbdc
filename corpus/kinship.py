"""Which documents are one essay: parts of it, other editions of it, copies that differ in a few words.

They must not stand on two sides of a split, or what is held out would have been trained on. Measured on 1,259
real essays: pairs of editions share 80 % or more of the shorter one's shingles, all other pairs under 9 %.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from corpus.document import Document

SHINGLE = 8  # letters; 6 to 10 give the same groups
SHARED = 0.2  # of the shorter document's shingles: between the 9 % and the 80 % measured
_NEIGHBOURS = 32  # documents with the same shingle that each is compared to: a copied page stands in a chain
_SHINGLES = 20_000_000  # looked at in all; of more, a random sample

_NOT_LETTER = re.compile(r"[\W_]+")
# Titles that say nothing.
_EMPTY = {"", "none", "null", "nan", "na", "무제", "제목없음", "제목", "untitled", "notitle", "title", "no", "x"}
# "3. ", "#59. ", "[12] " before a title; " (2)", " 2/5", " II", " 3부", " (하)" after it.
_LEADING = re.compile(r"^\s*[#(\[<]*\d+\s*[.):\]>]+\s*")
_TRAILING = re.compile(
    r"[\s\-–—_,.:]*(?:"
    r"[(\[<#]*\s*\d+(?:\s*/\s*\d+)?\s*(?:부|편|화|회|장|권|탄)?\s*[)\]>.]*"
    r"|(?:(?<=\s)|[(\[<])\s*(?:[ivx]+|상|중|하|전|후|上|中|下)\s*(?:편|권|부)?\s*[)\]>]*"
    r")\s*$"
)


def groups(documents: Sequence[Document]) -> list[list[int]]:
    """The documents' places, grouped by essay; the groups and what is in them in ascending order.

    Together are: documents of the same title and author, numbers of parts aside ("샘바리(1/5)"); those of the
    same page, if it is the page of one essay; and those that share a fifth of the shorter one's text.
    """
    union = _Union(len(documents))
    for one, other in _kin(documents):
        union.join(one, other)
    for one, other in near_duplicates([document.text for document in documents]):
        union.join(one, other)
    found: dict[int, list[int]] = defaultdict(list)
    for place in range(len(documents)):
        found[union.root(place)].append(place)
    return list(found.values())


def _kin(documents: Sequence[Document]) -> Iterator[tuple[int, int]]:
    """Pairs that titles and sources tell to be parts of one essay."""
    by_title: dict[str, list[int]] = defaultdict(list)
    by_page: dict[str, list[int]] = defaultdict(list)
    for place, document in enumerate(documents):
        title = title_of_whole(document.title)
        if title:
            by_title[title].append(place)
        page = urlsplit(document.source)
        if page.netloc and (page.path.strip("/") or page.query):
            by_page[document.source].append(place)
    most = max(10, len(documents) // 4)  # more of one title or page: a site's name, not an essay's
    for places in by_title.values():
        if len(places) > most:
            continue
        authors = defaultdict(list)
        for place in places:
            authors[author_page(documents[place].source)].append(place)
        # A source that is no page (a file, a society's name) may be anybody's.
        for same in [places] if "" in authors else authors.values():
            yield from pairwise(same)
    for places in by_page.values():
        if len(places) <= most:
            yield from pairwise(places)


def title_of_whole(title: str) -> str:
    """The title's letters without the number of a part; empty if it says nothing."""
    whole = _TRAILING.sub("", _LEADING.sub("", title.lower()))
    letters = _NOT_LETTER.sub("", whole) or _NOT_LETTER.sub("", title.lower())
    return "" if letters in _EMPTY or letters.isdigit() else letters


def author_page(source: str) -> str:
    """Where the other parts of this page's essay would stand: its address without the last step; "" if none."""
    page = urlsplit(source)
    return f"{page.netloc}{page.path.rstrip('/').rpartition('/')[0]}" if page.netloc else ""


def near_duplicates(texts: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of texts, lower place first, that share at least :data:`SHARED` of the shorter one's shingles.

    Spaces, punctuation and case do not count. A shingle that very many share (a page's footer) is compared along
    a chain only, so that time stays in proportion to the texts: 0.6 s for 1,259 essays.
    """
    shingles = [_shingles(text) for text in texts]
    total = sum(map(len, shingles))
    if total > _SHINGLES:
        step = np.uint64(-(-total // _SHINGLES))
        shingles = [hashes[hashes % step == 0] for hashes in shingles]
    sizes = np.array([len(hashes) for hashes in shingles], np.int64)
    if not sizes.sum():
        return []
    hashes = np.concatenate(shingles)
    owners = np.repeat(np.arange(len(texts)), sizes)
    order = np.argsort(hashes, kind="stable")  # owners stay ascending within a shingle
    hashes, owners = hashes[order], owners[order]
    pairs: list[NDArray[np.int64]] = []
    for distance in range(1, _NEIGHBOURS):
        same = np.flatnonzero(hashes[:-distance] == hashes[distance:])
        if not len(same):
            break
        pairs.append(owners[same] * len(texts) + owners[same + distance])
    if not pairs:
        return []
    keys, shared = np.unique(np.concatenate(pairs), return_counts=True)
    one, other = keys // len(texts), keys % len(texts)
    close = shared >= SHARED * np.minimum(sizes[one], sizes[other])
    return list(zip(one[close].tolist(), other[close].tolist(), strict=True))


def _shingles(text: str) -> NDArray[np.uint64]:
    """The distinct hashes of the text's runs of :data:`SHINGLE` letters; of a shorter text, that of all of it."""
    letters = _NOT_LETTER.sub("", text.lower())
    codes = np.frombuffer(letters.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.uint64)
    width = min(SHINGLE, len(codes))
    if not width:
        return np.zeros(0, np.uint64)
    hashes = np.zeros(len(codes) - width + 1, np.uint64)
    for place in range(width):
        hashes = hashes * np.uint64(6364136223846793005) + codes[place : len(hashes) + place]
    hashes ^= hashes >> np.uint64(33)
    return np.unique(hashes * np.uint64(0xFF51AFD7ED558CCD))


class _Union:
    """Disjoint sets of the numbers from 0; the root of a set is its lowest."""

    def __init__(self, size: int) -> None:
        self._above = list(range(size))

    def root(self, one: int) -> int:
        while self._above[one] != one:
            self._above[one] = self._above[self._above[one]]
            one = self._above[one]
        return one

    def join(self, one: int, other: int) -> None:
        one, other = self.root(one), self.root(other)
        self._above[max(one, other)] = min(one, other)
