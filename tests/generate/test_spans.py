"""Copied stretches, found exactly and to the character."""

import time

from hypothesis import given
from hypothesis import strategies as st

from corpus.document import document, normalise
from generate.spans import SHORTEST, Sources, copied_share, longest

RIVER = document(
    "아침마다 강가에 나가 물이 흐르는 것을 보았다. 물은 늘 같은 자리에서 다른 소리를 냈다. 나는 그 소리를 적었다.", "강"
)
TRAIN = document(
    "기차가 역을 떠날 때 어머니는 손을 흔들었다. 여행은 그렇게 시작되었고,\n\n길은 바다까지 이어졌다.", "기차"
)
OWN = "이것은 아무 데서도 베끼지 않은 새 문장이다. "


def test_a_stretch_of_thirty_characters_is_found_and_one_of_twenty_nine_is_not() -> None:
    sources = Sources([RIVER, TRAIN])
    for length, expected in ((SHORTEST, [SHORTEST]), (SHORTEST - 1, [])):
        stretches = sources.copied(f"{OWN}|{RIVER.text[5 : 5 + length]}|{OWN}")
        assert [stretch.characters for stretch in stretches] == expected


def test_a_stretch_says_where_it_stands_and_where_it_comes_from() -> None:
    text = f"{OWN}{RIVER.text[3:44]}| {TRAIN.text[2:40]}#"
    first, second = Sources([RIVER, TRAIN]).copied(text)
    assert text[first.start : first.end] == first.text == RIVER.text[3:44]
    assert (first.document_id, first.title) == (RIVER.id, "강")
    assert (second.text, second.title) == (TRAIN.text[2:40], "기차")
    assert longest([first, second]) == first
    assert copied_share(text, [first, second]) == (41 + 38) / len(text)


def test_other_whitespace_does_not_hide_a_copy() -> None:
    (stretch,) = Sources([TRAIN]).copied(TRAIN.text.replace(" ", "\n"))
    assert stretch.text == normalise(TRAIN.text)
    assert copied_share(TRAIN.text, [stretch]) == 1.0


def test_no_stretch_runs_over_the_end_of_a_document() -> None:
    stretches = Sources([RIVER, TRAIN]).copied(normalise(RIVER.text + TRAIN.text))
    assert [stretch.characters for stretch in stretches] == [len(RIVER.text), len(normalise(TRAIN.text))]


def test_overlapping_stretches_are_counted_once() -> None:
    overlapping = [document(RIVER.text[:50]), document(RIVER.text[10:])]
    stretches = Sources(overlapping).copied(RIVER.text)
    assert [stretch.characters for stretch in stretches] == [50, len(RIVER.text) - 10]
    assert copied_share(RIVER.text, stretches) == 1.0


def test_nothing_to_copy_from_or_nothing_written_is_nothing_copied() -> None:
    assert Sources([]).copied(RIVER.text) == []
    assert Sources([RIVER]).copied("짧다") == []
    assert copied_share("", []) == 0.0
    assert longest([]) is None


@given(st.text("가나 ", max_size=90), st.lists(st.text("가나 ", max_size=90), max_size=3))
def test_the_covered_characters_are_those_a_plain_search_finds(text: str, others: list[str]) -> None:
    text = normalise(text)
    covered = [False] * len(text)
    for start in range(len(text) - SHORTEST + 1):
        if any(text[start : start + SHORTEST] in normalise(other) for other in others):
            covered[start : start + SHORTEST] = [True] * SHORTEST
    stretches = Sources([document(other) for other in others]).copied(text)
    assert copied_share(text, stretches) == (sum(covered) / len(text) if text else 0.0)


def test_a_million_characters_take_less_than_a_second() -> None:
    documents = [document(f"{i} " + " ".join(f"{i * 7919 + j * 104729:x}" for j in range(300))) for i in range(500)]
    assert sum(len(d.text) for d in documents) > 1_000_000
    began = time.perf_counter()
    (stretch,) = Sources(documents).copied(OWN + documents[77].text[100:200] + OWN)
    assert time.perf_counter() - began < 1.0
    assert stretch.document_id == documents[77].id
