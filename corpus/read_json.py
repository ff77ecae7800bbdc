"""Rows in JSON: .jsonl (a value each line), .json (an array, an object around one array, or one object)."""

import json
import re
from collections.abc import Iterator
from typing import Any

from corpus.columns import Columns, raw
from corpus.document import Raw, Rejected
from corpus.opening import BROKEN, VALUES_LIMIT, Input, Lines, LineTooLong, broken, too_long, too_many

JSON_LIMIT = 1 << 29  # characters of one .json file, which is held in memory while it is read
_WHITESPACE = " \t\n\r\ufeff"


def jsonl(file: Input, columns: Columns) -> Iterator[Raw | Rejected]:
    """A row for each line that holds an object or a string; blank lines are passed over."""
    lines = Lines(file.text())
    while True:
        try:
            line = next(lines).strip(_WHITESPACE)
        except StopIteration:
            return
        except LineTooLong as error:
            yield Rejected(file.name, error.line, str(error))
            continue
        except BROKEN as error:
            yield Rejected(file.name, lines.count + 1, broken(error))
            return
        if not line:
            continue
        if (values := line.count(",")) > VALUES_LIMIT:
            yield Rejected(file.name, lines.count, too_many(values))
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield Rejected(file.name, lines.count, _reason(error))
            continue
        yield _row(value, columns, file.name, lines.count)


def array(file: Input, columns: Columns) -> Iterator[Raw | Rejected]:
    """A row for each element, with the line it begins in. What follows a broken element is not read."""
    stream = file.text()
    try:
        text = stream.read(JSON_LIMIT + 1)
        if len(text) > JSON_LIMIT:
            characters = len(text)
            while block := stream.read(1 << 20):
                characters += len(block)
            yield Rejected(file.name, 0, too_long(".json file", characters, JSON_LIMIT))
            return
    except BROKEN as error:
        yield Rejected(file.name, 0, broken(error))
        return
    start = _past(text, 0)
    if start == len(text):
        yield Rejected(file.name, 0, "empty file")
    elif text[start] == "[":
        yield from _elements(text, start, columns, file.name)
    else:
        yield from _whole(text, start, columns, file)


def _whole(text: str, start: int, columns: Columns, file: Input) -> Iterator[Raw | Rejected]:
    """A file that is no array: one object, an object around one array, or JSON lines under another name."""
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        yield Rejected(file.name, getattr(error, "lineno", 1), _reason(error))
        return
    line = 1 + text.count("\n", 0, start)
    if _past(text, end) < len(text):
        yield from jsonl(file, columns)
    elif not isinstance(value, dict) or columns.roles(list(value)).text is not None:
        yield _row(value, columns, file.name, line)
    else:
        arrays = [key for key, inner in value.items() if isinstance(inner, list)]
        if len(arrays) == 1:
            yield from _elements(text, _member(text, start, arrays[0]), columns, file.name)
        else:
            held = f"; it holds {len(arrays)} arrays, not one" if arrays else ""
            yield Rejected(file.name, line, columns.missing(list(value)) + held)


def _member(text: str, start: int, key: str) -> int:
    """Where in the object that begins at ``start`` the value of ``key`` begins."""
    at, found = _past(text, start + 1), -1
    while text[at] != "}":
        name, at = _DECODER.raw_decode(text, at)
        at = _past(text, _past(text, at) + 1)  # over the colon
        if name == key:
            found = at  # of a name that stands twice the last one counts, as in json.loads
        _, at = _DECODER.raw_decode(text, at)
        at = _past(text, at)
        if text[at] == ",":
            at = _past(text, at + 1)
    return found


def _elements(text: str, start: int, columns: Columns, name: str) -> Iterator[Raw | Rejected]:
    """The rows of the array that begins at ``start``, decoded one by one."""
    at, counted, line = _past(text, start + 1), 0, 1
    while True:
        line, counted = line + text.count("\n", counted, at), at
        if text[at : at + 1] == "]":
            break
        try:
            value, end = _DECODER.raw_decode(text, at)
            end = _past(text, end)
            if text[end : end + 1] not in (",", "]"):
                raise json.JSONDecodeError("Expecting ',' delimiter", text, end)
        except (ValueError, RecursionError) as error:
            yield Rejected(name, getattr(error, "lineno", line), _reason(error) + "; the rest is not read")
            return
        yield _row(value, columns, name, line)
        at = _past(text, end + 1) if text[end] == "," else end


def _row(value: Any, columns: Columns, name: str, line: int) -> Raw | Rejected:
    try:
        if isinstance(value, dict):
            return columns.row(value, name, line)
        if isinstance(value, str):
            return raw(name, line, value)
        return Rejected(name, line, f"not an object: {json.dumps(value)[:40]}")
    except RecursionError as error:  # it can be read a little deeper than it can be written
        return Rejected(name, line, _reason(error))


def _past(text: str, at: int) -> int:
    """The first place from ``at`` on that is not whitespace."""
    return at if (blank := _BLANK.match(text, at)) is None else blank.end()


def _reason(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"broken JSON: {error.msg.removesuffix(' at')} at column {error.colno:,}"
    return "broken JSON: nested too deeply" if isinstance(error, RecursionError) else f"broken JSON: {error}"


_DECODER = json.JSONDecoder()
_BLANK = re.compile(f"[{_WHITESPACE}]*")
