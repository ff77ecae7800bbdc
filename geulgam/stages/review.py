"""Any text reviewed beside the essays of a topic, or of the whole corpus, and its report."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

from corpus.atomic import write_text
from corpus.errors import GeulgamError
from corpus.events import On, silent
from corpus.store import Corpus
from geulgam.graph import make
from geulgam.settings import Settings
from geulgam.stages.adapter import require_adapter
from geulgam.stages.base import Lender
from geulgam.stages.critic import kept_vectors
from geulgam.stages.index import positive_terms
from geulgam.stages.sides import sides_now
from geulgam.stages.spans import SpansNode, read_spans
from geulgam.stages.subset import FILE, read_subset, selected
from geulgam.workspace import Workspace
from retrieval.topic import Subset

if TYPE_CHECKING:
    from generate.review.review import Pmi
    from generate.review.reviewed import Chapter, Review

_MOST = 500  # essays of the corpus, where there is no topic


@dataclass(frozen=True)
class Beside:
    """Beside which essays a text is reviewed: the ids of those that its model has read and of those that were held out
    of all training, and the query whose terms the text should name."""

    train: list[str]
    held_out: list[str]
    query: str = ""

    @classmethod
    def of(cls, subset: Subset) -> "Beside":
        """Those of a topic."""
        return cls(subset.ids("train"), [*subset.ids("valid"), *subset.ids("test")], subset.topic.query)


@dataclass(frozen=True)
class Reviewed:
    """A review, the page with it, and beside which essays it was made ("essays of 함께", "the whole corpus")."""

    review: "Review"
    page: Path
    beside: str


def reviewed(
    workspace: Workspace,
    settings: Settings,
    chapters: "Sequence[Chapter]",
    title: str,
    beside: Beside,
    *,
    pmi: "Pmi | None" = None,
    on: On = silent,
) -> "Review":
    """The review of a text with this workspace's corpus, analyzer, encoder and index of spans, which must be there."""
    from generate.review.review import review

    corpus = Corpus(workspace.corpus)
    return review(
        chapters,
        corpus.get(beside.train),
        corpus.get(beside.held_out),
        positive_terms(settings, beside.query) if beside.query else [],
        using=settings.retrieval.analyzer,
        title=title,
        encoder=kept_vectors(workspace, settings),
        spans=read_spans(workspace),
        pmi=pmi,
        on=on,
    )


def review_file(
    workspace: Workspace,
    settings: Settings,
    file: Path,
    topic: str | None = None,
    *,
    page: Path | None = None,
    pmi: bool = False,
    lender: Lender | None = None,
    on: On = silent,
) -> Reviewed:
    """Review a .md, .txt or .docx file and write the report, beside it unless ``page`` says where.

    ``topic``: None takes that of the essay, if it is one of the workspace's, and else none: then the text is compared
    with the corpus as it is. The human essays are those that were held out of all training: of the split that the
    topic's adapter was trained with, else of its subset, else of the corpus. ``pmi``: its model reads the text and some
    of them too. Raises GeulgamError for a file that cannot be read, an unknown topic, an empty corpus, and ``pmi``
    without a topic that has an adapter.
    """
    from generate.export.manuscript_file import chapters, read_manuscript
    from generate.review.report import html

    manuscript = read_manuscript(file)
    corpus = Corpus(workspace.corpus)
    if not len(corpus):
        raise GeulgamError("the corpus is empty: there is nothing to compare with", "geulgam corpus add PATH…")
    name = settings.topic(topic).name if topic else _topic_of(workspace, settings, file)
    if pmi and not name:
        raise GeulgamError("--pmi needs a topic, whose model reads the text", "--topic TOPIC")
    adapter = require_adapter(workspace, name) if pmi else None
    beside = _beside(workspace, settings, name)
    make(SpansNode(workspace, settings), on)
    with _reading(lender or Lender(workspace, settings), adapter, on) as read:
        title = manuscript.title or file.stem
        review = reviewed(workspace, settings, chapters(manuscript), title, beside, pmi=read, on=on)
    target = page.expanduser() if page else page_of(file)
    write_text(target, html(review))
    return Reviewed(review, target, f"essays of {name}" if name else "essays of the whole corpus")


@contextmanager
def _reading(lender: Lender, adapter: Path | None, on: On) -> "Iterator[Pmi | None]":
    """What the model with this adapter says of passages; None without one."""
    if adapter is None:
        yield None
        return
    from generate.review.information import reading

    with lender.for_adapter(adapter, on) as base, reading(base, adapter) as pmi:
        yield pmi


def page_of(file: Path) -> Path:
    """Where a text's report belongs: FILE.review.html beside it. `report.html` of an essay has its plan, and stays."""
    return file.with_name(f"{file.stem}.review.html")


def _topic_of(workspace: Workspace, settings: Settings, file: Path) -> str:
    """The topic of an essay of the workspace; "" for another file, or a topic that is no more."""
    folder = file.resolve().parent
    name, _, _ = normalize("NFC", folder.name).rpartition("-")
    is_ours = folder.parent == workspace.essays.resolve() and any(topic.name == name for topic in settings.topics)
    return name if is_ours else ""


def _beside(workspace: Workspace, settings: Settings, topic: str) -> Beside:
    """What the topic's model has read, and what people wrote that no model has; of the corpus where there is none."""
    if topic:
        kept = (folder for folder in (workspace.adapter(topic), workspace.subset(topic)) if (folder / FILE).exists())
        found = next(kept, None)
        return Beside.of(read_subset(found) if found else selected(workspace, settings, topic))
    sides = sides_now(workspace, settings)
    held_out = [*sides.ids("valid"), *sides.ids("test")]
    return Beside(_spread(sides.ids("train"), _MOST), _spread(held_out, _MOST))


def _spread(ids: list[str], most: int) -> list[str]:
    """At most so many of them, from the whole corpus."""
    step = max(1, -(-len(ids) // most))
    return ids[::step]
