"""Which side a document is on: train, or held out of all training, to choose by (valid) or to measure on (test).

Kin (:mod:`corpus.kinship`) are on one side. Which one is drawn by a hash of the group's anchor, the document of it that
stands first in the corpus, so it does not move when documents are added. Where a new document joins two groups, the one
that was in the corpus first decides, since its anchor is that of both.

In a small corpus the groups with the lowest draws are held out, low enough or not. As it grows they move outward, from
test to valid to train. None moves the other way, except when the third and the tenth group come, of which on more are
held out, or when groups of a corpus that small are joined and others are drawn in for them.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from corpus.atomic import replacing
from corpus.digests import Digest, array, digest, find, from_hex, to_hex
from corpus.errors import GeulgamError
from corpus.events import On, silent
from corpus.kinship import kin
from corpus.parts import Places
from corpus.store import Corpus

Side: TypeAlias = Literal["train", "valid", "test"]
SIDES: tuple[Side, ...] = ("train", "valid", "test")
_TRAIN, _VALID, _TEST = range(3)
_NUMBERS = {"train": _TRAIN, "valid": _VALID, "test": _TEST}
_COLUMNS = ("id", "kin", "side")


@dataclass(frozen=True)
class Shares:
    """How much of the corpus is held out, as shares of its kin groups. Raises GeulgamError for what cannot be."""

    valid: float = 0.08
    test: float = 0.12

    def __post_init__(self) -> None:
        for name, share in (("valid", self.valid), ("test", self.test)):
            if not 0 < share < 1:
                raise GeulgamError(f"corpus.{name}_share is {share:g}", "a share is above 0 and below 1, as 0.1")
        if not self.valid + self.test < 0.9:
            asked = f"corpus.valid_share and corpus.test_share are {self.valid:g} and {self.test:g}"
            raise GeulgamError(asked, "together they are below 0.9: the rest is what can be trained on")


class Sides:
    """The documents of a corpus with the side of each, in the order in which the corpus has them.

    ``ids`` (n,); ``groups`` (n,): numbers of kin groups, from 0, in the order of their anchors; ``sides`` (n,): places
    in :data:`SIDES`.
    """

    def __init__(self, ids: Digest, groups: NDArray[np.int64], sides: NDArray[np.int8]) -> None:
        self._ids, self._groups, self._sides = ids, groups, sides

    def of(self, ids: Sequence[str]) -> list[Side]:
        """The side of each of these documents. Raises GeulgamError naming one that has none."""
        return [SIDES[side] for side in self._sides[self._places(ids)].tolist()]

    def kin(self, ids: Sequence[str]) -> list[int]:
        """The number of the kin group of each of these documents. Raises GeulgamError naming one that has none."""
        return [int(group) for group in self._groups[self._places(ids)].tolist()]

    def ids(self, side: Side) -> list[str]:
        """The documents on that side, in the order in which the corpus has them."""
        return to_hex(self._ids[self._sides == _NUMBERS[side]])

    def counts(self) -> dict[Side, int]:
        """How many documents are on each side."""
        counts = np.bincount(self._sides, minlength=len(SIDES)).tolist()
        return dict(zip(SIDES, counts, strict=True))

    def groups(self) -> int:
        """How many kin groups there are."""
        return int(self._groups.max()) + 1 if len(self._groups) else 0

    def fingerprint(self) -> str:
        """32 hexadecimal digits that depend on which documents are kin and on their sides, and on nothing else."""
        hashed = hashlib.sha256()
        for column in (self._ids, self._groups.astype("<i8"), self._sides.astype("<i1")):
            hashed.update(column[self._order].tobytes())
        return hashed.hexdigest()[:32]

    def save(self, path: Path) -> None:
        """Write them to one Parquet file: id, kin, side."""
        sides = [SIDES[side] for side in self._sides.tolist()]
        table = pa.table({"id": to_hex(self._ids), "kin": self._groups.tolist(), "side": sides})
        with replacing(path) as part:
            pq.write_table(table, part, compression="zstd")

    @classmethod
    def load(cls, path: Path) -> "Sides":
        """Read what :meth:`save` wrote. Raises GeulgamError if it cannot be read."""
        try:
            with pq.ParquetFile(path) as file:
                table = file.read(columns=list(_COLUMNS))
            ids, groups, names = (table.column(name).to_pylist() for name in _COLUMNS)
            sides = np.array([_NUMBERS[str(name)] for name in names], np.int8)
            return cls(array(from_hex(str(id_)) for id_ in ids), np.array(groups, np.int64), sides)
        except (pa.ArrowException, OSError, ValueError, KeyError) as error:
            reason = str(error).partition("\n")[0]
            raise GeulgamError(
                f"cannot read the sides in {path}: {reason}", "remove the file: it is made anew"
            ) from error

    @cached_property
    def _order(self) -> Places:
        return np.argsort(self._ids, kind="stable")

    @cached_property
    def _sorted(self) -> Digest:
        return self._ids[self._order]

    def _places(self, ids: Sequence[str]) -> Places:
        try:
            wanted = array(map(from_hex, ids))
        except ValueError as error:
            raise GeulgamError(str(error), "ids are those of the documents of the corpus") from error
        spots, found = find(wanted, self._sorted)
        if not found.all():
            unknown = ids[int(np.argmin(found))]
            raise GeulgamError(f"no side for the document {unknown}", "the corpus has changed: assign its sides again")
        return self._order[spots]


def assign(corpus: Corpus, shares: Shares = Shares(), *, on: On = silent) -> Sides:
    """The side of every document of the corpus.

    A group whose draw, in [0, 1), is below ``shares.test`` is on the test side, below ``shares.test + shares.valid``
    on the valid side. Of ten groups and more at least two are on each of both, of three and more one: those whose draws
    are the lowest. Raises as Corpus does.
    """
    found = kin(corpus, on=on)
    anchors, groups = np.unique(found.anchors, return_inverse=True)
    draws = _draws(found.ids[anchors])
    least = 2 if len(draws) >= 10 else 1 if len(draws) >= 3 else 0
    tests = max(least, int(np.count_nonzero(draws < shares.test)))
    held_out = max(tests + least, int(np.count_nonzero(draws < shares.test + shares.valid)))
    lowest = np.argsort(draws, kind="stable")
    sides = np.full(len(draws), _TRAIN, np.int8)
    sides[lowest[:held_out]] = _VALID
    sides[lowest[:tests]] = _TEST
    return Sides(found.ids, groups.astype(np.int64), sides[groups])


def _draws(ids: Digest) -> NDArray[np.float64]:
    """A number in [0, 1) for each id, (n,), which has nothing to do with the order of the ids."""
    hashed = b"".join(digest("side", id_)[:8] for id_ in to_hex(ids))
    return np.frombuffer(hashed, ">u8") / 2.0**64
