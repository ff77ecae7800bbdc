"""The corpus on disk: documents in Parquet parts of one folder, of which ``commit.json`` says which count."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from corpus.atomic import write_text
from corpus.digests import DTYPE, Digest, Digests, array, find, from_hex
from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.parts import PartWriter, Places, batches, digests, rows, sweep, taken

SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("version", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("metadata", pa.map_(pa.string(), pa.string()), nullable=False),
    ]
)
_PARTS = "part-*-*-*.parquet"
_PARTS_OF_OLD = "part-" + "[0-9]" * 6 + ".parquet"


@dataclass(frozen=True)
class _Commit:
    """What a reader sees. ``replaced``: parts of the commit before, which others may still be reading."""

    number: int = 0
    parts: Sequence[str] = ()
    counts: Sequence[int] = ()  # documents in each part
    fingerprint: str = hashlib.sha256().hexdigest()[:32]
    replaced: Sequence[str] = ()
    made_from: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Ids:
    """The ids and versions in ``parts``, (n,) in stored order, and the order that sorts the ids."""

    parts: tuple[str, ...] = ()
    stored: Digest = field(default_factory=lambda: np.empty(0, DTYPE))
    versions: Digest = field(default_factory=lambda: np.empty(0, DTYPE))

    @cached_property
    def order(self) -> Places:
        return np.argsort(self.stored, kind="stable")

    @cached_property
    def sorted(self) -> Digest:
        return self.stored[self.order]

    @cached_property
    def sorted_versions(self) -> Digest:
        return self.versions[self.order]


class DocumentWriter:
    """Writes documents into parts of its own, which nobody sees before :meth:`Corpus.commit` is given them."""

    def __init__(self, folder: Path, stem: str) -> None:
        self._parts = PartWriter(folder, SCHEMA, lambda number: f"{stem}-{number:04}.parquet")

    @property
    def parts(self) -> Sequence[Path]:
        """Those that are written whole."""
        return self._parts.parts

    def add(self, document: Document) -> None:
        """One more. Raises ValueError for a document without a proper id, GeulgamError if it cannot be written."""
        from_hex(document.id)
        row = (
            document.id,
            document.version,
            document.text,
            document.title,
            document.source,
            list(document.metadata.items()),
        )
        self._parts.add(row, len(document.text))

    def finish(self) -> Sequence[Path]:
        """Write the last part; all parts, to be given to :meth:`Corpus.commit`."""
        self._parts.flush()
        return self.parts


class Corpus:
    """The documents in ``folder``, which need not exist yet. Opening it reads nothing.

    Parts are written beside, by any number of writers, and become the corpus all at once, in one rename of
    ``commit.json``; so a kill leaves the old corpus or the new one. One process at a time may commit (the workspace's
    lock sees to that); any number may read meanwhile, each a whole commit: the parts of one that was replaced go only
    when the next one is made. Every method raises GeulgamError for a part that is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rejected_path = folder / "rejected.jsonl"
        self._commit_path = folder / "commit.json"
        self._read: tuple[tuple[int, ...], _Commit] | None = None
        self._seen = _Ids()

    @property
    def made_from(self) -> Mapping[str, Any]:
        """What the last commit that told it was made from, as JSON values; empty if none did."""
        return self._commit().made_from

    def parts(self) -> list[Path]:
        """The Parquet files, in the order in which they were committed."""
        return [self.folder / name for name in self._commit().parts]

    def add(self, documents: Iterable[Document]) -> int:
        """Append those whose id is not known yet, in one commit; how many they were.

        If the work is broken off, by Ctrl-C or an error, the parts written so far are committed and the same call
        later adds the rest. Raises GeulgamError if the disk is full or may not be written.
        """
        writer, known, added = self.writer(), Digests(self.digests()), 0
        try:
            for document in documents:
                if known.add(from_hex(document.id)):
                    writer.add(document)
                    added += 1
            writer.finish()
        finally:
            if writer.parts:
                self.commit(writer.parts)
        return added

    def writer(self, rank: int = 0) -> DocumentWriter:
        """A writer for the next commit; each of several at once has a rank of its own, from 0."""
        return DocumentWriter(self.folder, f"part-{self._commit().number + 1:06}-{rank:03}")

    def commit(
        self, parts: Sequence[Path], *, replace: bool = False, made_from: Mapping[str, Any] | None = None
    ) -> None:
        """Make these parts, in this order, the corpus, or with ``replace=False`` the end of it.

        All writers must have finished: parts that nobody committed are removed. ``made_from``: to be noted in the
        commit; None leaves what is noted. Raises ValueError if an id would stand in the corpus twice.
        """
        old = self._commit()
        before = [] if replace else list(zip(old.parts, old.counts, strict=True))
        ids = self._ids([name for name, _ in before] + [part.name for part in parts])
        twice = np.flatnonzero(ids.sorted[1:] == ids.sorted[:-1])
        if len(twice):
            raise ValueError(f"two documents of one id: {ids.sorted[twice[0]].ljust(16, bytes(1)).hex()}")
        new = _Commit(
            old.number + 1,
            ids.parts,
            [count for _, count in before] + [rows(part) for part in parts],
            hashlib.sha256(ids.sorted.tobytes() + ids.sorted_versions.tobytes()).hexdigest()[:32],
            list(old.parts) if replace else [],
            old.made_from if made_from is None else made_from,
        )
        try:
            write_text(self._commit_path, json.dumps(asdict(new), ensure_ascii=False, indent=1) + "\n")
        except BaseException:
            self._seen = _Ids()  # parts of the same names may be written anew
            raise
        kept = {*new.parts, *new.replaced}
        sweep(self.folder, [path for path in self.folder.glob(_PARTS) if path.name not in kept])

    def __len__(self) -> int:
        return sum(self._commit().counts)

    def __iter__(self) -> Iterator[Document]:
        """The documents in stored order, a thousand in memory at a time."""
        for batch in self.batches():
            yield from _documents(batch)

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """The same as Arrow record batches, of all columns of :data:`SCHEMA` or of those named."""
        return batches(self.parts(), list(columns or SCHEMA.names))

    def digests(self) -> Digest:
        """Every id as its 16 bytes, sorted, (n,)."""
        return self._ids(self._commit().parts).sorted

    def versions(self) -> Digest:
        """Every document's version as its 16 bytes, in the order of :meth:`digests`, (n,)."""
        return self._ids(self._commit().parts).sorted_versions

    def get(self, ids: Sequence[str]) -> list[Document]:
        """The documents with these ids, in this order. Raises GeulgamError naming an id that is not there.

        Reads only the row groups that hold them.
        """
        commit = self._commit()
        places, inverse = np.unique(self._places(ids, self._ids(commit.parts)), return_inverse=True)
        parts = [self.folder / name for name in commit.parts]
        tables = taken(parts, commit.counts, places, SCHEMA.names)
        documents = [document for table in tables for document in _documents(table)]
        return [documents[place] for place in inverse.tolist()]

    def having(self, field: str, value: str) -> Iterator[str]:
        """The ids of the documents whose "title", "source" or "metadata.NAME" is exactly this value."""
        name, _, key = field.partition(".")
        for batch in self.batches(["id", name]):
            values: Any = batch.column(1)
            if key:
                values = pc.map_lookup(values, key, "first")
            for id_, there in zip(batch.column(0).to_pylist(), values.to_pylist(), strict=True):
                if there == value:
                    yield str(id_)

    def fingerprint(self) -> str:
        """32 hexadecimal digits that depend on which ids are stored in which versions, and on nothing else."""
        return self._commit().fingerprint

    def _places(self, ids: Sequence[str], index: _Ids) -> Places:
        """Where in stored order each id stands, (len(ids),)."""
        try:
            wanted = array(map(from_hex, ids))
        except ValueError as error:
            raise GeulgamError(str(error), "ids are those of the documents of this corpus") from error
        spots, found = find(wanted, index.sorted)
        if not found.all():
            hint = "the corpus has changed since this id was noted: build the index and the topic again"
            raise GeulgamError(f"no document {ids[int(np.argmin(found))]} in {self.folder}", hint)
        return index.order[spots]

    def _ids(self, names: Sequence[str]) -> _Ids:
        """The ids and versions in these parts; only parts not seen before are read."""
        seen, wanted = self._seen, tuple(names)
        if wanted != seen.parts:
            old = seen if wanted[: len(seen.parts)] == seen.parts else _Ids()
            fresh = [self.folder / name for name in wanted[len(old.parts) :]]
            stored, versions = (
                np.concatenate([kept, *(digests(part, name) for part in fresh)])
                for kept, name in ((old.stored, "id"), (old.versions, "version"))
            )
            self._seen = _Ids(wanted, stored, versions)
        return self._seen

    def _commit(self) -> _Commit:
        """The last commit; read again if it is another."""
        try:
            stat = self._commit_path.stat()
        except OSError:
            return self._none()
        state = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        if self._read is None or self._read[0] != state:
            try:
                self._read = state, _Commit(**json.loads(self._commit_path.read_text("utf-8")))
            except (OSError, ValueError, TypeError) as error:
                hint = "remove this file and derive the corpus from its imports again"
                raise GeulgamError(f"cannot read {self._commit_path}: {error}", hint) from error
        return self._read[1]

    def _none(self) -> _Commit:
        """The empty corpus. Raises GeulgamError where there is one that an older version of geulgam wrote."""
        if old_parts(self.folder):
            raise GeulgamError(
                f"an older version of geulgam wrote the corpus in {self.folder}",
                "geulgam run, or geulgam corpus add, takes its documents in",
            )
        return _Commit()


def old_parts(folder: Path) -> list[Path]:
    """The parts of a corpus that geulgam 0.1 wrote, which had no commits."""
    return sorted(folder.glob(_PARTS_OF_OLD))


def _documents(table: pa.RecordBatch | pa.Table) -> Iterator[Document]:
    names = ("id", "text", "title", "source", "metadata")
    for id_, text, title, source, metadata in zip(*(table.column(name).to_pylist() for name in names), strict=True):
        yield Document(id_, text, title, source, dict(metadata))
