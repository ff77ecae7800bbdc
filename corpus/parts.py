"""Tables as Parquet parts of a folder: written whole or not at all, appended, read row by row or by place."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from corpus.atomic import explaining, replacing
from corpus.digests import DTYPE, Digest
from corpus.errors import GeulgamError

PART_ROWS = 20_000
PART_CHARACTERS = 24_000_000  # about 64 MB of Korean in UTF-8
_GROUP = 128  # rows per row group: what has to be read for one of them
_BATCH = 1_024  # rows held at once while iterating

Places = NDArray[np.intp]  # of rows, from 0, counted through all parts


class PartWriter:
    """Gathers rows and writes each part when it is full, as ``name(1)``, ``name(2)`` … in the folder.

    ``parts``: those written so far. Whatever breaks the work off loses the rows of the part that was not full yet.
    Raises GeulgamError if the disk is full or may not be written.
    """

    def __init__(self, folder: Path, schema: pa.Schema, name: Callable[[int], str]) -> None:
        self.parts: list[Path] = []
        self._folder, self._schema, self._name = folder, schema, name
        self._rows: list[Sequence[Any]] = []
        self._characters = 0

    def add(self, row: Sequence[Any], characters: int) -> None:
        """One more row, its values in the order of the schema; ``characters``: about how much memory it takes."""
        self._rows.append(row)
        self._characters += characters
        if len(self._rows) >= PART_ROWS or self._characters >= PART_CHARACTERS:
            self.flush()

    def flush(self) -> None:
        """Write what has been gathered."""
        if not self._rows:
            return
        columns = dict(zip(self._schema.names, zip(*self._rows, strict=True), strict=True))
        path = self._folder / self._name(len(self.parts) + 1)
        with replacing(path) as part:
            pq.write_table(
                pa.table(columns, schema=self._schema),
                part,
                compression="zstd",
                row_group_size=_GROUP,
                use_dictionary=False,
                write_statistics=False,
            )
        self.parts.append(path)
        self._rows, self._characters = [], 0


@contextmanager
def opened(part: Path, columns: Sequence[str]) -> Iterator[pq.ParquetFile]:
    """The part, which must have these columns. Raises GeulgamError if it is damaged or something else."""
    try:
        with pq.ParquetFile(part) as file:
            if not set(columns) <= set(file.schema_arrow.names):
                raise pa.ArrowInvalid(f"it has the columns {', '.join(file.schema_arrow.names)}")
            yield file
    except (pa.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0]
        hint = "bring this file back from a copy, or move its folder away and add its essays again"
        raise GeulgamError(f"cannot read {part} as a part of a corpus: {reason}", hint) from error


def batches(parts: Sequence[Path], columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """These columns of all rows, a thousand rows at a time."""
    for part in parts:
        with opened(part, columns) as file:
            yield from file.iter_batches(batch_size=_BATCH, columns=list(columns))


def rows(part: Path) -> int:
    """How many rows the part has."""
    with opened(part, []) as file:
        return file.metadata.num_rows


def digests(part: Path, name: str) -> Digest:
    """The column of that name, which holds 32 hexadecimal digits in each row, as 16 bytes each, (n,)."""
    with opened(part, [name]) as file:
        return hexadecimal(file.read(columns=[name]).column(0))


def hexadecimal(column: Any) -> Digest:
    """A column of Arrow that holds 32 hexadecimal digits in each row, as 16 bytes each, (n,)."""
    return np.frombuffer(bytes.fromhex("".join(column.to_pylist())), DTYPE)


def taken(parts: Sequence[Path], counts: Sequence[int], places: Places, columns: Sequence[str]) -> Iterator[pa.Table]:
    """The rows in these places, which ascend; ``counts``: how many rows each part has.

    Reads only the row groups that hold them.
    """
    first = 0  # place of the part's first row
    for part, count in zip(parts, counts, strict=True):
        inside = places[np.searchsorted(places, first) : np.searchsorted(places, first + count)]
        if len(inside):
            with opened(part, columns) as file:
                yield from _groups(file, inside - first, columns)
        first += count


def _groups(file: pq.ParquetFile, places: Places, columns: Sequence[str]) -> Iterator[pa.Table]:
    first = 0
    for group in range(file.num_row_groups):
        count = file.metadata.row_group(group).num_rows
        inside = places[np.searchsorted(places, first) : np.searchsorted(places, first + count)]
        if len(inside):
            yield file.read_row_group(group, columns=list(columns)).take(inside - first)
        first += count


def sweep(folder: Path, litter: Iterable[Path] = ()) -> None:
    """Remove these files of the folder, and the halves of files that a process left when it was killed."""
    for path in (*litter, *folder.glob(".*.part")):
        with explaining(path):
            path.unlink(missing_ok=True)
