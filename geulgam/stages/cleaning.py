"""The corpus is cleaned: what each step does is told, one document shown before and after, and all of it undone."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from corpus.cleaning.marks import Stretch, marks
from corpus.cleaning.tally import Tally
from corpus.deduplicate import REASON, duplicates
from corpus.derive import Derived, Engine, difference, telling
from corpus.digests import array, from_hex, to_hex
from corpus.document import Document
from corpus.engine import LocalEngine
from corpus.errors import GeulgamError
from corpus.events import On, about, silent
from corpus.imports import Imports
from corpus.store import Corpus
from geulgam.graph import at_work
from geulgam.settings import Settings
from geulgam.settings_file import put_setting
from geulgam.stages.cleaning_history import remembered, shaping
from geulgam.stages.corpus import CorpusNode, adopt, cleaner_of, made, steps
from geulgam.stages.judge import learnt_scores
from geulgam.workspace import SETTINGS, Workspace

_EMPTY = GeulgamError("nothing was imported yet", "geulgam corpus add PATH…")


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What :func:`clean` did, or would do: to the corpus, of ``documents`` then, and by which steps."""

    documents: int
    derived: Derived
    tally: Tally


@dataclass(frozen=True, slots=True)
class Undone:
    """What :func:`undo` did: the steps and rules that are on again, those that are off, and how many documents are
    there.
    """

    come: tuple[str, ...]
    gone: tuple[str, ...]
    documents: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One document as it was imported and as it is cleaned. ``marks``: both in one, see :func:`marks`."""

    id: str
    title: str
    source: str
    before: str
    after: str
    marks: tuple[Stretch, ...]


def clean(
    workspace: Workspace,
    settings: Settings,
    *,
    dry_run: bool = False,
    engine: Engine | None = None,
    on: On = silent,
) -> Cleaned:
    """Derive the corpus by `[corpus.clean]` and `[corpus.judge]`; what each step does to all that was imported.

    ``dry_run``: into a folder that is thrown away. ``engine``: what does the work; else all cores, if there is enough.
    Raises GeulgamError if nothing was imported, and as the engine does.
    """
    engine = engine or LocalEngine()
    node, corpus = CorpusNode(workspace, settings), Corpus(workspace.corpus)
    if dry_run:
        return _tried(workspace, settings, engine, about(on, node.name))
    with at_work(workspace, node.name, on):
        adopt(Imports(workspace.imports), corpus, about(on, node.name))  # before its lines are counted
        cleaner = cleaner_of(workspace, settings, about(on, node.name))
        derived = node.derive(about(on, node.name), cleaner, engine)
    imports = Imports(workspace.imports)
    if not len(imports):
        raise _EMPTY
    if cleaner.tally.documents >= len(np.unique(imports.index().ids)):
        return Cleaned(len(corpus), _with_all_dropped(derived, corpus), cleaner.tally)
    tried = _tried(workspace, settings, engine, about(on, node.name))  # nothing or only what was new was looked at
    refused = replace(derived, rejected=tried.derived.rejected, reasons=tried.derived.reasons)
    return Cleaned(len(corpus), refused, tried.tally)


def undo(workspace: Workspace, *, on: On = silent) -> Undone:
    """Make the corpus by the tables [corpus.…] of before, written into `geulgam.toml`; doing it twice comes back.

    Raises GeulgamError if the corpus was never cleaned.
    """
    now, before = remembered(workspace)
    if now is None:
        raise GeulgamError("the corpus was never cleaned", "geulgam corpus clean")
    there = workspace.settings()
    was = CorpusNode(workspace, there).shape(None)
    with at_work(workspace, SETTINGS):
        given = shaping(there.corpus)
        for table, values in before.items():
            for name, value in values.items():
                if given[table][name] != value:
                    put_setting(workspace.settings_file, f"corpus.{table}.{name}", value)
    node = CorpusNode(workspace, workspace.settings())
    with at_work(workspace, node.name, on):
        node.derive(about(on, node.name))
    now_on = node.shape(None)
    come, gone = ([name for name in one if name not in other] for one, other in ((now_on, was), (was, now_on)))
    return Undone(tuple(come), tuple(gone), len(Corpus(workspace.corpus)))


def diff(workspace: Workspace, settings: Settings, id_: str) -> Difference:
    """The document whose id begins so, before and after the steps of `[corpus.clean]`.

    Raises GeulgamError if there is none, or more than one.
    """
    document = _imported(Imports(workspace.imports), id_)
    changes = list(cleaner_of(workspace, settings).changes(document.text))
    after = changes[-1][2] if changes else document.text
    return Difference(
        document.id, document.title, document.source, document.text, after, tuple(marks(document.text, changes))
    )


def _tried(workspace: Workspace, settings: Settings, engine: Engine, on: On) -> Cleaned:
    """What deriving all anew would give."""
    imports, there = Imports(workspace.imports), Corpus(workspace.corpus)
    if not len(imports):
        raise _EMPTY
    cleaner = cleaner_of(workspace, settings, on)
    with tempfile.TemporaryDirectory(prefix="cleaning-", dir=_scratch(workspace)) as folder:
        corpus, cleaned = (Corpus(Path(folder) / name) for name in ("corpus", "cleaned"))
        chosen = steps(workspace, settings, cleaner)
        how, scores = settings.corpus.deduplicate, learnt_scores(workspace, settings)
        derived = made(imports, corpus, cleaned, chosen, how, scores, engine=engine, on=on)
        changed, gone = difference(there.digests(), there.versions(), corpus)
        taken = len(corpus) - (len(there) - gone)
        told = Derived(taken, changed, gone, derived.known, derived.rejected, derived.characters, derived.reasons)
        return Cleaned(len(corpus), told, cleaner.tally)


def _with_all_dropped(derived: Derived, corpus: Corpus) -> Derived:
    """The same, with those near-duplicates among the refused that were dropped before too."""
    dropped = sum(len(each.dropped) for each in duplicates(corpus))
    told = {name: count for name, count in derived.reasons.items() if name != REASON}
    others = derived.rejected - derived.reasons.get(REASON, 0)
    return replace(derived, rejected=others + dropped, reasons=told | ({REASON: dropped} if dropped else {}))


def _scratch(workspace: Workspace) -> Path:
    folder = workspace.folder / ".geulgam"
    folder.mkdir(exist_ok=True)
    return folder


def _imported(imports: Imports, id_: str) -> Document:
    """The document as its row says it, before any step: the last reading of the file that had it first."""
    index = imports.index()
    if not len(index.row):
        raise _EMPTY
    wanted = id_.strip().lower()
    found = [known for known in to_hex(np.unique(index.ids)) if wanted and known.startswith(wanted)]
    if not found:
        raise GeulgamError(f"no document's id begins with {id_}", "geulgam index search WORDS shows ids")
    if len(found) > 1:
        raise GeulgamError(f"{len(found):,} documents' ids begin with {id_}", f"give more of it: {found[0]}")
    (row,) = telling(imports, array([from_hex(found[0])]))
    return row.document(found[0])
