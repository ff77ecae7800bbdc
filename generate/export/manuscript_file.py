"""A person's text as it lies in a file, .md, .txt or .docx, taken apart into its chapters."""

import re
from collections.abc import Iterable
from pathlib import Path
from zipfile import BadZipFile

from corpus.encoding import NotText
from corpus.errors import GeulgamError
from corpus.opening import BROKEN, DOCUMENT_LIMIT, Input, broken, too_long
from generate.export.manuscript import Line, Manuscript, rows
from generate.review.reviewed import Chapter

SUFFIXES = (".md", ".markdown", ".txt", ".docx")
_DAMAGED = re.compile("[\udc80-\udcff]")  # bytes that no text can be, as corpus.opening reads them
_HEADING = re.compile(r"(?:heading|제목|개요) ?(\d)")  # how Word and 한글 call the styles of headings


def read_manuscript(file: Path) -> Manuscript:
    """The text in a file. In Markdown, lines that begin with # are headings; in Word, paragraphs styled as such.

    Of a Word file its paragraphs are read; tables, notes and what stands in the margins are not. Raises GeulgamError
    for a file that is missing, of another kind, damaged or without text.
    """
    suffix = file.suffix.lower()
    if suffix not in SUFFIXES:
        raise GeulgamError(f"cannot read {file}: not one of {', '.join(SUFFIXES)}", "save it as one of these")
    if not file.is_file():
        raise GeulgamError(f"no such file: {file}", "check how the path is spelled")
    manuscript = _word(file) if suffix == ".docx" else _text(file, suffix)
    if not any(not line.level for line in manuscript.lines):
        raise GeulgamError(f"there is no text in {file}", "save the text into it first")
    return manuscript


def chapters(manuscript: Manuscript) -> list[Chapter]:
    """The text by its headings; what stands before the first one, or all of a text without, has none."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in manuscript.lines:
        if line.level:
            found.append((line.text, []))
        else:
            found[-1][1].append(line.text)
    return [Chapter("\n".join(lines), title) for title, lines in found if lines]


def _text(file: Path, suffix: str) -> Manuscript:
    try:
        with Input(file) as opened:
            text = opened.text().read(DOCUMENT_LIMIT + 1)
    except NotText as error:
        raise GeulgamError(f"cannot read {file}: {error}", "save it as text, in UTF-8") from error
    except (*BROKEN, UnicodeDecodeError) as error:
        raise GeulgamError(f"cannot read {file}: {broken(error)}", "save it again, in UTF-8") from error
    if len(text) > DOCUMENT_LIMIT:
        raise GeulgamError(f"{file} is {too_long('document', len(text), DOCUMENT_LIMIT)}", "take it in parts")
    if damaged := _DAMAGED.search(text):
        line = text.count("\n", 0, damaged.start()) + 1
        raise GeulgamError(f"cannot read {file}: line {line:,} has bytes that are no text", "save it again, in UTF-8")
    if suffix == ".txt":  # in which # is no heading
        return Manuscript("", tuple(map(Line, rows(text))))
    return Manuscript.of(text)


def _word(file: Path) -> Manuscript:
    from docx import Document as Word
    from docx.opc.exceptions import PackageNotFoundError

    try:
        paragraphs = [(p.style.name or "" if p.style else "", p.text) for p in Word(str(file)).paragraphs]
    except (PackageNotFoundError, BadZipFile, KeyError, ValueError, OSError) as error:
        raise GeulgamError(
            f"cannot read {file}: not a Word file, or a damaged one", "save it again as .docx"
        ) from error
    return _of_paragraphs(paragraphs)


def _of_paragraphs(paragraphs: Iterable[tuple[str, str]]) -> Manuscript:
    title = ""
    lines: list[Line] = []
    for style, text in paragraphs:
        heading = _HEADING.match(style.lower())
        for row in rows(text):
            if not title and not lines and (style.lower() in ("title", "제목") or (heading and heading[1] == "1")):
                title = row
            elif heading:
                lines.append(Line(row, max(2, min(6, int(heading[1])))))
            else:
                lines.append(Line(row))
    return Manuscript(title, tuple(lines))
