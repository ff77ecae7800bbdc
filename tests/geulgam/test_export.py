"""`geulgam export`, as a user types it."""

from pathlib import Path

import docx
import pytest

from geulgam.workspace import Workspace
from tests.geulgam.conftest import Command

ESSAY = "# 함께\n\n비가 왔다. 우리는 “우산” 하나를 같이 썼다.\n"


def essays(workspace: Workspace, *names: str) -> None:
    for name in names:
        folder = workspace.essays / name
        folder.mkdir(parents=True)
        (folder / "essay.md").write_text(ESSAY.replace("비가", f"{name} 비가"), encoding="utf-8")


def told(file: Path) -> str:
    return docx.Document(str(file)).paragraphs[1].text


def test_an_essay_is_found_by_its_name_its_folder_its_file_and_its_topic(
    geulgam: Command, workspace: Workspace
) -> None:
    essays(workspace, "함께-001", "함께-002", "함께-010", "가족-001")
    for named, number in (("함께-001", "001"), ("essays/함께-002", "002"), ("essays/함께-002/essay.md", "002")):
        said = geulgam("export", named, "--to", "docx", "--again")
        assert (said.code, said.out) == (0, f"essays/함께-{number}/함께-{number}.docx\n")
        assert told(workspace.folder / said.out.strip()).startswith(f"함께-{number} 비가")
    assert geulgam("export", "함께", "--to", "txt").out == "essays/함께-010/함께-010.txt\n"


def test_the_length_is_told_as_contests_count(geulgam: Command, workspace: Workspace) -> None:
    Path("a.md").write_text("# 제목\n\n" + "가나다라 마바사아. " * 200, encoding="utf-8")
    said = geulgam("export", "a.md", "--to", "txt")
    line = "its length, title apart: 2,199 characters with spaces, 1,800 without; 10 sheets of 200-cell paper"
    assert said.err == f"{line} (원고지 10매)\n"


def test_any_markdown_file_is_exported_without_a_workspace(
    geulgam: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("글.md").write_bytes(ESSAY.encode("cp949"))
    assert geulgam("export", "글.md", "--out", "낸 글.hwpx").out == "낸 글.hwpx\n"
    assert geulgam("export", "글.md", "--to", "docx").out == "글.docx\n"
    assert told(Path("글.docx")).startswith("비가 왔다.")


def test_export_and_review_read_a_file_alike(geulgam: Command, workspace: Workspace) -> None:
    from generate.export.manuscript_file import read_manuscript

    text = "# 3번 버스를 탔다.\n\n비가\x0b\x01 왔다. 우리는 우산을 같이 썼다.\n"
    for file in (Path("글.txt"), Path("글.md")):
        file.write_text(text, encoding="utf-8")
        assert geulgam("export", file, "--out", "낸글.docx", "--again").code == 0
        told = read_manuscript(file)
        paragraphs = [p.text for p in docx.Document("낸글.docx").paragraphs]
        assert paragraphs == [*filter(None, [told.title]), *(line.text for line in told.lines)]
    assert geulgam("export", "낸글.docx", "--to", "md").out == "낸글.md\n"


def test_what_cannot_be_is_told_in_one_line(geulgam: Command, workspace: Workspace) -> None:
    essays(workspace, "함께-001")
    Path("a.hwp").write_bytes(b"\xd0\xcf\x11\xe0")
    Path("b.md").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(range(256)))
    for words, error in (
        (
            ("너", "--to", "docx"),
            "no essay, topic or file is called 너\nhint: there are: 함께-001",
        ),
        (("함께",), "to which format?\nhint: say --to md, txt, docx, hwpx"),
        (("함께", "--to", "pdf"), "no format is called pdf\nhint: say --to md, txt, docx, hwpx"),
        (("함께", "--to", "docx", "--out", "a.hwpx"), "a.hwpx would not be what its name says\nhint: leave --to out"),
        (
            ("a.hwp", "--to", "docx"),
            "cannot read a.hwp: not one of .md, .markdown, .txt, .docx\nhint: save it as one of these",
        ),
        (("b.md", "--to", "docx"), "cannot read b.md: not text"),
        (("essays/함께-001/essay.md", "--out", "essays/함께-001/essay.md", "--again"), "is the essay itself"),
    ):
        said = geulgam("export", *words)
        assert said.code == 1 and said.out == "" and error in said.err and said.err.count("\n") <= 2, words


def test_a_file_that_is_there_is_written_over_when_asked(geulgam: Command, workspace: Workspace) -> None:
    essays(workspace, "함께-001")
    file = workspace.folder / geulgam("export", "함께", "--to", "md").out.strip()
    before = file.read_text(encoding="utf-8")
    essay = workspace.essays / "함께-001" / "essay.md"
    essay.write_text(essay.read_text(encoding="utf-8").replace("비가", "눈이"), encoding="utf-8")
    said = geulgam("export", "함께", "--to", "md")
    assert said.code == 1 and "is there already" in said.err and "--again" in said.err
    assert "비가 왔다." in before and file.read_text(encoding="utf-8") == before
    assert geulgam("export", "함께", "--to", "md", "--again").code == 0
    assert file.read_text(encoding="utf-8") == before.replace("비가", "눈이")
