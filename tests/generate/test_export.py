"""An essay comes back from every format as it was, and the file says nothing of who made it."""

import os
import re
import time
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import docx
import pytest
from docx.shared import Pt
from hwpx import HwpxDocument
from hwpx.tools.package_validator import validate_editor_open_safety, validate_package
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpus.errors import GeulgamError
from generate.export.export import FORMATS, export
from generate.export.manuscript import Line, Manuscript

HARD = """# 우산 둘, 사람 <하나> & "나"

“비가 온다.” 그가 말했다. ‘정말?’ 나는 속으로 물었다…

## 첫째 날

1 < 2 && 3 > 2, ]]> &amp; <w:t>태그</w:t> '따옴표' "겹따옴표"
웃는 얼굴 😀 가족 👨‍👩‍👧 손 👋🏽 옛글자 ᄒᆞᆫ글, 한자 家族, 두  칸과\t탭

### 둘째 날

- 첫 줄표로 시작하는 문단. 줄임표……와 가운뎃점·, 그리고 *별*과 _밑줄_
"""


def read(file: Path) -> list[tuple[str, int]]:
    """The file's lines with their levels, the title at level 1, as a program that knows nothing of us reads them."""
    if file.suffix == ".docx":
        found = []
        for paragraph in docx.Document(str(file)).paragraphs:
            style = paragraph.style.name if paragraph.style else ""
            found.append((paragraph.text, int(style.split()[-1]) if style and style.startswith("Heading") else 0))
        return found
    document = HwpxDocument.open(file)
    names = {str(style.id): style.name or "" for style in document.styles.values()}
    levels = {style: int(name.split()[-1]) for style, name in names.items() if name.startswith("개요")}
    return [(p.text, levels.get(str(p.style_id_ref), 0)) for p in document.paragraphs]


def expected(manuscript: Manuscript) -> list[tuple[str, int]]:
    title = [(manuscript.title, 1)] if manuscript.title else []
    return title + [(line.text, line.level) for line in manuscript.lines]


@pytest.mark.parametrize("form", ["docx", "hwpx"])
def test_title_headings_and_paragraphs_come_back_as_they_were(tmp_path: Path, form: str) -> None:
    manuscript, file = Manuscript.of(HARD), tmp_path / f"a.{form}"
    export(manuscript, file, form)
    assert read(file) == expected(manuscript) and len(manuscript.lines) == 6


@pytest.mark.parametrize("form", ["docx", "hwpx"])
def test_twenty_thousand_characters_come_back(tmp_path: Path, form: str) -> None:
    words = "비가 오는 날이면 우리는 “우산”을 하나씩 나누어 들고 골목을 걸었다… 😀 "
    paragraphs = [f"{number}번째 문단. {words * (3 + number % 9)}".strip() for number in range(70)]
    manuscript, file = Manuscript.of("# 골목\n" + "\n\n".join(paragraphs)), tmp_path / f"a.{form}"
    export(manuscript, file, form)
    assert manuscript.length.characters > 20_000 and read(file) == expected(manuscript)


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="utf-8") | st.sampled_from("#\n “”…<&>]\t\u00a0\u200b\u00ad"), min_size=1))
def test_any_text_comes_back(tmp_path: Path, text: str) -> None:
    manuscript = Manuscript.of(text)
    if manuscript.lines:
        for form in ("docx", "hwpx"):
            export(manuscript, tmp_path / f"a.{form}", form, again=True)
            assert read(tmp_path / f"a.{form}") == expected(manuscript)


def test_markdown_and_text_hold_the_text_and_nothing_else(tmp_path: Path) -> None:
    manuscript = Manuscript.of(HARD)
    for form in ("md", "txt"):
        export(manuscript, tmp_path / f"a.{form}", form)
    assert Manuscript.of((tmp_path / "a.md").read_text(encoding="utf-8")) == manuscript
    told = (tmp_path / "a.txt").read_text(encoding="utf-8")
    assert told.removesuffix("\n").split("\n\n") == [manuscript.title, *(line.text for line in manuscript.lines)]


def test_a_text_without_title_begins_with_its_first_paragraph(tmp_path: Path) -> None:
    manuscript = Manuscript("", (Line("비가 왔다."), Line("우리는 걸었다.")))
    for form in ("docx", "hwpx"):
        export(manuscript, tmp_path / f"a.{form}", form)
        assert read(tmp_path / f"a.{form}") == [("비가 왔다.", 0), ("우리는 걸었다.", 0)]


@pytest.mark.parametrize("form", ["docx", "hwpx"])
def test_no_file_says_when_it_was_written(tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    written = set()
    for years in (0, 3):
        now = time.time() + years * 365 * 86_400
        with monkeypatch.context() as clock:
            clock.setattr(time, "time", lambda now=now: now)
            export(Manuscript.of(HARD), tmp_path / f"{years}.{form}", form)
        written.add((tmp_path / f"{years}.{form}").read_bytes())
    assert len(written) == 1


def test_word_lays_it_out_as_korean_prose(tmp_path: Path) -> None:
    file = tmp_path / "a.docx"
    export(Manuscript.of("# 제목\n본문이다."), file, "docx")
    document: Any = docx.Document(str(file))
    page, body = document.sections[0], document.styles["Body Text"]
    assert (round(page.page_width.mm), round(page.page_height.mm)) == (210, 297)
    assert body.paragraph_format.first_line_indent == Pt(10) and body.paragraph_format.line_spacing == 1.6
    for style in ("Normal", "Heading 1", "Heading 2"):
        fonts = document.styles[style].element.rPr.rFonts.attrib
        assert set(fonts.values()) == {"바탕"} and len(fonts) == 4  # and no theme's font, which would win


def test_hangul_lays_it_out_as_korean_prose(tmp_path: Path) -> None:
    file = tmp_path / "a.hwpx"
    export(Manuscript.of("# 제목\n본문이다.\n## 절\n또 본문."), file, "hwpx")
    with HwpxDocument.open(file) as document:
        title, body, heading, _ = document.paragraphs
        shape: Any = document.styles.paragraph_property(body.para_pr_id_ref)
        assert (shape.line_spacing.spacing_type, shape.line_spacing.value) == ("PERCENT", 160)
        assert int(shape.margin.intent) == 1000  # hundredths of a point
        fonts: list[Any] = [document.styles.char_property(p.char_pr_id_ref) for p in (title, body, heading)]
        assert [font.attributes["height"] for font in fonts] == ["1600", "1000", "1200"]
    header = zipfile.ZipFile(file).read("Contents/header.xml").decode()
    assert 'face="함초롬바탕"' in header and not re.search(r"\^[1-9]", header)  # no "1." before a heading


def test_hangul_gets_a_package_that_it_opens(tmp_path: Path) -> None:
    file = tmp_path / "a.hwpx"
    export(Manuscript.of(HARD), file, "hwpx")
    package, safe = validate_package(file), validate_editor_open_safety(file)
    assert package.ok and safe.ok and safe.reopen_ok
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        first = archive.infolist()[0]
        assert (first.filename, first.compress_type) == ("mimetype", zipfile.ZIP_STORED)
        assert archive.read("mimetype") == b"application/hwp+zip"
        names = set(archive.namelist())
        assert {"version.xml", "settings.xml", "META-INF/container.xml", "Contents/content.hpf"} <= names
        for name in names:
            if name.endswith((".xml", ".hpf", ".rdf")):
                ElementTree.fromstring(archive.read(name))
        items = re.findall(
            r'href="([^"]+)" media-type="application/xml"', archive.read("Contents/content.hpf").decode()
        )
        assert items and set(items) <= names
        section = ElementTree.fromstring(archive.read("Contents/section0.xml"))
    texts = ["".join(text.itertext()) for text in section.findall(".//{*}p//{*}t")]
    assert texts == [text.replace("\t", "") for text, _ in expected(Manuscript.of(HARD))]
    layout = section.findall(".//{*}linesegarray")
    assert not layout  # the lines of an empty document: 한글 would draw all letters over each other
    first_run = section[0][0]
    assert first_run[0].tag.endswith("}secPr") and first_run[-1].tag.endswith("}t")
    ids = [paragraph.get("id") for paragraph in section]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("form", ["docx", "hwpx"])
def test_the_file_names_the_title_and_nobody(tmp_path: Path, form: str) -> None:
    file = tmp_path / f"a.{form}"
    export(Manuscript.of(HARD), file, form)
    with zipfile.ZipFile(file) as archive:
        described = archive.read("docProps/core.xml" if form == "docx" else "Contents/content.hpf").decode()
        everything = b"".join(archive.read(name) for name in archive.namelist()).decode(errors="replace")
    assert "우산 둘, 사람 &lt;하나&gt; &amp; " in described
    assert not re.search(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T", described)
    for name in ("python-docx", "synthetic", os.environ.get("USER") or "python-hwpx", "2025년"):
        assert name not in everything


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_that_is_there_stays_unless_asked(tmp_path: Path, form: str) -> None:
    file = tmp_path / f"a.{form}"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(GeulgamError, match="is there already") as told:
        export(Manuscript.of("가"), file, form)
    assert "--again" in told.value.hint and file.read_text(encoding="utf-8") == "mine"
    export(Manuscript.of("가"), file, form, again=True)
    assert file.read_bytes() != b"mine" and list(tmp_path.iterdir()) == [file]


def test_what_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.docx"
    file.write_text("mine", encoding="utf-8")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(GeulgamError, match="the disk is full"):
        export(Manuscript.of("가"), file, "docx", again=True)
    assert list(tmp_path.iterdir()) == [file] and file.read_text(encoding="utf-8") == "mine"


def test_nothing_is_exported_of_no_text_nor_into_a_folder(tmp_path: Path) -> None:
    with pytest.raises(GeulgamError, match="no text"):
        export(Manuscript.of("# 제목뿐"), tmp_path / "a.md", "md")
    with pytest.raises(GeulgamError, match="is a folder"):
        export(Manuscript.of("가"), tmp_path, "md")
    with pytest.raises(GeulgamError, match="no format"):
        export(Manuscript.of("가"), tmp_path / "a.pdf", "pdf")
