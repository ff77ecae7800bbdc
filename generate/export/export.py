"""A manuscript as a file that can be handed in: Markdown, plain text, Word (.docx) or 한글 (.hwpx)."""

from collections.abc import Callable
from pathlib import Path

from corpus.atomic import replacing
from corpus.errors import GeulgamError
from generate.export.as_docx import docx_bytes
from generate.export.as_hwpx import hwpx_bytes
from generate.export.manuscript import Manuscript

_WRITERS: dict[str, Callable[[Manuscript], bytes]] = {
    "md": lambda manuscript: manuscript.markdown().encode(),
    "txt": lambda manuscript: manuscript.plain().encode(),
    "docx": docx_bytes,
    "hwpx": hwpx_bytes,
}
FORMATS = tuple(_WRITERS)


def export(manuscript: Manuscript, file: Path, form: str, *, again: bool = False) -> None:
    """Write the manuscript into ``file``, whole or not at all, in one of :data:`FORMATS`.

    Nothing of who wrote it, when or where stands in the file. Raises GeulgamError for another format, a text without
    paragraphs, and a file that is there already, unless ``again``.
    """
    if form not in _WRITERS:
        raise GeulgamError(f"no format is called {form!r}", f"one of {', '.join(FORMATS)}")
    if not manuscript.lines:
        raise GeulgamError("there is no text to export", "name an essay that has one")
    if file.is_dir():
        raise GeulgamError(f"{file} is a folder", f"name a file in it: --out {file / f'essay.{form}'}")
    if file.exists() and not again:
        raise GeulgamError(f"{file} is there already", "write over it: --again; or name another: --out FILE")
    content = _WRITERS[form](manuscript)
    with replacing(file) as part:
        part.write_bytes(content)
