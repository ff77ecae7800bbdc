"""Sentences and passages: all of a text, once, in pieces of the right size."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from retrieval.passages import LONGEST, PASSAGE, SHORTEST, TextPlace, at, joined, passages, sentences

TEXTS = st.text(alphabet=st.sampled_from([*'가나다 \n.!?"3']), max_size=900)


def read(text: str, places: list[TextPlace]) -> list[str]:
    return [text[place.start : place.end] for place in places]


def test_a_sentence_ends_at_its_mark_and_at_a_lines_end() -> None:
    text = '아침에 일찍 집을 나섰다. "같이 갈래, 아니면 말래?" 하고 물었다…\n\n3.5킬로미터를 걸어서 갔다'
    assert read(text, sentences(text)) == [
        "아침에 일찍 집을 나섰다.",
        '"같이 갈래, 아니면 말래?"',
        "하고 물었다…",
        "3.5킬로미터를 걸어서 갔다",
    ]


def test_a_short_sentence_goes_with_the_next_one_of_its_paragraph() -> None:
    text = "그랬다. 어머니는 아무 말도 없이 나갔다. 끝.\n다음 날이 되었다."
    assert read(text, sentences(text)) == ["그랬다. 어머니는 아무 말도 없이 나갔다.", "끝.", "다음 날이 되었다."]


def test_a_text_without_marks_is_cut_between_words() -> None:
    text = "다섯글자씩 " * 300
    found = read(text, sentences(text))
    assert all(len(part) <= LONGEST and set(part.split()) == {"다섯글자씩"} for part in found)


@given(TEXTS)
def test_every_letter_is_in_one_sentence_and_in_one_passage(text: str) -> None:
    for places in (sentences(text), passages(text, 60)):
        assert "".join("".join(part.split()) for part in read(text, places)) == "".join(text.split())
        assert all(one.end <= other.start for one, other in pairwise(places))
        assert not places or all(part == part.strip() and part for part in read(text, places))
    assert all(place.end - place.start <= 60 for place in passages(text, 60))


def test_a_passage_is_paragraphs_as_far_as_they_fit() -> None:
    paragraphs = ["첫 문단이다. " * 10, "둘째 문단이다. " * 13, "셋째 문단이다. " * 60]
    text = "\n\n".join(paragraph.strip() for paragraph in paragraphs)
    found = read(text, passages(text))
    assert found[0] == paragraphs[0].strip() + "\n\n" + paragraphs[1].strip()
    assert all(PASSAGE // 2 < len(part) <= PASSAGE and part.endswith("문단이다.") for part in found[1:-1])


def test_passages_that_follow_one_another_are_one() -> None:
    places = [TextPlace(0, 100), TextPlace(101, 180), TextPlace(182, 300), TextPlace(500, 600)]
    assert joined(places) == [TextPlace(0, 300), TextPlace(500, 600)] and joined([]) == []


def test_a_sentence_is_found_in_its_passage() -> None:
    text = "\n".join(f"{number}번째 문단은 이만큼 길다. 그리고 이렇게 더 이어진다." for number in range(40))
    whole = passages(text)
    for sentence in sentences(text):
        place = at(whole, sentence.start)
        assert place.start <= sentence.start and sentence.end <= place.end
    assert SHORTEST < LONGEST
