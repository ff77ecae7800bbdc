"""The few words around what matched."""

from geulgam.snippet import snippet
from retrieval.analyzers import analyzer


def show(text: str, terms: set[str], width: int = 40) -> str:
    spans = analyzer("whitespace").spans(text)
    return "".join(f"[{part}]" if matched else part for part, matched in snippet(text, spans, terms, width))


def test_a_short_text_is_shown_whole_with_its_matches_marked() -> None:
    assert show("우리는 함께\n걸었다. 함께 웃었다", {"함께"}) == "우리는 [함께] 걸었다. [함께] 웃었다"


def test_a_long_text_is_shown_where_most_different_terms_stand() -> None:
    filler = "강물이 흐르고 " * 30
    shown = show(f"함께 {filler} 함께 걷는 동행 {filler}", {"함께", "동행"})
    assert "[함께] 걷는 [동행]" in shown and shown.startswith("…") and shown.endswith("…")
    assert len(shown) < 60


def test_without_a_match_the_beginning_is_shown() -> None:
    assert show("강물이 흐르고 " * 30, {"함께"}).startswith("강물이 흐르고 ")


def test_morphemes_are_marked_where_they_stand_not_where_their_letters_do() -> None:
    text = "함께하는 사람과 걸었다. 물길을 걸어 함께 갔다."
    spans = analyzer("kiwi").spans(text)
    marked = [part for part, matched in snippet(text, spans, {"걷다"}) if matched]
    assert marked == ["걸", "걸"]


def test_one_endless_word_is_cut() -> None:
    assert len(show("가" * 1000 + " 함께 " + "나" * 1000, {"함께"})) < 80
