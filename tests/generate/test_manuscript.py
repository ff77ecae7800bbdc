"""What a text is made of, and how long contests call it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generate.export.manuscript import Line, Manuscript, manuscript_rows


def test_a_title_headings_and_every_line_as_a_paragraph() -> None:
    text = "# 우산 둘\n\n비가 왔다.\n우리는 걸었다.\n\n## 첫째 날 ##\n\n　집에 왔다.  \n# 둘째 날\n#해시 끝"
    assert Manuscript.of(text) == Manuscript(
        "우산 둘",
        (
            Line("비가 왔다."),
            Line("우리는 걸었다."),
            Line("첫째 날", 2),
            Line("집에 왔다."),
            Line("둘째 날", 2),
            Line("#해시 끝"),
        ),
    )


def test_a_text_without_a_title_has_none() -> None:
    assert Manuscript.of("비가 왔다.\n# 끝\n") == Manuscript("", (Line("비가 왔다."), Line("끝", 2)))


def test_letters_apart_become_syllables_and_what_no_file_can_hold_goes() -> None:
    assert Manuscript.of("\u1112\u1161\u11ab글\x00\x07\ufffe 🙂").lines == (Line("한글 🙂"),)


@given(st.text(st.characters(codec="utf-8") | st.sampled_from("#\n “”…<&> \t"), max_size=200))
def test_markdown_is_read_back_as_it_was(text: str) -> None:
    manuscript = Manuscript.of(text)
    assert Manuscript.of(manuscript.markdown()) == manuscript


def test_contests_count_with_spaces_and_without_and_neither_title_nor_ends_of_lines() -> None:
    length = Manuscript.of("# 안 세는 제목\n가 나 다.\n\n라\n").length
    assert (length.characters, length.letters, length.rows) == (7, 5, 2)
    assert length.line() == "7 characters with spaces, 5 without; 1 sheet of 200-cell paper (원고지 1매)"


@pytest.mark.parametrize(
    ("paragraph", "cells"),
    [
        ("가나다", 3),
        ("가 나", 3),
        ("2026년", 3),  # 20 26 년
        ("7월", 2),
        ("word", 2),
        ("KBS", 3),
        ("갔다. 왔다", 5),  # no cell behind a full stop
        ("왜? 왜", 4),
        ("“갔다.”", 4),  # the full stop and the quotation mark share a cell
        ("음……", 3),
        ("음......", 3),
        ("👋🏼", 1),
        ("👨‍👩‍👧", 1),
    ],
)
def test_cells_as_schools_teach_them(paragraph: str, cells: int) -> None:
    room = 19 - cells  # the first row has 19 cells, and the rest of it is filled
    assert manuscript_rows("가" * room + paragraph) == 1
    assert manuscript_rows("가" * room + paragraph + "가") == 2


def test_neither_a_space_nor_a_closing_sign_begins_a_row() -> None:
    full = "가" * 19
    assert manuscript_rows(full) == manuscript_rows(full + ".") == manuscript_rows(full + "?”") == 1
    assert manuscript_rows(full + " " + "나" * 20) == 2
    assert manuscript_rows(full + "“나") == 2


def test_ten_rows_are_a_sheet() -> None:
    def sheets(rows: int) -> int:
        return Manuscript.of("\n".join(["가"] * rows)).length.sheets

    assert [sheets(rows) for rows in (1, 10, 11, 20, 21)] == [1, 1, 2, 2, 3]
