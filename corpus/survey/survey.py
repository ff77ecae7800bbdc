"""A corpus looked over in one pass: every row that was imported, what became of it, and why.

Nothing is made or judged anew: what was refused, and why, is read from the disk; only what the cleaning steps did to
a text that came out different is done again, to tell it.
"""

import re
from array import array as numbers
from collections import Counter
from itertools import islice

import numpy as np

from corpus.cleaning.cleaning import Cleaner
from corpus.derive import planned
from corpus.digests import array, find, from_hex
from corpus.document import Document, Raw, Rejected
from corpus.events import On, Task, silent
from corpus.imports import Imports, Index
from corpus.stats import histogram, origin
from corpus.store import Corpus
from corpus.survey.excerpts import Chosen, Shown, beginning, difference
from corpus.survey.near import NearGroups
from corpus.survey.refused import RefusedDocuments
from corpus.survey.surveyed import (
    SCORES,
    Amount,
    By,
    FileRows,
    Lengths,
    RefusalKind,
    Repeats,
    Survey,
)

_CHANGES, _REFUSED, _REPEATED = 3, 3, 5  # examples of each
_DOUBLES = ("duplicate", "near-duplicate")
_SCORE = re.compile(r"learnt: score ([0-9.]+)")


def survey(imports: Imports, corpus: Corpus, cleaner: Cleaner, *, on: On = silent) -> Survey:
    """Look over the rows that the corpus was made from. ``cleaner``: of the steps that it was cleaned by.

    Reads all twice; holds a thousand rows, some 60 bytes for each row, and the examples. Raises as Imports and Corpus
    do.
    """
    rows = int(corpus.made_from.get("rows", 0))
    index = imports.index(rows)
    files, read = _files(imports, rows, on)
    with RefusedDocuments(corpus.rejected_path) as refused:
        looking = _Looking(corpus, cleaner, refused)
        with Task(on, "surveying", len(index.refused) + len(np.unique(index.ids)), "row") as task:
            for batch in planned(imports, index):
                looking.look(batch)
                task.advance(len(batch))
    order = {step.name: place for place, step in enumerate(cleaner.steps)}
    tally = cleaner.tally
    tally.steps = dict(sorted(tally.steps.items(), key=lambda one: order.get(one[0], len(order))))
    gone = {by: Amount() for by in ("reader", "rule", "double")}
    for kind in looking.refusals():
        gone[kind.by].documents += kind.amount.documents
        gone[kind.by].characters += kind.amount.characters
    judged = looking.cleaned.less(gone["rule"])
    return Survey(
        rows=rows,
        waiting=len(imports) - rows,
        read=read,
        different=looking.different,
        cleaned=looking.cleaned,
        judged=judged,
        kept=judged.less(gone["double"]),
        files=files,
        repeats=_repeats(imports, index),
        tally=tally,
        changes={step: looking.changes[step].found() for step in tally.steps},
        refusals=looking.refusals(),
        near=looking.near.found(),
        scores=looking.scores,
        lengths=looking.lengths(),
        sources=looking.sources,
    )


class _Looking:
    """What is found out of one text after the other."""

    def __init__(self, corpus: Corpus, cleaner: Cleaner, refused: RefusedDocuments) -> None:
        self.different, self.cleaned = Amount(), Amount()
        self.changes: dict[str, Chosen[Shown]] = {}
        self.near = NearGroups(corpus)
        self.scores = [0] * SCORES
        self.sources: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self._kinds: dict[tuple[str, By], tuple[Amount, Chosen[Shown]]] = {}
        self._lengths = numbers("i"), numbers("i")
        self._corpus, self._cleaner, self._refused = corpus, cleaner, refused
        self._kept = corpus.digests()

    def look(self, batch: list[tuple[str, Raw | Rejected]]) -> None:
        """A batch of rows, each text of them once."""
        ids = [id_ for id_, item in batch if isinstance(item, Raw)]
        _, there = find(array(map(from_hex, ids)), self._kept)
        documents = {d.id: d for d in self._corpus.get([id_ for id_, yes in zip(ids, there, strict=True) if yes])}
        for id_, item in batch:
            if isinstance(item, Rejected):
                self._refuse(item, "", "", "reader")
            else:
                self._text(item, item.document(id_), documents.get(id_))

    def refusals(self) -> list[RefusalKind]:
        """By who refused, then the most frequent first."""
        order = ("reader", "rule", "double")
        kinds = [RefusalKind(kind, by, *_shown(told)) for (kind, by), told in self._kinds.items()]
        return sorted(kinds, key=lambda one: (order.index(one.by), -one.amount.documents, one.kind))

    def lengths(self) -> Lengths:
        """Of the texts as they came, and of the corpus."""
        before, after = (np.array(lengths, np.int32) for lengths in self._lengths)
        edges = histogram(np.concatenate([before, after])).edges
        bins = [*edges[:-1], edges[-1] - 0.5] if edges else [0, 1]
        counts = [np.histogram(lengths, bins)[0].tolist() if edges else [] for lengths in (before, after)]
        few = [int(after.min()), int(np.median(after)), int(after.max())] if len(after) else [0, 0, 0]
        return Lengths(edges, *counts, *few)

    def _text(self, row: Raw, document: Document, made: Document | None) -> None:
        is_same = made is not None and made.text == document.text
        changes = [] if is_same else list(self._cleaner.changes(document.text))
        cleaned = made.text if made is not None else changes[-1][2] if changes else document.text
        self._cleaner.tally.count(document.text, changes)
        self._count(row.text, document, cleaned, is_kept=made is not None)
        for step, before, after in {change[0]: change for change in reversed(changes)}.values():
            chosen = self.changes.setdefault(step, Chosen(_CHANGES))
            chosen.offer(
                f"{step} {document.id}",
                lambda step=step, before=before, after=after: Shown(  # type: ignore[misc]
                    row.file, row.line, document.title, marks=difference(before, after, step)
                ),
            )
        self.near.look(document.id, row, cleaned)
        if made is None:
            refused = Rejected(row.file, row.line, self._refused.reason(document.id))
            kind = refused.reason.partition(":")[0]
            self._refuse(refused, document.title, document.text, "double" if kind in _DOUBLES else "rule", cleaned)

    def _count(self, came: str, document: Document, cleaned: str, *, is_kept: bool) -> None:
        self.different.add(came)
        self.cleaned.add(cleaned)
        self._lengths[0].append(len(document.text))
        self.sources[0][origin(document.source)] += 1
        if is_kept:
            self._lengths[1].append(len(cleaned))
            self.sources[1][origin(document.source)] += 1

    def _refuse(self, refused: Rejected, title: str, text: str, by: By, cleaned: str = "") -> None:
        amount, chosen = self._kinds.setdefault((refused.reason.partition(":")[0], by), (Amount(), Chosen(_REFUSED)))
        amount.add(cleaned)
        shown = Shown(refused.file, refused.line, title, beginning(text), reason=refused.reason)
        chosen.offer(f"{refused.file}\n{refused.line}\n{refused.reason}", lambda: shown)
        if score := _SCORE.match(refused.reason):
            self.scores[min(SCORES - 1, int(float(score[1]) * SCORES))] += 1


def _shown(told: tuple[Amount, Chosen[Shown]]) -> tuple[Amount, tuple[Shown, ...]]:
    return told[0], told[1].found()


def _files(imports: Imports, rows: int, on: On) -> tuple[dict[str, FileRows], Amount]:
    """By file, or where each file is one row by host or folder; and all rows with a text."""
    files: dict[str, FileRows] = {}
    read = Amount()
    with Task(on, "counting", rows, "row") as task:
        for item in islice(imports, rows):
            told = files.setdefault(item.file if item.line else f"{origin(item.file)} (files of one row)", FileRows())
            if isinstance(item, Raw):
                told.taken += 1
                told.characters += len(item.text)
                read.add(item.text)
            else:
                told.refused += 1
            task.advance()
    return files, read


def _repeats(imports: Imports, index: Index) -> Repeats:
    """Which texts came more than once."""
    _, first, text, counts = np.unique(index.ids, return_index=True, return_inverse=True, return_counts=True)
    later = np.ones(len(index.ids), np.bool_)
    later[first] = False
    same = later & (index.files == index.files[first][text])
    again = int(np.count_nonzero(same & index.again))
    order = np.lexsort((first, -counts))[:_REPEATED]
    most = [place for place in order if counts[place] > 1]
    items = imports.take(index.row[first[most]]) if most else []
    shown = [
        (int(counts[place]), Shown(item.file, item.line, item.title, beginning(item.text, 100)))
        for place, item in zip(most, items, strict=True)
        if isinstance(item, Raw)
    ]
    return Repeats(again, int(np.count_nonzero(later & ~same)), int(np.count_nonzero(same)) - again, shown)
