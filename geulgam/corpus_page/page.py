"""A survey of a corpus as one HTML file, and its figures as CSV."""

import csv
import io
import re
import unicodedata
from collections.abc import Mapping
from importlib import resources

from corpus.cleaning.marks import Stretch
from corpus.survey.surveyed import RefusalKind, Survey
from generate.review.page import page
from geulgam.corpus_page.figures import BarChart, said

CHANGES = 2  # examples of a step that the page shows
_EMPTY_LINES = re.compile(r"\s*\n\s*")


def html(survey: Survey, drawn: Mapping[str, BarChart], folder: str) -> str:
    """The whole page, in which titles and texts are shown and never read as tags.

    ``drawn``: its figures, ``folder``: that of the figures as CSV, as a link from the page.
    """
    style = (resources.files(__package__ or "geulgam.corpus_page") / "corpus.css").read_text(encoding="utf-8")
    return page(
        "geulgam.corpus_page",
        "corpus.html.jinja",
        survey=survey,
        figures=drawn,
        folder=folder,
        own_style=style,
        changes={step: found[:CHANGES] for step, found in survey.changes.items()},
        groups=_groups(survey),
        said=said,
        seen=seen,
    )


def table(figure: BarChart) -> str:
    """The figure as CSV; it begins with a byte order mark, without which spreadsheets misread Korean."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(figure.columns)
    writer.writerows(figure.rows)
    return "\ufeff" + text.getvalue()


def seen(stretch: Stretch) -> str:
    """Its text so that what went and came can be seen, though it be a space, a line end or of no width."""
    if stretch.kind == "kept":
        return _EMPTY_LINES.sub("\n", stretch.text).replace("…\n", "… ")
    text = stretch.text if stretch.text.strip(" ") else stretch.text.replace(" ", "␣")
    return "".join(map(_seen, text))


def _seen(character: str) -> str:
    if character == "\n":
        return "⏎"
    if character == " ":
        return character
    if unicodedata.category(character) in ("Cc", "Cf", "Zs", "Zl", "Zp", "Co", "Cn"):
        return f"‹{ord(character):04X}›"
    return character


def _groups(survey: Survey) -> list[tuple[str, list[RefusalKind]]]:
    """The refusals by who refused, each with a heading."""
    headings = {
        "reader": "Rows that could not be read",
        "rule": "Texts that a rule refused",
        "double": "Texts that stand there already",
    }
    found = ((heading, [kind for kind in survey.refusals if kind.by == by]) for by, heading in headings.items())
    return [(heading, kinds) for heading, kinds in found if kinds]
