"""Which documents are kin: parts of one essay, other editions of it, copies that differ in a few words.

They must not stand on two sides, or what is held out would have been trained on. Kin are

- documents of the same title and author, numbers of parts aside ("샘바리(1/5)"); where it is not known of one of them
  whose it is, because its source is no page, those of the same title;
- documents of the same page, if it is the page of one essay;
- near-duplicates (:mod:`corpus.duplicates`);

and the kin of kin. A title or a page is believed of the first ten documents that have it, in a larger corpus of as many
as a quarter of what came before, of fifty at most: what more have is a site's name or "일상", not an essay's. What
makes two documents kin is in them and in what stands before them, so documents that are added part none.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from corpus.digests import DTYPE, Digest
from corpus.disjoint import DisjointSets
from corpus.document import Document
from corpus.duplicates import Pairs, Sample, alike, shingles
from corpus.events import On, Task, silent
from corpus.korean import NO_TITLE, NUMBER_AFTER, NUMBER_BEFORE
from corpus.parts import Places, batches, digests, rows, taken
from corpus.store import Corpus

_FEWEST, _MOST = 10, 50  # documents that a title or a page is believed of
_AT_ONCE = 16_000_000  # shingles of the pairs that are compared together: 128 MB

_NOT_LETTER = re.compile(r"[\W_]+")
_Row = tuple[str, str, str]  # text, title, source
_Texts = Callable[[Places], Sequence[str]]  # those in these places, which ascend


def groups(documents: Sequence[Document], *, on: On = silent) -> list[list[int]]:
    """The documents' places, grouped by kin; the groups and what is in them in ascending order."""
    found: dict[int, list[int]] = defaultdict(list)
    told = ((one.text, one.title, one.source) for one in documents)
    anchors = _anchors(len(documents), told, lambda places: [documents[place].text for place in places.tolist()], on)
    for place, anchor in enumerate(anchors.tolist()):
        found[anchor].append(place)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Kin:
    """The documents in stored order: ``ids`` (n,), and ``anchors`` (n,), the place where the first of their kin is."""

    ids: Digest
    anchors: Places


def kin(corpus: Corpus, *, on: On = silent) -> Kin:
    """Who belongs together in the whole corpus, as it is now.

    Reads the texts once, and of some a second time; holds some 3 kB for each document. Raises as Corpus does.
    """
    parts = corpus.parts()
    counts = [rows(part) for part in parts]

    def told() -> Iterator[_Row]:
        for batch in batches(parts, ["text", "title", "source"]):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

    def texts(places: Places) -> list[str]:
        tables = taken(parts, counts, places, ["text"])
        return [str(text) for table in tables for text in table.column("text").to_pylist()]

    ids = [np.empty(0, DTYPE), *(digests(part, "id") for part in parts)]
    return Kin(np.concatenate(ids), _anchors(sum(counts), told(), texts, on))


def title_of_whole(title: str) -> str:
    """The title's letters without the number of a part; empty if it says nothing."""
    whole = NUMBER_AFTER.sub("", NUMBER_BEFORE.sub("", title.lower()))
    letters = _NOT_LETTER.sub("", whole) or _NOT_LETTER.sub("", title.lower())
    return "" if letters in NO_TITLE or letters.isdigit() else letters


def author_page(source: str) -> str:
    """Where the other parts of this page's essay would stand: its address without the last step; "" if none."""
    site, path, _ = _address(source)
    return f"{site}{path.rstrip('/').rpartition('/')[0]}" if site else ""


def essay_page(source: str) -> str:
    """The source if it may be the page of one essay; "" for a site's first page and what is no page."""
    site, path, query = _address(source)
    return source if site and (path.strip("/") or query) else ""


def _address(source: str) -> tuple[str, str, str]:
    """Site, path and query of a page; of what is none the site is empty."""
    try:
        page = urlsplit(source)
    except ValueError:  # a bracket that belongs to no IPv6 address
        return "", "", ""
    return page.netloc, page.path, page.query


def _anchors(count: int, told: Iterable[_Row], texts: _Texts, on: On) -> Places:
    sample = Sample(count)
    titles, authors, pages = (np.zeros(count, np.int64) for _ in range(3))  # hashes, 0 for none
    with Task(on, "comparing", count, "document") as task:
        for place, (text, title, source) in enumerate(told):
            sample.add(text)
            titles[place], authors[place] = _hash(title_of_whole(title)), _hash(author_page(source))
            pages[place] = _hash(essay_page(source))
            task.advance()
    of_authors = np.where((titles != 0) & (authors != 0), titles * 31 + authors, 0)
    believed = _believed(titles)
    anybodys = np.unique(titles[believed[authors[believed] == 0]])
    believed = believed[np.isin(titles[believed], anybodys)]
    sets = DisjointSets(count)
    for keys, places in ((pages, _believed(pages)), (of_authors, _believed(of_authors)), (titles, believed)):
        for one, other in _chain(keys, places):
            sets.join(one, other)
    _join_alike(sets, sample.candidates(), sample.sizes, texts, on)
    return sets.roots()


def _hash(key: str) -> int:
    return hash(key) if key else 0


def _believed(keys: NDArray[np.int64]) -> Places:
    """The documents whose key, unless it is 0, is believed, in the order of the keys, then of their places."""
    places = np.flatnonzero(keys)
    places = places[np.argsort(keys[places], kind="stable")]
    numbers = np.arange(len(places))
    first = np.diff(keys[places], prepend=0) != 0
    before = numbers - np.maximum.accumulate(np.where(first, numbers, 0))  # how many of the same key
    return places[before < np.clip(places // 4, _FEWEST, _MOST)]


def _chain(keys: NDArray[np.int64], places: Places) -> Iterator[tuple[int, int]]:
    """Each of these documents, in the order of their keys, with the next one of the same key."""
    same = keys[places[1:]] == keys[places[:-1]]
    return zip(places[:-1][same].tolist(), places[1:][same].tolist(), strict=True)


def _join_alike(sets: DisjointSets, pairs: Pairs, sizes: NDArray[np.int64], texts: _Texts, on: On) -> None:
    """Join those of the pairs that are near-duplicates. ``sizes``: shingles of each text."""
    portions = np.cumsum(sizes[pairs].sum(axis=1)) // _AT_ONCE
    with Task(on, "comparing closely", len(pairs), "pair") as task:
        for portion in np.split(pairs, np.flatnonzero(np.diff(portions)) + 1):
            apart = [pair for pair in portion.tolist() if sets.root(pair[0]) != sets.root(pair[1])]
            places = np.unique(np.array(apart, np.intp))
            distinct = dict(zip(places.tolist(), map(np.unique, map(shingles, texts(places))), strict=True))
            for one, other in apart:
                if sets.root(one) != sets.root(other) and alike(distinct[one], distinct[other]):
                    sets.join(one, other)
            task.advance(len(portion))
