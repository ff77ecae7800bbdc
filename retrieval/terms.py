"""The terms of every document that was ever analysed, kept on disk: analysis is what indexing costs.

They are kept by the document's version, so that one whose title was corrected is analysed again; those of earlier
versions lie there unused. One folder per analyzer fingerprint, of parts that are written beside and renamed, never
changed. A part is an Arrow IPC file of a few thousand documents that carries its own vocabulary, so parts never depend
on each other, and a part that a failing disk has damaged is dropped and its documents are analysed again.
"""

import hashlib
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, tee
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from corpus.atomic import replacing
from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from corpus.store import Corpus
from retrieval.analyzer import Analyzer
from retrieval.strings import Arrow

PART_DOCUMENTS = 5_000
PART_CHARACTERS = 4_000_000  # what Kiwi analyses in half a minute on two cores: all that Ctrl-C can lose
_BATCH = 512  # documents of a corpus held at once

SCHEMA = pa.schema(
    [
        pa.field("version", pa.string(), nullable=False),
        pa.field("terms", pa.list_(pa.dictionary(pa.int32(), pa.string())), nullable=False),
    ]
)


@dataclass(frozen=True)
class Part:
    """A few thousand documents: versions (n,), and the terms of document i, ``terms[offsets[i]:offsets[i + 1]]``.

    ``terms`` are places in ``vocabulary``, the distinct terms of this part alone.
    """

    versions: Arrow
    offsets: NDArray[np.int64]  # (n + 1,)
    terms: NDArray[np.int32]
    vocabulary: Arrow


class TermStore:
    """The cached terms under ``folder``, which need not exist, as this analyzer makes them.

    Of a document its title, which says most about it, and its text are indexed, the title's terms first.
    """

    def __init__(self, folder: Path, analyzer: Analyzer) -> None:
        self.analyzer = analyzer
        digest = hashlib.sha256(analyzer.fingerprint.encode()).hexdigest()[:12]
        self.folder = folder / f"{analyzer.name}-{digest}"

    def update(self, corpus: Corpus, *, on: On = silent) -> int:
        """Analyse the corpus's documents that are not here as they are now; how many those were.

        Broken off at any moment, it goes on from the last part the next time.
        """
        ids, versions = corpus_versions(corpus)
        missing = ids.filter(self._missing(versions))
        batches: Iterator[Any] = (missing[i : i + _BATCH].to_pylist() for i in range(0, len(missing), _BATCH))
        return self._append(chain.from_iterable(map(corpus.get, batches)), len(missing), on)

    def of(self, versions: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
        """Each of these versions that is here, with its terms as strings, in no particular order, once."""
        wanted = set(versions)
        for part in self.parts():
            words: list[Any] = part.vocabulary.to_pylist()
            for place, version in enumerate(part.versions.to_pylist()):
                if version in wanted:
                    wanted.remove(version)
                    terms = part.terms[part.offsets[place] : part.offsets[place + 1]]
                    yield str(version), [words[term] for term in terms.tolist()]

    def paths(self) -> list[Path]:
        """The parts, oldest first."""
        return sorted(self.folder.glob(f"part-{'[0-9]' * 6}.arrow"))

    def parts(self) -> Iterator[Part]:
        """Part after part, one in memory at a time. Raises GeulgamError for one that is damaged."""
        for path in self.paths():
            try:
                table = _open(path)
            except (pa.ArrowInvalid, OSError) as error:
                reason = str(error).partition("\n")[0]
                raise GeulgamError(f"cannot read {path}: {reason}", "remove it and build the index again") from error
            lists: Any = table.column("terms").combine_chunks()
            if isinstance(lists, pa.ChunkedArray):
                lists = lists.chunk(0)
            offsets = lists.offsets.to_numpy().astype(np.int64)
            yield Part(
                table.column("version").combine_chunks(),
                offsets,
                lists.values.indices.to_numpy(zero_copy_only=False),
                lists.values.dictionary,
            )

    def _missing(self, versions: Arrow) -> Arrow:
        """For each of the versions whether it is not here and stands for the first time, (len(versions),) bool."""
        known: list[Any] = [pa.array([], pa.string())]
        for path in self.paths():
            try:
                known.append(_open(path, columns=[0]).column(0).combine_chunks())
            except pa.ArrowInvalid:
                path.unlink(missing_ok=True)  # a cache: what is damaged, or of an earlier format, is made again
        new: Any = pc.invert(pc.is_in(versions, pa.chunked_array(known)))
        first: Any = pc.equal(pc.index_in(versions, versions), pa.array(np.arange(len(versions), dtype=np.int32)))
        missing: Arrow = pc.and_(new, first)
        return missing

    def _append(self, documents: Iterable[Document], total: int, on: On) -> int:
        if not total:
            return 0
        for torn in self.folder.glob(".part-*.part"):  # left by a process that was killed
            torn.unlink(missing_ok=True)
        pending, task = _Pending(), Task(on, "analysing", total, "document")
        documents, again = tee(documents)
        terms = self.analyzer(chain.from_iterable((d.title, d.text) for d in again))
        try:
            with task:
                for document in documents:
                    pending.add(document, [*next(terms), *next(terms)])
                    if pending.full:
                        self._write(pending)
                        pending = _Pending()
                    task.advance()
        finally:  # after Ctrl-C, too: what has been analysed is kept
            if pending.versions:
                self._write(pending)
        return task.done

    def _write(self, pending: "_Pending") -> None:
        paths = self.paths()
        number = int(paths[-1].stem.removeprefix("part-")) + 1 if paths else 1
        with replacing(self.folder / f"part-{number:06}.arrow") as part:
            options = pa.ipc.IpcWriteOptions(compression="zstd")
            table = pending.table()
            with pa.OSFile(str(part), "wb") as sink, pa.ipc.new_file(sink, SCHEMA, options=options) as writer:
                writer.write_table(table)


class _Pending:
    """The documents of the part that is being made."""

    def __init__(self) -> None:
        self.versions: list[str] = []
        self._characters = 0
        self._vocabulary: dict[str, int] = {}
        self._terms = array("i")
        self._offsets = array("i", [0])

    @property
    def full(self) -> bool:
        return len(self.versions) >= PART_DOCUMENTS or self._characters >= PART_CHARACTERS

    def add(self, document: Document, terms: Iterable[str]) -> None:
        """Broken off in the middle, this leaves terms that no document has, and :meth:`table` leaves them out."""
        vocabulary = self._vocabulary
        self._terms.extend([vocabulary.setdefault(term, len(vocabulary)) for term in terms])
        self._offsets.append(len(self._terms))
        self._characters += len(document.text)
        self.versions.append(document.version)

    def table(self) -> pa.Table:
        indices: Any = pa.array(np.frombuffer(self._terms, np.int32))
        terms: Any = pa.DictionaryArray.from_arrays(indices, pa.array(list(self._vocabulary), pa.string()))
        offsets: Any = pa.array(np.frombuffer(self._offsets, np.int32)[: len(self.versions) + 1])
        return pa.table([pa.array(self.versions, pa.string()), pa.ListArray.from_arrays(offsets, terms)], schema=SCHEMA)


def corpus_versions(corpus: Corpus) -> tuple[Arrow, Arrow]:
    """The ids of the corpus and the versions of its documents, in stored order, (n,) each: no object for each."""
    columns: tuple[list[Arrow], list[Arrow]] = ([pa.array([], pa.string())], [pa.array([], pa.string())])
    for batch in corpus.batches(["id", "version"]):
        for column, values in zip(columns, batch.columns, strict=True):
            column.append(values.cast(pa.string()))
    ids, versions = map(pa.concat_arrays, columns)
    return ids, versions


def _open(path: Path, columns: list[int] | None = None) -> pa.Table:
    options = pa.ipc.IpcReadOptions(included_fields=columns or [0, 1])
    with pa.OSFile(str(path), "rb") as source, pa.ipc.open_file(source, options=options) as file:
        table = file.read_all()
    if not table.schema.equals(pa.schema([SCHEMA.field(i) for i in columns or [0, 1]])):
        raise pa.ArrowInvalid(f"not a part of cached terms: {path.name}")
    return table
