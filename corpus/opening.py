"""A file open for reading: unpacked if it is gzip, decoded as detected, its lines counted and bounded."""

import gzip
import io
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Self, TextIO

from corpus.encoding import NotText, detect

DOCUMENT_LIMIT = 10_000_000  # characters; a longer "essay" is a dump or a broken file
LINE_LIMIT = 1 << 27  # characters of one physical line that are held in memory
VALUES_LIMIT = 2_000_000  # commas of one line, or other delimiters: each value takes up to 300 bytes, be it empty
_BLOCK = 1 << 20  # bytes

#: What reading bytes may raise: a disk that fails, a gzip that ends early or is none.
BROKEN = (OSError, EOFError, zlib.error)


class LineTooLong(Exception):
    """A physical line of more than :data:`LINE_LIMIT` characters; ``line`` is its number, from 1."""

    def __init__(self, line: int, characters: int) -> None:
        super().__init__(too_long("line", characters, LINE_LIMIT))
        self.line = line


class Input:
    """One file's bytes, from the start as often as wanted; a context manager.

    ``name`` is the path as the user gave it; ``suffix`` the format's, lower case, without ``.gz``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = shown(path)
        self.packed = path.suffix.lower() == ".gz"
        self.suffix = Path(path.stem).suffix.lower() if self.packed else path.suffix.lower()
        self.stem = shown(Path(Path(path.stem).stem if self.packed else path.stem))
        self.size = path.stat().st_size
        self.raw = path.open("rb")
        self.bytes = gzip.GzipFile(fileobj=self.raw) if self.packed else self.raw
        self.stream: io.TextIOWrapper | None = None
        self.share: float | None = None  # how much was read, where the file's position does not say

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.stream is not None:
            self.stream.close()
        self.bytes.close()
        self.raw.close()

    def position(self) -> int:
        """How many of the file's ``size`` bytes (packed ones, if gzip) have been read."""
        return self.raw.tell() if self.share is None else int(self.share * self.size)

    def blocks(self) -> Iterator[bytes]:
        """All bytes from the start. A gzip that breaks off just ends here; its text will say so."""
        self.bytes.seek(0)
        try:
            while block := self.bytes.read1(_BLOCK):
                yield block
        except BROKEN:
            if not self.packed:
                raise

    def text(self, newline: str | None = None) -> TextIO:
        """The whole file, from its start, as text in the encoding it has.

        Raises NotText, also for a file without a byte, and now or while it is read what :data:`BROKEN` names.
        """
        if self.stream is not None:
            self.stream.detach()
        self.bytes.seek(0)
        if not self.bytes.read(1):
            raise NotText("empty file")
        encoding = detect(self.blocks)
        self.bytes.seek(0)
        self.stream = io.TextIOWrapper(self.bytes, encoding.codec, encoding.errors, newline=newline)
        return self.stream


class Lines:
    """The physical lines of a text, with their ends; ``count`` of them were given so far.

    A line over :data:`LINE_LIMIT` characters is read past, never held, and raises :class:`LineTooLong`;
    the iteration may go on after it.
    """

    def __init__(self, text: TextIO) -> None:
        self.text = text
        self.count = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self.text.readline(LINE_LIMIT)
        if not line:
            raise StopIteration
        self.count += 1
        if len(line) == LINE_LIMIT and line[-1] not in "\r\n":
            characters = len(line)
            while line and line[-1] not in "\r\n":
                line = self.text.readline(_BLOCK)
                characters += len(line)
            raise LineTooLong(self.count, characters)
        return line


def shown(path: Path) -> str:
    """The path as text that can be stored; bytes of a name that is not UTF-8 are written as ``\\xb1``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def too_long(what: str, characters: int, limit: int) -> str:
    """The reason for refusing a document, a line or a file of that many characters."""
    return f"too long: a {what} of {characters:,} characters, the limit is {limit:,}"


def too_many(values: int) -> str:
    """The reason for refusing a line with so many commas or other delimiters."""
    return f"too many values: a line with {values:,} delimiters, the limit is {VALUES_LIMIT:,}"


def broken(error: BaseException) -> str:
    """One line on why the bytes could not be read further."""
    if isinstance(error, gzip.BadGzipFile | zlib.error):
        return f"broken gzip: {error}"
    if isinstance(error, EOFError):
        return "truncated gzip: the file breaks off here"
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror or error}"
    return f"cannot be read: {error}"
