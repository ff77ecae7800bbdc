"""A topic, which is a name and a query, and its subset: the documents found for it, split three ways."""

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import pyarrow as pa
import pyarrow.parquet as pq

from corpus.atomic import replacing
from corpus.errors import GeulgamError

Split = Literal["train", "valid", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
NAME_LENGTH = 60  # characters: 180 bytes of Hangul, and a file name may have 255

_FIELDS = {"document_id": pa.string(), "rank": pa.int32(), "score": pa.float64(), "split": pa.string()}
SCHEMA = pa.schema([pa.field(name, kind, nullable=False) for name, kind in _FIELDS.items()])


@dataclass(frozen=True)
class Topic:
    """What to write on: a name, which becomes a folder's, a query in Lucene's syntax, and how many documents.

    The name is put into NFC. Raises GeulgamError for a name that is no safe folder name, an empty query or k < 1.
    """

    name: str
    query: str
    k: int = 500

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", unicodedata.normalize("NFC", self.name))
        wrong = _wrong_with(self.name)
        if wrong:
            shown = self.name if len(self.name) <= NAME_LENGTH else self.name[:NAME_LENGTH] + "…"
            raise GeulgamError(f"the topic name {shown!r} {wrong}", "choose a short plain name, such as 함께")
        if not self.query.strip():
            raise GeulgamError(f"topic {self.name}: the query is empty", 'such as --query "함께^2 더불어 동행"')
        if self.k < 1:
            raise GeulgamError(f"topic {self.name}: k is {self.k}, but must be 1 or more", "500 is the default")


def _wrong_with(name: str) -> str:
    if not name.strip():
        return "is empty"
    if len(name) > NAME_LENGTH:
        return f"is longer than {NAME_LENGTH} characters"
    for sign in ("/", "\\", ".."):
        if sign in name:
            return f"contains {sign}"
    if name.startswith("."):
        return "begins with a dot"
    if name != name.strip():
        return "begins or ends with a space"
    # control, format, surrogate, unassigned; line and paragraph separators
    if any(unicodedata.category(c)[0] == "C" or unicodedata.category(c) in ("Zl", "Zp") for c in name):
        return "contains a character that cannot be seen"
    return ""


@dataclass(frozen=True, slots=True)
class Row:
    """A document of a subset: its rank from 1, its score, and the split that it is in."""

    document_id: str
    rank: int
    score: float
    split: Split


@dataclass(frozen=True)
class Subset:
    """The documents of a topic, best first. ``note`` says what was refused, or is empty."""

    topic: Topic
    rows: Sequence[Row]
    note: str = ""

    def ids(self, split: Split | None = None) -> list[str]:
        """The document ids of one split, or of all, best first."""
        return [row.document_id for row in self.rows if split in (None, row.split)]

    def fingerprint(self) -> str:
        """32 hexadecimal digits that depend on which documents are in which split, and on nothing else."""
        lines = "\n".join(sorted(f"{row.document_id} {row.split}" for row in self.rows))
        return hashlib.sha256(lines.encode()).hexdigest()[:32]

    def save(self, path: Path) -> None:
        """Write a Parquet file (document_id, rank, score, split; topic, query, k and note as metadata), atomically."""
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
                table = file.read(columns=SCHEMA.names)
            metadata = {k.decode(): v.decode() for k, v in (table.schema.metadata or {}).items()}
            columns = (table.column(name).to_pylist() for name in SCHEMA.names)
            rows = tuple(Row(*values) for values in zip(*columns, strict=True))
            if any(row.split not in SPLITS for row in rows):
                raise ValueError("it has a split other than train, valid and test")
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
