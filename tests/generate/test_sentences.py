"""Where sentences end, as essays have them."""

import pytest

from generate.sentences import ends, sentences, starts


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("비가 왔다.", " 우산을"),
        ("비가 왔다.", "\n\n우산을"),
        ("비가 왔다.", ""),
        ("비가 왔을까?", " 모른다"),
        ("“비가 왔다.”", " 우산을"),
        ("그는 '간다'고 했다.", " 나도"),
        ("비가 왔다…", " 그리고"),
        ("비가 왔지요...", " 그리고"),
        ("(비가 왔다.)", " 우산을"),
        ("It's raining.", " Then"),
    ],
)
def test_a_sentence_ends(text: str, following: str) -> None:
    assert ends(text, following)


@pytest.mark.parametrize(
    ("text", "following"),
    [
        ("비가 왔다", " 우산을"),
        ("비가 왔다.", "”"),  # the quotation mark is still to come
        ("3.", "14"),
        ("3.", " 그리고"),  # a number in a list
        ("그래서...", " 나는 갔다"),
        ("나는… ", "갔다"),
        ("“비가 왔다.", " 우산을 써.”"),
        ("그는 '그래. ", "좋아.' 하고"),
        ("(비가 왔다. ", "아주 많이.)"),
        ("", ""),
    ],
)
def test_a_sentence_goes_on(text: str, following: str) -> None:
    assert not ends(text, following)


def test_a_quotation_nobody_closes_is_forgotten_after_a_while() -> None:
    assert not ends("“가자. " + "길이 멀었다. " * 3, "그래서")
    assert ends("“가자. " + "길이 멀었다. " * 30, "그래서")


def test_within_a_quotation_sentences_end_on_request() -> None:
    assert ends("“비가 왔다.", " 우산을 써.”", within_quotation=True)
    assert not ends("“비가 왔다", " 우산을 써.”", within_quotation=True)


def test_a_quotation_nobody_closes_ends_with_its_paragraph() -> None:
    assert ends("“가자.\n\n길이 멀었다.", " 그래서")


def test_sentences_are_those_a_reader_would_count() -> None:
    text = '비가 왔다. "가자. 늦었어." 그가 말했다.\n\n우리는 3.5킬로미터를 걸었다… 그리고 쉬었다\n끝'
    assert sentences(text) == [
        "비가 왔다.",
        '"가자. 늦었어."',
        "그가 말했다.",
        "우리는 3.5킬로미터를 걸었다…",
        "그리고 쉬었다",
        "끝",
    ]


def test_starts_lead_to_the_sentences() -> None:
    text = "  비가 왔다. 우산을 썼다!\n\n걸었다."
    assert [text[start : start + 2] for start in starts(text)] == ["비가", "우산", "걸었"]
    assert starts(" ") == []
