"""A document is known by its text: the same words are the same document, in one version or another."""

import unicodedata
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from corpus.document import Document, document, document_id, normalise


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


def test_whatever_changes_in_a_document_changes_its_version_and_not_its_id() -> None:
    one = document("글", "제목", "https://a.kr", {"쪽": "1", "권": "2"})
    others = [
        replace(one, text="글!"),
        replace(one, title="글"),
        replace(one, source=""),
        replace(one, metadata={"쪽": "1"}),
        replace(one, metadata={"쪽": "2", "권": "1"}),
    ]
    assert len({one.version, *(other.version for other in others)}) == 6
    assert {other.id for other in others} == {one.id}
    assert replace(one, metadata={"권": "2", "쪽": "1"}).version == one.version
    assert len(bytes.fromhex(one.version)) == 16


FIELDS = st.tuples(st.text(max_size=2), st.text(max_size=2), st.text(max_size=2))


@given(FIELDS, FIELDS)
def test_nothing_moves_from_one_field_to_the_next_unseen(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    versions = [Document("0" * 32, *fields).version for fields in (one, other)]
    assert (versions[0] == versions[1]) == (one == other)
