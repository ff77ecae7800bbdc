"""bench.readers: several writers beside people, in one table, on excerpts of one length."""

import random
from statistics import fmean, median

import pytest

from bench.blind import Passage
from bench.coherence import Coherence
from bench.readers import divided, equal_length, evened, figures, table, told
from bench.telling import Taught, TopicReader
from corpus.document import normalise

SUBJECTS = {"빵": ("반죽", "오븐", "밀가루", "빵집"), "낚시": ("미끼", "낚싯대", "물고기", "강가")}


def _text(subject: str, seed: int, sentences: int = 12) -> str:
    chance = random.Random(f"{subject}{seed}")
    verbs = ("보았다", "골랐다", "만졌다", "잊었다")
    return " ".join(
        f"나는 {chance.choice(SUBJECTS[subject])}와 {chance.choice(SUBJECTS[subject])}를 {chance.choice(verbs)}."
        for _ in range(sentences)
    )


def _passages(looped: bool) -> list[Passage]:
    made = []
    for subject in SUBJECTS:
        for seed in range(4):
            text = " ".join([_text(subject, seed, 1)] * 12) if looped else _text(subject, seed)
            made.append(Passage(f"{subject}-{seed}", subject, "", text))
    return made


def test_excerpts_cover_a_long_text_and_leave_a_short_one_whole() -> None:
    text = "가나다라마바사아자차"
    assert divided(text, 4) == ["가나다라", "마바사아"] and divided(text, 50) == [text]
    assert divided("가\n\n 나", 50) == ["가 나"]


def test_the_length_is_one_that_most_texts_have() -> None:
    people = _passages(looped=False)
    length = equal_length([people, _passages(looped=True)])
    texts = [normalise(passage.text) for passage in people + _passages(looped=True)]
    assert sum(len(text) >= length for text in texts) >= 0.85 * len(texts)


def test_writers_are_told_from_people_by_as_many_texts() -> None:
    whole = _passages(looped=False)
    found = evened({"whole": whole, "part": [*whole[:1], *whole[5:]]})
    assert [passage.id for passage in found["whole"]] == ["빵-0", "낚시-0", "낚시-1", "낚시-2"]
    assert [passage.id for passage in found["part"]] == ["빵-0", "낚시-1", "낚시-2", "낚시-3"]


def test_a_writer_who_circles_stands_out_of_peoples_range() -> None:
    people, circling = _passages(looped=False), _passages(looped=True)
    coherence = Coherence([_text(s, seed, 40) for s in SUBJECTS for seed in range(20, 25)], dimensions=8)
    topics = TopicReader([Taught(p.text * 2, p.topic, number) for number, p in enumerate(people)])
    by_people, by_circler = (figures(each, 150, coherence, topics) for each in (people, circling))
    assert min(by_circler.rep_4) > max(by_people.rep_4) and max(by_circler.diversity) < min(by_people.diversity)
    assert by_people.topic == (1, 1)
    lines = table(by_people, {"circler": (by_circler, told(people, circling, 150))})
    assert lines[1].startswith("people") and lines[3].startswith("circler") and len(lines[0]) == len(lines[3])
    off = fmean(by_circler.coherence) - median(by_people.coherence)
    assert float(lines[3].split()[2]) == pytest.approx(off, abs=1e-3) and off > 0
    assert lines[-1].startswith("circler told from people: 빵 ")
