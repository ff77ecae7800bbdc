"""From a row of named columns to what was written in it: which column is the text, the title, the source."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from corpus.document import Raw, Rejected, field_name
from corpus.korean import SOURCE, TEXT, TITLE
from corpus.opening import DOCUMENT_LIMIT, too_long

COLUMNS_LIMIT = 10_000  # of one row; more are no table of essays


@dataclass(frozen=True, slots=True)
class Roles:
    """What the columns of one file mean, by the names they have there; ``None``: no such column."""

    text: str | None
    title: str | None
    source: str | None


@dataclass(frozen=True)
class Columns:
    """How to read rows: the names the user gave for text and title, if any, else guesses.

    Names are compared without regard to case, surrounding spaces or Unicode composition.
    """

    text: str | None = None
    title: str | None = None
    _known: dict[tuple[str, ...], Roles] = field(default_factory=dict, repr=False, compare=False)

    def roles(self, names: Sequence[str]) -> Roles:
        """Which of a file's column names means what."""
        key = tuple(names)
        if key not in self._known:
            if len(self._known) > 1000:  # rows of JSON that all differ
                self._known.clear()
            folded = {_fold(name): name for name in reversed(key)}
            text = _first([self.text] if self.text else TEXT, folded)
            title = _first([self.title] if self.title else TITLE, folded)
            source = _first(SOURCE, {k: v for k, v in folded.items() if v not in (text, title)})
            self._known[key] = Roles(text, title, source)
        return self._known[key]

    def missing(self, names: Sequence[str]) -> str:
        """The reason for refusing rows whose names give no text, naming what they have."""
        wanted = f" {self.text!r}" if self.text else ""
        have = ", ".join(_short(name) for name in names[:20]) + (", …" if len(names) > 20 else "")
        return f"no text column{wanted}: the columns are {have or '(none)'}"

    def row(self, row: Mapping[str, Any], file: str, line: int) -> Raw | Rejected:
        """What this row holds, or why it is not taken. Other columns become metadata."""
        if len(row) > COLUMNS_LIMIT:
            return Rejected(file, line, too_many_columns(len(row)))
        roles = self.roles(list(row))
        if roles.text is None:
            return Rejected(file, line, self.missing(list(row)))
        text = row[roles.text]
        if text is None:
            return Rejected(file, line, "empty text")
        if not isinstance(text, str):
            return Rejected(file, line, f"text is not a string: {_kind(text)}")
        taken = {roles.text, roles.title, roles.source}
        values = {name: _string(value) for name, value in row.items() if name not in taken}
        return raw(
            file,
            line,
            text,
            _string(row[roles.title]) if roles.title is not None else "",
            _string(row[roles.source]) if roles.source is not None else "",
            {name: value for name, value in values.items() if value},
        )


def too_many_columns(count: int) -> str:
    """The reason for refusing a row, or a table, of that many columns."""
    return f"too many columns: {count:,}, the limit is {COLUMNS_LIMIT:,}"


def raw(
    file: str, line: int, text: str, title: str = "", source: str = "", metadata: Mapping[str, str] | None = None
) -> Raw | Rejected:
    """The row, unless its text is empty, over the limit, or anything in it is not made of characters."""
    if len(text) > DOCUMENT_LIMIT:
        return Rejected(file, line, too_long("document", len(text), DOCUMENT_LIMIT))
    metadata = metadata or {}
    for part in (text, title, source, *metadata, *metadata.values()):
        if not _storable(part):
            return Rejected(file, line, "broken characters: bytes or escapes that stand for no character")
    if not text.strip():
        return Rejected(file, line, "empty text")
    return Raw(file, line, text, title, source, metadata)


def _first(wanted: Sequence[str], folded: Mapping[str, str]) -> str | None:
    return next((folded[_fold(name)] for name in wanted if _fold(name) in folded), None)


def _fold(name: str) -> str:
    return field_name(name).casefold()


def _short(name: str) -> str:
    """A name as it can be said in a line; what has no print, or is half of a character, as its escape."""
    name = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in " ".join(name[:100].split()))
    return name if len(name) <= 40 else name[:39] + "…"


def _string(value: Any) -> str:
    """A value as metadata: strings as they are, nothing for nothing, anything nested as JSON."""
    if value is None or value != value:  # NaN, as pandas writes an empty cell
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _kind(value: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), type(value).__name__)


def _storable(part: str) -> bool:
    """No NUL, and no half of a surrogate pair (from a JSON escape, or a byte that did not decode)."""
    try:
        part.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in part
