"""The user says of some documents whether they are essays; the judge learns it, and scores all the others."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from corpus.digests import array, find, from_hex, to_hex
from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.events import On, Task, about, silent
from corpus.judging.learnt.features import features
from corpus.judging.learnt.fitting import ENOUGH, CrossValidated, can_fit, fitted
from corpus.judging.learnt.judge import LearntJudge
from corpus.judging.learnt.marks import Marks
from corpus.judging.learnt.teaching import Teaching
from corpus.store import Corpus
from geulgam.settings import Settings
from geulgam.stages.corpus import unjudged
from geulgam.stages.judge import CorpusVectors
from geulgam.workspace import Workspace

MOST = 2_000  # documents that are asked about, drawn by their ids, which are hashes
_BATCH = 512  # documents scored at once
_BEGINNING = 160  # characters of a document that are shown beside its score
_STEPS = tuple(step / 10 for step in range(1, 10))


class Labelling:
    """One session of marking: a document to ask about, its answer, the next one. Each answer is on disk at once.

    The lock of the marks has to be held. Raises GeulgamError if nothing was imported.
    """

    def __init__(self, workspace: Workspace, settings: Settings, *, on: On = silent) -> None:
        self._marks = Marks(workspace.marks)
        self.corpus = unjudged(workspace, settings, on=on)
        self._documents = _asked(self.corpus, self._marks)
        self._places = {document.id: place for place, document in enumerate(self._documents)}
        encode = CorpusVectors(workspace, settings, on=about(on, "marks"))
        seen = features([document.text for document in self._documents], encode)
        self._teaching = Teaching(seen, encode.name)
        for id_, essay in self._marks.standing.items():
            if id_ in self._places:
                self._teaching.mark(self._places[id_], essay)
        self._again: int | None = None  # whose mark was taken back

    @property
    def document(self) -> Document | None:
        """The one to ask about; None if all are marked."""
        place = self._place
        return None if place is None else self._documents[place]

    @property
    def score(self) -> float | None:
        """What the judge makes of it; None while there is no judge."""
        scores, place = self._teaching.scores(), self._place
        return None if scores is None or place is None else round(float(scores[place]), 4)

    @property
    def essays(self) -> int:
        """How many are marked as essays."""
        return sum(self._marks.standing.values())

    @property
    def others(self) -> int:
        """How many are marked as none."""
        return len(self._marks.standing) - self.essays

    @property
    def can_learn(self) -> bool:
        """Whether there are marks enough for a judge."""
        return can_fit(list(self._marks.standing.values()))

    def validated(self) -> CrossValidated | None:
        """How well marks are told that are left out; None while there are too few."""
        return self._teaching.validated()

    def answer(self, essay: bool) -> None:
        """The document is an essay, or none."""
        place = self._place
        if place is not None:
            document = self._documents[place]
            self._marks.add(document.id, essay, document.title)
            self._teaching.mark(place, essay)
            self._again = None

    def back(self) -> bool:
        """Take the last mark back, and ask about its document again; whether there was one."""
        id_ = self._marks.back()
        if id_ in self._places:
            self._again = self._places[id_]
            self._teaching.unmark(self._again)
        return id_ is not None

    @property
    def _place(self) -> int | None:
        return self._teaching.next() if self._again is None else self._again


@dataclass(frozen=True, slots=True)
class ScoredDocument:
    """A document's score, from 0, no essay, to 1, and ``mark``: what the user said of it, if anything."""

    score: float
    id: str
    title: str
    source: str
    characters: int
    beginning: str
    mark: bool | None

    def stays(self, threshold: float) -> bool:
        """Whether it would be taken."""
        return self.score >= threshold if self.mark is None else self.mark


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold, what it would leave, and the documents whose scores are nearest to it, the best first."""

    threshold: float
    documents: int
    characters: int
    above: tuple[ScoredDocument, ...]
    below: tuple[ScoredDocument, ...]


def learn(workspace: Workspace, settings: Settings, corpus: Corpus | None = None, *, on: On = silent) -> LearntJudge:
    """The judge of all marks, learnt and kept. Raises GeulgamError where they are too few."""
    corpus = corpus or unjudged(workspace, settings, on=on)
    marks = Marks(workspace.marks).standing
    there = corpus.get(_present(corpus, list(marks)))
    known = [marks[document.id] for document in there]
    if not can_fit(known):
        what = f"{sum(known)} documents are marked as essays and {len(known) - sum(known)} as none"
        raise GeulgamError(f"{what}: too few", f"geulgam corpus label; {ENOUGH} marks, of both kinds, are enough")
    encode = CorpusVectors(workspace, settings, on=about(on, "marks"))
    learnt = fitted(features([document.text for document in there], encode), known, encode.name)
    judge = LearntJudge(learnt.runs, learnt.vector, learnt.intercept, learnt.encoder, dict(marks))
    with suppress(FileNotFoundError, GeulgamError):
        if LearntJudge.load(workspace.judge).digest == judge.digest:
            return judge
    judge.save(workspace.judge)
    return judge


def scored(workspace: Workspace, settings: Settings, *, on: On = silent) -> list[ScoredDocument]:
    """All documents, by the judge of all marks, the best first. Raises GeulgamError where marks are too few."""
    corpus = unjudged(workspace, settings, on=on)
    judge = learn(workspace, settings, corpus, on=on)
    encode = CorpusVectors(workspace, settings, judge.encoder)
    found: list[ScoredDocument] = []
    with Task(about(on, "marks"), "scoring", len(corpus), "document") as task:
        documents = iter(corpus)
        while batch := list(islice(documents, _BATCH)):
            scores = judge.scores(features([document.text for document in batch], encode))
            found += [_scored(document, float(score), judge) for document, score in zip(batch, scores, strict=True)]
            task.advance(len(batch))
    return sorted(found, key=lambda each: (-each.score, each.id))


def candidates(
    ordered: Sequence[ScoredDocument], thresholds: Sequence[float] = _STEPS, near: int = 2
) -> list[Threshold]:
    """What each threshold would leave of these documents, the best first, and ``near`` on either side of it."""
    open_ = [document for document in ordered if document.mark is None]
    made = []
    for threshold in thresholds:
        stays = [document for document in ordered if document.stays(threshold)]
        above = [document for document in open_ if document.score >= threshold][-near:]
        below = [document for document in open_ if document.score < threshold][:near]
        characters = sum(document.characters for document in stays)
        made.append(Threshold(threshold, len(stays), characters, tuple(above), tuple(below)))
    return made


def _scored(document: Document, score: float, judge: LearntJudge) -> ScoredDocument:
    beginning = " ".join(document.text[: 2 * _BEGINNING].split())[:_BEGINNING]
    mark = judge.marks.get(document.id)
    size = len(document.text)
    return ScoredDocument(score, document.id, document.title, document.source, size, beginning, mark)


def _asked(corpus: Corpus, marks: Marks) -> list[Document]:
    """Those that may be asked about, and those that are marked."""
    chosen = to_hex(corpus.digests()[:MOST])
    return corpus.get(list(dict.fromkeys([*chosen, *_present(corpus, list(marks.standing))])))


def _present(corpus: Corpus, wanted: Sequence[str]) -> list[str]:
    """Those of the ids that are in the corpus, in their order."""
    _, there = find(array(map(from_hex, wanted)), corpus.digests())
    return [id_ for id_, is_there in zip(wanted, there.tolist(), strict=True) if is_there]
