"""A plan out of essays: what they tell of, in the order in which they tell it."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from corpus.document import Document, document
from corpus.errors import GeulgamError
from generate.planning import outline
from generate.planning.outline import apportioned, fitting, make_plan
from generate.planning.passages import ENOUGH, LONGEST, SHORTEST, Passage, grouped, passages
from generate.planning.plan import Facts, Plan
from generate.planning.subtopics import Subtopic, subtopics
from retrieval.clustering import Vectors, merged, spherical
from retrieval.encoder import encoder
from retrieval.keywords import Content, title

# What the made-up essays tell of, in this order: for each part the words that stand in its sentences.
TELLS = (
    ("시장", "생선", "두부", "장수", "골목", "콩나물", "가게", "흥정"),
    ("바다", "파도", "모래", "조개", "갈매기", "등대", "배", "물결"),
    ("부엌", "밥상", "된장찌개", "김치", "냄비", "국물", "숟가락", "그릇"),
)


def essay(number: int) -> Document:
    chance = random.Random(number)
    said = []
    for words in TELLS:
        for _ in range(24):
            one, two, three = chance.sample(words, 3)
            said.append(f"나는 {one}에서 {two}를 보고 {three}도 오래 생각했다.")
    return document(" ".join(said), f"글 {number}")


ESSAYS = [essay(number) for number in range(10)]


def planned(documents: Sequence[Document] = ESSAYS, sections: int = 3, characters: int = 3000, **more: object) -> Plan:
    encode = encoder("use").encode
    return make_plan("함께", documents, sections=sections, characters=characters, encode=encode, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def plan() -> Plan:
    return planned()


def test_each_part_of_the_essays_becomes_a_section_named_by_its_words_in_their_order(plan: Plan) -> None:
    market, sea, kitchen = (set(section.keywords) for section in plan.sections)
    assert market <= set(TELLS[0]) and sea <= set(TELLS[1]) and kitchen <= set(TELLS[2])
    assert min(map(len, (market, sea, kitchen))) >= 3
    assert [section.role for section in plan.sections] == ["opening", "middle", "closing"]
    assert all(any(word in section.title for word in section.keywords) for section in plan.sections)


def test_the_one_section_of_a_short_essay_is_about_what_was_asked_for_and_the_essays_say() -> None:
    (section,) = planned(sections=1, characters=500, words=["파도", "두부", "낙타", "김치"]).sections
    assert section.title == "함께" and set(section.keywords) == {"파도", "두부", "김치"}
    (section,) = planned(sections=1, characters=500, words=["낙타"]).sections
    assert len(section.keywords) == 2 and "낙타" not in section.keywords  # nothing of it is there: what they tell of


def test_a_section_names_a_word_of_the_topic_and_as_many_of_its_own_as_it_has_room_for() -> None:
    short, long = (planned(characters=n, words=["파도", "두부"]).sections for n in (1_500, 6_000))
    assert [section.keywords[0] for section in short] == ["파도", "두부", "파도"]
    assert [len(section.keywords) for section in short] == [3, 3, 3]
    assert all(len(section.keywords) == 7 - (section.keywords[0] in TELLS[i]) for i, section in enumerate(long))


def test_nouns_come_before_verbs_and_the_words_of_a_sections_title_before_its_others_and_none_twice() -> None:
    keys = ["고개", "버스", "여럿", "한숨", "얼굴", "끄덕이다"]
    assert fitting("같이", "버스와 한숨", keys, 440) == ("같이", "버스", "한숨")
    assert fitting("", "고개 끄덕이기", keys, 10) == ("고개", "버스")
    assert fitting("버스", "고개 끄덕이기", keys, 760) == ("버스", "고개", "여럿", "한숨")
    assert fitting("", "고개 끄덕이기", ["놀라다", "고개", "끄덕이다"], 440) == ("고개", "끄덕이다")
    assert fitting("", "고개 끄덕이기", keys, 2_000) == tuple(keys)


def test_no_keyword_stands_twice_and_none_says_nothing(plan: Plan) -> None:
    words = [word for section in plan.sections for word in section.keywords]
    assert words
    assert len(words) == len(set(words))
    assert not {"나", "오래", "생각하다"} & set(words)


def test_the_lengths_add_up_to_what_was_asked() -> None:
    assert planned(characters=20_001).characters == 20_001


def test_the_same_essays_give_the_same_plan(plan: Plan) -> None:
    assert planned() == plan


def test_the_facts_are_the_essays_and_the_openings_win(plan: Plan) -> None:
    assert plan.facts == Facts("나", "해라체", "past")
    plan = planned(opening="저는 강가를 걷습니다.")
    assert plan.facts == Facts("저", "합쇼체", "present") and plan.opening == "저는 강가를 걷습니다."


@pytest.mark.parametrize(("topic", "says"), [("약속", "나는 약속을 오래 생각했다."), ("여행", "나는 그해에 여행했다.")])
def test_a_passage_says_the_topic_though_the_word_could_name_no_section(topic: str, says: str) -> None:
    told: list[Sequence[bool]] = []
    essays = [document(f"{essay.text} {says * 12}", essay.title) for essay in ESSAYS]

    def listening(read: Sequence[Passage], vectors: Vectors, said: Sequence[bool], *more: Any) -> list[Subtopic]:
        told.append(said)
        return subtopics(read, vectors, said, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outline, "subtopics", listening)
        make_plan(topic, essays, sections=2, characters=2000, encode=encoder("use").encode)
    (said,) = told
    assert 0 < sum(said) < len(said)


def test_all_is_encoded_in_one_call() -> None:
    calls = []

    def encode(texts: Sequence[str]) -> Vectors:
        calls.append(len(texts))
        return encoder("use").encode(texts)

    make_plan("함께", ESSAYS, sections=3, characters=3000, encode=encode)
    assert len(calls) == 1


def test_a_title_is_of_nouns_though_they_end_as_verbs_do() -> None:
    words = {"바다": "NNG", "섬": "NNG", "걷다": "VV"}
    group = [Content(essay, words, {}) for essay in range(3)]
    assert title({"바다": 3.0, "섬": 2.0, "걷다": 1.0}, group, ("바다", "섬", "걷다")) == "바다와 섬"


def test_too_few_passages_are_told() -> None:
    with pytest.raises(GeulgamError, match="too few for 9 sections") as error:
        planned([document("짧은 글이다.")], sections=9)
    assert "fewer sections" in error.value.hint
    with pytest.raises(GeulgamError, match="make no 3 sections"):
        planned(characters=2)


def test_a_word_of_one_essay_alone_names_nothing() -> None:
    odd = document(ESSAYS[0].text.replace("갈매기", "펭귄"), "글")
    words = {word for section in planned([*ESSAYS[1:], odd]).sections for word in section.keywords}
    assert "펭귄" not in words


def test_passages_are_of_neighbouring_sentences_and_lose_nothing_but_a_short_rest() -> None:
    text = ESSAYS[0].text
    parts = list(grouped(text))
    assert text.startswith(" ".join(parts)[:-1])
    assert len(text) - len(" ".join(parts)) < SHORTEST
    assert all(ENOUGH <= len(part) <= LONGEST for part in parts[:-1])


def test_of_a_long_essay_passages_from_all_over_are_taken() -> None:
    long = document(" ".join(essay.text for essay in ESSAYS), "긴 글")
    found = passages([long, ESSAYS[0]], per_essay=5)
    own = [passage.place for passage in found if passage.essay == 0]
    assert len(own) == 5 and own[0] < 0.1 and own[-1] > 0.9 and own == sorted(own)
    assert {passage.essay for passage in found} == {0, 1}


def test_clusters_are_of_like_directions() -> None:
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(3, 16)).astype(np.float32)
    vectors = np.repeat(centres, 20, axis=0) + 0.1 * rng.normal(size=(60, 16)).astype(np.float32)
    labels = spherical(vectors, 3).labels
    assert all(len(set(labels[i * 20 : i * 20 + 20])) == 1 for i in range(3)) and len(set(labels)) == 3
    same = spherical(np.ones((5, 4), dtype=np.float32), 2)  # nothing tells them apart
    assert same.labels.tolist() == [same.labels[0]] * 5
    assert same.means.shape == (2, 4) and np.isfinite(same.means).all() and np.isfinite(same.closeness).all()


def test_clusters_of_one_thing_are_merged() -> None:
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(3, 16)).astype(np.float32)
    vectors = np.repeat(centres, 20, axis=0) + 0.1 * rng.normal(size=(60, 16)).astype(np.float32)
    found = merged(spherical(vectors, 8), 2)
    assert len(found.means) == len(set(found.labels)) == 3
    assert all(len(set(found.labels[i * 20 : i * 20 + 20])) == 1 for i in range(3))
    assert len(merged(spherical(vectors, 8), 5).means) == 5


@given(st.lists(st.integers(1, 500), min_size=1, max_size=12), st.integers(0, 30_000))
@example([1, 1, 1000], 0)
def test_no_section_is_left_without_a_character(sizes: list[int], more: int) -> None:
    lengths = apportioned(len(sizes) + more, sizes)
    assert sum(lengths) == len(sizes) + more and min(lengths) >= 1


@pytest.mark.parametrize(("characters", "sizes"), [(20_000, [5, 90, 20, 33]), (7, [1, 2, 3]), (1000, [1])])
def test_lengths_go_by_size_within_bounds(characters: int, sizes: list[int]) -> None:
    lengths = apportioned(characters, sizes)
    assert sum(lengths) == characters and min(lengths) > 0
    assert np.argmax(lengths) == np.argmax(sizes)
    assert max(lengths) < 3 * min(lengths) + 3
