"""What the model sees of a long essay."""

import pytest

from corpus.errors import GeulgamError
from finetune.base import BaseModel
from finetune.layout import Header
from generate.window import Window

SENTENCES = [f"그날은 {i}일이었다." for i in range(100)]


def test_a_short_text_is_seen_whole_below_its_title(practised: BaseModel) -> None:
    vocabulary = practised.vocabulary
    view = Window(vocabulary, "함께", 256, 64).view("우리는 함께 걸었다.")
    assert view == [vocabulary.bos, *vocabulary.encode("함께\n\n우리는 함께 걸었다.")][: len(view)]
    assert vocabulary.decode(view[1:]) == "함께\n\n우리는 함께 걸었다."


def test_of_a_long_text_title_beginning_and_the_latest_whole_sentences_are_seen(practised: BaseModel) -> None:
    window = Window(practised.vocabulary, "함께", 256, 64)
    view = window.view(" ".join(SENTENCES))
    assert view[0] == practised.vocabulary.bos
    title, first, excerpt = practised.vocabulary.decode(view[1:]).split("\n\n")
    assert title == "함께"
    assert first in (" ".join(SENTENCES[:count]) for count in (1, 2, 3, 4))
    assert len(practised.vocabulary.encode(first)) <= 192 / 6
    assert excerpt.startswith("그날은")
    assert " ".join(SENTENCES).endswith(excerpt)
    assert 64 < len(view) <= 96
    assert not window.is_full(len(view))


def test_a_first_sentence_that_is_too_long_is_left_out_later(practised: BaseModel) -> None:
    text = " ".join(["우리는함께" * 20 + ".", *SENTENCES])
    view = Window(practised.vocabulary, "함께", 256, 64).view(text)
    title, excerpt = practised.vocabulary.decode(view[1:]).split("\n\n")
    assert title == "함께" and excerpt.startswith("그날은") and text.endswith(excerpt)


def test_a_text_without_sentences_is_cut_anywhere(practised: BaseModel) -> None:
    view = Window(practised.vocabulary, "함께", 256, 64).view("우리는함께" * 200)
    assert len(view) <= 96
    assert practised.vocabulary.decode(view[-4:]) in "우리는함께" * 4


def test_a_title_too_long_to_repeat_is_left_out_later(practised: BaseModel) -> None:
    view = Window(practised.vocabulary, "함께 " * 60, 256, 64).view(" ".join(SENTENCES))
    assert practised.vocabulary.decode(view[1:]).startswith("그날은")


def test_a_prompt_longer_than_the_context_is_refused(practised: BaseModel) -> None:
    window = Window(practised.vocabulary, "함께", 256, 64)
    window.check("우리는 함께 걸었다.", 256)
    with pytest.raises(GeulgamError, match="context of 256 has room for 192"):
        window.check(" ".join(SENTENCES), 256)


def test_a_header_stands_where_its_passage_begins_or_what_is_seen_of_it(practised: BaseModel) -> None:
    window, one, two = Window(practised.vocabulary, "함께", 256, 64), "[1/2] 산\n", "[2/2] 물\n"
    text = "그날은 1일이었다.\n\n그날은 2일이었다."
    read = practised.vocabulary.decode

    def seen(text: str, start: int) -> str:
        view = window.view(text, [Header(0, one), Header(start, two)])
        assert not window.is_full(len(view))
        return read(view)

    assert seen(text, 12) == f"<bos>함께\n\n{one}그날은 1일이었다.\n\n{two}그날은 2일이었다."
    assert seen(text, len(text) + 2) == f"<bos>함께\n\n{one}{text}"  # its passage is still to begin
    long = " ".join(SENTENCES)
    before, latest = seen(long, 12).split(two)  # the passage has begun before what is seen of it
    assert before.startswith(f"<bos>함께\n\n{one}그날은 0일이었다.") and before.endswith("\n\n")
    assert latest.startswith("그날은") and long.endswith(latest)
    late = len(long) - len(SENTENCES[-1])
    assert seen(long, late).endswith(f" {two}{SENTENCES[-1]}")
    assert seen(long, len(long) + 2).count(one) == 1  # what is seen last is of the passage that the beginning is of
    assert seen("우리는함께" * 200, 12).count(two) == 1  # also where no sentence ends
