from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.strings import Strings, sorted_distinct

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(st.lists(TEXT, max_size=40), TEXT)
def test_every_string_is_found_where_it_stands_and_no_other(values: list[str], other: str) -> None:
    table, places = sorted_distinct(pa.chunked_array([values], pa.string()))
    assert list(table) == sorted(set(values))
    assert [table[place] for place in places] == values
    assert all(table.place(value) >= 0 for value in values)
    assert (table.place(other) >= 0) == (other in values)
    assert table.arrow().to_pylist() == list(table)


def test_a_saved_table_is_opened_again(tmp_path: Path) -> None:
    sorted_distinct(pa.chunked_array([["함께", "", "가"]]))[0].save(tmp_path, "words")
    table = Strings.open(tmp_path, "words")
    assert list(table) == ["", "가", "함께"]
    assert table.place("함께") == 2
    assert table.place("\ud800") == -1


def test_a_table_that_lost_bytes_is_not_opened(tmp_path: Path) -> None:
    sorted_distinct(pa.chunked_array([["함께", "가"]]))[0].save(tmp_path, "words")
    sorted_distinct(pa.chunked_array([["가"]]))[0].save(tmp_path, "other")
    (tmp_path / "other.bytes.npy").rename(tmp_path / "words.bytes.npy")
    with pytest.raises(ValueError, match="do not fit"):
        Strings.open(tmp_path, "words")
