"""The review measures an essay and the human ones in the same way."""

import json

import pytest

from corpus.document import document
from corpus.events import Begun, Event, Progress
from generate.korean import morphemes
from generate.repetition import diversity, repetition
from generate.review import review
from generate.spans import SHORTEST
from tests.finetune.tiny import tiny_essays

TRAIN = [
    document("기차가 역을 떠날 때 어머니는 손을 흔들었다. 여행은 그렇게 시작되었고, 길은 바다까지 이어졌다.", "기차")
]
ESSAY = (
    "우리는 함께 시장에 갔다. 시장에는 사과와 배가 있었고, 값은 천 원이었다. "
    "기차가 역을 떠날 때 어머니는 손을 흔들었다. 여행은 끝났다."
)


def test_figures_are_those_of_the_text_where_nothing_is_there_to_compare() -> None:
    result = review(ESSAY, TRAIN, [], ["시장", "동행"], using="whitespace")
    tokens = morphemes(ESSAY)
    for n in (2, 3, 4):
        assert result.figures[f"rep_{n}"].essay == repetition(tokens, n)
    assert result.figures["diversity"].essay == diversity(tokens)
    assert result.figures["diversity"].held_out is None
    assert result.characters == len(ESSAY)
    copied = "기차가 역을 떠날 때 어머니는 손을 흔들었다. 여행은 "
    assert result.longest_copied is not None
    assert result.longest_copied.text in f" {copied}"
    assert result.longest_copied.title == "기차"
    assert result.figures["copied_share"].essay == pytest.approx(result.longest_copied.characters / len(ESSAY))


def test_keywords_are_found_as_the_analyzer_finds_them() -> None:
    result = review("학교에서는 글을 썼다. 함께 갔다.", [], [], ["학교", "쓰다", "함께 가다", "동행"], using="kiwi")
    assert result.figures["keyword_recall"].essay == 0.75
    assert result.missing_keywords == ("동행",)


def test_all_are_measured_at_the_same_length() -> None:
    human = tiny_essays(12)
    long = " ".join(essay.text for essay in tiny_essays(30))
    result = review(long, TRAIN, human, ["함께"])
    lengths = sorted(len(" ".join(essay.text.split())) for essay in human)
    assert result.characters == (lengths[5] + lengths[6]) // 2
    assert result.held_out_essays == 6
    whole, excerpts = result.figures["rep_2"].whole, result.figures["rep_2"].essay
    assert whole is not None
    assert excerpts is not None
    assert whole > 60 > excerpts  # a long text repeats itself more than its parts do


def test_a_human_essay_reviewed_among_its_like_is_no_outlier() -> None:
    human = tiny_essays(12)
    result = review(human[3].text, TRAIN, human[:4] + human[5:], ["함께"])
    figure = result.figures["diversity"]
    assert figure.essay is not None
    assert figure.held_out is not None
    assert abs(figure.essay - figure.held_out) < 0.1


def test_a_copy_of_a_training_essay_is_told() -> None:
    result = review(TRAIN[0].text, TRAIN, tiny_essays(3), [])
    assert result.figures["copied_share"].whole == 1.0
    assert result.longest_copied is not None
    assert result.longest_copied.characters == len(TRAIN[0].text) > SHORTEST
    assert result.figures["keyword_recall"].essay is None


def test_the_report_can_be_written_as_json_and_shown_as_rows() -> None:
    result = review(ESSAY, TRAIN, tiny_essays(6), ["함께"])
    report = json.loads(json.dumps(result.to_json()))
    assert report["longest_copied_span"]["document_id"] == TRAIN[0].id
    assert report["rep_2"]["essay"] == pytest.approx(result.figures["rep_2"].essay, abs=1e-4)
    names = [name for name, _, _ in result.rows()]
    assert [name for name in names if name.startswith("rep-")] == ["rep-2", "rep-3", "rep-4"]
    assert len(set(names)) == len(names) == len(result.figures)
    assert all(essay and people for _, essay, people in result.rows())
    nothing = review(ESSAY, [], [], []).to_json()
    assert nothing["longest_copied_span"] is None


def test_each_essay_that_is_measured_is_told_of() -> None:
    told: list[Event] = []
    result = review(ESSAY, TRAIN, tiny_essays(6), ["함께"], using="whitespace", on=told.append)
    essays = 1 + result.held_out_essays
    assert Begun("reviewing", essays, "essay") in told
    progress = [event.done for event in told if isinstance(event, Progress) and event.task == "reviewing"]
    assert progress == list(range(1, essays + 1))
