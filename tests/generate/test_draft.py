"""An essay as a file and as the parts of its plan."""

import json
from dataclasses import replace

import pytest

from corpus.errors import GeulgamError
from generate.critic.weights import Weights
from generate.decoding.sampling import PRESETS
from generate.draft import Draft
from generate.export.manuscript import Line, Manuscript
from generate.piece import Piece
from generate.planning.plan import Plan, Section

SECTIONS = (Section("아침", 20), Section("낮", 20), Section("밤", 20))
PIECES = (
    Piece(" 안개가 걷혔다.", (1,), 1, "sentence", 0),
    Piece("\n\n## 낮\n\n배가 왔다.", (2,), 1, "sentence", 1),
    Piece(" 물이 불었다.", (3,), 1, "sentence", 1),
    Piece("\n\n## 밤\n\n달이 떴다.", (4,), 1, "sentence", 2),
)


def draft(plan: Plan, pieces: tuple[Piece, ...]) -> Draft:
    text = plan.opening + "".join(piece.text for piece in pieces)
    return Draft(plan, text, 1, PRESETS["default"], 1, 1, 0, Weights(), "", 1024, 1, pieces)


def test_an_essay_with_headings_has_all_of_them_in_its_file_and_none_in_its_sections() -> None:
    essay = draft(Plan("강", SECTIONS, "강가에 갔다.", headings=True), PIECES)
    read = Manuscript.of(essay.markdown("함께"))
    assert read.title == "강"
    assert [line.text for line in read.lines if line.level] == ["아침", "낮", "밤"]
    assert read.lines[:2] == (Line("아침", 2), Line("강가에 갔다. 안개가 걷혔다."))
    texts = ["강가에 갔다. 안개가 걷혔다.", "배가 왔다. 물이 불었다.", "달이 떴다."]
    assert essay.sections() == list(zip(SECTIONS, texts, strict=True))


def test_an_essay_without_headings_or_a_title_has_the_topics() -> None:
    essay = draft(Plan("", SECTIONS[:1], "강가에 갔다."), PIECES[:1])
    assert essay.markdown("함께") == "# 함께\n\n강가에 갔다. 안개가 걷혔다.\n"


def test_a_draft_comes_back_from_a_file_with_what_is_set_aside_and_one_of_an_older_writer_does_not() -> None:
    essay = replace(draft(Plan("강", SECTIONS), PIECES), settled=3, aside=PIECES[3:], again=(2, 2, 0), redrafts=2)
    saved = json.loads(json.dumps(essay.as_dict()))
    again = Draft.from_dict(saved)
    assert again == essay and again.redrafted == 2
    assert again.key == replace(essay.with_pieces(()), settled=0, aside=(), again=()).key
    assert len({replace(essay, beam=2).key, replace(essay, redrafts=0).key, essay.key}) == 3
    for name in ("beam", "redrafts", "aside", "again"):
        with pytest.raises(GeulgamError, match="cannot be read"):
            Draft.from_dict({key: value for key, value in saved.items() if key != name})
