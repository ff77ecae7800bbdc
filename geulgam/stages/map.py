"""The corpus as a map to pick topics from: `topics.html`."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from corpus.atomic import write_text
from corpus.errors import GeulgamError
from corpus.events import On, silent
from corpus.store import Corpus
from geulgam.map_page.page import html
from geulgam.settings import Settings
from geulgam.stages.critic import kept_vectors
from geulgam.workspace import Workspace
from retrieval.map.projection import chosen_way
from retrieval.map.themes import Theme, mapped


@dataclass(frozen=True)
class DrawnMap:
    """A map that was drawn. ``file``: the page; ``way``: how, "pca" or "umap"; ``essays`` of ``of``: those on it."""

    file: Path
    way: str
    passages: int
    essays: int
    of: int
    themes: Sequence[Theme] = field(repr=False)

    def plain(self) -> dict[str, Any]:
        """For programs."""
        return {
            "file": str(self.file),
            "way": self.way,
            "passages": self.passages,
            "essays": self.essays,
            "of": self.of,
            "themes": [
                {**asdict(theme.name), "passages": theme.passages, "essays": theme.essays} for theme in self.themes
            ],
        }


def map_topics(
    workspace: Workspace,
    settings: Settings,
    *,
    themes: int | None = None,
    way: str | None = None,
    seed: int = 0,
    on: On = silent,
) -> DrawnMap:
    """Draw the corpus as it is into `topics.html`; the vectors of its passages are kept for the next time.

    ``themes``: at most so many, else as many as suit; ``way``: "pca" or "umap", else UMAP where it is installed.
    Raises GeulgamError if the corpus is empty or too small.
    """
    way = chosen_way(way)
    corpus = Corpus(workspace.corpus)
    if not len(corpus):
        raise GeulgamError("the corpus is empty", "geulgam corpus add PATH…")
    vectors = kept_vectors(workspace, settings)
    made = mapped(corpus, lambda texts: vectors.encode(texts, on=on), themes=themes, way=way, seed=seed, on=on)
    write_text(workspace.map, html(made))
    read = made.excerpts
    return DrawnMap(workspace.map, way, len(read.texts), len(read.documents), read.of, made.themes)
