"""Any text reviewed beside the essays of a topic, or of the whole corpus, and its report."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

from corpus.atomic import write_text
from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.events import On, silent
from corpus.store import Corpus
from geulgam.graph import make
from geulgam.settings import Settings
from geulgam.stages.critic import kept_vectors
from geulgam.stages.index import positive_terms
from geulgam.stages.sides import sides_now
from geulgam.stages.spans import SpansNode, read_spans
from geulgam.stages.subset import FILE, read_subset, selected
from geulgam.workspace import Workspace

if TYPE_CHECKING:
    from generate.review.reviewed import Review

_MOST = 500  # essays of the corpus, where there is no topic


@dataclass(frozen=True)
class Reviewed:
    """A review, the page with it, and beside which essays it was made ("essays of 함께", "the whole corpus")."""

    review: "Review"
    page: Path
    beside: str

    def figures(self) -> list[str]:
        """Its figures as lines of a table, each beside the range of human essays."""
        head = ("", "this text", f"people ({self.review.held_out_essays} essays)")
        return [f"{name:<24}{own:>14}{other:>30}" for name, own, other in (head, *self.review.rows())]


def review_file(
    workspace: Workspace,
    settings: Settings,
    file: Path,
    topic: str | None = None,
    *,
    page: Path | None = None,
    on: On = silent,
) -> Reviewed:
    """Review a .md, .txt or .docx file and write the report, beside it unless ``page`` says where.

    ``topic``: None takes that of the essay, if it is one of the workspace's, and else none: then the text is compared
    with the corpus as it is. The human essays are those that were held out of all training: of the split that the
    topic's adapter was trained with, else of its subset, else of the corpus. Raises GeulgamError for a file that cannot
    be read, an unknown topic and an empty corpus.
    """
    from generate.export.manuscript_file import chapters, read_manuscript
    from generate.review.report import html
    from generate.review.review import review

    manuscript = read_manuscript(file)
    corpus = Corpus(workspace.corpus)
    if not len(corpus):
        raise GeulgamError("the corpus is empty: there is nothing to compare with", "geulgam corpus add PATH…")
    name = settings.topic(topic).name if topic else _topic_of(workspace, settings, file)
    train, held_out = _essays(workspace, settings, corpus, name)
    make(SpansNode(workspace, settings), on)
    reviewed = review(
        chapters(manuscript),
        train,
        held_out,
        positive_terms(settings, settings.topic(name).query) if name else [],
        using=settings.retrieval.analyzer,
        title=manuscript.title or file.stem,
        encoder=kept_vectors(workspace, settings),
        spans=read_spans(workspace),
        on=on,
    )
    target = page.expanduser() if page else page_of(file)
    write_text(target, html(reviewed))
    return Reviewed(reviewed, target, f"essays of {name}" if name else "essays of the whole corpus")


def page_of(file: Path) -> Path:
    """Where a text's report belongs: FILE.review.html beside it. `report.html` of an essay has its plan, and stays."""
    return file.with_name(f"{file.stem}.review.html")


def _topic_of(workspace: Workspace, settings: Settings, file: Path) -> str:
    """The topic of an essay of the workspace; "" for another file, or a topic that is no more."""
    folder = file.resolve().parent
    name, _, _ = normalize("NFC", folder.name).rpartition("-")
    is_ours = folder.parent == workspace.essays.resolve() and any(topic.name == name for topic in settings.topics)
    return name if is_ours else ""


def _essays(
    workspace: Workspace, settings: Settings, corpus: Corpus, topic: str
) -> tuple[list[Document], list[Document]]:
    """What the topic's model has read, and what people wrote that no model has."""
    if topic:
        kept = (folder for folder in (workspace.adapter(topic), workspace.subset(topic)) if (folder / FILE).exists())
        found = next(kept, None)
        subset = read_subset(found) if found else selected(workspace, settings, topic)
        return corpus.get(subset.ids("train")), corpus.get([*subset.ids("valid"), *subset.ids("test")])
    sides = sides_now(workspace, settings)
    held_out = [*sides.ids("valid"), *sides.ids("test")]
    return corpus.get(_spread(sides.ids("train"), _MOST)), corpus.get(_spread(held_out, _MOST))


def _spread(ids: list[str], most: int) -> list[str]:
    """At most so many of them, from the whole corpus."""
    step = max(1, -(-len(ids) // most))
    return ids[::step]
