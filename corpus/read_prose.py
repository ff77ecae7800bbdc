"""Files that are one row each: .txt and .md."""

from collections.abc import Iterator
from typing import TextIO

from corpus.columns import raw
from corpus.document import Raw, Rejected
from corpus.opening import BROKEN, DOCUMENT_LIMIT, Input, broken, too_long

_BLOCK = 1 << 20


def prose(file: Input) -> Iterator[Raw | Rejected]:
    """The file as one row; its title is the file's name or, in Markdown, a first line ``# title``."""
    title = file.stem
    try:
        text, characters = _within_limit(file.text())
    except BROKEN as error:
        yield Rejected(file.name, 0, broken(error))
        return
    if characters > DOCUMENT_LIMIT:
        yield Rejected(file.name, 0, too_long("document", characters, DOCUMENT_LIMIT))
        return
    if file.suffix != ".txt":
        first, _, rest = text.lstrip().partition("\n")
        if first.startswith("# "):
            title, text = first[2:].strip().rstrip("#").strip(), rest
    yield raw(file.name, 0, text, title)


def _within_limit(stream: TextIO) -> tuple[str, int]:
    """The text and how long it is; of a text over the limit only the length, counted without holding it."""
    parts: list[str] = []
    characters = 0
    while block := stream.read(_BLOCK):
        characters += len(block)
        if characters <= DOCUMENT_LIMIT:
            parts.append(block)
        else:
            parts.clear()
    return "".join(parts), characters
