"""What an essay is: a document whose identity is its text."""

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Document:
    """One essay, or one part of a long one.

    ``text`` keeps its paragraphs as they came. ``source`` says where it came from: a URL if the row had one,
    else the file. ``metadata`` is whatever else the row said, as strings. Make one with :func:`document`.
    """

    id: str
    text: str
    title: str = ""
    source: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not taken: the file, the line in it (from 1; 0 = the whole file) and the reason."""

    file: str
    line: int
    reason: str


def normalise(text: str) -> str:
    """The text in Unicode NFC, every run of whitespace one space, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def document_id(text: str) -> str:
    """32 hexadecimal digits: the first half of the SHA-256 of the normalised text."""
    return hashlib.sha256(normalise(text).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def document(text: str, title: str = "", source: str = "", metadata: Mapping[str, str] | None = None) -> Document:
    """A document with its id. The text is put into NFC and stripped; its inner whitespace stays."""
    text = unicodedata.normalize("NFC", text).strip()
    return Document(document_id(text), text, title.strip(), source, dict(metadata or {}))
