"""What of a text is copied: every span of 30 letters or more that also stands in one of many documents.

Spacing, punctuation and capitals aside: what is compared is the letters, see :mod:`generate.guards.letters`.

:class:`SpanIndex` holds, on disk, the letters of all documents and a hash of the 16 letters at every 15th place. A span
of 30 letters holds one such 16 wholly, wherever it begins, so that nothing is missed; and what has the same hash is
compared letter by letter, so that nothing is called copied that is not. Small enough to be asked for each token that
is drawn, as the MEMFREE decoding of Ippolito et al. (2022, arXiv:2210.17546), which needs a filter of every span.
It keeps a writer from copying word for word, and from nothing else: a paraphrase has other letters.
"""

import hashlib
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from corpus.atomic import replacing, write_text
from corpus.digests import digest
from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from generate.guards.grams import GRAM, Codes, anchored, codes_of, hashed, key_of, windows
from generate.guards.letters import behind, letters_of, placed

SHORTEST = 30  # letters
_STEP = SHORTEST - GRAM + 1  # places from one hashed gram to the next: of SHORTEST letters, one is always whole
_REMEMBERED = 1 << 16  # grams; a writer asks for most of them fifteen times, one letter further each time
_COMPARED = 256  # sources compared at once: a phrase may stand in thousands of documents
_END = "\0"  # of a document; no text's letters hold it, so no span goes over it
_LETTERS, _KEYS, _ANCHORS = "letters.utf16", "keys.npy", "anchors.npy"
_DOCUMENTS, _FACTS = "documents.parquet", "spans.json"
_NOWHERE = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Copied:
    """A copied span: ``text[start:end]`` of the text that was given, and a document that has the same letters."""

    start: int
    end: int
    text: str
    document_id: str
    title: str

    @property
    def characters(self) -> int:
        """Its length, with the spaces and punctuation in it."""
        return self.end - self.start


def longest(spans: Sequence[Copied]) -> Copied | None:
    """The longest span, the first of several; None if there is none."""
    return max(spans, key=lambda span: span.characters, default=None)


class SpanIndex:
    """The index: :meth:`build` it in a folder and :meth:`open` it there, or make one :meth:`of` a few documents.

    ``fingerprint``: of the documents in it, whatever their order. ``documents``, ``letters``: how many it holds. Any
    number of threads may ask it.
    """

    def __init__(self, stored: "_Stored") -> None:
        told = stored.told
        self.fingerprint, self.documents, self.letters = told["fingerprint"], told["documents"], told["letters"]
        self._codes, self._keys, self._anchors, self._names = stored.codes, stored.keys, stored.anchors, stored.names
        if (len(self._codes), len(self._keys), len(self._anchors)) != (told["codes"], told["keys"], told["keys"]):
            raise ValueError("its files do not belong together")
        self._sorted = memoryview(self._keys.data)  # bisect goes through it four times as fast as through an array
        self._known: dict[str, npt.NDArray[np.int64]] = {}

    @classmethod
    def open(cls, folder: Path) -> "SpanIndex":
        """The index that stands in the folder, memory-mapped. Raises GeulgamError if there is none, or a broken one."""
        if not (folder / _FACTS).exists():
            raise GeulgamError(f"no index of the corpus's spans in {folder}", "geulgam run")
        try:
            told = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
            # Not as np.memmap, whose slices are slow.
            codes = np.asarray(np.memmap(folder / _LETTERS, "<u2", "r"))
            keys, anchors = (np.asarray(np.load(folder / name, mmap_mode="r")) for name in (_KEYS, _ANCHORS))
            names = pq.ParquetFile(folder / _DOCUMENTS).read  # open from now on: the folder may be replaced
            return cls(_Stored(codes, keys, anchors, names, told))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise GeulgamError(
                f"cannot read the index of spans in {folder}: {error}", f"remove {folder}, then geulgam run"
            ) from error

    @classmethod
    def build(cls, documents: Iterable[Document], folder: Path, on: On = silent) -> "SpanIndex":
        """Index the documents into the folder; until that is done, nothing there can be opened.

        Only hashes, ids and titles are held in memory. Raises GeulgamError if the disk is full or may not be written.
        """
        (folder / _FACTS).unlink(missing_ok=True)
        total = len(documents) if isinstance(documents, Sized) else None
        with Task(on, "indexing spans", total, "document") as task:
            with replacing(folder / _LETTERS) as part, part.open("w+b") as file:
                table, told = _written(documents, file, task)
            with replacing(folder / _DOCUMENTS) as part:
                pq.write_table(table, part)
            keys, anchors = anchored(np.memmap(folder / _LETTERS, "<u2", "r"), _STEP, task)
            for name, values in ((_KEYS, keys), (_ANCHORS, anchors)):
                with replacing(folder / name) as part, part.open("wb") as file:
                    np.save(file, values)
            write_text(folder / _FACTS, json.dumps({**told, "keys": len(keys)}, indent=1) + "\n")
            task.result = f"{told['letters']:,} letters of {told['documents']:,} documents"
        return cls.open(folder)

    @classmethod
    def of(cls, documents: Iterable[Document], on: On = silent) -> "SpanIndex":
        """An index in memory, of documents that are few: three bytes and more for each letter."""
        with Task(on, "indexing spans", unit="document") as task:
            file = BytesIO()
            table, told = _written(documents, file, task)
            codes = np.frombuffer(file.getbuffer(), "<u2")
            keys, anchors = anchored(codes, _STEP, task)
        return cls(_Stored(codes, keys, anchors, lambda: table, {**told, "keys": len(keys)}))

    def completes(self, tail: str, addition: str) -> bool:
        """Whether with ``addition`` behind ``tail`` a span of 30 letters would stand there that a document has too.

        Spans that end within the tail do not count. About 10 µs for a token behind the text of which the tokens
        before have been asked for.
        """
        region = behind(tail, addition, SHORTEST - 1)
        return len(region) >= SHORTEST and any(self._stands(region, place) for place in range(len(region) - GRAM + 1))

    def copied(self, text: str) -> list[Copied]:
        """Every span of ``text`` of 30 letters or more that a document has too and that no longer one holds.

        In the order of their places, which are those in ``text`` as it is given; they may overlap. Of documents that
        have the same one, the first is named.
        """
        letters, begins, ends = placed(text)
        codes = codes_of(letters)
        found = sorted(self._runs(codes), key=lambda run: (run[0], -run[1], run[2]))
        spans: list[Copied] = []
        reached = 0
        for first, last, source in found:
            if last > reached:
                reached = last
                start, end = begins[first], ends[last - 1]
                spans.append(Copied(start, end, text[start:end], *self._document(source)))
        return spans

    def _stands(self, region: str, place: int) -> bool:
        """Whether a span that holds the gram at ``place`` of ``region`` stands in a document."""
        gram = region[place : place + GRAM]
        sources = self._known.get(gram)
        if sources is None:
            sources = self._look_up(gram)
        if not len(sources):
            return False
        first = max(0, place - _STEP + 1)
        near = codes_of(region[first : place + SHORTEST])  # all that such a span can lie in
        for start in range(0, len(sources), _COMPARED):
            begins = sources[start : start + _COMPARED, None] + (first - place)
            # Places before the first document and behind the last are read as its end.
            theirs = self._codes.take(begins + np.arange(len(near)), mode="clip")
            equal = np.zeros((len(begins), len(near) + 1), np.uint8)  # how many of a row are, up to each place
            np.cumsum(theirs == near, axis=1, dtype=np.uint8, out=equal[:, 1:])
            if (equal[:, SHORTEST:] - equal[:, :-SHORTEST] == SHORTEST).any():
                return True
        return False

    def _look_up(self, gram: str) -> npt.NDArray[np.int64]:
        """The places of the letters that have the gram's hash, (n,), remembered."""
        key = key_of(gram)
        first = bisect_left(self._sorted, key)
        sources = _NOWHERE
        if first < len(self._sorted) and self._sorted[first] == key:
            sources = self._anchors[first : bisect_right(self._sorted, key, first)].astype(np.int64) * _STEP
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known[gram] = sources
        return sources

    def _runs(self, codes: Codes) -> Iterator[tuple[int, int, int]]:
        """All longest runs, of 30 letters or more, that the codes share with a document: first, end, source."""
        keys = hashed(windows(codes))
        first = np.searchsorted(self._keys, keys, "left")
        count = np.searchsorted(self._keys, keys, "right") - first
        places = np.repeat(np.arange(len(keys)), count)
        nth = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        sources = self._anchors[np.repeat(first, count) + nth].astype(np.int64) * _STEP
        order = np.lexsort((places, sources - places))
        shift, end = None, 0
        for place, source in zip(places[order].tolist(), sources[order].tolist(), strict=True):
            if source - place == shift and place < end:
                continue  # inside the run that was just found
            shift = source - place
            end = place + _shared(codes[place:], self._codes[source:])
            start = place - _shared(codes[:place][::-1], self._codes[:source][::-1])
            if end >= place + GRAM and end - start >= SHORTEST:
                yield start, end, start + shift

    def _document(self, place: int) -> tuple[str, str]:
        """Id and title of the document whose letters hold this place."""
        row = int(np.searchsorted(self._starts, place, side="right")) - 1
        return self._table.column("id")[row].as_py(), self._table.column("title")[row].as_py()

    @cached_property
    def _table(self) -> pa.Table:
        return self._names()

    @cached_property
    def _starts(self) -> npt.NDArray[np.int64]:
        starts: npt.NDArray[np.int64] = self._table.column("start").to_numpy()
        return starts


@dataclass(frozen=True)
class _Stored:
    """What an index is made of.

    ``codes``: the letters of all documents, (n,), a 0 before and behind each. ``keys``: the hashes, sorted, (m,), and
    of each its place in ``anchors``, (m,), in steps of 15. ``names``: reads ids, titles and the places of documents.
    """

    codes: Codes
    keys: npt.NDArray[np.uint64]
    anchors: npt.NDArray[np.uint32]
    names: Callable[[], pa.Table]
    told: Mapping[str, Any]


def _written(documents: Iterable[Document], file: IO[bytes], task: Task) -> tuple[pa.Table, dict[str, Any]]:
    """Write the letters of the documents; their ids, titles and places, and what is to be told of them."""
    ids, titles, starts, digests = [], [], [], []
    place = 1
    file.write(_END.encode("utf-16-le"))
    for document in documents:
        letters = letters_of(document.text)
        file.write((letters + _END).encode("utf-16-le"))
        ids.append(document.id)
        titles.append(document.title)
        starts.append(place)
        digests.append(digest(document.id, document.title, letters))
        place += len(letters) + 1
        task.advance()
    return pa.table({"id": ids, "title": titles, "start": pa.array(starts, pa.int64())}), {
        "fingerprint": hashlib.sha256(b"".join(sorted(digests))).hexdigest()[:32],
        "documents": len(ids),
        "letters": place - 1 - len(ids),
        "codes": place,
    }


def _shared(one: Codes, other: Codes) -> int:
    """With how many equal codes both begin."""
    done, size = 0, 64
    while True:
        ours, theirs = one[done : done + size], other[done : done + size]
        size = min(len(ours), len(theirs))
        differs = np.flatnonzero(ours[:size] != theirs[:size])
        if len(differs) or not size:
            return done + int(differs[0]) if len(differs) else done
        done, size = done + size, 4 * size
