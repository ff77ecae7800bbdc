"""Which documents are copies, parts or other editions of one that stays, and which one stays of them.

A document is dropped if half the runs of letters of the shorter one stand in both (:data:`COPIED`), it and one that
stays; of a part and its whole the whole stays, whatever the rule. So a document that is like a dropped one alone stays:
two halves go with the whole, and stay without it. Pairs are found by a sample of their runs (:class:`Sample`, after
Broder 1997, On the resemblance and containment of documents), and checked by all runs of both.

What the sample joins is checked within its group: each with all that stay. A group's runs are held together, some
8 bytes a letter. What it does not do: of texts put together from pieces that more than eight of them have, a pair may
be missed, since such a piece joins few pairs.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from corpus.digests import DTYPE, Digest, array, from_hex, to_hex
from corpus.disjoint import DisjointSets
from corpus.document import Document
from corpus.duplicates import Hashes, Sample, shingles
from corpus.events import On, Task, silent
from corpus.keeping import Rule, Scores
from corpus.parts import Places, batches, digests, rows, taken
from corpus.store import Corpus

# Of the shorter text's shingles. With a tenth of its words changed a real essay keeps 60 % or more of them, two
# different ones share under 9 %.
COPIED = 0.5
PART = 0.75  # what has fewer of a text's shingles, for each of its own, is a part of it and not another edition
_AT_ONCE = 16_000_000  # shingles compared together: 128 MB, or one group's
_SCORED = 256  # texts that are scored at once
_RECENT = 64  # texts that are compared one by one before they are sorted in

_Texts = Callable[[Places], Iterable[str]]  # those in these places, which ascend


@dataclass(frozen=True, slots=True)
class Dropped:
    """A document that goes: its id, and which share of the shorter one's shingles it and the one that stays share."""

    id: str
    shared: float


@dataclass(frozen=True, slots=True)
class Copies:
    """The document that stays, by its id, and those that go since they are like it, the most alike first."""

    kept: str
    dropped: tuple[Dropped, ...]


def copies(documents: Sequence[Document], rule: Rule, *, scores: Scores | None = None, on: On = silent) -> list[Copies]:
    """Who stays of these documents, each id once, and who goes; those without a copy are not named.

    ``scores``: what "best" goes by, asked of those alone that may have a copy; ValueError if they are missing then.
    """
    ids = array(from_hex(one.id) for one in documents)
    told = (one.text for one in documents)
    return _copies(ids, told, lambda places: [documents[place].text for place in places.tolist()], rule, scores, on)


def corpus_copies(corpus: Corpus, rule: Rule, *, scores: Scores | None = None, on: On = silent) -> list[Copies]:
    """The same of a whole corpus, as it is now.

    Reads all texts once, and those that may have a copy a second time, a third to score them; holds some 3 kB for
    each document, and what the largest group takes. Raises as Corpus does.
    """
    parts = corpus.parts()
    counts = [rows(part) for part in parts]

    def texts(places: Places) -> Iterator[str]:
        for table in taken(parts, counts, places, ["text"]):
            yield from map(str, table.column("text").to_pylist())

    told = (str(text) for batch in batches(parts, ["text"]) for text in batch.column("text").to_pylist())
    ids = np.concatenate([np.empty(0, DTYPE), *(digests(part, "id") for part in parts)])
    return _copies(ids, told, texts, rule, scores, on)


def _copies(ids: Digest, told: Iterable[str], texts: _Texts, rule: Rule, scores: Scores | None, on: On) -> list[Copies]:
    if rule == "best" and scores is None:
        raise ValueError("the best of copies is told by scores, and there are none")
    sample = Sample(len(ids), COPIED)
    with Task(on, "comparing", len(ids), "document") as task:
        for text in told:
            sample.add(text)
            task.advance()
    # by the rule; where scores tell, of equal ones
    places = np.arange(len(ids)) if rule == "earliest" else np.lexsort((ids, -sample.sizes))
    sample.renumber(np.argsort(places))
    gone: list[tuple[int, int, float]] = []  # who goes, who stays, by their ranks, and what they share
    groups = _groups(len(ids), sample)
    if rule == "best" and scores is not None and groups:
        groups = _by_scores(groups, ids, places, texts, scores, on)
    with Task(on, "comparing closely", sum(map(len, groups)), "document") as task:
        for portion in _portions(groups, sample.sizes):
            ranks = np.concatenate(portion)
            ascending = np.argsort(places[ranks])
            runs = dict(zip(ranks[ascending].tolist(), map(_distinct, texts(places[ranks][ascending])), strict=True))
            for group in portion:
                gone += _gone(group.tolist(), runs)
            task.advance(len(ranks))
    names = to_hex(ids[places])
    found: dict[int, list[Dropped]] = {}
    for one, stays, shared in sorted(gone, key=lambda told: (told[1], -told[2], told[0])):
        found.setdefault(stays, []).append(Dropped(names[one], round(shared, 4)))
    return [Copies(names[stays], tuple(dropped)) for stays, dropped in found.items()]


def _groups(count: int, sample: Sample) -> list[Places]:
    """Those that the sample joins, directly or by others; the groups, and what is in them, in rising order."""
    sets = DisjointSets(count)
    pairs = sample.candidates()
    for one, other in pairs.tolist():
        sets.join(one, other)
    joined = np.unique(pairs)
    roots = sets.roots()[joined]
    order = np.argsort(roots, kind="stable")
    starts = np.flatnonzero(np.diff(roots[order])) + 1
    return np.split(joined[order], starts) if len(joined) else []


def _by_scores(
    groups: Sequence[Places], ids: Digest, places: Places, texts: _Texts, scores: Scores, on: On
) -> list[Places]:
    """The same groups, in each the best first; of those that are as good, in the order that they have."""
    chosen = np.sort(places[np.concatenate(groups)])
    found, told = np.zeros(len(ids)), iter(texts(chosen))
    with Task(on, "scoring", len(chosen), "document") as task:
        for low in range(0, len(chosen), _SCORED):
            some = chosen[low : low + _SCORED]
            found[some] = scores(to_hex(ids[some]), list(islice(told, len(some))))
            task.advance(len(some))
    return [group[np.argsort(-found[places[group]], kind="stable")] for group in groups]


def _portions(groups: Sequence[Places], sizes: NDArray[np.int64]) -> Iterator[list[Places]]:
    """Groups that are looked at together."""
    portion: list[Places] = []
    held = 0
    for group in groups:
        size = int(sizes[group].sum())
        if portion and held + size > _AT_ONCE:
            yield portion
            portion, held = [], 0
        portion.append(group)
        held += size
    if portion:
        yield portion


def _distinct(text: str) -> Hashes:
    return np.unique(shingles(text))


def _gone(group: Sequence[int], runs: dict[int, Hashes]) -> list[tuple[int, int, float]]:
    """Of a group, by their ranks, in the rule's order: who goes, for whom, and what they share.

    Twice those stay that are like none before them: by the rule, but that no part comes before its whole; then, of
    those, the longer first. What is left is compared with these, and stays if it is like none of them.
    """
    first, stay = _Staying(), _Staying()
    for one in group:
        if not np.any(first.shares(runs[one], whole=True) >= COPIED):
            first.add(one, runs[one])
    for one in sorted(first.ones, key=lambda one: (-len(runs[one]), one)):
        if not np.any(stay.shares(runs[one]) >= COPIED):
            stay.add(one, runs[one])
    gone, staying = [], set(stay.ones)
    for one in group:
        if one in staying:
            continue
        shares = stay.shares(runs[one])
        nearest = int(shares.argmax())
        if shares[nearest] >= COPIED:
            gone.append((one, stay.ones[nearest], float(shares[nearest])))
        else:
            stay.add(one, runs[one])
    return gone


class _Staying:
    """Texts that stay, and how much of a text each of them shares."""

    def __init__(self) -> None:
        self.ones: list[int] = []
        self._sizes = np.zeros(0, np.int64)
        self._hashes, self._owners = np.empty(0, np.uint64), np.empty(0, np.int64)  # sorted by hash
        self._recent: list[Hashes] = []

    def add(self, one: int, runs: Hashes) -> None:
        """One more."""
        self.ones.append(one)
        self._sizes = np.append(self._sizes, len(runs))
        self._recent.append(runs)
        if len(self._recent) == _RECENT:
            first = len(self.ones) - _RECENT
            owners = np.repeat(np.arange(first, len(self.ones)), [len(each) for each in self._recent])
            hashes = np.concatenate([self._hashes, *self._recent])
            order = np.argsort(hashes, kind="stable")
            self._hashes, self._owners = hashes[order], np.concatenate([self._owners, owners])[order]
            self._recent = []

    def shares(self, runs: Hashes, *, whole: bool = False) -> NDArray[np.float64]:
        """For each that stays, which share of the shorter one's shingles the other has too, (len(ones),).

        ``whole``: 0 for those that are no more than a part of this text.
        """
        counts = np.zeros(len(self.ones), np.int64)
        low, high = (np.searchsorted(self._hashes, runs, side) for side in ("left", "right"))
        counts += np.bincount(self._owners[_within(low, high)], minlength=len(self.ones))
        for number, each in enumerate(self._recent, start=len(self.ones) - len(self._recent)):
            counts[number] = len(np.intersect1d(each, runs, assume_unique=True))
        shares: NDArray[np.float64] = counts / np.maximum(1, np.minimum(self._sizes, len(runs)))
        return np.where(self._sizes < PART * len(runs), 0, shares) if whole else shares


def _within(low: NDArray[np.intp], high: NDArray[np.intp]) -> NDArray[np.intp]:
    """All numbers from each ``low`` to below its ``high``."""
    counts = high - low
    ends = np.cumsum(counts)
    within: NDArray[np.intp] = np.arange(int(counts.sum())) + np.repeat(low - ends + counts, counts)
    return within
