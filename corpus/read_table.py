"""Rows of a table: .csv, .tsv and .parquet."""

import csv
from collections.abc import Iterator
from itertools import chain

from corpus.columns import Columns
from corpus.document import Raw, Rejected
from corpus.encoding import NotText
from corpus.opening import BROKEN, LINE_LIMIT, Input, Lines, LineTooLong, broken

_END = "\x1e"  # a line of our own after the last: a quoted field that swallows it was never closed
_BATCH = 256  # rows of Parquet at once

# The csv module's own limit is 131,072 characters, which an essay may exceed. It is one for the process.
csv.field_size_limit(max(csv.field_size_limit(), LINE_LIMIT))


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
        headers = {mark: next(csv.reader([first], delimiter=mark), []) for mark in delimiters}
        delimiter = next((m for m in delimiters if columns.roles(headers[m]).text is not None), delimiters[0])
        rows = csv.reader(chain([first], lines, [_END]), delimiter=delimiter)
        names = _named(next(rows))
        if columns.roles(names).text is None:
            yield Rejected(file.name, 0, columns.missing(names))
            return
        begins = lines.count + 1
        for fields in rows:
            if fields == [_END]:
                return
            if fields:
                yield _row(names, fields, columns, file.name, begins, lines.count)
            begins = lines.count + 1
    except LineTooLong as error:
        yield Rejected(file.name, error.line, f"{error}; the rest is not read")
    except csv.Error as error:
        yield Rejected(file.name, begins, f"broken CSV: {error}; the rest is not read")
    except BROKEN as error:
        yield Rejected(file.name, begins, broken(error))


def _named(header: list[str]) -> list[str]:
    """The header with a name of its own for each column: a second ``memo`` is ``memo (column 4)``."""
    names: list[str] = []
    for number, name in enumerate(header, start=1):
        name = name.strip().strip("\ufeff")
        names.append(name if name and name not in names else f"{name} (column {number})".strip())
    return names


def _row(names: list[str], fields: list[str], columns: Columns, file: str, line: int, last: int) -> Raw | Rejected:
    if fields[-1].endswith(_END):
        swallowed = f"the {last - line:,} lines after it are" if last > line else "nothing after it is"
        return Rejected(file, line, f"open quotation mark: it is never closed, {swallowed} part of this row")
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
