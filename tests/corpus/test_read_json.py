"""Rows of .jsonl and .json; what is broken is refused with its line, the rest is taken."""

import json
from pathlib import Path

import pytest

from tests.corpus.conftest import Take


def test_a_broken_third_line_is_refused_and_the_others_are_taken(
    tmp_path: Path, essays: tuple[str, ...], take: Take
) -> None:
    path = tmp_path / "a.jsonl"
    lines = [json.dumps({"title": f"글 {i}", "text": text}, ensure_ascii=False) for i, text in enumerate(essays)]
    lines[2] = lines[2][:-9]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    documents, [rejected] = take(path)
    assert [document.title for document in documents] == ["글 0", "글 1", "글 3"]
    assert (rejected.file, rejected.line) == (str(path), 3)
    assert rejected.reason.startswith("broken JSON: Unterminated string starting at column")


def test_lines_keep_their_numbers_over_blank_ones_and_over_windows_ends(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.jsonl").write_bytes('\ufeff{"text": "하나"}\r\n\r\n   \r\n[]\r\n"둘"'.encode())
    documents, [rejected] = take(tmp_path)
    assert [document.text for document in documents] == ["하나", "둘"]
    assert (rejected.line, rejected.reason) == (4, "not an object: []")


def test_a_line_separator_within_a_text_does_not_end_the_row(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "앞\u2028뒤\u0085끝"}\n', encoding="utf-8")
    [document], rejected = take(tmp_path)
    assert (document.text, rejected) == ("앞\u2028뒤\u0085끝", [])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"text": ""}, "empty text"),
        ({"text": " \n "}, "empty text"),
        ({"text": None}, "empty text"),
        ({"text": 7}, "text is not a string: a number"),
        ({"text": ["하나", "둘"]}, "text is not a string: a list"),
        ({"text": {"하나": 1}}, "text is not a string: an object"),
        ({"text": True}, "text is not a string: true or false"),
        ({"name": "x", "memo": 1}, "no text column: the columns are name, memo"),
        ({}, "no text column: the columns are (none)"),
        (None, "not an object: null"),
        (12.5, "not an object: 12.5"),
    ],
)
def test_a_row_without_a_text_is_refused(tmp_path: Path, take: Take, row: object, reason: str) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "글"}) + "\n" + json.dumps(row), encoding="utf-8")
    documents, [rejected] = take(tmp_path)
    assert [document.text for document in documents] == ["글"]
    assert (rejected.line, rejected.reason) == (2, reason)


@pytest.mark.parametrize(
    "row",
    [
        r'{"text": "반쪽 \ud83d 뿐"}',
        r'{"text": "글", "title": "\udc00"}',
        r'{"text": "글", "memo": "\ud800"}',
        r'{"text": "글", "\ud800": "memo"}',
        r'{"text": "없는 \u0000 글자"}',
    ],
)
def test_half_a_surrogate_pair_and_nul_are_refused(tmp_path: Path, take: Take, row: str) -> None:
    (tmp_path / "a.jsonl").write_text(row + '\n{"text": "온전한 \\ud83d\\ude00"}\n', encoding="utf-8")
    [document], [rejected] = take(tmp_path)
    assert document.text == "온전한 😀"
    assert (rejected.line, rejected.reason.partition(":")[0]) == (1, "broken characters")


def test_a_damaged_line_is_refused_and_the_others_are_taken(tmp_path: Path, prose: str, take: Take) -> None:
    lines = [json.dumps({"text": line}, ensure_ascii=False).encode() for line in prose.split("\n")]
    lines[500] = lines[500][:30] + b"\xff" + lines[500][30:]
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(lines))
    documents, [rejected] = take(tmp_path)
    assert len(documents) == 999
    assert (rejected.line, rejected.reason.partition(":")[0]) == (501, "broken characters")


def test_json_nested_without_end_is_refused(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.jsonl").write_text("[" * 200_000 + '\n{"text": "글"}', encoding="utf-8")
    (tmp_path / "b.json").write_text("[" * 200_000, encoding="utf-8")
    [document], rejected = take(tmp_path)
    assert document.text == "글"
    assert [item.reason[:32] for item in rejected] == ["broken JSON: nested too deeply"] * 1 + [
        "broken JSON: nested too deeply; "
    ]


@pytest.mark.parametrize("indent", [None, 2])
def test_arrays_are_taken_as_objects_as_strings_and_within_an_object(
    tmp_path: Path, essays: tuple[str, ...], take: Take, indent: int | None
) -> None:
    rows = [{"제목": f"글 {i}", "본문": text} for i, text in enumerate(essays)]
    for name, value in {
        "objects": rows,
        "strings": list(essays),
        "within": {"version": 1, "meta": {"data": [1]}, "data": rows, "end": None},
    }.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(value, ensure_ascii=False, indent=indent), encoding="utf-8")
        documents, rejected = take(path)
        assert [document.text for document in documents] == list(essays), name
        assert not rejected
        if name != "strings":
            assert [document.title for document in documents] == ["글 0", "글 1", "글 2", "글 3"]


def test_one_object_is_one_document_even_with_a_list_beside_its_text(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.json").write_text('{"text": "글", "tags": ["가", "나"]}', encoding="utf-8")
    [document], _ = take(tmp_path)
    assert (document.text, document.metadata) == ("글", {"tags": '["가", "나"]'})


def test_rows_of_an_array_have_the_line_they_begin_in(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.json").write_text('[\n{"text": "하나"},\n\n{"text":\n 2},\n "셋", 4]', encoding="utf-8")
    documents, rejected = take(tmp_path)
    assert [document.text for document in documents] == ["하나", "셋"]
    assert [(item.line, item.reason) for item in rejected] == [
        (4, "text is not a string: a number"),
        (6, "not an object: 4"),
    ]


def test_what_stands_before_a_break_in_an_array_is_taken(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.json").write_text('[\n"하나",\n"둘"\n"셋"]', encoding="utf-8")
    documents, [rejected] = take(tmp_path)
    assert [document.text for document in documents] == ["하나"]
    assert (rejected.line, rejected.reason) == (
        4,
        "broken JSON: Expecting ',' delimiter at column 1; the rest is not read",
    )


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("{\n'text': 1}", 2, "broken JSON: Expecting property name enclosed in double quotes at column 1"),
        ("[1, 2", 1, "broken JSON: Expecting ',' delimiter at column 6; the rest is not read"),
        ("[]", 0, "no rows: a header or blank lines, no more"),
        (" \n", 0, "empty file"),
        ('{"a": [], "b": []}', 1, "no text column: the columns are a, b; it holds 2 arrays, not one"),
        ('{"a": 1}', 1, "no text column: the columns are a"),
    ],
)
def test_json_that_holds_no_rows_says_why(tmp_path: Path, take: Take, text: str, line: int, reason: str) -> None:
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    _, rejected = take(tmp_path)
    assert (rejected[-1].line, rejected[-1].reason) == (line, reason)


def test_json_lines_under_the_name_json_are_read(tmp_path: Path, essays: tuple[str, ...], take: Take) -> None:
    path = tmp_path / "a.json"
    path.write_text("\n".join(json.dumps({"text": text}) for text in essays), encoding="utf-8")
    documents, rejected = take(path)
    assert [document.text for document in documents] == list(essays)
    assert not rejected


def test_what_is_nested_a_little_less_deeply_than_can_be_read_may_be_more_than_can_be_kept(
    tmp_path: Path, take: Take
) -> None:
    lines = ['{"text": "봄", "m": ' + "[" * deep + "]" * deep + "}" for deep in range(900, 1_001)]
    lines += ["[" * deep + "]" * deep for deep in range(900, 1_001)]
    (tmp_path / "a.jsonl").write_text("\n".join([*lines, '{"text": "여름"}']), encoding="utf-8")
    documents, refused = take(tmp_path / "a.jsonl")
    assert len(documents) + len(refused) == len(lines) + 1 and documents[-1].text == "여름"
    assert {one.reason.partition(": [")[0] for one in refused} <= {"broken JSON: nested too deeply", "not an object"}
    assert any("nested" in one.reason for one in refused)


def test_a_column_that_cannot_be_printed_is_named_by_its_escapes(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.jsonl").write_text(r'{"\ud800": 1, "a\u001b[31m\u0000": 2}', encoding="utf-8")
    [], [refused] = take(tmp_path / "a.jsonl")
    assert refused.reason == r"no text column: the columns are \ud800, a\x1b[31m\x00"
