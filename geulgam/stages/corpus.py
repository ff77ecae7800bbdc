"""Files become imports, kept as they came; imports become the corpus, by steps."""

import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from corpus.cleaning.boilerplate import is_of_this_code
from corpus.cleaning.cleaning import Cleaner
from corpus.deduplicate import deduplicate, forget
from corpus.derive import Derived, Engine, derive
from corpus.document import Raw, Rejected
from corpus.engine import LocalEngine
from corpus.errors import GeulgamError
from corpus.events import On, about, silent
from corpus.imports import Imports
from corpus.judging.judging import Judge
from corpus.keeping import Keeping, Scores
from corpus.read import read
from corpus.step import Step, named
from corpus.store import Corpus, old_parts
from finetune.judging import Perplexity, let_go
from geulgam.graph import Node, at_work, make
from geulgam.manifest import Manifest, note_seconds, noted_seconds
from geulgam.settings import Settings
from geulgam.stages.base import identity
from geulgam.stages.boilerplate import boilerplate
from geulgam.stages.cleaning_history import remember
from geulgam.stages.judge import learnt_scores, learnt_step
from geulgam.workspace import Workspace


class ImportsNode(Node):
    """What was imported, shared by all: nothing makes it but the user."""

    stage = "imports"
    is_source = True
    not_there = "nothing was imported yet"

    @property
    def inputs(self) -> tuple[Node, ...]:
        """Nothing."""
        return ()

    @property
    def folder(self) -> Path:
        """`imports`."""
        return self.workspace.imports

    def shape(self, found: Manifest | None) -> Mapping[str, Any]:
        """Nothing."""
        return {}

    def found(self) -> Manifest | None:
        """What there is. Documents that are there without imports count: a program added them, or geulgam 0.1."""
        imports = Imports(self.folder)
        if not (len(imports) or old_parts(self.workspace.corpus) or len(Corpus(self.workspace.corpus))):
            return None
        return Manifest(imports.fingerprint(), {}, {}, self.version, made=None)

    def make(self, now: Manifest, on: On) -> str:
        """Say how to import."""
        raise GeulgamError("the corpus is empty", "geulgam corpus add PATH…")


class CorpusNode(Node):
    """The documents, shared by all, derived from the imports. What it was made from stands in its last commit."""

    stage = "corpus"

    @property
    def inputs(self) -> tuple[Node, ...]:
        """The imports."""
        return (ImportsNode(self.workspace, self.settings),)

    @property
    def folder(self) -> Path:
        """`corpus`."""
        return self.workspace.corpus

    def shape(self, found: Manifest | None) -> Mapping[str, Any]:
        """The steps that it is cleaned and judged by, and which of near-duplicates stays."""
        names: dict[str, Any] = dict(named(steps(self.workspace, self.settings)))
        names |= dict(self.settings.corpus.deduplicate.named(learnt_scores(self.workspace, self.settings)))
        known = found.settings.get("boilerplate", 0) if found else 0
        if "boilerplate" in names and is_of_this_code(known):  # which lines it takes out follows from the imports
            names["boilerplate"] = known
        return names

    def reasons(self, found: Manifest | None) -> list[str]:
        """As of any node, with the steps that came (+) and went (-)."""
        told = super().reasons(found)
        if found is None or found.settings == (now := self.shape(found)):
            return told
        gone, come = (
            [name for name in one if one[name] != other.get(name)]
            for one, other in ((found.settings, now), (now, found.settings))
        )
        steps = " ".join([*(f"+{name}" for name in come), *(f"-{name}" for name in gone if name not in now)])
        return [*told[:-1], f"cleaning changed: {steps}" if found.settings and now else "cleaned otherwise"]

    def found(self) -> Manifest | None:
        """What its last commit was made from."""
        if old_parts(self.folder):
            return None
        corpus = Corpus(self.folder)
        told = corpus.made_from
        if not told:
            return self._by_a_program(corpus) if len(corpus) else None
        written = (self.folder / "commit.json").stat().st_mtime
        when = datetime.fromtimestamp(written).astimezone().isoformat(timespec="seconds")
        fingerprint, facts = corpus.fingerprint(), {"documents": len(corpus)}
        inputs, settings = {"imports": told["imports"]}, dict(told["steps"])
        seconds = noted_seconds(self.folder, fingerprint)
        return Manifest(fingerprint, inputs, settings, self.version, facts, seconds, when)

    def make(self, now: Manifest, on: On) -> str:
        """Derive it; where only new rows were imported, from these alone."""
        derived = self.derive(on)
        if not len(Corpus(self.folder)):
            raise GeulgamError("the corpus is empty", "geulgam corpus add PATH…")
        return f"{derived.taken:,} documents new, {derived.changed:,} changed, {derived.gone:,} gone"

    def derive(self, on: On, cleaner: Cleaner | None = None, engine: Engine | None = None) -> Derived:
        """The same, telling what was done; the artifact's lock has to be held.

        ``cleaner``: that of the settings, where its tally is wanted. ``engine``: else all cores, if there is enough
        to do.
        """
        began = time.monotonic()
        imports, corpus = Imports(self.workspace.imports), Corpus(self.folder)
        adopt(imports, corpus, on)
        cleaner = cleaner or cleaner_of(self.workspace, self.settings, on)
        chosen, how = steps(self.workspace, self.settings, cleaner), self.settings.corpus.deduplicate
        cleaned, scores = Corpus(self.workspace.cleaned), learnt_scores(self.workspace, self.settings)
        try:
            derived = made(imports, corpus, cleaned, chosen, how, scores, engine=engine or LocalEngine(), on=on)
        finally:
            let_go()  # what comes next holds the base itself
        remember(self.workspace, self.settings.corpus)
        if derived != Derived():
            note_seconds(self.folder, corpus.fingerprint(), time.monotonic() - began)
        return derived

    def _by_a_program(self, corpus: Corpus) -> Manifest:
        """Documents that were added without imports stay as they are."""
        imports = {"imports": Imports(self.workspace.imports).fingerprint()}
        return Manifest(corpus.fingerprint(), imports, self.shape(None), self.version, {"documents": len(corpus)})


def cleaner_of(workspace: Workspace, settings: Settings, on: On = silent) -> Cleaner:
    """What cleans by the settings, told what it has to know of all that was imported."""
    cleaning = settings.corpus.clean
    return Cleaner(cleaning.steps(boilerplate(workspace, cleaning, Imports(workspace.imports), on=on)))


def steps(workspace: Workspace, settings: Settings, cleaner: Cleaner | None = None) -> tuple[Step, ...]:
    """What documents are cleaned and then judged by; ``cleaner``: that of :func:`cleaner_of`, but to name the steps.

    Raises GeulgamError where they are to be judged by the user's marks, and nothing was learnt from any.
    """
    cleaner, chosen = cleaner or Cleaner(settings.corpus.clean.steps()), settings.corpus.judge
    found: list[Step] = [step for step in (cleaner, Judge(chosen.rules())) if step.steps]
    if chosen.learnt:
        found.append(learnt_step(workspace, settings))
    if chosen.bits_least or chosen.bits_most:
        base = settings.finetune.base
        how = settings.finetune.execution
        found.append(Perplexity(chosen.bits_least, chosen.bits_most, base, identity(base), workspace.vectors, how))
    return tuple(found)


def made(
    imports: Imports,
    corpus: Corpus,
    cleaned: Corpus,
    chosen: Sequence[Step],
    how: Keeping,
    scores: Scores | None,
    *,
    engine: Engine,
    on: On,
) -> Derived:
    """Make the corpus from the imports, by these steps, and without near-duplicates if they are to be dropped.

    ``cleaned``: where it then lies with them; else there is none. ``scores``: by which the best stays.
    """
    if how.rule is None:
        derived = derive(imports, corpus, chosen, engine=engine, on=on)
        forget(corpus, cleaned)
        return derived
    derived = derive(imports, cleaned, chosen, engine=engine, on=on)
    left = deduplicate(cleaned, corpus, imports, how, scores=scores, on=on)
    reasons = {**derived.reasons, **left.reasons}
    return replace(left, known=derived.known, rejected=derived.rejected + left.rejected, reasons=reasons)


def unjudged(workspace: Workspace, settings: Settings, *, on: On = silent) -> Corpus:
    """The documents before the learnt judge has refused any, or told which copy is the best: what is marked, and what
    scores are told of.

    That is the corpus, made if it is stale; while the judge is at work, a copy beside it, to which new rows are added,
    and in which copies all stay that the judge is to choose from. Raises GeulgamError if nothing was imported.
    """
    keeping = settings.corpus.deduplicate
    if not settings.corpus.judge.learnt and keeping.rule != "best":
        shutil.rmtree(workspace.unjudged, ignore_errors=True)
        make(CorpusNode(workspace, settings), on)
        return Corpus(workspace.corpus)
    imports, there = Imports(workspace.imports), Corpus(workspace.unjudged)
    with at_work(workspace, "imports", on):
        adopt(imports, Corpus(workspace.corpus), about(on, "imports"))
    with at_work(workspace, "unjudged", on):
        keeping = Keeping("all") if keeping.rule == "best" else keeping
        without = {"judge": replace(settings.corpus.judge, learnt=0), "deduplicate": keeping}
        before = settings.model_copy(update={"corpus": settings.corpus.model_copy(update=without)})
        chosen = steps(workspace, before, cleaner_of(workspace, before, about(on, "unjudged")))
        cleaned = Corpus(workspace.unjudged / "cleaned")
        made(imports, there, cleaned, chosen, keeping, None, engine=LocalEngine(), on=about(on, "unjudged"))
    if not len(there):
        raise GeulgamError("the corpus is empty", "geulgam corpus add PATH…")
    return there


def adopt(imports: Imports, corpus: Corpus, on: On) -> None:
    """Take in what stands in the corpus and was never imported: what geulgam 0.1 left, or a program put there."""
    imports.adopt(corpus.folder, on=on)
    if not corpus.made_from and len(corpus):
        rows = (Raw("corpus", line, d.text, d.title, d.source, d.metadata) for line, d in enumerate(corpus, start=1))
        imports.add(rows, on=on)


@dataclass(frozen=True, slots=True)
class Added:
    """What :func:`add_documents` did: documents taken, rows known already, rows refused; characters of the taken.

    ``changed``: documents that came in another version, with a corrected title, say. ``reasons`` counts the refused.
    """

    taken: int
    changed: int
    known: int
    rejected: int
    characters: int
    reasons: Mapping[str, int]


def add_documents(workspace: Workspace, settings: Settings, paths: Sequence[Path], *, on: On = silent) -> Added:
    """Import files and folders, and derive the corpus from all that was imported.

    What is known stays, what is refused is noted with its reason in `corpus/rejected.jsonl`.
    """
    columns = settings.corpus
    items = read(paths, columns.text_column, columns.title_column, on=about(on, "imports"))
    return add_rows(workspace, settings, items, on=on)


def add_rows(workspace: Workspace, settings: Settings, items: Iterable[Raw | Rejected], *, on: On = silent) -> Added:
    """The same with rows, wherever they come from."""
    node = CorpusNode(workspace, settings)
    imports = Imports(workspace.imports)
    with at_work(workspace, "imports", on):
        adopt(imports, Corpus(workspace.corpus), about(on, "imports"))
        imported = imports.add(items, on=about(on, "imports"))
    with at_work(workspace, node.name, on):
        derived = node.derive(about(on, node.name))
    return Added(
        derived.taken,
        derived.changed,
        imported.known + derived.known,
        imported.rejected + derived.rejected,
        derived.characters,
        {**imported.reasons, **derived.reasons},
    )
