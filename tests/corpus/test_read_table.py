"""Rows of .csv, .tsv and .parquet, with the line each begins in."""

import csv
import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.corpus.conftest import Take


def test_the_real_essays_are_read_without_an_option(shared: Path, take: Take) -> None:
    documents, rejected = take(shared / "data" / "essays")
    assert (len(documents), rejected) == (1261, [])
    with (shared / "data" / "essays" / "essays-1.csv").open(encoding="utf-8", newline="") as file:
        first = next(csv.DictReader(file))
    assert documents[0].text == first["contents"].strip()
    assert (documents[0].title, documents[0].source) == (first["title"], first["refer"])
    assert documents[0].metadata == {"types": first["types"]}


def test_real_passages_are_read_and_rows_that_are_queries_are_refused(shared: Path, take: Take) -> None:
    documents, rejected = take(shared / "data" / "korquad")
    assert len(documents) == 964
    assert {item.reason for item in rejected} == {"no text column: the columns are id, query, passage_id"}


def test_a_refused_row_has_the_physical_line_it_begins_in(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.csv").write_text('title,text\n"두\n줄","여러\n줄의\n""글"""\n\n빈,\n셋,글 셋\n', encoding="utf-8")
    documents, [rejected] = take(tmp_path)
    assert [(document.title, document.text) for document in documents] == [
        ("두\n줄", '여러\n줄의\n"글"'),
        ("셋", "글 셋"),
    ]
    assert (rejected.line, rejected.reason) == (7, "empty text")


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("codec", ["utf-8-sig", "cp949", "utf-16"])
def test_excels_files_are_read_whatever_it_saved_them_as(
    tmp_path: Path, essays: tuple[str, ...], take: Take, newline: str, codec: str
) -> None:
    rows = newline.join(["제목,내용,출처", *(f'글 {i},"{text}",책' for i, text in enumerate(essays)), ""])
    (tmp_path / "a.csv").write_bytes(rows.encode(codec))
    documents, rejected = take(tmp_path)
    assert [(d.title, d.text, d.source) for d in documents] == [
        (f"글 {i}", text, "책") for i, text in enumerate(essays)
    ]
    assert not rejected


@pytest.mark.parametrize(("name", "mark"), [("a.tsv", "\t"), ("a.csv", "\t"), ("a.csv", ";"), ("a.tsv", ",")])
def test_the_delimiter_is_the_one_that_gives_a_text_column(tmp_path: Path, take: Take, name: str, mark: str) -> None:
    (tmp_path / name).write_text(f"title{mark}text\n하나{mark}글 하나\n", encoding="utf-8")
    [document], rejected = take(tmp_path)
    assert (document.title, document.text, rejected) == ("하나", "글 하나", [])


def test_a_table_without_a_text_column_names_the_columns_it_has(tmp_path: Path, take: Take) -> None:
    path = tmp_path / "a.csv"
    path.write_text("번호,분류,에세 이\n1,수필,글\n2,수필,글\n", encoding="utf-8")
    documents, [rejected] = take(path)
    assert not documents
    assert (rejected.file, rejected.line) == (str(path), 0)
    assert rejected.reason == "no text column: the columns are 번호, 분류, 에세 이"


def test_the_text_column_may_be_named(tmp_path: Path, take: Take) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Name,Text,원고\n하나,요약,글 하나\n", encoding="utf-8")
    [document], _ = take(path, text_column="원고", title_column="name")
    assert (document.title, document.text, document.metadata) == ("하나", "글 하나", {"Text": "요약"})
    _, [rejected] = take(path, text_column="body")
    assert rejected.reason == "no text column 'body': the columns are Name, Text, 원고"


def test_a_field_longer_than_pythons_csv_limit_is_taken(tmp_path: Path, take: Take) -> None:
    text = "가나다라 마바사 " * 60_000
    (tmp_path / "a.csv").write_text(f'text\n"{text}"\n글\n', encoding="utf-8")
    documents, rejected = take(tmp_path)
    assert [document.text for document in documents] == [text.strip(), "글"]
    assert not rejected


def test_a_row_with_fields_too_many_is_refused_because_its_text_may_be_cut(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.csv").write_text("title,text\n하나,글, 쉼표 뒤\n둘,글 둘,,\n셋\n넷,글 넷\n", encoding="utf-8")
    documents, rejected = take(tmp_path)
    assert [document.title for document in documents] == ["둘", "넷"]
    assert [(item.line, item.reason) for item in rejected] == [
        (2, "wrong number of fields: 3 fields where the header names 2"),
        (4, "wrong number of fields: 1 fields where the header names 2"),
    ]


def test_a_quotation_mark_that_is_never_closed_is_told_with_what_it_swallowed(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.csv").write_text('title,text\n하나,글\n둘,"글 둘\n셋,글 셋\n넷,글 넷\n', encoding="utf-8")
    [document], [rejected] = take(tmp_path)
    assert document.title == "하나"
    assert rejected.line == 3
    assert rejected.reason.startswith("open quotation mark: it is never closed, the 2 lines after it are")


def test_a_last_row_without_a_line_end_is_taken(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.csv").write_text('text\n하나\n"둘"', encoding="utf-8")
    documents, rejected = take(tmp_path)
    assert [document.text for document in documents] == ["하나", "둘"]
    assert not rejected


def test_columns_without_a_name_or_with_the_same_are_kept_apart(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.csv").write_text(",text,memo,memo\n0,글,가,나\n", encoding="utf-8")
    [document], _ = take(tmp_path)
    assert document.metadata == {"(column 1)": "0", "memo": "가", "memo (column 4)": "나"}


def test_a_header_alone_is_told(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.csv").write_text("title,text\n", encoding="utf-8")
    _, [rejected] = take(tmp_path)
    assert rejected.reason == "no rows: a header or blank lines, no more"


def test_parquet_rows_are_read_with_other_columns_as_strings(tmp_path: Path, take: Take) -> None:
    table = pa.table(
        {
            "Content": ["글 하나", None, "글 셋"],
            "URL": ["https://a.kr/1", None, ""],
            "year": [2021, 2022, None],
            "score": [0.5, 1.0, float("nan")],
            "when": [datetime.date(2021, 11, 20)] * 3,
            "tags": [["가", "나"], [], None],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    (first, third), [rejected] = take(tmp_path)
    assert (first.text, first.source) == ("글 하나", "https://a.kr/1")
    assert first.metadata == {"year": "2021", "score": "0.5", "when": "2021-11-20", "tags": '["가", "나"]'}
    assert (third.source, third.metadata) == (str(tmp_path / "a.parquet"), {"when": "2021-11-20"})
    assert (rejected.line, rejected.reason) == (2, "empty text")


def test_parquet_that_is_broken_or_has_no_text_is_refused(tmp_path: Path, take: Take) -> None:
    pq.write_table(pa.table({"a": [1], "b": [2]}), tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:-9])
    (tmp_path / "c.parquet").write_bytes(b"")
    documents, rejected = take(tmp_path)
    assert not documents
    assert rejected[0].reason == "no text column: the columns are a, b"
    assert rejected[1].reason.startswith("broken Parquet: ")
    assert rejected[2].reason == "empty file"


def test_a_row_that_is_nothing_but_a_separator_of_records_is_not_the_end(tmp_path: Path, take: Take) -> None:
    (tmp_path / "a.csv").write_text("text,title\n봄,1\n\x1e\n여름,2\n가을,3\x1e", encoding="utf-8")
    documents, refused = take(tmp_path / "a.csv")
    assert [document.text for document in documents] == ["봄", "여름", "가을"]
    assert documents[-1].title == "3"  # without what is no letter at its end
    assert [(one.line, one.reason) for one in refused] == [(3, "empty text")]


def test_a_header_of_thousands_of_columns_is_read_at_once(tmp_path: Path, take: Take) -> None:
    names = ["같은 이름"] * 9_000
    (tmp_path / "a.csv").write_text(",".join([*names, "text"]) + "\n" + "," * 9_000 + "봄\n", encoding="utf-8")
    [document], [] = take(tmp_path / "a.csv")
    assert document.text == "봄" and not document.metadata
