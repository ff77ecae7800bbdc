"""Rows of a table: .csv, .tsv and .parquet."""

import csv
from collections.abc import Iterator
from itertools import chain
from typing import Self

from corpus.columns import COLUMNS_LIMIT, Columns, too_many_columns
from corpus.document import Raw, Rejected
from corpus.encoding import NotText
from corpus.opening import BROKEN, LINE_LIMIT, VALUES_LIMIT, Input, Lines, LineTooLong, broken, too_many

_END = "\x1e"  # a line of our own after the last: a quoted field that swallows it was never closed
_BATCH = 256  # rows of Parquet at once

# The csv module's own limit is 131,072 characters, which an essay may exceed. It is one for the process.
csv.field_size_limit(max(csv.field_size_limit(), LINE_LIMIT))


class _TooMuch(Exception):
    """A row with too much in it; ``is_over``: the next line begins another."""

    def __init__(self, reason: str, is_over: bool) -> None:
        super().__init__(reason if is_over else f"{reason}; the rest is not read")
        self.is_over = is_over


class _RowLines:
    """The lines of a table, then a last one, :data:`_END`; it may go on after :class:`_TooMuch`.

    ``begin`` is to be called before each row.
    """

    def __init__(self, lines: Lines, delimiter: str) -> None:
        self._lines, self._delimiter = lines, delimiter
        self.has_ended = False
        self.begin()

    def begin(self) -> None:
        """A row begins with the next line, from 1 the one that is given."""
        self.line = self._lines.count + 1
        self._characters = self._values = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = next(self._lines, None)
        if line is None:
            if self.has_ended:
                raise StopIteration
            self.has_ended = True
            return _END
        self._characters += len(line)
        self._values += line.count(self._delimiter)
        is_first = self._lines.count == self.line
        if self._values > VALUES_LIMIT:
            raise _TooMuch(too_many(self._values), is_first and line.count('"') % 2 == 0)
        if self._characters > LINE_LIMIT and not is_first:
            raise _TooMuch(f"open quotation mark: it is not closed in {LINE_LIMIT:,} characters", False)
        return line


def delimited(file: Input, columns: Columns) -> Iterator[Raw | Rejected]:
    """Each row of the table; its line is the physical one the row begins in, quoted line ends counted.

    The delimiter is the first of comma, tab and semicolon (in .tsv tab comes first) under which the header
    has a text column.
    """
    lines = Lines(file.text(newline=""))
    begins = 1
    try:
        first = next(lines, "")
        delimiters = "\t,;" if file.suffix == ".tsv" else ",\t;"
        narrow = [mark for mark in delimiters if first.count(mark) <= COLUMNS_LIMIT]
        headers = {mark: next(csv.reader([first], delimiter=mark), []) for mark in narrow}
        delimiter = next((m for m in narrow if columns.roles(headers[m]).text is not None), delimiters[0])
        if delimiter not in narrow:
            yield Rejected(file.name, 0, too_many_columns(first.count(delimiter) + 1))
            return
        own = _RowLines(lines, delimiter)
        rows = csv.reader(chain([first], own), delimiter=delimiter)
        names = _named(next(rows))
        if columns.roles(names).text is None:
            yield Rejected(file.name, 0, columns.missing(names))
            return
        while True:
            own.begin()
            begins = own.line
            try:
                fields = next(rows, None)
            except _TooMuch as error:
                yield Rejected(file.name, begins, str(error))
                if not error.is_over:
                    return
                continue
            if fields is None or (own.has_ended and fields == [_END]):
                return
            if own.has_ended:
                yield Rejected(file.name, begins, _swallowed(lines.count - begins))
            elif fields:
                yield _row(names, fields, columns, file.name, begins)
    except _TooMuch as error:
        yield Rejected(file.name, 0, str(error))
    except LineTooLong as error:
        yield Rejected(file.name, error.line, f"{error}; the rest is not read")
    except csv.Error as error:
        yield Rejected(file.name, begins, f"broken CSV: {error}; the rest is not read")
    except BROKEN as error:
        yield Rejected(file.name, begins, broken(error))


def _named(header: list[str]) -> list[str]:
    """The header with a name of its own for each column: a second ``memo`` is ``memo (column 4)``."""
    names: list[str] = []
    taken: set[str] = set()
    for number, name in enumerate(header, start=1):
        name = name.strip().strip("\ufeff")
        names.append(name if name and name not in taken else f"{name} (column {number})".strip())
        taken.add(names[-1])
    return names


def _swallowed(lines: int) -> str:
    told = f"the {lines:,} lines after it are" if lines else "nothing after it is"
    return f"open quotation mark: it is never closed, {told} part of this row"


def _row(names: list[str], fields: list[str], columns: Columns, file: str, line: int) -> Raw | Rejected:
    row = dict(zip(names, fields, strict=False))
    if any(fields[len(names) :]) or columns.roles(names).text not in row:
        counts = f"{len(fields)} fields where the header names {len(names)}"
        return Rejected(file, line, f"wrong number of fields: {counts}")
    return columns.row({name: row.get(name, "") for name in names}, file, line)


def parquet(file: Input, columns: Columns) -> Iterator[Raw | Rejected]:
    """Each row of the table; its line is the row's number, from 1."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    if file.size == 0:
        raise NotText("empty file")
    try:
        table = pq.ParquetFile(file.path)
        names = table.schema_arrow.names
        if len(names) > COLUMNS_LIMIT:
            yield Rejected(file.name, 0, too_many_columns(len(names)))
            return
        if columns.roles(names).text is None:
            yield Rejected(file.name, 0, columns.missing(names))
            return
        for batch in table.iter_batches(batch_size=_BATCH):
            for row in batch.to_pylist():
                number += 1
                yield columns.row(row, file.name, number)
            file.share = number / table.metadata.num_rows
    except (pa.ArrowException, OSError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        yield Rejected(file.name, number + 1 if number else 0, f"broken Parquet: {reason}")
