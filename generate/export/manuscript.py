"""A finished text as a document has it: its title, its headings and its paragraphs; and how long contests call it."""

import re
import unicodedata
from dataclasses import dataclass
from math import ceil

from generate.korean import CLOSER

_HEADING = re.compile(r"(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)*")
_NOT_IN_XML = re.compile("[^\t\n\r\\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_ROW, _SHEET = 20, 10  # cells of a row and rows of a sheet of 200-cell manuscript paper (원고지)
_CLOSING = "".join(CLOSER.values())
_SIGN = re.compile(
    rf"(?P<space>\s+)|(?P<stop>[.,。、，][{re.escape(_CLOSING)}]?)(?![.,])|(?P<dots>\.{{2,3}}|…)"
    r"|(?P<paired>\d+|[a-z]+)|(?P<other>.(?:\u200d.|[\ufe0f\U0001f3fb-\U0001f3ff])*)"
)


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph (``level`` 0), or the heading of a section (``level`` 2 to 6, as Markdown counts)."""

    text: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class Length:
    """How long a text is, its title apart.

    ``characters``: all of them, in Unicode NFC, spaces among them, ends of paragraphs not. ``letters``: those that are
    no space. ``rows``: of 20 cells that it fills on manuscript paper, see :func:`manuscript_rows`.
    """

    characters: int
    letters: int
    rows: int

    @property
    def sheets(self) -> int:
        """The sheets of 200 cells that are begun."""
        return ceil(self.rows / _SHEET)

    def line(self) -> str:
        """ "1,512 characters with spaces, 1,130 without; 10 sheets of 200-cell paper (원고지 10매)"."""
        sheets = f"{self.sheets} sheet{'s' * (self.sheets != 1)} of 200-cell paper (원고지 {self.sheets}매)"
        return f"{self.characters:,} characters with spaces, {self.letters:,} without; {sheets}"


@dataclass(frozen=True, slots=True)
class Manuscript:
    """A text that can be written into a file of any format. ``title``: "" if it has none."""

    title: str
    lines: tuple[Line, ...]

    @classmethod
    def of(cls, markdown: str) -> "Manuscript":
        """Take a text apart. Lines that begin with # to ###### are headings, a first one with # is the title.

        Every other line that is not blank is a paragraph, since Korean prose is not broken into lines within one; it is
        kept as it stands (in NFC, without spaces at its ends and characters that XML cannot hold): no other mark of
        Markdown is looked for, as essays have none.
        """
        title = ""
        lines: list[Line] = []
        for text in rows(markdown):
            heading = _HEADING.fullmatch(text)
            if heading and len(heading[1]) == 1 and not title and not lines:
                title = heading[2]
            elif heading and heading[2]:
                lines.append(Line(heading[2], max(2, len(heading[1]))))
            elif not heading:
                lines.append(Line(text))
        return cls(title, tuple(lines))

    def markdown(self) -> str:
        """The text as Markdown, which :meth:`of` reads back."""
        title = [f"# {self.title}"] if self.title else []
        return "\n\n".join([*title, *(f"{'#' * line.level} {line.text}".lstrip() for line in self.lines)]) + "\n"

    def plain(self) -> str:
        """The text without marks: title, headings and paragraphs, a blank line between any two."""
        return "\n\n".join([*filter(None, [self.title]), *(line.text for line in self.lines)]) + "\n"

    @property
    def length(self) -> Length:
        """How long it is, as contests count."""
        texts = [line.text for line in self.lines]
        return Length(
            sum(map(len, texts)),
            sum(not letter.isspace() for text in texts for letter in text),
            sum(map(manuscript_rows, texts)),
        )


def rows(text: str) -> list[str]:
    """The lines of a text that are not blank, in NFC, without spaces at their ends and characters that XML cannot
    hold."""
    whole = unicodedata.normalize("NFC", _NOT_IN_XML.sub("", text))
    return [row.strip() for row in whole.splitlines() if row.strip()]


def manuscript_rows(paragraph: str) -> int:
    """The rows of 20 cells that a paragraph takes on Korean manuscript paper (원고지).

    As schools teach it: the first cell stays empty; a syllable, a capital and a sign take a cell each; two digits or
    two small Latin letters share one, and so do three dots, or a full stop or comma and the quotation mark that closes
    behind it. A space takes a cell, but none behind a full stop or comma. Neither a space nor a closing sign begins a
    row: there it is put beside the last cell of the row before. An emoji is one sign, however it is put together.
    """
    rows, cell, after_stop = 1, 1, False
    for sign in _SIGN.finditer(paragraph):
        kind, text = sign.lastgroup, sign[0]
        full = cell == _ROW
        if kind == "space":
            cell += not (full or after_stop)
        elif kind == "stop" or kind == "dots" or text in _CLOSING + "!?":
            cell += not full
        elif kind == "paired":
            for _ in range(ceil(len(text) / 2)):
                rows, cell = (rows + 1, 1) if cell == _ROW else (rows, cell + 1)
        else:
            rows, cell = (rows + 1, 1) if full else (rows, cell + 1)
        after_stop = kind == "stop"
    return rows
