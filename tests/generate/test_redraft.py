"""A section that falls out of the human band is written again, the better version stays, and only that is told of."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from corpus.events import Event, Progress, TextWritten
from finetune.base import BaseModel
from generate.course import Course
from generate.critic.critic import Critic
from generate.critic.weights import Weights
from generate.decoding.sampling import PRESETS, Sampling, draw
from generate.draft import Draft
from generate.piece import Piece
from generate.planning.plan import Plan, Section
from generate.redraft import SHORTEST, settled
from generate.window import Window
from generate.writer import Writer
from retrieval.analyzers import analyzer

SAMPLING = Sampling(top_k=20, top_p=0.95)
PLAN = Plan(
    "함께",
    (Section("눈", 190, ("편지",), "opening"), Section("물", 190, ("기차",), "closing")),
    opening="우리는",
)
ASKED: dict[str, Any] = {"plan": PLAN, "sampling": SAMPLING, "seed": 2, "best_of": 4}


class Strained(Critic):
    """Never content with a section; with which of two it is less so, ``sign`` turns round."""

    def __init__(self, sign: int) -> None:
        super().__init__()
        self.sign = sign
        self.read: list[str] = []

    def strain(self, text: str) -> float:
        self.read.append(text)
        return self.strained(text)

    def strained(self, text: str) -> float:
        return 1e9 + self.sign * sum(map(ord, text))


class Run:
    """An essay with all that was told and kept of it."""

    def __init__(self, base: BaseModel, sign: int = 1, resume: Draft | None = None, **changes: Any) -> None:
        self.told: list[Event] = []
        self.kept: list[Draft] = []
        self.critic = Strained(sign)
        self.essay = Writer(base, critic=self.critic).write(
            **ASKED | changes,
            on=self.told.append,
            on_piece=lambda draft: self.kept.append(from_file(draft)),
            resume=resume,
        )

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.told if isinstance(event, TextWritten))


def from_file(draft: Draft) -> Draft:
    return Draft.from_dict(json.loads(json.dumps(draft.as_dict())))


@pytest.fixture(scope="module", autouse=True)
def _short_sections_too() -> Iterator[None]:
    """So that a run takes seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("generate.redraft.SHORTEST", 100)
        yield


@pytest.fixture(scope="module", params=[1, pytest.param(-1, marks=pytest.mark.slow)])
def run(practised: BaseModel, request: pytest.FixtureRequest) -> Run:
    return Run(practised, request.param)


def test_a_long_section_that_strains_is_written_a_second_time_and_the_better_version_stays(run: Run) -> None:
    assert run.essay.again == (0, 1) and run.essay.redrafted == 2
    texts = [text for _, text in run.essay.sections()]
    assert len(run.critic.read) == 6  # of each section the first version, alone and beside the second
    for section, (alone, first, second) in enumerate((run.critic.read[:3], run.critic.read[3:])):
        assert alone == first != second and {first, second} >= {texts[section]}
        assert run.critic.strained(texts[section]) == min(map(run.critic.strained, (first, second)))


@pytest.mark.slow
def test_each_of_two_versions_can_be_the_better_one(practised: BaseModel) -> None:
    runs = {sign: Run(practised, sign) for sign in (1, -1)}
    assert runs[1].critic.read[1:3] == runs[-1].critic.read[1:3]
    stays = {run.essay.sections()[0][1] for run in runs.values()}
    assert stays == set(runs[1].critic.read[1:3]) and len(stays) == 2


def test_what_is_inside_the_band_is_written_once_and_told_at_once_where_nothing_is_written_again(
    practised: BaseModel,
) -> None:
    asked = ASKED | {"plan": Plan("함께", PLAN.sections[:1], PLAN.opening)}
    plain = Writer(practised).write(**asked)
    assert plain.again == () and plain.aside == () and plain.settled == len(plain.pieces)
    off = Run(practised, plan=asked["plan"], redrafts=0)
    assert off.essay.text == plain.text and off.critic.read == []
    assert sum(isinstance(event, TextWritten) for event in off.told) == len(off.essay.pieces) > 2


def test_the_length_is_kept_and_the_sections_follow_each_other(run: Run) -> None:
    assert abs(len(run.essay.text) - PLAN.characters) <= 8
    assert [piece.section for piece in run.essay.pieces] == sorted(piece.section for piece in run.essay.pieces)
    assert run.essay.text == "\n\n".join(text for _, text in run.essay.sections())


def test_only_what_stays_is_told_of_and_progress_goes_back(run: Run) -> None:
    assert ("우리는" + run.text).rstrip() == run.essay.text
    assert sum(isinstance(event, TextWritten) for event in run.told) == 2
    done = [event.done for event in run.told if isinstance(event, Progress)]
    assert sum(after < before for before, after in pairwise(done)) == 2
    assert done[-1] == min(PLAN.characters, len("우리는" + run.text))


def test_all_drafts_on_the_way_have_one_key_and_hold_what_is_set_aside(run: Run) -> None:
    assert {draft.key for draft in run.kept} == {run.essay.key}
    redrafting = [draft for draft in run.kept if draft.aside]
    assert {piece.section for draft in redrafting for piece in draft.aside} == {0, 1}
    for draft in redrafting:
        assert "".join(piece.text for piece in draft.aside) not in draft.text
        assert not draft.is_finished


@pytest.mark.slow
def test_gone_on_with_from_every_third_piece_it_is_the_same_essay(practised: BaseModel, run: Run) -> None:
    for draft in run.kept[::3]:
        again = Run(practised, run.critic.sign, resume=draft)
        assert again.essay.pieces == run.essay.pieces and again.essay.again == run.essay.again
        assert again.essay.text == run.essay.text == ("우리는" + again.text).rstrip()


@pytest.mark.slow
def test_two_pieces_at_once_and_redrafts_go_together(practised: BaseModel) -> None:
    whole = Run(practised, beam=2, seed=3)
    assert whole.essay.again == (0, 1) and ("우리는" + whole.text).rstrip() == whole.essay.text
    for draft in whole.kept[::3]:
        assert Run(practised, beam=2, seed=3, resume=draft).essay.pieces == whole.essay.pieces


def test_broken_off_within_a_redraft_it_is_gone_on_with(
    practised: BaseModel, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[Draft] = []
    tokens = 0

    def broken_off(*given: Any) -> list[int]:
        nonlocal tokens
        tokens += bool(saved and saved[-1].aside)
        if tokens == 30:
            raise KeyboardInterrupt
        return draw(*given)

    writer = Writer(practised, critic=Strained(run.critic.sign))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("generate.candidates.draw", broken_off)
        writer.write(**ASKED, on_piece=lambda draft: saved.append(from_file(draft)))
    assert saved[-1].aside and tokens == 30
    assert writer.write(**ASKED, resume=saved[-1]).pieces == run.essay.pieces


def a_draft(*words: str, **changes: Any) -> Draft:
    """A draft whose only section has pieces that are just long enough."""
    pieces = tuple(Piece(word * (SHORTEST // len(word)), (1,), 1, "sentence") for word in words)
    plan = Plan.of_one_section("강", SHORTEST)
    begun = Draft(plan, "", 1, PRESETS["default"], 1, 1, 1, Weights(), "", 1024, 1, is_finished=True)
    return Draft(**{**{name: getattr(begun, name) for name in begun.__slots__}, **changes}).with_pieces(pieces)


def strain(text: str) -> float:
    return {"물": 0.0, "배": 1.0, "비": 1.0, "눈": 2.0}[text[0]]


def test_of_two_versions_the_one_with_less_strain_stays_and_the_first_on_a_tie() -> None:
    for first, second, stays in (("눈", "배", "배"), ("배", "눈", "배"), ("배", "비", "배"), ("비", "물", "물")):
        begun = settled(a_draft(first), strain)
        assert (begun.pieces, begun.text, begun.settled, begun.again) == ((), "", 0, (0,)) and not begun.is_finished
        assert begun.aside == a_draft(first).pieces
        ended = settled(a_draft(second, aside=begun.aside, again=begun.again), strain)
        assert ended.text[0] == stays and ended.settled == 1 and ended.aside == () and ended.is_finished


def test_with_more_redrafts_it_is_tried_until_one_does_not_strain() -> None:
    draft = settled(a_draft("눈", redrafts=3), strain)
    draft = settled(a_draft("배", redrafts=3, aside=draft.aside, again=draft.again), strain)
    assert draft.again == (0, 0) and draft.redrafted == 1 and draft.aside == a_draft("배").pieces
    assert settled(a_draft("물", redrafts=3, aside=draft.aside, again=draft.again), strain).text[0] == "물"


def test_a_short_section_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("generate.redraft.SHORTEST", SHORTEST)
    assert SHORTEST == 400 and settled(a_draft("눈"), strain).pieces == ()
    short = a_draft("눈")
    short = short.with_pieces((Piece("눈" * (SHORTEST - 1), (1,), 1, "sentence"),))
    assert settled(short, strain).pieces == short.pieces


def test_what_was_set_aside_and_stays_is_gone_on_with_where_it_is_not_whole(practised: BaseModel) -> None:
    nobody: Any = None
    less, whole = (Piece(f"{word} 있다. " * 80, (1,), 1, "sentence") for word in ("배", "눈물"))
    draft = replace(a_draft("배"), plan=Plan.of_one_section("함께", 560), aside=(less,), again=(0,))
    window = Window(practised.vocabulary, "함께", 64, 8)
    course = Course(draft, analyzer("whitespace"), window, lambda _: [], lambda _: nobody)
    course.so_far = course.so_far.twin()  # the section is begun
    course.so_far.add(whole.text)
    course.draft = replace(draft.with_pieces((whole,)), is_finished=course.so_far.is_whole)
    assert course.draft.is_finished
    course.settle(strain)
    assert course.draft.pieces == (less,) and course.so_far.text == less.text
    assert not course.so_far.is_whole and not course.draft.is_finished
