"""A manuscript as a Word document (.docx), written by python-docx."""

from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from generate.export.manuscript import Manuscript

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

FONT = "바탕"  # comes with Windows and with Word for Mac; elsewhere another serif stands in for it
LINE_SPACING = 1.6  # lines: what 한글 calls 160 %
_BODY, _TITLE, _SECTION = 10.0, 16.0, 12.0  # points; 10 is what 한글 begins with
_MARGINS = {"left_margin": 30, "right_margin": 30, "top_margin": 20, "bottom_margin": 15}  # mm, as a new page of 한글


def docx_bytes(manuscript: Manuscript) -> bytes:
    """The file's bytes: A4, the title as Heading 1, sections below it, paragraphs as Body Text with an indent.

    The same manuscript gives the same bytes.
    """
    from docx import Document

    document = Document()
    _lay_out(document)
    if manuscript.title:
        document.add_paragraph(manuscript.title, style="Heading 1")
    for line in manuscript.lines:
        document.add_paragraph(line.text, style=f"Heading {line.level}" if line.level else "Body Text")
    _describe(document, manuscript.title)
    stream = BytesIO()
    document.save(stream)
    return _undated(stream)


def _undated(archive: BytesIO) -> bytes:
    """The same zip archive without the time at which it was written, which stands at each of its entries."""
    stream = BytesIO()
    with ZipFile(archive) as dated, ZipFile(stream, "w") as undated:
        for name in dated.namelist():
            undated.writestr(ZipInfo(name), dated.read(name), ZIP_DEFLATED)  # a ZipInfo's own date is 1980-01-01
    return stream.getvalue()


def _lay_out(document: "WordDocument") -> None:
    """Page and styles; python-docx's own are American: Letter, Calibri, blue headings."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt

    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    for side, millimetres in _MARGINS.items():
        setattr(page, side, Mm(millimetres))
    styles: Any = document.styles
    _set_font(styles["Normal"], _BODY, bold=False)
    body = styles["Body Text"].paragraph_format
    body.line_spacing, body.first_line_indent = LINE_SPACING, Pt(_BODY)
    body.space_after = Pt(0)
    for level in range(1, 7):
        style = styles[f"Heading {level}"]
        _set_font(style, _TITLE if level == 1 else _SECTION, bold=True)
        style.paragraph_format.line_spacing = LINE_SPACING
        style.paragraph_format.space_before = Pt(0 if level == 1 else _BODY)
        style.paragraph_format.space_after = Pt(_BODY)
    styles["Heading 1"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _set_font(style: Any, points: float, *, bold: bool) -> None:
    """The one font for Korean and Latin alike, black, in a style that may have had the theme's."""
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    style.font.size, style.font.bold, style.font.italic = Pt(points), bold, False
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.attrib.clear()
    for letters in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{letters}"), FONT)


def _describe(document: "WordDocument", title: str) -> None:
    """The title and the language; what python-docx's template says of itself goes."""
    from datetime import datetime

    described = document.core_properties
    described.title, described.language = title[:255], "ko-KR"
    described.author = described.last_modified_by = described.comments = ""
    described.created = described.modified = datetime(1980, 1, 1)
