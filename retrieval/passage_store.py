"""A vector of every sentence of a corpus, in one byte a number, kept on disk and memory-mapped.

A sentence alone seldom says what it is about, so a part of its title's vector is added to its own.

    folder/use-multilingual-3-0.2.1-1/     one folder for each encoder (and version of the rule for sentences)
        complete.json                      the fingerprint of the corpus of which all is here
        <random>/                          a part, never changed:
            vectors.npy                    (n, d) int8, each row scaled so that its largest number is 127 or -127
            lengths.npy                    (n,) float32, of these rows
            places.npy                     (n, 2) int32, start and end of each sentence in its document's text
            firsts.npy                     (m + 1,) int64; document j has the rows firsts[j] to firsts[j + 1]
            versions.npy                   (m,) digests of the documents' versions

They are kept by the documents' versions, as terms are (:mod:`retrieval.terms`): what is added later is encoded alone. A
part appears whole, by one renaming, so that whenever the process is killed the same call goes on from there. Rounded
to a byte a cosine changes by a thousandth or two: 0.5 KB for a sentence with USE instead of 2.
"""

import json
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus import digests
from corpus.atomic import explaining, write_text
from corpus.digests import Digest, from_hex
from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from corpus.parts import hexadecimal
from corpus.store import Corpus
from retrieval.encoder import Encoder
from retrieval.encoding import Batched, encoding, quantised
from retrieval.passages import TextPlace, sentences
from retrieval.strings import mapped
from retrieval.terms import corpus_versions

FORMAT = 2  # raised when the same documents would have other vectors
TITLE = 0.5  # of the title's vector is added to each sentence's; docs/meaning.md tells what chose it
_BATCH = 256  # documents of a corpus held at once
_PART = 16_384  # sentences: what a killed process loses at most, a minute's work
_SMALL = 16  # so many parts smaller than half of that are joined
_NAMES = ("vectors", "lengths", "places", "firsts", "versions")


@dataclass(frozen=True)
class PassagePart:
    """Some documents' sentences; shapes and units as told above."""

    name: str
    vectors: NDArray[np.int8]
    lengths: NDArray[np.float32]
    places: NDArray[np.int32]
    firsts: NDArray[np.int64]
    versions: Digest

    def rows(self, document: int) -> slice:
        """Those of the document of this number."""
        return slice(int(self.firsts[document]), int(self.firsts[document + 1]))


class PassageStore:
    """The vectors under ``folder``, which need not exist, as the encoder that ``make`` gives makes them.

    ``processes``: that encode side by side, each with an encoder of its own (``make`` is then pickled); 1: this one.
    """

    def __init__(self, folder: Path, make: Callable[[], Encoder], processes: int = 1) -> None:
        self._make, self._processes, self._base = make, processes, folder

    @cached_property
    def encoder(self) -> Encoder:
        """Of these vectors, and of the queries."""
        return self._make()

    @cached_property
    def folder(self) -> Path:
        """That of this encoder."""
        return self._base / re.sub(r"[^\w.]+", "-", f"{self.encoder.name} {FORMAT}")

    def stale(self, corpus: Corpus) -> list[str]:
        """Why :meth:`update` would do something; empty if all of the corpus is here."""
        try:
            found = json.loads((self.folder / "complete.json").read_text("utf-8"))
        except FileNotFoundError:
            return ["vectors not built yet"]
        except (OSError, ValueError) as error:
            return [f"vectors cannot be read: {error}"]
        return [] if found == {"corpus": corpus.fingerprint()} else ["vectors of another corpus"]

    @property
    def is_complete(self) -> bool:
        """Whether all of some corpus is here."""
        return (self.folder / "complete.json").exists()

    def update(self, corpus: Corpus, *, on: On = silent) -> int:
        """Encode the documents that are not here as they are now; how many those were.

        Parts of which the corpus has no document any more go. Raises GeulgamError if it cannot be written.
        """
        if not self.stale(corpus):
            return 0
        fingerprint = corpus.fingerprint()  # before the rest: what comes meanwhile is not claimed
        ids, column = corpus_versions(corpus)
        versions = hexadecimal(column)
        for torn in self.folder.glob(".*.part"):  # left by a process that was killed
            shutil.rmtree(torn, ignore_errors=True)
        kept = list(self._used(np.sort(versions)))
        held = np.sort(np.concatenate([digests.array([]), *(part.versions for part in kept)]))
        new = np.flatnonzero(~digests.find(versions, held)[1])
        missing = ids.take(np.sort(new[np.unique(versions[new], return_index=True)[1]]))
        batches: Iterator[Any] = (
            missing[start : start + _BATCH].to_pylist() for start in range(0, len(missing), _BATCH)
        )
        processes = self._processes if len(missing) > _BATCH else 1
        with Task(on, "encoding", len(missing), "document") as task, encoding(self._make, processes) as encode:
            for some in _portions(chain.from_iterable(map(corpus.get, batches))):
                self.add(*self._encoded(some, encode, task))
        self._join()
        write_text(self.folder / "complete.json", json.dumps({"corpus": fingerprint}) + "\n")
        return len(missing)

    def parts(self) -> list[PassagePart]:
        """All there are, memory-mapped. Raises GeulgamError for one that is damaged."""
        return [part for name in self.names() if (part := self._open(name))]

    def names(self) -> list[str]:
        """What the parts are called now."""
        return sorted(path.name for path in self.folder.glob("[0-9a-f]*") if path.is_dir())

    def _encoded(
        self, documents: Sequence[tuple[Document, list[TextPlace]]], encode: Batched, task: Task
    ) -> tuple[NDArray[np.int8], NDArray[np.float32], NDArray[np.int32], NDArray[np.int64], Digest]:
        titles = list(dict.fromkeys(document.title for document, _ in documents if document.title))
        texts = [document.text[place.start : place.end] for document, places in documents for place in places]
        found = encode([*titles, *texts], partial(task.advance, 0))
        known = {title: TITLE * vector for title, vector in zip(titles, found, strict=False)}
        untitled = np.zeros(found.shape[1], np.float32)
        counts = [len(places) for _, places in documents]
        added = np.repeat([known.get(document.title, untitled) for document, _ in documents], counts, axis=0)
        vectors, lengths = quantised(found[len(titles) :] + added)
        places = np.array([place for _, places in documents for place in places], np.int32).reshape(-1, 2)
        firsts = np.cumsum([0, *counts], dtype=np.int64)
        task.advance(len(documents))
        return vectors, lengths, places, firsts, digests.array(from_hex(document.version) for document, _ in documents)

    def add(self, *arrays: NDArray[np.generic]) -> None:
        """One more part: on disk under another name first."""
        name = secrets.token_hex(8)
        part = self.folder / f".{name}.part"
        with explaining(self.folder):
            part.mkdir(parents=True)
            for each, array in zip(_NAMES, arrays, strict=True):
                np.save(part / f"{each}.npy", array, allow_pickle=False)
            part.rename(self.folder / name)

    def _used(self, versions: Digest) -> Iterator[PassagePart]:
        """The parts that hold one of the versions, which are sorted; the others, and damaged ones, go."""
        for name in self.names():
            try:
                part = self._open(name)
            except GeulgamError:
                part = None  # a cache: what is damaged is made again
            if part is not None and digests.find(part.versions, versions)[1].any():
                yield part
            else:
                shutil.rmtree(self.folder / name, ignore_errors=True)  # who has it open reads on

    def _join(self) -> None:
        """Make one part of many small ones, which additions of a few documents leave behind."""
        small = [part for part in self.parts() if len(part.vectors) < _PART // 2]
        if len(small) < _SMALL:
            return
        counts = np.concatenate([np.diff(part.firsts) for part in small])
        joined = {name: np.concatenate([getattr(part, name) for part in small]) for name in _NAMES if name != "firsts"}
        joined["firsts"] = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        self.add(*(joined[name] for name in _NAMES))
        for part in small:
            shutil.rmtree(self.folder / part.name, ignore_errors=True)

    def _open(self, name: str) -> PassagePart | None:
        """None if another process has joined it to others meanwhile."""
        folder = self.folder / name
        try:
            part = PassagePart(name, *(mapped(folder / f"{each}.npy", "c") for each in _NAMES))
        except (OSError, ValueError, EOFError) as error:
            if not folder.exists():
                return None
            raise _damaged(folder, str(error)) from error
        rows = len(part.vectors)
        whole = rows == len(part.lengths) == len(part.places) == part.firsts[-1] and part.vectors.dtype == np.int8
        if not whole or part.vectors.shape[1] != self.encoder.dimensions or len(part.versions) + 1 != len(part.firsts):
            raise _damaged(folder, "its files do not fit together")
        return part


def _portions(documents: Iterable[Document]) -> Iterator[list[tuple[Document, list[TextPlace]]]]:
    """The documents with their sentences, as many together as make a part."""
    some: list[tuple[Document, list[TextPlace]]] = []
    rows = 0
    for document in documents:
        places = sentences(document.text) or [TextPlace(0, 0)]
        some.append((document, places))
        rows += len(places)
        if rows >= _PART:
            yield some
            some, rows = [], 0
    if some:
        yield some


def _damaged(folder: Path, reason: str) -> GeulgamError:
    what = f"cannot read the vectors in {folder}: {reason.partition(chr(10))[0]}"
    return GeulgamError(what, f"remove {folder.name} there, and build the index again")
