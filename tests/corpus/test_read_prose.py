"""A .txt or .md file is one document."""

from pathlib import Path

import pytest

from corpus.opening import DOCUMENT_LIMIT
from tests.corpus.conftest import Take


def test_a_text_file_is_a_document_named_like_the_file(tmp_path: Path, essays: tuple[str, ...], take: Take) -> None:
    path = tmp_path / "장독대.txt"
    path.write_text(f"{essays[0]}\n\n{essays[1]}\n", encoding="cp949")
    [document], rejected = take(path)
    assert document.text == f"{essays[0]}\n\n{essays[1]}"
    assert (document.title, document.source, document.metadata) == ("장독대", str(path), {})
    assert not rejected


def test_a_first_heading_of_markdown_is_the_title_and_not_text(
    tmp_path: Path, essays: tuple[str, ...], take: Take
) -> None:
    (tmp_path / "a.md").write_text(f"\n# 바다 가는 길\n\n{essays[1]}\n\n## 둘째\n", encoding="utf-8-sig")
    (tmp_path / "b.md").write_text(essays[2], encoding="utf-8")
    (first, second), rejected = take(tmp_path)
    assert (first.title, first.text) == ("바다 가는 길", f"{essays[1]}\n\n## 둘째")
    assert (second.title, second.text) == ("b", essays[2])
    assert not rejected


def test_a_decomposed_file_name_gives_a_composed_title(tmp_path: Path, take: Take) -> None:
    (tmp_path / "\u1112\u1161\u11ab\u1100\u1173\u11af.txt").write_text("글", encoding="utf-8")
    [document], _ = take(tmp_path)
    assert document.title == "한글"


@pytest.mark.parametrize("name", ["blank.txt", "blank.md"])
def test_a_file_of_blanks_is_refused(tmp_path: Path, take: Take, name: str) -> None:
    (tmp_path / name).write_text(" \n\t\n", encoding="utf-8")
    documents, [rejected] = take(tmp_path)
    assert not documents
    assert (rejected.line, rejected.reason) == (0, "empty text")


def test_a_document_at_the_limit_is_taken_and_one_character_more_is_not(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.txt").write_text("가" * DOCUMENT_LIMIT, encoding="utf-8")
    (tmp_path / "b.txt").write_text("나" * (DOCUMENT_LIMIT + 1), encoding="utf-8")
    [document], [rejected] = take(tmp_path)
    assert len(document.text) == DOCUMENT_LIMIT
    assert (rejected.file, rejected.reason) == (
        str(tmp_path / "b.txt"),
        "too long: a document of 10,000,001 characters, the limit is 10,000,000",
    )


def test_bytes_that_are_no_character_cost_the_document_not_silence(tmp_path: Path, prose: str, take: Take) -> None:
    data = prose.encode()
    (tmp_path / "a.txt").write_bytes(data[:3000] + b"\xff\xfe" + data[3000:])
    documents, [rejected] = take(tmp_path)
    assert not documents
    assert rejected.reason.startswith("broken characters: ")
