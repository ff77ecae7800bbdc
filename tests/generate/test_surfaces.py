"""Which tokens may come where."""

import pytest

from finetune.base import BaseModel
from generate.surfaces import Surfaces


@pytest.fixture(scope="module")
def surfaces(practised: BaseModel) -> Surfaces:
    return Surfaces(practised.vocabulary)


def test_tokens_are_shown_with_their_leading_space(surfaces: Surfaces) -> None:
    tokens = surfaces.vocabulary.encode(" 우리는 함께\n\n걸었다.")
    assert surfaces.text(tokens) == " 우리는 함께\n\n걸었다."


def test_no_essay_holds_special_tokens_or_bytes(surfaces: Surfaces) -> None:
    tokens = range(len(surfaces.vocabulary))
    banned = {token for token in tokens if surfaces.within_sentence[token]}
    assert {surfaces.vocabulary.bos, surfaces.vocabulary.eos} <= banned
    halves = {token for token in tokens if "\ufffd" in surfaces.text([token])}
    assert halves <= banned
    assert len(halves) >= 128
    assert not banned & set(surfaces.vocabulary.encode("우리는 함께 걸었다."))


def test_a_document_may_end_only_inside_a_piece(surfaces: Surfaces) -> None:
    eos = surfaces.vocabulary.eos
    assert not surfaces.inside[eos]
    assert surfaces.within_sentence[eos]
    assert surfaces.after_space[eos]
    assert surfaces.after_sentence[eos]


def test_after_a_space_no_space_and_after_a_sentence_nothing_else(surfaces: Surfaces) -> None:
    for token in range(len(surfaces.vocabulary)):
        starts_spaced = surfaces.text([token])[:1].isspace()
        assert not (starts_spaced and not surfaces.after_space[token])
        assert not (not starts_spaced and not surfaces.after_sentence[token])
    assert not surfaces.after_space.all()
    assert not surfaces.after_sentence.all()


def test_no_token_ends_a_line(surfaces: Surfaces) -> None:
    ending = [token for token in range(len(surfaces.vocabulary)) if "\n" in surfaces.text([token])]
    assert ending and all(surfaces.within_sentence[token] and surfaces.inside[token] for token in ending)


def test_line_ends_and_quotation_marks_are_no_repetition(surfaces: Surfaces) -> None:
    written = surfaces.vocabulary.encode('그는\n\n"우리"')
    breaking = {token for token in written if set('\n"') & set(surfaces.text([token]))}
    assert len(breaking) >= 2
    assert breaking == surfaces.breakers & set(written)
    assert not surfaces.breakers & set(surfaces.vocabulary.encode("우리는 함께 걸었다."))
