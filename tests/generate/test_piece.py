"""One piece: what is offered for it can stand; it ends with a sentence, fits where it has to, is closed if stuck."""

from collections.abc import Sequence
from typing import Any

import pytest

from finetune.base import BaseModel
from generate.candidates import Desk, Stand, drafted
from generate.context import Context
from generate.decoding.sampling import Sampling
from generate.guards.letters import letters_of
from generate.piece import ATTEMPTS, Fit, Piece, offered, repeats
from generate.sentences import ends, sentences
from generate.surfaces import Surfaces

SAMPLING = Sampling(top_k=20, top_p=0.95)


@pytest.fixture(scope="module")
def surfaces(practised: BaseModel) -> Surfaces:
    return Surfaces(practised.vocabulary)


def written(
    base: BaseModel,
    surfaces: Surfaces,
    standing: str,
    number: int = 0,
    known: Sequence[str] = (),
    fit: Fit | None = None,
    rows: int = 1,
    **stand: Any,
) -> Piece:
    desk = Desk(surfaces, SAMPLING, seed=3, rows=rows, longest=64)
    context = Context(base.model)
    context.begin([base.vocabulary.bos, *base.vocabulary.encode(standing)])
    before = list(context.tokens)
    pool, attempts = offered(desk, context, Stand(standing, number, **stand), set(known), fit)
    assert context.tokens == before
    return Piece.of(pool[-1], "", attempts, 0)


@pytest.mark.parametrize("number", range(4))
def test_a_piece_ends_with_a_sentence_and_its_tokens_are_its_text(
    practised: BaseModel, surfaces: Surfaces, number: int
) -> None:
    piece = written(practised, surfaces, "우리는 함께 걸었다.", number)
    assert ends(piece.text)
    assert surfaces.text(piece.tokens) == piece.text
    assert piece.text[0].isspace() or number == 0


def test_the_same_number_and_seed_give_the_same_piece_and_another_number_another(
    practised: BaseModel, surfaces: Surfaces
) -> None:
    first, again, other = (written(practised, surfaces, "우리는", number, rows=2) for number in (1, 1, 2))
    assert first == again
    assert first.text != other.text


def test_all_that_can_stand_is_offered_in_the_order_of_the_rows_and_none_that_got_stuck(
    practised: BaseModel, surfaces: Surfaces
) -> None:
    context = Context(practised.model)
    context.begin([practised.vocabulary.bos, *practised.vocabulary.encode("글 3\n\n")])
    desk, stand = Desk(surfaces, SAMPLING, 3, 6, 52), Stand("글 3\n\n", 0)
    rows = drafted(desk, context, stand)
    pool, attempts = offered(desk, context, stand, set())
    able = [row for row in rows if row.ending != "stuck" and not repeats(row.text, set())]
    assert 1 < len(able) < len(rows) and attempts == 1
    assert [(found.text, found.tokens, found.ending) for found in pool] == [
        (row.text, row.tokens, row.ending) for row in able
    ]
    piece = Piece.of(pool[1], "\n\n", attempts, 2)
    assert piece == Piece("\n\n" + pool[1].text, pool[1].tokens, 1, "sentence", 2)


def test_a_sentence_that_stands_already_is_not_written_again(practised: BaseModel, surfaces: Surfaces) -> None:
    pieces = [written(practised, surfaces, "글 3\n\n", number) for number in range(4)]
    number, known = next(
        (number, [letters_of(sentence)])
        for number, piece in enumerate(pieces)
        for sentence in sentences(piece.text)
        if len(letters_of(sentence)) >= 10
    )
    other = written(practised, surfaces, "글 3\n\n", number, known)
    assert other.attempts > pieces[number].attempts
    assert not repeats(other.text, set(known))


@pytest.mark.parametrize("wanted", [30, 60])
def test_the_last_piece_is_as_long_as_it_is_to_be(practised: BaseModel, surfaces: Surfaces, wanted: int) -> None:
    piece = written(
        practised, surfaces, "글 3\n\n", 2, fit=Fit(wanted, 6), rows=8, shortest=0, least=wanted - 6, may_end=True
    )
    assert abs(len(piece.text) - wanted) <= 6
    assert ends(piece.text)


def test_what_stays_stuck_is_closed_with_a_full_stop(
    practised: BaseModel, surfaces: Surfaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = practised.vocabulary.encode(" 함께 함께 함께 함께 함께 함께 함께 함께")
    stream = iter(words * ATTEMPTS * 9)
    monkeypatch.setattr("generate.candidates.draw", lambda *_: [next(stream)])
    piece = written(practised, surfaces, "우리는")
    assert piece.ending == "cut"
    assert piece.attempts == ATTEMPTS
    assert piece.text.endswith("함께.")
    assert len(piece.text) < 40


def test_a_text_that_runs_on_is_closed_where_a_full_stop_is_missing(
    practised: BaseModel, surfaces: Surfaces, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = practised.vocabulary.encode(
        " 우리는 함께 걸었다 아이들은 발자국을 남기며 뛰었다 " + "그래서 오래 앉아 " * 20
    )[:64]
    stream = iter(words * ATTEMPTS)
    monkeypatch.setattr("generate.candidates.draw", lambda *_: [next(stream)])
    piece = written(practised, surfaces, "우리는", 1)
    assert piece == Piece(piece.text, piece.tokens, ATTEMPTS, "cut")
    assert piece.text == " 우리는 함께 걸었다 아이들은 발자국을 남기며 뛰었다."


def test_repeating_is_told_by_letters_alone() -> None:
    known = {letters_of("우리는 함께 오래 걸었다.")}
    assert repeats("그래서 쉬었다. 우리는 함께, 오래 걸었다!", known)
    assert repeats("우리는 늘 혼자 앉아 있었다. 우리는 늘 혼자 앉아 있었다.", set())
    assert not repeats("우리는 함께 오래 앉았다.", known)
    assert not repeats("그랬다. 그랬다.", set())
