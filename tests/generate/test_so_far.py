"""What stands so far: where the next piece goes, what was said, and which keywords are open."""

from dataclasses import replace

import pytest

from generate.planning.plan import Plan, Section
from generate.so_far import SoFar
from retrieval.analyzers import analyzer

PLAN = Plan(
    "강",
    (
        Section("아침", 200, ("강가", "아침 안개"), "opening"),
        Section("낮", 300, ("배",), "middle"),
        Section("밤", 100, (), "closing"),
    ),
)
SENTENCE = "그날 우리는 오래 걸었고 아무도 먼저 말하지 않았다."  # 28 characters
WORDS = analyzer("whitespace")


def begun(plan: Plan = PLAN) -> SoFar:
    return SoFar(plan, 1, WORDS)


def test_an_opening_stands_already_and_counts() -> None:
    so_far = begun(replace(PLAN, opening="강가 에 갔다."))
    assert so_far.text == so_far.own == "강가 에 갔다." and so_far.room == 600 - len(so_far.text)
    assert "강가" not in so_far.open_keywords() and so_far.turn(0) == ""


def test_sections_follow_each_other_where_their_lengths_end() -> None:
    so_far = begun()
    places = []
    for number in range(40):
        lead = so_far.turn(number)
        if so_far.section and so_far.start == len(so_far.text) + len(lead):
            places.append(so_far.start)
            assert lead == "\n\n"
        so_far.add(lead + (" " if so_far.text and not lead else "") + SENTENCE)
        if so_far.room <= 0:
            break
    assert so_far.is_last and so_far.current is PLAN.sections[2]
    assert [abs(place - wanted) <= 60 for place, wanted in zip(places, (200, 500), strict=True)] == [True, True]


def test_a_heading_stands_above_a_section_where_the_plan_wants_it() -> None:
    so_far = begun(replace(PLAN, headings=True))
    so_far.add("가" * 190 + ".")
    assert so_far.turn(1) == "\n\n## 낮\n\n"


def test_the_words_of_a_heading_name_no_keyword() -> None:
    so_far = begun(Plan("강", (Section("새벽", 200), Section("배", 300, ("배",)), Section("밤", 300)), headings=True))
    so_far.add("가" * 190 + ".")
    lead = "\n\n## 배\n\n"
    so_far.section = 1
    so_far.add(f"{lead}물이 흘렀다.")
    assert so_far.open_keywords() == ["배"] and so_far.text.endswith(f"{lead}물이 흘렀다.")
    assert "배" not in {word.surface for word in so_far.words}


def test_paragraphs_have_a_length_that_people_give_them_and_the_same_each_time() -> None:
    def paragraphs(seed: int) -> list[int]:
        so_far = SoFar(Plan("강", (Section("강", 5000),)), seed, WORDS)
        for number in range(100):
            lead = so_far.turn(number)
            so_far.add(lead + (" " if so_far.text and not lead else "") + SENTENCE)
        return [len(paragraph) for paragraph in so_far.text.split("\n\n")]

    lengths = paragraphs(1)
    assert all(160 <= length <= 360 + 30 for length in lengths[:-1]) and len(set(lengths)) > 2
    assert paragraphs(1) == lengths != paragraphs(2)


def test_a_section_that_earlier_ones_left_no_room_for_is_passed_over() -> None:
    so_far = begun()
    so_far.add("가" * 590 + ".")
    assert so_far.turn(1) == "\n\n" and so_far.is_last


def test_keywords_are_open_until_all_their_terms_were_said_in_their_section() -> None:
    so_far = begun()
    assert so_far.open_keywords() == ["강가", "아침 안개"]
    so_far.add("아침 에 강가 를 걸었다.")
    assert so_far.open_keywords() == ["아침 안개"]
    assert so_far.named_by("안개 가 짙었다. 배 가 왔다.") == ["아침 안개"]
    so_far.add(" " + "가" * 180 + ".")
    so_far.turn(2)
    assert so_far.open_keywords() == ["배"] and so_far.said == set()


@pytest.mark.parametrize("text", ["", "  "])
def test_nothing_added_changes_nothing(text: str) -> None:
    so_far = begun()
    so_far.add(text)
    assert so_far.said == set() and so_far.words == []


def test_a_twin_is_gone_on_with_alone() -> None:
    so_far = begun()
    so_far.add("강가 를 걸었다.")
    twin = so_far.twin()
    before = twin.text, set(twin.known), list(twin.words), set(twin.said)
    so_far.add(f" 아침 안개 가 짙었다. {SENTENCE}" + "가" * 150)
    assert so_far.is_full and so_far.turn(1) and so_far.section == 1
    assert (twin.text, twin.known, twin.words, twin.said) == before
    assert (twin.section, twin.start, twin.open_keywords()) == (0, 0, ["아침 안개"])
    twin.add(" 아침 안개 가 짙었다.")
    assert twin.open_keywords() == [] and so_far.open_keywords() == ["배"]


def test_phrases_are_counted_and_people_kept_and_a_twin_has_its_own() -> None:
    so_far = begun()
    so_far.add("어머니는 아마 그럴 수 있다고 했다.")
    twin = so_far.twin()
    twin.add(" 친구는 아마 그럴 수 있다고 했다.")
    again = max(twin.phrases, key=lambda gram: (twin.phrases[gram], len(gram)))
    assert twin.phrases[again] == 2 and so_far.phrases[again] == 1
    assert so_far.people == ["어머니"] and twin.people == ["어머니", "친구"]


def test_before_it_ends_an_essay_comes_back_to_what_it_began_with() -> None:
    so_far = begun(replace(PLAN, opening="사공이 나루터에서 노를 저었다.").resized(1300))
    assert so_far.to_take_up() == []
    so_far.add(" 사공은 오지 않았다." + f" {SENTENCE}" * 31)
    assert so_far.room <= 400 and so_far.to_take_up() == so_far.named_by("나루터에 사공이 섰다.") == ["사공", "나루터"]
    so_far.add(" 저녁에 사공이 돌아왔다.")
    assert so_far.to_take_up() == ["나루터"]


def test_a_short_essay_need_not_come_back() -> None:
    so_far = begun(replace(PLAN, opening="사공이 나루터에서 노를 저었다."))
    so_far.add(f" {SENTENCE}" * 15)
    assert so_far.to_take_up() == []
