"""Beyond one step: two pieces are the best pair, and all else is as it is without looking further."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from finetune.base import BaseModel
from generate.candidates import Candidate
from generate.critic.critic import Critic
from generate.decoding.sampling import Sampling, draw
from generate.draft import Draft
from generate.piece import offered
from generate.planning.plan import Plan, Section
from generate.so_far import SoFar
from generate.writer import Writer

SAMPLING = Sampling(top_k=20, top_p=0.95)
PLAN = Plan(
    "함께",
    (Section("눈", 230, ("편지",), "opening"), Section("물", 230, ("기차",), "closing")),
    opening="우리는",
)
ASKED: dict[str, Any] = {"plan": PLAN, "sampling": SAMPLING, "seed": 2, "best_of": 4, "beam": 2, "redrafts": 0}


@pytest.fixture(scope="module")
def writer(practised: BaseModel) -> Writer:
    return Writer(practised)


@pytest.fixture(scope="module")
def kept(writer: Writer) -> list[Draft]:
    """The drafts of one essay, as they come back from a file, the last of them whole."""
    drafts: list[Draft] = []
    writer.write(**ASKED, on_piece=lambda draft: drafts.append(from_file(draft)))
    return drafts


def from_file(draft: Draft) -> Draft:
    return Draft.from_dict(json.loads(json.dumps(draft.as_dict())))


def rounds(drafts: Sequence[Draft]) -> list[int]:
    counts = [len(draft.pieces) for draft in drafts]
    return [after - before for before, after in zip([0, *counts], counts, strict=False)]


def test_rounds_are_pairs_within_a_section_and_a_single_piece_where_one_ends(kept: list[Draft]) -> None:
    assert set(rounds(kept)) == {1, 2} and rounds(kept)[-1] == 1
    for count, draft in zip(rounds(kept), kept, strict=True):
        assert len({piece.section for piece in draft.pieces[-count:]}) == 1
    assert {piece.section for piece in kept[-1].pieces} == {0, 1}


def test_the_length_is_kept_as_it_is_without(kept: list[Draft]) -> None:
    assert kept[-1].is_finished and abs(len(kept[-1].text.rstrip()) - PLAN.characters) <= 6


def test_the_same_seed_gives_the_same_essay_which_is_another_than_without(writer: Writer, kept: list[Draft]) -> None:
    assert writer.write(**ASKED).pieces == kept[-1].pieces
    plain = writer.write(**ASKED | {"beam": 1})
    assert plain.text != kept[-1].text and plain.key != kept[-1].key
    assert plain.pieces[0].section == 0


def test_with_one_candidate_there_is_nothing_to_look_further_from(writer: Writer) -> None:
    asked = ASKED | {"plan": Plan.of_one_section("함께", 200), "best_of": 1}
    assert writer.write(**asked).pieces == writer.write(**asked | {"beam": 1}).pieces


@pytest.mark.slow
def test_gone_on_with_from_any_round_it_is_the_same_essay(writer: Writer, kept: list[Draft]) -> None:
    assert sum(len(piece.tokens) for piece in kept[-1].pieces) > 192  # the window has slid
    for draft in kept:
        assert writer.write(**ASKED, resume=draft).pieces == kept[-1].pieces


class Recording(Critic):
    """Scores as ever, and remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, list[str], list[float]]] = []

    def parts(self, candidates: Sequence[Candidate], alone: Sequence[float], so_far: SoFar) -> list[dict[str, float]]:
        parts = super().parts(candidates, alone, so_far)
        texts = [candidate.text for candidate in candidates]
        self.asked.append((so_far.text, texts, [self.score(each) for each in parts]))
        return parts


@pytest.mark.parametrize("seed", [2, 3, 4])
def test_the_pair_with_the_highest_sum_of_those_that_the_best_two_begin_is_taken(
    practised: BaseModel, seed: int
) -> None:
    critic = Recording()
    drafts: list[Draft] = []

    def first_round(draft: Draft) -> None:
        drafts.append(draft)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Writer(practised, critic=critic).write(**ASKED | {"seed": seed, "best_of": 6}, on_piece=first_round)
    (before, texts, scores), *further = critic.asked
    best = sorted(range(len(scores)), key=lambda row: -scores[row])[:2]
    ways = {before + texts[row]: scores[row] for row in best}
    assert 0 < len(further) <= 2  # none of a way's seconds may have come to an end
    pairs = {
        (way + second).replace("\n", ""): ways[way] + score
        for way, seconds, more in further
        for second, score in zip(seconds, more, strict=True)
    }
    assert all(len(seconds) <= 3 for _, seconds, _ in further)
    assert drafts[0].text.replace("\n", "") == max(pairs, key=lambda pair: pairs[pair])


def test_broken_off_while_the_second_pieces_are_drafted_it_is_gone_on_with(
    writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[Draft] = []
    is_second = False

    def noted(desk: Any, *given: Any) -> Any:
        nonlocal is_second
        is_second = desk.rows < ASKED["best_of"] and bool(saved)
        return offered(desk, *given)

    def broken_off(*given: Any) -> list[int]:
        if is_second:
            raise KeyboardInterrupt
        return draw(*given)

    for seed in range(
        2, 12
    ):  # which of them have second pieces later than at first depends on the processor's rounding
        saved.clear()
        with monkeypatch.context() as patch:
            patch.setattr("generate.search.offered", noted)
            patch.setattr("generate.candidates.draw", broken_off)
            try:
                writer.write(**{**ASKED, "seed": seed}, on_piece=saved.append)
            except KeyboardInterrupt:
                break
    else:
        pytest.fail("no essay was broken off")
    whole = writer.write(**{**ASKED, "seed": seed})
    assert saved and saved[-1].pieces == whole.pieces[: len(saved[-1].pieces)] != whole.pieces
    assert writer.write(**{**ASKED, "seed": seed}, resume=from_file(saved[-1])).pieces == whole.pieces


def test_a_beam_is_part_of_a_drafts_key(writer: Writer) -> None:
    begun = writer.begin(**ASKED)
    assert begun.key != replace(begun, beam=3).key
