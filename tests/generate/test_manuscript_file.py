"""A person's .md, .txt or .docx file becomes chapters; what is none is refused in one line."""

from pathlib import Path

import docx
import pytest

from corpus.errors import GeulgamError
from generate.export.manuscript_file import chapters, read_manuscript

DAMAGED = "비가 왔다. 우리는 우산을 같이 썼다.\n바람이 \udcb0불었다.\n".encode(errors="surrogateescape")


def test_headings_of_markdown_are_chapters_and_the_first_line_is_the_title(tmp_path: Path) -> None:
    file = tmp_path / "글.md"
    file.write_text("# 함께\n\n처음이다.\n둘째 줄이다.\n\n## 시장\n\n장에 갔다.\n\n## 빈 곳\n", encoding="utf-8")
    found = read_manuscript(file)
    assert found.title == "함께"
    assert [(c.title, c.text) for c in chapters(found)] == [("", "처음이다.\n둘째 줄이다."), ("시장", "장에 갔다.")]


def test_a_text_file_has_no_headings_and_may_be_in_cp949(tmp_path: Path) -> None:
    file = tmp_path / "글.txt"
    file.write_bytes("# 3번 버스를 탔다.\r\n\r\n비가 왔다. 우리는 우산을 같이 썼다.\r\n".encode("cp949"))
    found = read_manuscript(file)
    assert found.title == ""
    assert [c.text for c in chapters(found)] == ["# 3번 버스를 탔다.\n비가 왔다. 우리는 우산을 같이 썼다."]


def test_a_word_file_is_read_by_its_styles(tmp_path: Path) -> None:
    word = docx.Document()
    word.add_heading("함께 걷기", 0)
    word.add_paragraph("길을 나섰다.")
    word.add_heading("바다", 1)
    word.add_paragraph("바다는 넓었다.")
    word.add_paragraph("")
    word.save(str(tmp_path / "글.docx"))
    found = read_manuscript(tmp_path / "글.docx")
    assert found.title == "함께 걷기"
    assert [(c.title, c.text) for c in chapters(found)] == [("", "길을 나섰다."), ("바다", "바다는 넓었다.")]


def test_what_geulgam_exports_comes_back(tmp_path: Path) -> None:
    from generate.export.export import export
    from generate.export.manuscript import Manuscript

    text = Manuscript.of("# 함께\n\n처음이다.\n\n## 시장\n\n장에 갔다. “얼마예요?” 물었다.\n")
    for form in ("md", "docx"):
        export(text, tmp_path / f"글.{form}", form)
        assert read_manuscript(tmp_path / f"글.{form}") == text


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("글.hwp", b"HWP Document", "not one of .md"),
        ("글.docx", b"PK\x03\x04 and no more", "not a Word file"),
        ("글.txt", b"\x89PNG\r\n\x1a\n", "not text: a PNG picture"),
        ("글.md", "# 제목뿐\n".encode(), "there is no text"),
        ("글.txt", b"", "empty file"),
        ("글.txt", DAMAGED, "line 2 has bytes that are no text"),
        ("글.md", DAMAGED, "line 2 has bytes that are no text"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(GeulgamError, match=reason) as told:
        read_manuscript(tmp_path / name)
    assert "\n" not in str(told.value) and told.value.hint
    with pytest.raises(GeulgamError, match="no such file"):
        read_manuscript(tmp_path / "nowhere.md")
