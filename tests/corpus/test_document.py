"""A document is its text: the same words are the same document."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from corpus.document import document, document_id, normalise


def test_the_text_keeps_its_paragraphs_and_loses_its_margins() -> None:
    assert document("\n 첫 문단\n\n 둘째  문단 \n").text == "첫 문단\n\n 둘째  문단"


@given(st.text(), st.sampled_from(["\n", " \t", "\u3000", "\r\n\r\n", "\u2028"]))
def test_whitespace_and_composition_do_not_change_the_id(text: str, blank: str) -> None:
    same = blank + blank.join(unicodedata.normalize("NFD", text).split(" ")) + blank
    assert document_id(same) == document_id(text)


def test_another_word_is_another_document() -> None:
    assert document_id("함께 걷는 길") != document_id("함께 걷는 길.")


def test_normalising_folds_every_kind_of_space() -> None:
    assert normalise("\u1100\u1161\u3000 나\r\n\t다\u00a0") == "가 나 다"
