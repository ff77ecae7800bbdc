"""bench.topics: excerpts of held-out essays that a writer can go on from."""

import pytest

from bench.topics import Ground, K, beginning, excerpts
from generate.sentences import ends

PROSE = " ".join(["아침 안개가 강 위에 낮게 깔려 있었다.", "물가의 갈대는 아직 젖어 있었다."] * 30)


def test_an_excerpt_is_an_opening_and_what_follows_up_to_a_sentences_end() -> None:
    parts = beginning(PROSE, 300)
    assert parts and parts[0] == "아침 안개가 강 위에 낮게 깔려 있었다."
    assert ends(parts[1]) and 270 <= len(parts[1]) <= 330
    assert PROSE.startswith(" ".join(parts))


def test_a_very_short_first_sentence_has_the_second_with_it() -> None:
    parts = beginning("눈이 왔다. " + PROSE, 300)
    assert parts and parts[0] == "눈이 왔다. 아침 안개가 강 위에 낮게 깔려 있었다."


@pytest.mark.parametrize(
    "text",
    [PROSE[:320], "1. 준비물\n2. 순서\n" + PROSE, "끝이 없이 이어지는 문장 하나가 " * 80, ""],
    ids=["too short", "a list", "no sentences", "nothing"],
)
def test_what_is_no_essays_beginning_is_left_out(text: str) -> None:
    assert beginning(text, 300) is None


@pytest.mark.slow
def test_excerpts_are_held_out_and_each_of_its_own_essay(real_ground: Ground) -> None:
    made = real_ground
    found = excerpts(made, 3)
    ids = [passage.id for passage in found]
    assert len(found) == 21 and set(made.sides.of(ids)) == {"test"} and len(set(made.sides.kin(ids))) == 21
    trained = {document.id for topic in made.subsets for document in made.documents(topic, "train")}
    apart = {document.id for document in made.unwritten()}
    assert len(apart) > 400 and not apart & trained and not apart & set(ids)
    assert all(len(subset.rows) == K for subset in made.subsets.values())
