"""Which column is the text is guessed by its name; everything else stays as metadata."""

import pytest

from corpus.columns import Columns
from corpus.document import Raw


@pytest.mark.parametrize("name", ["text", "Content", "CONTENTS", " 본문 ", "\ufeffbody", "내용"])
@pytest.mark.parametrize("title", ["title", "Title", "제목"])
@pytest.mark.parametrize("source", ["url", "refer", "Link", "출처"])
def test_common_names_are_guessed(name: str, title: str, source: str) -> None:
    row = {"id": 7, title: "제목", source: "https://a.kr", name: "글", "분류": "수필"}
    raw = Columns().row(row, "a.csv", 2)
    assert raw == Raw("a.csv", 2, "글", "제목", "https://a.kr", {"id": "7", "분류": "수필"})


def test_decomposed_names_as_macs_write_them_are_guessed() -> None:
    assert Columns().roles(["\u1107\u1169\u11ab\u1106\u116e\u11ab"]).text is not None


def test_of_several_text_columns_the_likeliest_is_taken_wherever_it_stands() -> None:
    assert Columns().roles(["body", "content", "text"]).text == "text"
    assert Columns().roles(["body", "내용", "content"]).text == "content"


def test_a_column_that_is_named_is_not_a_source_as_well() -> None:
    roles = Columns(text="source").roles(["text", "Source", "url"])
    assert (roles.text, roles.source) == ("Source", "url")


def test_without_a_source_the_file_is_the_source() -> None:
    for row in ({"text": "글"}, {"text": "글", "url": ""}, {"text": "글", "url": None}):
        raw = Columns().row(row, "a.csv", 2)
        assert isinstance(raw, Raw)
        assert (raw.source, raw.document().source, raw.metadata) == ("", "a.csv", {})


def test_many_and_long_column_names_are_shortened_in_the_reason() -> None:
    reason = Columns().missing(["a" * 99, *(f"c{i}" for i in range(30))])
    assert reason.startswith(f"no text column: the columns are {'a' * 39}…, c0, ")
    assert reason.endswith("c18, …")
