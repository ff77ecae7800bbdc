"""The corpus on disk: documents in Parquet parts of one folder, appended, never changed."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from corpus.atomic import explaining, replacing
from corpus.digests import DTYPE, WIDTH, Digest, Digests
from corpus.document import Document, Rejected
from corpus.errors import GeulgamError
from corpus.refusals import Refusals

Places = NDArray[np.intp]  # positions in stored order, from 0

PART_DOCUMENTS = 20_000
PART_CHARACTERS = 24_000_000  # about 64 MB of Korean in UTF-8
_GROUP = 128  # documents per row group: what `get` has to read for one of them
_BATCH = 1_024  # documents held at once while iterating

_ID = re.compile(f"[0-9a-f]{{{2 * WIDTH}}}")

SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("metadata", pa.map_(pa.string(), pa.string()), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class Added:
    """What :meth:`Corpus.add` did: documents taken, known already, rows rejected; characters of the taken.

    ``reasons`` counts the rejected rows by reason, see :meth:`corpus.refusals.Refusals.reasons`.
    """

    taken: int
    known: int
    rejected: int
    characters: int
    reasons: Mapping[str, int]


@dataclass(frozen=True)
class _Ids:
    """The ids of the parts that ``state`` names, (n,) in stored order, and the same sorted."""

    state: tuple[tuple[str, int], ...] = ()  # name and size of each part
    rows: tuple[int, ...] = ()  # documents in each
    stored: Digest = field(default_factory=lambda: np.empty(0, DTYPE))

    @cached_property
    def order(self) -> Places:
        return np.argsort(self.stored, kind="stable")

    @cached_property
    def sorted(self) -> Digest:
        return self.stored[self.order]

    @cached_property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.sorted.tobytes()).hexdigest()[:32]


class Corpus:
    """The documents in ``folder``, which need not exist yet. Opening it reads nothing.

    Each part is a Parquet file written beside and renamed, so that a kill leaves whole parts only. One
    process at a time may add (the workspace's lock sees to that); any number may read meanwhile. Every method
    raises GeulgamError for a part that is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rejected_path = folder / "rejected.jsonl"
        self._cached = _Ids()

    def parts(self) -> list[Path]:
        """The Parquet files, in the order in which they were added."""
        return sorted(self.folder.glob(f"part-{'[0-9]' * 6}.parquet"))

    def add(self, items: Iterable[Document | Rejected]) -> Added:
        """Store the documents that are not known yet, and each refusal once in ``rejected.jsonl``.

        Documents are written in parts of :data:`PART_DOCUMENTS`; if the work is broken off, by Ctrl-C or an
        error, the parts written so far stay and the same call later adds the rest. Raises GeulgamError if the
        disk is full or may not be written.
        """
        for torn in self.folder.glob(".part-*.part"):  # left by a process that was killed
            with explaining(torn):
                torn.unlink(missing_ok=True)
        ids = Digests(self._ids().sorted)
        refusals = Refusals(self.rejected_path)
        pending: list[Document] = []
        taken = known = characters = held = 0
        for item in items:
            if isinstance(item, Rejected):
                refusals.add(item)
            elif not ids.add(_digest(item.id)):
                known += 1
            else:
                pending.append(item)
                taken += 1
                characters += len(item.text)
                held += len(item.text)
                if len(pending) >= PART_DOCUMENTS or held >= PART_CHARACTERS:
                    self._write(pending)
                    pending, held = [], 0
        refusals.write()
        if pending:
            self._write(pending)
        return Added(taken, known, refusals.kinds.total(), characters, refusals.reasons())

    def __len__(self) -> int:
        return len(self._ids().stored)

    def __iter__(self) -> Iterator[Document]:
        """The documents in stored order, a thousand in memory at a time."""
        for batch in self.batches():
            yield from _documents(batch)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The same as Arrow record batches, of all columns of :data:`SCHEMA` or of those named."""
        for part in self.parts():
            with _whole(part) as file:
                yield from file.iter_batches(batch_size=_BATCH, columns=list(columns or SCHEMA.names))

    def ids(self) -> list[str]:
        """Every id, in stored order."""
        digits = self._ids().stored.tobytes().hex()
        return [digits[i : i + 2 * WIDTH] for i in range(0, len(digits), 2 * WIDTH)]

    def digests(self) -> Digest:
        """Every id as its 16 bytes, sorted, (n,)."""
        return self._ids().sorted

    def get(self, ids: Sequence[str]) -> list[Document]:
        """The documents with these ids, in this order. Raises GeulgamError naming an id that is not there.

        Reads only the row groups that hold them.
        """
        index = self._ids()
        places = self._places(ids, index)
        wanted = np.unique(places)
        documents: dict[int, Document] = {}
        first = 0  # place of the part's first document in stored order
        for (name, _), rows in zip(index.state, index.rows, strict=True):
            inside = wanted[(wanted >= first) & (wanted < first + rows)]
            if len(inside):
                with _whole(self.folder / name) as file:
                    documents.update(zip(inside.tolist(), _rows(file, inside - first), strict=True))
            first += rows
        return [documents[place] for place in places.tolist()]

    def having(self, field: str, value: str) -> Iterator[str]:
        """The ids of the documents whose "title", "source" or "metadata.NAME" is exactly this value."""
        column, _, name = field.partition(".")
        for batch in self.batches(["id", column]):
            values: Any = batch.column(1)
            if name:
                values = pc.map_lookup(values, name, "first")
            for id_, there in zip(batch.column(0).to_pylist(), values.to_pylist(), strict=True):
                if there == value:
                    yield str(id_)

    def fingerprint(self) -> str:
        """32 hexadecimal digits that depend on which ids are stored, and on nothing else."""
        return self._ids().fingerprint

    def _places(self, ids: Sequence[str], index: _Ids) -> Places:
        """Where in stored order each id stands, (len(ids),)."""
        try:
            wanted = np.frombuffer(b"".join(map(_digest, ids)), DTYPE)
        except ValueError as error:
            raise GeulgamError(str(error), "ids are those that Corpus.ids() gives") from error
        spots = np.searchsorted(index.sorted, wanted)
        found = spots < len(index.sorted)
        found[found] = index.sorted[spots[found]] == wanted[found]
        if not found.all():
            hint = "the corpus has changed since this id was noted: build the index and the topic again"
            raise GeulgamError(f"no document {ids[int(np.argmin(found))]} in {self.folder}", hint)
        return index.order[spots]

    def _ids(self) -> _Ids:
        """The ids of the parts that are there now; only parts not seen before are read."""
        parts = self.parts()
        state = tuple((part.name, part.stat().st_size) for part in parts)
        seen = self._cached.state
        if state != seen:
            old = self._cached if state[: len(seen)] == seen else _Ids()
            fresh = [_part_ids(part) for part in parts[len(old.state) :]]
            rows = (*old.rows, *(len(ids) for ids in fresh))
            self._cached = _Ids(state, rows, np.concatenate([old.stored, *fresh]))
        return self._cached

    def _write(self, documents: Sequence[Document]) -> None:
        """One more part, written beside and renamed."""
        last = max((int(part.stem.removeprefix("part-")) for part in self.parts()), default=0)
        columns: dict[str, Sequence[Any]] = {
            "id": [d.id for d in documents],
            "text": [d.text for d in documents],
            "title": [d.title for d in documents],
            "source": [d.source for d in documents],
            "metadata": [list(d.metadata.items()) for d in documents],
        }
        with replacing(self.folder / f"part-{last + 1:06}.parquet") as part:
            pq.write_table(
                pa.table(columns, schema=SCHEMA),
                part,
                compression="zstd",
                row_group_size=_GROUP,
                use_dictionary=False,
                write_statistics=False,
            )


def _digest(id_: str) -> bytes:
    """The id's 16 bytes; ValueError for what cannot be an id."""
    digest = bytes.fromhex(id_) if _ID.fullmatch(id_) else b""
    if not digest:
        raise ValueError(f"not a document's id (32 hexadecimal digits): {id_!r}")
    return digest


@contextmanager
def _whole(part: Path) -> Iterator[pq.ParquetFile]:
    """The part, open; GeulgamError if it is damaged or no part of a corpus."""
    try:
        with pq.ParquetFile(part) as file:
            if not set(SCHEMA.names) <= set(file.schema_arrow.names):
                raise pa.ArrowInvalid(f"it has the columns {', '.join(file.schema_arrow.names)}")
            yield file
    except (pa.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0]
        hint = "move this file away and add its essays again"
        raise GeulgamError(f"cannot read {part} as a part of a corpus: {reason}", hint) from error


def _part_ids(part: Path) -> Digest:
    with _whole(part) as file:
        ids = file.read(columns=["id"]).column("id").to_pylist()
    return np.frombuffer(bytes.fromhex("".join(map(str, ids))), DTYPE)


def _rows(file: pq.ParquetFile, wanted: Places) -> Iterator[Document]:
    """The documents in these rows (ascending) of one part."""
    first = 0
    for group in range(file.num_row_groups):
        rows = file.metadata.row_group(group).num_rows
        inside = wanted[(wanted >= first) & (wanted < first + rows)]
        if len(inside):
            table = file.read_row_group(group, columns=SCHEMA.names)
            yield from _documents(table.take(inside - first))
        first += rows


def _documents(rows: pa.RecordBatch | pa.Table) -> Iterator[Document]:
    columns = [rows.column(name).to_pylist() for name in SCHEMA.names]
    for id_, text, title, source, metadata in zip(*columns, strict=True):
        yield Document(id_, text, title, source, dict(metadata))
