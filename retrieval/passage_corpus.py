"""The passages of a corpus's essays, as a corpus of their own that follows it: only what is new or changed is cut.

    folder/corpus/                      the passages, each a document (:class:`corpus.store.Corpus`)
    folder/essays-<fingerprint>.npy     which essays those are the passages of: their ids and versions, (2, n) digests;
                                        named by the fingerprint that the corpus of passages was made from

Each passage (:func:`retrieval.passages.passages`) has its essay's title, source and metadata. Its id is the first 24
digits of its essay's id and its number in 8, so no table is needed from one to the other.

A part of the corpus stays as it is while all its passages do; where an essay has changed or gone, the others' passages
are copied from its part into a new one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus import parts
from corpus.atomic import replacing
from corpus.digests import DTYPE, Digest, find, to_hex
from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from corpus.parts import hexadecimal
from corpus.store import Corpus, DocumentWriter
from retrieval.passages import PASSAGE, TextPlace, passages
from retrieval.terms import corpus_versions

ESSAY = 24  # hexadecimal digits of a passage's id that are its essay's
_BEGUN = np.dtype(f"S{ESSAY // 2}")  # the same of an id in bytes
_BATCH = 512  # documents held at once


class PassageCorpus:
    """The passages under ``folder``, which need not exist yet; ``corpus`` holds them."""

    def __init__(self, folder: Path) -> None:
        self.corpus = Corpus(folder / "corpus")
        self._folder = folder

    def stale(self, essays: Corpus) -> list[str]:
        """Why :meth:`update` would do something; empty if these are the passages of the essays."""
        made = self.corpus.made_from
        if not made:
            return ["passages not built yet"]
        if made.get("size") != PASSAGE:
            return ["passages of another length"]
        return [] if made == _made_from(essays) else ["passages of another corpus"]

    def update(self, essays: Corpus, *, on: On = silent) -> None:
        """Cut the essays that are new or changed; passages of those that are neither stay, all others go.

        Raises GeulgamError for an empty corpus or where it cannot be written; the old passages then stay.
        """
        if not len(essays):
            raise GeulgamError(f"no documents in {essays.folder}", "geulgam corpus add PATH…")
        if not self.stale(essays):
            return
        made_from = _made_from(essays)  # before the rest: what comes meanwhile makes the passages stale
        now = np.stack([hexadecimal(column) for column in corpus_versions(essays)])
        known = _held(now, self._cut_before())
        writer = self.corpus.writer()
        staying = self._staying(now[0, known], writer)
        new = to_hex(now[0, ~known])
        with Task(on, "cutting", len(new), "document") as task:
            for essay in _documents(essays, new):
                for passage in cut(essay):
                    writer.add(passage)
                task.advance()
        note = self._note(made_from["corpus"])
        with replacing(note) as path, path.open("wb") as file:
            np.save(file, now, allow_pickle=False)
        self.corpus.commit([*staying, *writer.finish()], replace=True, made_from=made_from)
        parts.sweep(self._folder, [path for path in self._folder.glob("essays-*.npy") if path != note])

    def _note(self, fingerprint: object) -> Path:
        return self._folder / f"essays-{fingerprint}.npy"

    def _cut_before(self) -> Digest:
        """The ids and versions of the essays of which the passages are here, (2, n); none if that is not known."""
        made = self.corpus.made_from
        if made.get("size") == PASSAGE:
            try:
                found: Digest = np.load(self._note(made.get("corpus")), allow_pickle=False)
                return found
            except (OSError, ValueError, EOFError):
                pass  # all are cut again
        return np.zeros((2, 0), DTYPE)

    def _staying(self, essays: Digest, writer: DocumentWriter) -> list[Path]:
        """The parts that hold nothing but passages of these essays; those in other parts are written anew."""
        begun, whole = np.sort(essays.astype(_BEGUN)), []
        for part in self.corpus.parts():
            ids = parts.digests(part, "id")
            stays = find(ids.astype(_BEGUN), begun)[1]
            if stays.all():
                whole.append(part)
            else:
                for passage in _documents(self.corpus, to_hex(ids[stays])):
                    writer.add(passage)
        return whole


def places_of(text: str) -> list[TextPlace]:
    """Where the passages of an essay stand; all of it is one where there are none."""
    return passages(text, PASSAGE) or [TextPlace(0, len(text))]


def cut(document: Document) -> Iterator[Document]:
    """The passages of an essay, each as a document."""
    for number, place in enumerate(places_of(document.text)):
        id_ = f"{document.id[:ESSAY]}{number:08x}"
        yield replace(document, id=id_, text=document.text[place.start : place.end])


def _made_from(essays: Corpus) -> dict[str, object]:
    return {"corpus": essays.fingerprint(), "size": PASSAGE}


def _held(some: Digest, others: Digest) -> NDArray[np.bool_]:
    """Which of some essays are among the others in the same version, (n,); both ids and versions, (2, n)."""
    ids, versions = others[:, np.argsort(others[0])]
    spots, there = find(some[0], ids)
    there[there] = versions[spots[there]] == some[1, there]
    return there


def _documents(corpus: Corpus, ids: Sequence[str]) -> Iterator[Document]:
    """Those of these ids, a few in memory at a time."""
    for start in range(0, len(ids), _BATCH):
        yield from corpus.get(ids[start : start + _BATCH])
