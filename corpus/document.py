"""What an essay is: a row as it was imported, and the document that the corpus makes of it."""

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from corpus.digests import digest


@dataclass(frozen=True, slots=True)
class Document:
    """One essay, or one part of a long one.

    ``id`` is that of the text as it was imported and survives whatever cleans it. ``text`` keeps its paragraphs as
    they came. ``source`` says where it came from: a URL if the row had one, else the file. ``metadata`` is whatever
    else the row said, as strings. Make one with :func:`document`.
    """

    id: str
    text: str
    title: str = ""
    source: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """32 hexadecimal digits that change whenever title, text, source or metadata does: a BLAKE2b."""
        metadata = (part for item in sorted(self.metadata.items()) for part in item)
        return digest(self.title, self.text, self.source, *metadata).hex()


@dataclass(frozen=True, slots=True)
class Raw:
    """A row as it stood in the file, decoded and no more: nothing is normalised or stripped.

    ``line`` is the row's, from 1; 0: the whole file is the row. ``source`` is empty where the row names none.
    """

    file: str
    line: int
    text: str
    title: str = ""
    source: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)

    def document(self, id_: str | None = None) -> Document:
        """The document that this row gives before any cleaning; ``id_``: the id of its text, where that is known."""
        text = unicodedata.normalize("NFC", self.text).strip()
        title = unicodedata.normalize("NFC", self.title).strip()
        metadata = {field_name(name): value for name, value in self.metadata.items()}
        return Document(id_ or document_id(text), text, title, self.source or self.file, metadata)


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
    """A document with its id. Text and title are put into NFC and stripped; the text's inner whitespace stays."""
    return Raw("", 0, text, title, source, metadata or {}).document()


def field_name(name: str) -> str:
    """The name of a column or of a metadata field in NFC, without spaces around it or a byte order mark."""
    return unicodedata.normalize("NFC", name).strip().strip("\ufeff")
