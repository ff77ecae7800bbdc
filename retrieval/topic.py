"""A topic, which is a name and a query, and its subset: the documents found for it, each with its side."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from corpus.atomic import replacing
from corpus.document import Document, document_id
from corpus.errors import GeulgamError
from corpus.sides import SIDES, Side
from corpus.store import Corpus

_NAME_LIMIT = 120  # bytes of UTF-8: a file name may have 255, and suffixes follow
_FORBIDDEN = '/\\:*?"<>|'
_QUOTATION = '"“”„＂'
_AT_ENDS = " .,;!?…。-–—~"  # what a sentence, or a line of a dialogue, begins and ends with
_UNSEEN = ("Cc", "Cs", "Cf", "Zl", "Zp")  # control, surrogate, format; separators of lines and paragraphs

_FIELDS = {
    "document_id": pa.string(),
    "rank": pa.int32(),
    "score": pa.float64(),
    "side": pa.string(),
    "version": pa.string(),
}
_MORE = {  # null where it does not count
    "words": pa.float64(),
    "meaning": pa.float64(),
    "passage": pa.float64(),
    "parts": pa.list_(pa.list_(pa.int32(), 2)),
}
SCHEMA = pa.schema(
    [*(pa.field(name, kind, nullable=False) for name, kind in _FIELDS.items()), *map(pa.field, _MORE, _MORE.values())]
)


def topic_name(name: str) -> str:
    """The name in NFC, if a folder can be called so. Raises GeulgamError for `/`, `..`, nothing, and the like."""
    name = unicodedata.normalize("NFC", name).strip()
    shown = json.dumps(name, ensure_ascii=False).encode("utf-8", "replace").decode()
    hint = "a topic's name is also a folder's: letters, digits, spaces, - and _ will do"
    if not name:
        raise GeulgamError("a topic's name is empty", hint)
    if name.startswith((".", "-")):
        raise GeulgamError(f"a topic cannot be called {shown}: it begins with {name[0]!r}", hint)
    if name.endswith("."):
        raise GeulgamError(f"a topic cannot be called {shown}: it ends with a dot", hint)
    if ".." in name:
        raise GeulgamError(f"a topic cannot be called {shown}: it contains '..'", hint)
    bad = next((c for c in name if _is_bad(c)), None)
    if bad is not None:
        raise GeulgamError(f"a topic cannot be called {shown}: it contains {bad!r}", hint)
    if len(name.encode()) > _NAME_LIMIT:
        raise GeulgamError(f"a topic cannot be called {shown[:30]}…: it is over {_NAME_LIMIT} bytes long", hint)
    return name


def name_after(text: str) -> str:
    """What a topic is called after a word or a sentence: without quotation marks, what no name may hold, and the signs
    at its ends; of a long one its first words. Raises GeulgamError if nothing is left."""
    text = unicodedata.normalize("NFC", text).translate(dict.fromkeys(map(ord, _QUOTATION)))
    plain = re.sub(r"\.{2,}", " ", "".join(" " if _is_bad(c) else c for c in text))
    name = " ".join(plain.split()).strip(_AT_ENDS)
    short = name.encode()[:_NAME_LIMIT].decode(errors="ignore")
    if short != name:
        short = name[: len(short) + 1].rpartition(" ")[0] or short
    return topic_name(short.strip(_AT_ENDS))


def _is_bad(character: str) -> bool:
    """Whether no name may hold it."""
    return character in _FORBIDDEN or unicodedata.category(character) in _UNSEEN


@dataclass(frozen=True)
class Topic:
    """What to write on: a name, which becomes a folder's, a query in Lucene's syntax, and how many documents.

    Raises GeulgamError for a name that will not do (:func:`topic_name`), an empty query or k < 1.
    """

    name: str
    query: str
    k: int = 500

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", topic_name(self.name))
        if not self.query.strip():
            raise GeulgamError(f"topic {self.name}: the query is empty", 'such as --query "함께^2 더불어 동행"')
        if self.k < 1:
            raise GeulgamError(f"topic {self.name}: k is {self.k}, but must be 1 or more", "500 is the default")


@dataclass(frozen=True, slots=True)
class Row:
    """A document of a subset: its rank from 1, its score, the side that it is on, and in which version it was found.

    ``words``, ``meaning`` and ``passage``: what the score was made of (:class:`retrieval.index.Hit`). ``parts``: start
    and end of what of its text is taken; None takes all of it.
    """

    document_id: str
    rank: int
    score: float
    side: Side
    version: str
    words: float | None = None
    meaning: float | None = None
    passage: float | None = None
    parts: Sequence[Sequence[int]] | None = None

    def taken(self, document: Document) -> list[Document]:
        """Of its document what is taken: all of it as it is, or each part as a document of its own."""
        if self.parts is None:
            return [document]
        texts = (document.text[start:end] for start, end in self.parts)
        return [replace(document, id=document_id(text), text=text) for text in texts if text.strip()]


@dataclass(frozen=True)
class Subset:
    """The documents of a topic, best first. ``note`` says what is fewer or other than asked, or is empty."""

    topic: Topic
    rows: Sequence[Row]
    note: str = ""

    def ids(self, side: Side | None = None) -> list[str]:
        """The document ids of one side, or of all, best first."""
        return [row.document_id for row in self.rows if side in (None, row.side)]

    def documents(self, corpus: Corpus, side: Side) -> list[Document]:
        """What is taken of the documents of one side, best first; raises as :meth:`corpus.store.Corpus.get`."""
        rows = [row for row in self.rows if row.side == side]
        documents = corpus.get([row.document_id for row in rows])
        return [part for row, document in zip(rows, documents, strict=True) for part in row.taken(document)]

    def fingerprint(self) -> str:
        """32 hexadecimal digits that depend on what of which documents in which versions is on which side alone."""
        lines = "\n".join(
            sorted(
                f"{row.document_id} {row.version} {row.side}" + (f" {row.parts}" if row.parts is not None else "")
                for row in self.rows
            )
        )
        return hashlib.sha256(lines.encode()).hexdigest()[:32]

    def save(self, path: Path) -> None:
        """Write a Parquet file, atomically: a column for each field of :class:`Row`; topic and note as metadata."""
        metadata = {
            "topic": self.topic.name,
            "query": self.topic.query,
            "k": str(self.topic.k),
            "note": self.note,
        }
        columns = {name: [getattr(row, name) for row in self.rows] for name in SCHEMA.names}
        table = pa.table(columns, schema=SCHEMA.with_metadata(metadata))
        try:
            with replacing(path) as part:
                pq.write_table(table, part)
        except OSError as error:
            raise GeulgamError(f"cannot write {path}: {error.strerror or error}") from error

    @classmethod
    def load(cls, path: Path) -> "Subset":
        """The subset in the file. Raises GeulgamError if it is missing, damaged or something else."""
        try:
            with pq.ParquetFile(path) as file:
                names = [name for name in SCHEMA.names if name in file.schema_arrow.names or name in _FIELDS]
                table = file.read(columns=names)  # before meaning counted, there were no columns for it
            metadata = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
            columns = (table.column(name).to_pylist() for name in names)
            rows = tuple(Row(*values) for values in zip(*columns, strict=True))
            if any(row.side not in SIDES for row in rows):
                raise ValueError("it has a side other than train, valid and test")
            topic = Topic(metadata["topic"], metadata["query"], int(metadata["k"]))
        except FileNotFoundError:
            raise GeulgamError(f"there is no subset at {path}", "geulgam run") from None
        except (pa.ArrowException, OSError, KeyError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise GeulgamError(
                f"cannot read {path} as a subset: {reason}", "remove it; it will be made again"
            ) from error
        return cls(topic, rows, metadata.get("note", ""))

    def __len__(self) -> int:
        return len(self.rows)
