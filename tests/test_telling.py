"""bench.telling: who wrote it, and what it is about."""

import random

import pytest

from bench.telling import Taught, TopicReader, hits, passages, told_apart, topic_reader
from bench.topics import Ground
from corpus.errors import GeulgamError

SUBJECTS = {
    "빵": ("반죽", "오븐", "밀가루", "빵집"),
    "낚시": ("미끼", "낚싯대", "물고기", "강가"),
    "정원": ("장미", "거름", "화분", "물뿌리개"),
}


def _text(subject: str, seed: int, ending: str = "다") -> str:
    chance = random.Random(f"{subject}{seed}{ending}")
    verbs = ("보았", "골랐", "만졌", "잊었")
    return " ".join(f"{chance.choice(SUBJECTS[subject])}를 {chance.choice(verbs)}{ending}." for _ in range(8))


def _texts(ending: str, first: int = 0) -> dict[str, list[str]]:
    return {subject: [_text(subject, first + seed, ending) for seed in range(6)] for subject in SUBJECTS}


def test_writers_of_other_manners_are_told_apart_on_topics_never_seen() -> None:
    found = told_apart(_texts("다"), _texts("습니다"))
    assert found.topics == dict.fromkeys(SUBJECTS, 1.0) and (found.low, found.mean, found.high) == (1, 1, 1)


def test_two_writers_of_one_manner_are_not_told_apart() -> None:
    found = told_apart(_texts("다"), _texts("다", first=100))
    assert found.low < 0.5 < found.high and 0.2 < found.mean < 0.8


def test_one_topic_is_not_enough_to_tell_by() -> None:
    with pytest.raises(GeulgamError, match="1 common topics"):
        told_apart(_texts("다"), {"빵": _texts("습니다")["빵"]})


def test_marks_and_spaces_that_a_website_makes_tell_nothing() -> None:
    human = {subject: [text.replace(".", "”.") for text in texts] for subject, texts in _texts("다").items()}
    other = {
        subject: [text.replace(".", '" .').replace(" ", "\n") for text in texts]
        for subject, texts in _texts("다").items()
    }
    assert told_apart(human, other).mean == 0.5


def _essays(asked: bool) -> list[Taught]:
    texts = [(text, subject) for subject, texts in _texts("다").items() for text in texts]
    return [Taught(f"{text} " * 6, subject, number, asked) for number, (text, subject) in enumerate(texts)]


@pytest.mark.parametrize("asked", [False, True])
def test_the_topic_reader_knows_the_subject(asked: bool) -> None:
    reader = TopicReader(_essays(asked))
    questions = [(_text(subject, 50), subject) for subject in SUBJECTS]
    ranked = reader([text for text, _ in questions])
    assert [row[0] for row in ranked] == [subject for _, subject in questions]
    assert all(sorted(row) == sorted(SUBJECTS) for row in ranked) and reader([]) == []


def test_who_reads_an_essay_was_not_taught_by_it_or_its_kin() -> None:
    wrong = [Taught("나침반이 돌았다. 나침반이 멎었다. " * 24, "낚시", 99, True) for _ in range(3)]
    reader = TopicReader([*_essays(True), *wrong])
    asked = "나침반이 돌았다. 반죽을 오븐에 넣었다. 나침반이 멎었다."
    assert reader([asked, asked], [99, None]) == [reader([asked], [99])[0], reader([asked])[0]]
    assert reader([asked], [99])[0][0] == "빵" and reader([asked])[0][0] == "낚시"


def test_a_hit_is_the_right_topic_among_the_first() -> None:
    ranked = [["빵", "낚시"], ["낚시", "빵"], ["빵", "낚시"], ["빵", "낚시"]]
    assert hits(ranked, ["빵", "빵", "빵", "낚시"]) == 0.5 and hits(ranked, ["빵", "빵", "빵", "낚시"], 2) == 1


def test_passages_are_whole_sentences() -> None:
    text = "하늘이 맑았다. 바람은 잤다. 새가 울었다. 끝이다."
    assert passages(text, 12) == ["하늘이 맑았다. 바람은 잤다.", "새가 울었다. 끝이다."]
    assert passages(text, 16) == ["하늘이 맑았다. 바람은 잤다.", "새가 울었다. 끝이다."]
    assert passages(text, 30)[0].endswith("끝이다.") and passages("", 10) == []


@pytest.mark.slow
def test_the_topics_of_held_out_essays_are_known_far_better_than_by_chance(real_ground: Ground) -> None:
    _, known = topic_reader(real_ground)
    assert [length for length, *_ in known] == [500, 1500, 3000]
    assert all(first > 0.5 and second > 0.65 for _, first, second, _ in known)  # by chance 0.14 and 0.29
