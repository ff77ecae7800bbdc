"""A manuscript as a document of 한글 (.hwpx, KS X 6101), written by python-hwpx.

python-hwpx begins with an empty document of the standard's form, and refuses to hand out a file that its checks of the
package, of the XML against the standard's schemas and of what 한글 is known to refuse find a fault in.
"""

from typing import TYPE_CHECKING, Any

from corpus.errors import GeulgamError
from generate.export.manuscript import Line, Manuscript

if TYPE_CHECKING:
    from hwpx import HwpxDocument

FONT = "함초롬바탕"  # comes with 한글
LINE_SPACING = 160  # per cent of the letters' size
_TITLE, _SECTION, _BODY = 16, 12, 10  # points
_INDENT = _BODY * 25.4 / 72  # mm: one letter


def hwpx_bytes(manuscript: Manuscript) -> bytes:
    """The file's bytes: A4, the title as 개요 1, sections as 개요 2 and below, paragraphs as 바탕글 with an indent.

    The same manuscript gives the same bytes. Raises GeulgamError where python-hwpx finds a fault.
    """
    from hwpx import HwpxDocument
    from hwpx.errors import HwpxError

    title = [Line(manuscript.title, 1)] if manuscript.title else []
    document = HwpxDocument.new()
    try:
        _leave_outline_unnumbered(document)
        _fill(document, [*title, *manuscript.lines])
        document.parts.clear_document_metadata()
        document.parts.set_document_metadata(title=manuscript.title)
        return document.to_bytes()
    except HwpxError as error:
        raise GeulgamError(
            f"python-hwpx could not write a sound .hwpx file: {error}", "export to docx, which 한글 opens too"
        ) from error
    finally:
        document.close()


def _fill(document: "HwpxDocument", lines: list[Line]) -> None:
    """Put the lines into the document; its one empty paragraph, which holds the page's layout, takes the first."""
    font = document.styles.ensure_run
    title = font(font=FONT, size=_TITLE, bold=True)
    section, body = font(font=FONT, size=_SECTION, bold=True), font(font=FONT, size=_BODY)
    by_level: dict[int, list[Any]] = {}
    for number, line in enumerate(lines):
        style = document.styles.resolve(f"개요 {line.level}" if line.level else "바탕글")
        if number:
            paragraph = document.add_paragraph(line.text, inherit_style=False, id=str(number))
        else:
            paragraph = document.paragraphs[0]
            paragraph.text = line.text
        paragraph.style_id_ref, paragraph.para_pr_id_ref = style.id, style.para_pr_id_ref
        paragraph.char_pr_id_ref = {0: body, 1: title}.get(line.level, section)
        by_level.setdefault(line.level, []).append(paragraph)
    for level, paragraphs in by_level.items():
        document.styles.apply_paragraph_format(
            paragraphs=paragraphs,
            alignment="CENTER" if level == 1 else "JUSTIFY",
            line_spacing_percent=LINE_SPACING,
            indent_left_mm=0,
            first_line_indent_mm=0 if level else _INDENT,
            spacing_before_pt=_BODY if level > 1 else 0,
            spacing_after_pt=_BODY if level else 0,
            keep_with_next=level > 0,
        )


def _leave_outline_unnumbered(document: "HwpxDocument") -> None:
    """Headings are in the outline without "1." and "가." before them, as 한글 leaves its levels 9 and 10."""
    for header in document.parts.headers:
        for level in header.element.iter():
            if str(level.tag).endswith("}paraHead"):
                level.text = None
        header.mark_dirty()
