"""The terms of every document that was ever analysed, kept on disk: analysis is what indexing costs.

One folder per analyzer fingerprint, of parts that are written beside and renamed, never changed. A part is an
Arrow IPC file of a few thousand documents that carries its own vocabulary, so parts never depend on each other,
and a part that a failing disk has damaged is dropped and its documents are analysed again.
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
from tqdm import tqdm

from corpus.atomic import replacing
from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.store import Corpus
from retrieval.analyzer import Analyzer
from retrieval.strings import Arrow

PART_DOCUMENTS = 5_000
PART_CHARACTERS = 4_000_000  # what Kiwi analyses in half a minute on two cores: all that Ctrl-C can lose
_BATCH = 512  # documents of a corpus held at once

SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("terms", pa.list_(pa.dictionary(pa.int32(), pa.string())), nullable=False),
    ]
)


@dataclass(frozen=True)
class Part:
    """A few thousand documents: ids (n,), and the terms of document i, ``terms[offsets[i]:offsets[i + 1]]``.

    ``terms`` are places in ``vocabulary``, the distinct terms of this part alone.
    """

    ids: Arrow
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

    def update(self, corpus: Corpus, progress: bool = False) -> int:
        """Analyse the corpus's documents that are not here yet; how many those were.

        Broken off at any moment, it goes on from the last part the next time.
        """
        missing = self.missing(corpus_ids(corpus))
        batches: Iterator[Any] = (missing[i : i + _BATCH].to_pylist() for i in range(0, len(missing), _BATCH))
        return self._append(chain.from_iterable(map(corpus.get, batches)), len(missing), progress)

    def add(self, documents: Iterable[Document], progress: bool = False) -> int:
        """Analyse those of the documents that are not here yet; how many those were."""
        added = 0
        for batch in _batches(documents):
            missing: list[Any] = self.missing(pa.array(list(batch), pa.string())).to_pylist()
            added += self._append((batch[id_] for id_ in missing), len(missing), progress)
        return added

    def missing(self, ids: Arrow) -> Arrow:
        """Those of the ids whose documents were not analysed yet, in this order."""
        known: list[Any] = [pa.array([], pa.string())]
        for path in self.paths():
            try:
                known.append(_open(path, columns=[0]).column(0).combine_chunks())
            except pa.ArrowInvalid:
                path.unlink()  # a cache: what is damaged is made again
        return ids.filter(pc.invert(pc.is_in(ids, pa.chunked_array(known))))

    def of(self, ids: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
        """Each of these documents that is here, with its terms as strings, in no particular order, once."""
        wanted = set(ids)
        for part in self.parts():
            words: list[Any] = part.vocabulary.to_pylist()
            for place, id_ in enumerate(part.ids.to_pylist()):
                if id_ in wanted:
                    wanted.remove(id_)
                    terms = part.terms[part.offsets[place] : part.offsets[place + 1]]
                    yield str(id_), [words[term] for term in terms.tolist()]

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
                table.column("id").combine_chunks(),
                offsets,
                lists.values.indices.to_numpy(zero_copy_only=False),
                lists.values.dictionary,
            )

    def _append(self, documents: Iterable[Document], total: int, progress: bool) -> int:
        if not total:
            return 0
        for torn in self.folder.glob(".part-*.part"):  # left by a process that was killed
            torn.unlink(missing_ok=True)
        pending, done = _Pending(), 0
        documents, again = tee(documents)
        terms = self.analyzer(chain.from_iterable((d.title, d.text) for d in again))
        bar = tqdm(total=total, desc=f"analysing ({self.analyzer.name})", unit="doc", disable=not progress)
        try:
            for document in documents:
                pending.add(document, [*next(terms), *next(terms)])
                if pending.full:
                    self._write(pending)
                    pending = _Pending()
                done += 1
                bar.update()
        finally:  # after Ctrl-C, too: what has been analysed is kept
            bar.close()
            if pending.ids:
                self._write(pending)
        return done

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
        self.ids: list[str] = []
        self._characters = 0
        self._vocabulary: dict[str, int] = {}
        self._terms = array("i")
        self._offsets = array("i", [0])

    @property
    def full(self) -> bool:
        return len(self.ids) >= PART_DOCUMENTS or self._characters >= PART_CHARACTERS

    def add(self, document: Document, terms: Iterable[str]) -> None:
        """Broken off in the middle, this leaves terms that no document has, and :meth:`table` leaves them out."""
        vocabulary = self._vocabulary
        self._terms.extend([vocabulary.setdefault(term, len(vocabulary)) for term in terms])
        self._offsets.append(len(self._terms))
        self._characters += len(document.text)
        self.ids.append(document.id)

    def table(self) -> pa.Table:
        indices: Any = pa.array(np.frombuffer(self._terms, np.int32))
        terms: Any = pa.DictionaryArray.from_arrays(indices, pa.array(list(self._vocabulary), pa.string()))
        offsets: Any = pa.array(np.frombuffer(self._offsets, np.int32)[: len(self.ids) + 1])
        return pa.table([pa.array(self.ids, pa.string()), pa.ListArray.from_arrays(offsets, terms)], schema=SCHEMA)


def corpus_ids(corpus: Corpus) -> Arrow:
    """The ids of the corpus in stored order, as one Arrow array: no object for each."""
    batches = [batch.column(0).cast(pa.string()) for batch in corpus.batches(["id"])]
    return pa.concat_arrays(batches) if batches else pa.array([], pa.string())


def _batches(documents: Iterable[Document]) -> Iterator[dict[str, Document]]:
    batch: dict[str, Document] = {}
    for document in documents:
        batch[document.id] = document
        if len(batch) >= PART_DOCUMENTS:
            yield batch
            batch = {}
    yield batch


def _open(path: Path, columns: list[int] | None = None) -> pa.Table:
    options = pa.ipc.IpcReadOptions(included_fields=columns or [0, 1])
    with pa.OSFile(str(path), "rb") as source, pa.ipc.open_file(source, options=options) as file:
        table = file.read_all()
    if not table.schema.equals(pa.schema([SCHEMA.field(i) for i in columns or [0, 1]])):
        raise pa.ArrowInvalid(f"not a part of cached terms: {path.name}")
    return table
