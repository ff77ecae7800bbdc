"""The review measures a text and the human ones in the same way, and marks in the text what to look at."""

import json
from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from corpus.document import Document, document
from corpus.events import Begun, Event, Progress
from generate.guards.spans import SHORTEST, SpanIndex
from generate.korean import morphemes
from generate.review.measures import MEASURES
from generate.review.repetition import diversity, repetition
from generate.review.review import review
from generate.review.reviewed import Chapter, Review
from retrieval.unit import unit
from tests.finetune.tiny import tiny_essays

TRAIN = [
    document(
        "기차가 작은 역을 떠날 때 어머니는 하얀 손수건을 꺼내 오래도록 흔들었다. 여행은 그렇게 시작되었다.",
        "기차",
    )
]
COPIED = "기차가 작은 역을 떠날 때 어머니는 하얀 손수건을 꺼내 오래도록 흔들었다"
ESSAY = f"우리는 함께 시장에 갔다. 시장에는 사과와 배가 있었고, 값은 천 원이었다. {COPIED}. 겨울은 끝났다."


class Letters:
    """An encoder of our own: how often a text has each of some letters. Quick, and plain to see through."""

    name, dimensions = "letters", 64

    def __len__(self) -> int:
        """As kept vectors have one, which is 0 at first: an encoder all the same."""
        return 0

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for letter in text:
                row[ord(letter) % self.dimensions] += 1
        return unit(rows)


def essays(
    count: int, sentence: str = "{0}월 {1}일에는 마을 사람 {1}명이 강가에 모여 이야기를 나누었다."
) -> list[Document]:
    """Essays of 16 sentences, no two alike."""
    return [document(" ".join(sentence.format(n + 1, i + 1) for i in range(16)), f"글 {n}") for n in range(count)]


def said(result: Review, kind: str) -> list[str]:
    return [result.text[h.start : h.end] for h in result.highlights if h.kind == kind]


def test_figures_are_those_of_the_text_where_nothing_is_there_to_compare() -> None:
    result = review(ESSAY, TRAIN, [], ["시장", "동행"], using="whitespace")
    tokens = morphemes(ESSAY)
    for n in (2, 3, 4):
        assert result.figures[f"rep_{n}"].essay == repetition(tokens, n)
    assert result.figures["diversity"].essay == diversity(tokens)
    assert result.figures["diversity"].held_out is None
    assert result.figures["coherence"].essay is None and result.figures["pmi"].essay is None
    assert result.characters == len(ESSAY)
    assert [(copied.text, copied.title) for copied in result.copied] == [(COPIED, "기차")]
    assert said(result, "copied") == [COPIED]
    assert result.figures["copied_share"].essay == pytest.approx(len(COPIED) / len(ESSAY))
    assert [label for label, _ in result.advice()] == ["copied, 30+ letters"]
    assert review(ESSAY, [], [], []).advice() == []


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
    result = review(human[3].text, TRAIN, human, ["함께"])  # it is among them, and is not compared with itself
    figure = result.figures["diversity"]
    assert figure.essay is not None
    assert figure.held_out is not None
    assert abs(figure.essay - figure.held_out) < 0.1
    assert result.held_out_essays < len([essay for essay in human if len(essay.text) >= result.characters])


def test_what_lies_outside_of_the_human_range_is_told_with_what_to_do() -> None:
    human = essays(8)
    loop = "강가에 사람들이 모였다. " * 30
    result = review(loop, essays(3, "{0}년 {1}월은 추웠다."), human, [])
    figure = result.figures["diversity"]
    assert figure.band is not None and figure.essay is not None
    assert figure.essay < figure.band.low and figure.outside == "low"
    assert figure.band.low <= figure.band.median <= figure.band.high and figure.band.excerpts == 8
    advice = dict(result.advice())
    assert "vary them" in advice["diversity"] and "rep-4" in advice
    assert "copied, 30+ letters" not in advice
    few = review(loop, [], human[:3], [])
    assert few.advice() == []  # three essays have no range


def test_a_copy_of_a_training_essay_is_told_and_one_of_the_whole_corpus_too(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    result = review(TRAIN[0].text, TRAIN, tiny_essays(3), [])
    assert result.figures["copied_share"].whole == pytest.approx(1, abs=0.02)  # its last full stop is no letter
    assert result.longest_copied is not None
    assert result.longest_copied.characters == len(TRAIN[0].text) - 1 > SHORTEST
    assert result.figures["keyword_recall"].essay is None
    elsewhere = document(f"다른 글에도 있다. {COPIED}. 그리고 끝.", "다른 글")
    spans = SpanIndex.build([elsewhere], tmp_path_factory.mktemp("spans"))
    wide = review(ESSAY, [], [], [], spans=spans)
    assert [copied.title for copied in wide.copied] == ["다른 글"] and wide.corpus_wide
    assert not review(ESSAY, [], [], []).copied


def test_what_is_copied_is_to_be_mended_whatever_people_do_who_are_not_measured(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    human = [*essays(8), document(f"{essays(1)[0].text} {COPIED}.")]
    spans = SpanIndex.build([*human, *TRAIN], tmp_path_factory.mktemp("spans"))  # as in a corpus: all of people's too
    result = review(f"{ESSAY} {ESSAY}", [], human, [], spans=spans)
    for name in ("copied_share", "longest_copied"):
        assert result.figures[name].band is None and result.figures[name].held_out is None
    assert {name: other for name, _, other in result.rows()}["copied, 30+ letters"] == "not measured"
    assert result.figures["copied_share"].outside == "high"
    assert "quote them" in dict(result.advice())["copied, 30+ letters"]
    clean = review("우리는 함께 시장에 갔다. 겨울은 끝났다. " * 9, [], human, [], spans=spans)
    assert clean.figures["copied_share"].essay == 0 and not clean.figures["copied_share"].outside


def test_sentences_of_another_style_phrases_and_misspellings_are_marked() -> None:
    text = (
        "우리는 강가에 모였다. 물은 아직 차가웠다. 정말 반갑습니다. “어디 가세요?” 하고 물었다. 어재 비가 왔다. "
        "그 여름 저녁에 우리는 마루에 앉아 있었다. 바람이 불었다. 그 여름 저녁에 우리는 마루에 앉아 웃었다. "
        "나는 할 수밖에 없었다. 너는 갈 수밖에 없었다. 그는 볼 수밖에 없었다. 우리는 살 수밖에 없었다."
    )
    result = review(text, essays(20), [], [])
    assert said(result, "ending") == ["정말 반갑습니다."] and result.ending == "해라체"
    assert said(result, "spelling") == ["어재"]
    assert [marked.split()[:3] for marked in said(result, "repeated")][:2] == [["여름", "저녁에", "우리는"]] * 2
    phrase = result.overused[0]
    assert phrase.text == "수밖에 없었다" and (phrase.times, phrase.expected) == (4, 0)
    assert said(result, "overused").count("수밖에 없었다") == 4
    known = review(text, [document(text)] * 20, [], [])
    assert "수밖에 없었다" not in [phrase.text for phrase in known.overused]  # people say so too


def test_coherence_and_topic_see_a_passage_that_does_not_belong() -> None:
    river = essays(20)
    sea = "Ship after ship sailed by. The sea was quiet. Nobody spoke on deck. Night fell over the water. "
    straight = review(river[0].text, river[1:6], river[6:], [], encoder=Letters())
    sentences = river[0].text.split(" 1월 ")
    blocks = [" 1월 ".join(sentences[i : i + 4]) for i in range(0, 16, 4)]
    broken = " ".join(f"1월 {block.removeprefix('1월 ')} {sea}" for block in blocks)
    odd = review(broken, river[1:6], river[6:], [], encoder=Letters())
    for name in ("coherence", "topic"):
        figure, other = straight.figures[name], odd.figures[name]
        assert figure.essay is not None and other.essay is not None and other.essay < figure.essay
        assert figure.outside != "low" and other.outside == "low"
    assert any(joint.outside == "low" and odd.text[joint.start :].startswith("Ship") for joint in odd.joints)


def test_information_is_asked_for_passages_behind_the_two_before_them() -> None:
    asked: list[tuple[str, str]] = []

    def pmi(pairs: Sequence[tuple[str, str]]) -> list[float]:
        asked.extend(pairs)
        return [len(passage) * 0.5 for _, passage in pairs]

    human = essays(3)
    lines = human[0].text.replace("나누었다. ", "나누었다.\n")
    told: list[Event] = []
    result = review(lines, [], human[1:], [], pmi=pmi, on=told.append)
    assert result.figures["pmi"].essay == pytest.approx(0.5) and result.figures["pmi"].held_out == pytest.approx(0.5)
    sentences = [f"{sentence}나누었다." for sentence in human[0].text.split("나누었다.")[:-1]]
    third, fourth = asked[:2]  # of four passages
    assert third == ("".join(sentences[:8]), "".join(sentences[8:12]).strip())
    assert fourth == ("".join(sentences[4:12]).strip(), "".join(sentences[12:]).strip())
    assert len(asked) == 6
    assert [e.done for e in told if isinstance(e, Progress) and e.task == "reading with the model"] == [4, 6]
    short = review("짧다. 끝이다.", [], human, [], pmi=pmi)
    assert short.figures["pmi"].essay is None
    assert "information (PMI)" in dict(row[:2] for row in result.rows())
    assert "information (PMI)" not in dict(row[:2] for row in short.rows())


@pytest.mark.slow
def test_a_long_text_and_many_human_essays_are_read_at_some_places_only() -> None:
    asked: list[str] = []

    def pmi(pairs: Sequence[tuple[str, str]]) -> list[float]:
        asked.extend(passage for _, passage in pairs)
        return [0.0] * len(pairs)

    whole = essays(80)
    human = [document(f"{one.text} {other.text}") for one, other in zip(whole[:30], whole[30:60], strict=True)]
    long = " ".join(essay.text for essay in whole[60:])
    review(long, [], human, [], pmi=pmi)
    own = [passage for passage in asked if passage in long]
    assert len(own) == 40 and long.index(own[-1]) > 0.9 * len(long) and len(asked) == 40 + 12 * 6


def test_a_text_that_the_model_was_trained_with_is_not_read_by_it() -> None:
    def pmi(pairs: Sequence[tuple[str, str]]) -> list[float]:
        raise AssertionError("it knows the text by heart")

    human = essays(4)
    result = review(human[0].text.replace(". ", ".\n"), human[:1], human[1:], [], pmi=pmi)
    assert result.figures["pmi"].essay is None and result.figures["pmi"].band is None


def test_each_section_is_measured_by_its_own_keywords_and_length() -> None:
    parts = essays(2)
    result = review(
        [
            Chapter(parts[0].text, "강", ("마을", "등대")),
            Chapter("짧다.", "사이"),
            Chapter(parts[1].text, "물", ("강가",)),
        ],
        [],
        essays(9)[2:],
        ["마을"],
    )
    first, short, last = result.chapters
    assert (first.title, first.missing_keywords) == ("강", ("등대",))
    assert first.figures["keyword_recall"].essay == 0.5 and first.figures["keyword_recall"].outside == "low"
    assert last.figures["keyword_recall"].essay == 1 and not last.figures["keyword_recall"].outside
    assert last.figures["rep_2"].band is not None and not short.figures
    assert result.text[last.start : last.end] == parts[1].text
    assert result.to_json()["sections"][0]["missing_keywords"] == ["등대"]


def test_a_paraphrase_is_shown_beside_what_it_is_like() -> None:
    others = essays(6)
    told = "옛날 일이다. 기차가 작은 역을 떠나자 어머니는 손수건을 꺼내 흔들었다. 나는 오래도록 울었다."
    result = review(told, [*others, *TRAIN], [], [], encoder=Letters())
    (near,) = result.near
    assert near.title == "기차" and near.passage == TRAIN[0].text and not result.copied
    assert near.likeness is not None and 0 < near.likeness < 1 and near.runs == 1


def test_the_report_can_be_written_as_json_and_shown_as_rows() -> None:
    result = review(ESSAY, TRAIN, tiny_essays(6), ["함께"])
    report = json.loads(json.dumps(result.to_json()))
    assert report["longest_copied_span"]["document_id"] == TRAIN[0].id
    assert report["rep_2"]["essay"] == pytest.approx(result.figures["rep_2"].essay, abs=1e-4)
    names = [name for name, _, _ in result.rows()]
    assert [name for name in names if name.startswith("rep-")] == ["rep-2", "rep-3", "rep-4"]
    assert len(set(names)) == len(names)
    measured = {m.label for m in MEASURES if result.figures[m.name].essay is not None}
    assert set(names) == measured and "information (PMI)" not in names
    nothing = review(ESSAY, [], [], []).to_json()
    assert nothing["longest_copied_span"] is None


def test_each_essay_that_is_measured_is_told_of() -> None:
    told: list[Event] = []
    result = review(ESSAY, TRAIN, tiny_essays(6), ["함께"], using="whitespace", on=told.append)
    count = 1 + result.held_out_essays
    assert Begun("reviewing", count, "essay") in told
    progress = [event.done for event in told if isinstance(event, Progress) and event.task == "reviewing"]
    assert progress == list(range(1, count + 1))
