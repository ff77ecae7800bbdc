"""What was imported, kept as it came and never changed: the rows of all files, and what was refused of them."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from corpus.atomic import explaining
from corpus.digests import DTYPE, Digest, DigestMap, Digests, digest, from_hex
from corpus.document import Raw, Rejected, document_id
from corpus.events import On, Task, silent
from corpus.parts import PartWriter, Places, batches, digests, hexadecimal, rows, sweep, taken
from corpus.refusals import Reasons
from corpus.store import old_parts

_FIELDS: "list[pa.Field[Any]]" = [
    pa.field("file", pa.string(), nullable=False),
    pa.field("line", pa.int64(), nullable=False),
    pa.field("reason", pa.string()),  # why it was refused; such a row has no more than this
    pa.field("text", pa.string()),
    pa.field("title", pa.string()),
    pa.field("source", pa.string()),
    pa.field("metadata", pa.map_(pa.string(), pa.string())),
    pa.field("id", pa.string()),
    pa.field("again", pa.bool_(), nullable=False),  # the same text stood in the same file before it
    pa.field("key", pa.string(), nullable=False),  # rows of one key are readings of the same, of which the last counts
    pa.field("mark", pa.string(), nullable=False),  # stands for all the row says, but for its line
]
SCHEMA = pa.schema(_FIELDS)
_ROW = ("file", "line", "reason", "text", "title", "source", "metadata")
_NAME = "part-{:06}.parquet"
_PATTERN = "part-*.parquet"
_Row = tuple[tuple[Any, ...], bytes, bytes]  # all values but the last two, and those as bytes: key and mark


@dataclass(frozen=True, slots=True)
class Imported:
    """What :meth:`Imports.add` did: rows stored, rows that stood there as they are, rows refused when read.

    A refused row counts each time it comes. ``reasons`` counts them by reason, see :class:`corpus.refusals.Reasons`.
    """

    rows: int
    known: int
    rejected: int
    reasons: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Index:
    """All rows in short: ``row`` (n,) are the places of those that were not refused, ``ids`` (n,) their documents'.

    ``files`` (n,) tells files apart; ``again`` (n,): the same text stood in the same file before it. ``refused``
    (m,) are the places of the others.
    """

    row: Places
    ids: Digest
    files: NDArray[np.int64]
    again: NDArray[np.bool_]
    refused: Places


class Imports:
    """The rows in ``folder``, which need not exist yet. Opening it reads nothing.

    Each part is written beside and renamed, so a kill leaves whole parts only. One process at a time may add; any
    number may read meanwhile. Every method raises GeulgamError for a part that is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rows: dict[str, int] = {}  # in each part seen; a part never changes

    def parts(self) -> list[Path]:
        """The Parquet files, in the order in which they were written."""
        return sorted(self.folder.glob(_PATTERN))

    def add(self, items: Iterable[Raw | Rejected], *, on: On = silent) -> Imported:
        """Store what is new, row by row, as it stands in its file.

        A row is known if the last row with the same text in the same file says the same in all but its line: so a
        file that is imported again as it was adds nothing, and a title that is changed and changed back is new both
        times. A text that stands in a file twice is told apart by ``again``; a refusal is known by all it says. A file
        is known by the name it was read under.

        If the work is broken off, by Ctrl-C or an error, what has come is stored, and the same call later adds the
        rest. Raises GeulgamError if the disk is full or may not be written.
        """
        sweep(self.folder)
        known, reading = DigestMap(self._digests("key"), self._digests("mark")), _Reading()
        writer, reasons = self._writer(), Reasons()
        stored = stood = 0
        try:
            with Task(on, "importing", unit="row") as task:
                for item in items:
                    if isinstance(item, Rejected):
                        reasons.add(item.reason)
                    row, key, mark = _refused(item) if isinstance(item, Rejected) else reading.row(item)
                    if known.get(key) != mark:
                        known.set(key, mark)
                        writer.add((*row, key.hex(), mark.hex()), len(item.text) if isinstance(item, Raw) else 0)
                        stored += 1
                    elif isinstance(item, Raw):
                        stood += 1
                    task.advance()
        finally:
            writer.flush()
        return Imported(stored, stood, reasons.total(), reasons.counts())

    def adopt(self, corpus: Path, *, on: On = silent) -> Imported:
        """Take in the corpus that geulgam 0.1 wrote in this folder, which had no imports.

        Its documents become rows of its parts, by their number, and what it had refused stays refused. The parts are
        removed when all is stored; killed before, the same call goes on. Does nothing for any other folder.
        """
        parts = old_parts(corpus)
        imported = self.add(_old_rows(corpus, parts), on=on) if parts else Imported(0, 0, 0, {})
        for part in parts:
            with explaining(part):
                part.unlink(missing_ok=True)
        return imported

    def __len__(self) -> int:
        return sum(self._counts(self.parts()))

    def __iter__(self) -> Iterator[Raw | Rejected]:
        """The rows in the order in which they came, a thousand in memory at a time."""
        for batch in batches(self.parts(), _ROW):
            yield from _items(batch)

    def take(self, places: Places) -> list[Raw | Rejected]:
        """The rows in these places, from 0, in this order."""
        parts = self.parts()
        ascending, inverse = np.unique(places, return_inverse=True)
        items = [item for table in taken(parts, self._counts(parts), ascending, _ROW) for item in _items(table)]
        return [items[place] for place in inverse.tolist()]

    def index(self, count: int | None = None) -> Index:
        """Every row in short, or the first ``count``; holds some 50 bytes for each."""
        names: dict[str, int] = {}
        refused, again = [np.empty(0, np.bool_)], [np.empty(0, np.bool_)]
        ids, files = [np.empty(0, DTYPE)], [np.empty(0, np.int64)]
        left = len(self) if count is None else count  # rows may be coming meanwhile
        for batch in batches(self.parts(), ["id", "file", "again"]):
            batch = batch.slice(0, left)
            left -= len(batch)
            whole = batch.column("id").is_valid()
            refused.append(~np.asarray(whole))
            kept = batch.filter(whole)
            ids.append(hexadecimal(kept.column("id")))
            again.append(np.asarray(kept.column("again")))
            numbers = [names.setdefault(str(name), len(names)) for name in kept.column("file").to_pylist()]
            files.append(np.array(numbers, np.int64))
        missing = np.concatenate(refused)
        return Index(
            np.flatnonzero(~missing),
            np.concatenate(ids),
            np.concatenate(files),
            np.concatenate(again),
            np.flatnonzero(missing),
        )

    def fingerprint(self, count: int | None = None) -> str:
        """32 hexadecimal digits that depend on all rows, or the first ``count``, and their order, and nothing else."""
        return hashlib.sha256(self._digests("mark")[:count].tobytes()).hexdigest()[:32]

    def _digests(self, name: str) -> Digest:
        return np.concatenate([np.empty(0, DTYPE), *(digests(part, name) for part in self.parts())])

    def _counts(self, parts: Sequence[Path]) -> list[int]:
        for part in parts:
            if part.name not in self._rows:
                self._rows[part.name] = rows(part)
        return [self._rows[part.name] for part in parts]

    def _writer(self) -> PartWriter:
        last = max((int(part.stem.removeprefix("part-")) for part in self.parts()), default=0)
        return PartWriter(self.folder, SCHEMA, lambda number: _NAME.format(last + number))


def _refused(item: Rejected) -> _Row:
    mark = digest("refused", item.file, str(item.line), item.reason)
    return (item.file, item.line, item.reason, None, None, None, None, None, False), mark, mark


class _Reading:
    """Rows of files that are read one after the other, each from its first line to its last."""

    def __init__(self) -> None:
        self._file, self._line = "", 0
        self._ids = Digests(np.empty(0, DTYPE))  # of the file's texts so far

    def row(self, item: Raw) -> _Row:
        """The next row."""
        if item.file != self._file or item.line < self._line:
            self._ids = Digests(np.empty(0, DTYPE))
        self._file, self._line = item.file, item.line
        id_ = document_id(item.text)
        again = not self._ids.add(from_hex(id_))
        metadata = (part for pair in sorted(item.metadata.items()) for part in pair)
        mark = digest(item.file, item.text, item.title, item.source, str(again), *metadata)
        key = mark if again else digest(item.file, id_)
        fields = item.text, item.title, item.source, list(item.metadata.items())
        values = (item.file, item.line, None, *fields, id_, again)
        return values, key, mark


def _items(table: pa.RecordBatch | pa.Table) -> Iterator[Raw | Rejected]:
    columns = (table.column(name).to_pylist() for name in _ROW)
    for file, line, reason, text, title, source, metadata in zip(*columns, strict=True):
        if reason is None:
            yield Raw(file, line, text, title, source, dict(metadata))
        else:
            yield Rejected(file, line, reason)


def _old_rows(folder: Path, parts: Sequence[Path]) -> Iterator[Raw | Rejected]:
    """What a corpus of geulgam 0.1 holds, and what it had refused."""
    for part in parts:
        line = 0
        for batch in batches([part], ["text", "title", "source", "metadata"]):
            for row in batch.to_pylist():
                line += 1
                yield Raw(part.name, line, row["text"], row["title"], row["source"], dict(row["metadata"]))
    if (folder / "rejected.jsonl").exists():
        with (folder / "rejected.jsonl").open(encoding="utf-8", errors="replace") as lines:
            for written in lines:
                try:
                    told = json.loads(written)
                    yield Rejected(str(told["file"]), int(told["line"]), str(told["reason"]))
                except (ValueError, KeyError, TypeError):
                    continue  # half a line that a killed process left
