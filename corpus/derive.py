"""The corpus made from what was imported, by steps that clean a document or refuse it."""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from corpus.atomic import replacing
from corpus.digests import DTYPE, Digest, DigestMap, Digests, array, find, from_hex, to_hex
from corpus.document import Document, Raw, Rejected, document_id
from corpus.events import On, Task, silent
from corpus.imports import Imports, Index
from corpus.parts import Places, hexadecimal
from corpus.refusals import Reasons, Refusals
from corpus.step import BATCH, Step, Stepped, Work, named
from corpus.store import Corpus

_SCRATCH = ".ranks"  # in the corpus's folder: what an engine has half done


@dataclass(frozen=True, slots=True)
class Derived:
    """What :func:`derive` did.

    ``taken``: documents that are new in the corpus, with ``characters`` in all; ``changed``: those that are there in
    another version; ``gone``: those that are there no longer; ``known``: rows imported since the last time whose text
    another row has. ``rejected``: rows that the steps refused, ``reasons`` how often for which; what readers refused
    has been counted when it was imported.
    """

    taken: int = 0
    changed: int = 0
    gone: int = 0
    known: int = 0
    rejected: int = 0
    characters: int = 0
    reasons: Mapping[str, int] = field(default_factory=dict)


Engine = Callable[[Work, On], Iterator[Stepped]]
"""What does the work of steps, wherever it likes, and gives what came of each row, in the rows' order."""


def in_this_process(work: Work, on: On) -> Iterator[Stepped]:
    """The engine that does one row after the other, when it is asked for."""
    return work.stepped()


def derive(
    imports: Imports,
    corpus: Corpus,
    steps: Sequence[Step] = (),
    *,
    engine: Engine = in_this_process,
    on: On = silent,
) -> Derived:
    """Make the corpus hold what these steps make of all imports.

    Of the rows with the same text the first counts; but if a later import read its file again, the last reading does,
    so that a title that was corrected is. A document stands where the first row with its text stands, under the id of
    that text, whatever the steps make of it. Two that come out with the same text: the first stays.
    ``rejected.jsonl`` lists every row that readers or steps refused.

    Where the imports of the last time are all there and say the same, and the steps are the same, only the new ones
    are looked at; then, broken off by Ctrl-C or an error, what is done is kept and the same call goes on. Else the
    corpus is made anew, and the old one stands until it is. With any engine (:mod:`corpus.engine`) the corpus comes
    out the same, to the byte. Raises as Corpus and Imports do, and GeulgamError where a step fails.
    """
    rows, called = len(imports), named(steps)
    now, made = _made_from(imports, rows, called), corpus.made_from
    if made == now:
        shutil.rmtree(corpus.folder / _SCRATCH, ignore_errors=True)  # of one that was killed when all was done
        return Derived()
    start = int(made.get("rows", 0))
    index = imports.index(rows)
    plan = _plan(index, start)
    anew = bool(made or len(corpus)) and (plan.corrected or made != _made_from(imports, start, called))
    ids, versions = corpus.digests(), corpus.versions()
    todo = _plan(index, 0) if anew else plan
    work = Work(imports, todo.says, todo.ids, steps, corpus.folder / _SCRATCH)
    making = _Making(corpus, steps, anew)
    with _refusals(corpus, anew) as refusals:
        try:
            making.run(engine(work, on), todo, refusals, on)
        except BaseException:
            if making.writer.parts and not anew and not work.scratch.exists():  # else all that is done is there
                refusals.write()
                corpus.commit(making.writer.parts, made_from=_made_from(imports, making.done, called))
            raise
    corpus.commit(making.writer.parts, replace=anew, made_from=now)
    work.clear()
    changed, gone = difference(ids, versions, corpus)
    refused = making.reasons
    return Derived(making.taken, changed, gone, plan.known, refused.total(), making.characters, refused.counts())


def planned(imports: Imports, index: Index) -> Iterator[list[tuple[str, Raw | Rejected]]]:
    """What :func:`derive` looks at, a thousand rows at a time and in its order: each text once, by its id, as the row
    says it that counts, and each refused row, whose id is anything. ``index``: that of the rows to be looked at.
    """
    plan = _plan(index, 0)
    for low in range(0, len(plan.stands), BATCH):
        batch = slice(low, low + BATCH)
        yield list(zip(to_hex(plan.ids[batch]), imports.take(plan.says[batch]), strict=True))


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which rows to look at: a document stands where the row in ``stands`` (n,), ascending, stood when it first came,
    and is what the row in ``says`` (n,) says.

    ``ids`` (n,): of their texts; of refused rows anything. ``corrected``: a document from before has another row to
    say what it is. ``known``: of how many rows nothing is made.
    """

    stands: Places
    says: Places
    ids: Digest
    corrected: bool
    known: int


def _plan(index: Index, start: int) -> _Plan:
    """What is to be done with the rows from ``start`` on."""
    ids, first, text = np.unique(index.ids, return_index=True, return_inverse=True)
    last = first.copy()  # the last reading of the first's file
    again = np.flatnonzero(~index.again & (index.files == index.files[first][text]))
    np.maximum.at(last, text[again], again)
    first, last = index.row[first], index.row[last]
    stands, says = np.concatenate([first, index.refused]), np.concatenate([last, index.refused])
    ids = np.concatenate([ids, np.zeros(len(index.refused), DTYPE)])
    order = np.argsort(stands)
    order = order[stands[order] >= start]
    known = np.count_nonzero(index.row >= start) - np.count_nonzero(first >= start)
    corrected = bool(np.any((first < start) & (last >= start)))
    return _Plan(stands[order], says[order], ids[order], corrected, int(known))


def imported(imports: Imports) -> Iterator[Document]:
    """The documents as their rows say them, before any step, in the order in which they would stand in a corpus."""
    for rows in planned(imports, imports.index()):
        yield from (row.document(id_) for id_, row in rows if isinstance(row, Raw))


def telling(imports: Imports, ids: Digest) -> Iterator[Raw]:
    """The rows that say what these documents are, in this order; each id has to be that of an imported text."""
    plan = _plan(imports.index(), 0)
    order = np.argsort(plan.ids, kind="stable")
    says = plan.says[order[find(ids, plan.ids[order])[0]]]
    for low in range(0, len(says), BATCH):
        for item in imports.take(says[low : low + BATCH]):
            assert isinstance(item, Raw)
            yield item


class _Making:
    """Rows become documents, or refusals. ``done``: the rows before that one are in parts that are written."""

    def __init__(self, corpus: Corpus, steps: Sequence[Step], anew: bool) -> None:
        self.writer = corpus.writer()
        self.reasons = Reasons()
        self.done = self.taken = self.characters = 0
        self._before = Digests(corpus.digests())
        self._texts = _texts(None if anew else corpus) if steps else None

    def run(self, made: Iterator[Stepped], plan: _Plan, refusals: Refusals, on: On) -> None:
        """Make all that is planned, of what the steps made of each row."""
        with Task(on, "deriving", len(plan.stands), "row") as task:
            for place, (row, stepped) in enumerate(zip(plan.stands.tolist(), made, strict=True)):
                parts = len(self.writer.parts)
                self._settle(stepped, plan.ids[place : place + 1], refusals)
                if len(self.writer.parts) > parts:
                    self.done = row + 1
                task.advance()
            self.writer.finish()

    def _settle(self, stepped: Stepped, id_: Digest, refusals: Refusals) -> None:
        made = self._reason(stepped) or stepped.made
        if isinstance(made, str):
            if stepped.by_steps:
                self.reasons.add(made)
            refusals.add(Rejected(stepped.file, stepped.line, made), *(to_hex(id_) if stepped.by_steps else ()))
            return
        self.writer.add(made)
        if self._before.add(from_hex(made.id)):
            self.taken += 1
            self.characters += len(made.text)

    def _reason(self, stepped: Stepped) -> str:
        """Why it is refused beside the others; empty if it is not."""
        if isinstance(stepped.made, str) or self._texts is None:
            return ""
        owner = self._texts.get(stepped.text)
        if owner is not None:
            return f"duplicate: after cleaning the same text as {owner.hex()}"
        self._texts.set(stepped.text, from_hex(stepped.made.id))
        return ""


def _texts(corpus: Corpus | None) -> DigestMap:
    """Of each text as it stands in the corpus, the document's id."""
    texts, ids = [np.empty(0, DTYPE)], [np.empty(0, DTYPE)]
    for batch in corpus.batches(["id", "text"]) if corpus is not None else ():
        ids.append(hexadecimal(batch.column("id")))
        texts.append(array(from_hex(document_id(str(text))) for text in batch.column("text").to_pylist()))
    return DigestMap(np.concatenate(texts), np.concatenate(ids))


@contextmanager
def _refusals(corpus: Corpus, anew: bool) -> Iterator[Refusals]:
    """The list of what was refused: the one that is there, or one that takes its place."""
    with replacing(corpus.rejected_path) if anew else nullcontext(corpus.rejected_path) as path:
        refusals = Refusals(path)
        yield refusals
        refusals.write()


def _made_from(imports: Imports, rows: int, steps: Sequence[Sequence[object]]) -> dict[str, Any]:
    return {"rows": rows, "imports": imports.fingerprint(rows), "steps": [list(step) for step in steps]}


def difference(ids: Digest, versions: Digest, corpus: Corpus) -> tuple[int, int]:
    """How many documents of those before have another version in the corpus now, and how many are not there."""
    now = corpus.digests()
    if not len(now):
        return 0, len(ids)
    places = np.searchsorted(now, ids).clip(max=len(now) - 1)
    there = now[places] == ids
    changed = corpus.versions()[places[there]] != versions[there]
    return int(np.count_nonzero(changed)), int(np.count_nonzero(~there))
