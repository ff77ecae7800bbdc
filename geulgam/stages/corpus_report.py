"""What came into the corpus, what changed, what was refused and why, as one page: `corpus/report.html`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.atomic import write_text
from corpus.cleaning.cleaning import Cleaner, Cleaning
from corpus.errors import GeulgamError
from corpus.events import On, about, silent
from corpus.imports import Imports
from corpus.store import Corpus
from corpus.survey.survey import survey
from corpus.survey.surveyed import Survey
from geulgam.corpus_page.figures import BarChart, figures
from geulgam.corpus_page.page import html, table
from geulgam.graph import at_work
from geulgam.settings import Settings
from geulgam.stages.boilerplate import boilerplate
from geulgam.stages.cleaning_history import remembered
from geulgam.stages.corpus import CorpusNode
from geulgam.workspace import Workspace


@dataclass(frozen=True)
class CorpusReport:
    """A report that was written. ``file``: the page; ``tables``: its figures as CSV, in a folder beside it."""

    file: Path
    tables: tuple[Path, ...]
    survey: Survey
    figures: Mapping[str, BarChart]

    def plain(self) -> dict[str, Any]:
        """For programs: every figure's rows by its columns."""
        return {
            "file": str(self.file),
            "tables": [str(path) for path in self.tables],
            "waiting": self.survey.waiting,
            **{
                name: [dict(zip(figure.columns, row, strict=True)) for row in figure.rows]
                for name, figure in self.figures.items()
            },
        }


def report(workspace: Workspace, settings: Settings, *, on: On = silent) -> CorpusReport:
    """Look over the corpus as it is and write the page; nothing else is changed.

    Raises GeulgamError if nothing was imported, or the corpus was not made of it yet.
    """
    node = CorpusNode(workspace, settings)
    with at_work(workspace, node.name, on):
        imports, corpus = Imports(workspace.imports), Corpus(workspace.corpus)
        if not len(imports):
            raise GeulgamError("nothing was imported yet", "geulgam corpus add PATH…")
        if not corpus.made_from:
            raise GeulgamError("the corpus was not made yet of what was imported", "geulgam corpus clean")
        made_by, _ = remembered(workspace)
        cleaning = Cleaning(**made_by["clean"]) if made_by else settings.corpus.clean
        cleaner = Cleaner(cleaning.steps(boilerplate(workspace, cleaning, imports, on=about(on, node.name))))
        found = survey(imports, corpus, cleaner, on=about(on, node.name))
        drawn = figures(found)
        file = workspace.corpus_report
        folder = file.with_suffix("")
        for old in folder.glob("*.csv"):
            old.unlink()
        tables = {folder / f"{name}.csv": table(figure) for name, figure in drawn.items()}
        for path, text in tables.items():
            write_text(path, text)
        write_text(file, html(found, drawn, folder.name))
    return CorpusReport(file, tuple(tables), found, drawn)
