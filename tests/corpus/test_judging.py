"""Each rule refuses what it is for, with its reason, and leaves prose alone; each can be switched off."""

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.planted_junk import WRITERS, planted
from corpus.cleaning.cleaning import Cleaner, Cleaning
from corpus.document import Document, Raw, document
from corpus.errors import GeulgamError
from corpus.judging.judging import NAMES, Judge, Judging
from corpus.read import read
from corpus.step import named

NONE = Judging(**{field.name: type(getattr(Judging(), field.name))(0) for field in fields(Judging)})
CLEANER = Cleaner(Cleaning().steps())

# Of each kind of planted junk: the setting that refuses it, and the kind of reason it gives.
RULES = {
    "lists": ("lists", "list"),
    "recipes": ("recipes", "recipe"),
    "menus": ("menus", "menu"),
    "code": ("code", "code"),
    "advertisement": ("advertisement", "advertisement"),
    "mojibake": ("mojibake", "mojibake"),
    "english": ("hangul", "other language"),
    "repeated": ("repetition", "repetition"),
    "symbols": ("symbols", "signs"),
    "notices": ("notices", "notice"),
}


def reason(text: str, judging: Judging | None = None) -> str | None:
    """Why the text is refused once it is cleaned, or None."""
    made = Judge((judging or Judging()).rules())(CLEANER(document(text)))
    return made if isinstance(made, str) else None


def alone(name: str) -> Judging:
    """That rule and no other, as it is by default."""
    return replace(NONE, **{name: getattr(Judging(), name)})


@pytest.mark.parametrize("kind", WRITERS)
def test_planted_junk_is_refused(kind: str) -> None:
    texts = planted(kind, 40, seed=5)
    assert sum(reason(text) is not None for text in texts) >= 38


@pytest.mark.parametrize("kind", WRITERS)
def test_the_rule_for_a_kind_refuses_it_by_itself_and_names_it(kind: str) -> None:
    setting, wanted = RULES[kind]
    reasons = [reason(text, alone(setting)) for text in planted(kind, 40, seed=6)]
    kinds = {why.partition(": ")[0] for why in reasons if why}
    assert kinds == {wanted}
    least = 10 if kind == "symbols" else 36  # keys hit at random are code or another language as often
    assert sum(why is not None for why in reasons) >= least
    assert all(why.partition(": ")[2] for why in reasons if why)


@pytest.mark.parametrize(("kind", "setting"), [(kind, rule[0]) for kind, rule in RULES.items()])
def test_a_rule_that_is_switched_off_gives_its_reason_no_more(kind: str, setting: str) -> None:
    off = replace(Judging(), **{setting: type(getattr(Judging(), setting))(0)})
    for text in planted(kind, 20):
        assert not (reason(text, off) or "").startswith(RULES[kind][1])


def test_the_rules_are_those_of_the_settings() -> None:
    everything = Judging(short=100, long=100_000)
    assert [rule.name.split()[0] for rule in everything.rules()] == [f"judge.{name}" for name in NAMES]
    assert NONE.rules() == () and Judge(())(document("가")) == document("가")


def test_what_a_corpus_was_judged_by_changes_with_a_bound() -> None:
    before, after = (named([Judge(Judging(hangul=share).rules())]) for share in (0.5, 0.6))
    assert ["judge.hangul 0.5", 1] in before and ["judge.hangul 0.6", 1] in after


@pytest.mark.parametrize(
    ("judging", "text", "said"),
    [
        (Judging(short=100), "가" * 99, "too short: 99 characters, less than 100"),
        (Judging(short=100), "가" * 100, None),
        (Judging(long=10), "가나다라 마바사아 자차", "too long: 12 characters, more than 10"),
        (Judging(), "짧다.", None),
        (Judging(), "only a word", None),
    ],
)
def test_length_is_bounded_where_it_is_asked_for(judging: Judging, text: str, said: str | None) -> None:
    assert reason(text, replace(judging, repetition=False)) == said


@pytest.mark.parametrize("values", [{"short": -1}, {"long": -1}, {"hangul": 1.5}, {"symbols": -0.1}])
def test_a_bound_that_cannot_be_is_one_line(values: dict[str, float]) -> None:
    with pytest.raises(GeulgamError, match=rf"corpus\.judge\.{next(iter(values))} is "):
        Judging(**values)  # type: ignore[arg-type]


VERSE = (
    "눈이 온다\n온 마을에\n눈이 온다\n장독 위에\n까치집에\n어머니 흰 머리에\n눈이 온다\n나는 창을 열고\n"
    "먼 데를 본다\n기차가 간다\n눈 속으로\n아무 말 없이\n기차가 간다\n돌아오지 않을\n"
    "사람처럼\n눈이 온다\n밤새\n눈이 온다\n그리운 것은\n모두 희다"
)
DIALOGUE = (
    '"어디 가?"\n"바다."\n"지금?"\n"응."\n"왜?"\n"그냥."\n"나도 갈래."\n"그래."\n우리는 막차를 탔다.\n"춥다."\n"응."\n'
    * 2
)
PRICES = (
    "연탄 한 장이 30원 하던 때였다. 버스는 25원, 짜장면은 150원이었다. 월급봉투에는 32,000원이 들어 있었고 어머니는 "
    "쌀값 8,000원, 방세 5,000원으로 나누어 놓고 한참을 들여다보셨다. 나는 1,500원짜리 운동화를 신고 뛰었다."
)
HANJA = "그는 수필(隨筆)과 시(詩)와 소설(小說)을 썼고 역사(歷史)와 철학(哲學)을 읽었으며 산(山)과 강(江)을 걸었다. " * 2


@pytest.mark.parametrize(
    "text", [VERSE, PRICES, HANJA.strip()[: len(HANJA) // 2] + " 그리고 오래 쉬었다. 밤이 길었다."]
)
def test_verse_prices_in_sentences_and_hanja_pass(text: str) -> None:
    assert reason(text) is None


def test_a_dialogue_is_no_picture_of_signs() -> None:
    assert reason(DIALOGUE, alone("symbols")) is None


# Syllables as they come, and words that the rules go by, of which a few in prose say nothing.
WORDS = st.text(st.sampled_from("가나다라마바사아자차카타파하강산들물밤낮봄꽃눈길집"), min_size=2, max_size=5)
TOLD = st.sampled_from(["할인", "문의", "재료", "소금", "공지", "신청", "참석", "1,500원이던", "3개", "정가"])
PROSE = st.lists(
    st.lists(WORDS, min_size=4, max_size=12, unique=True).map(lambda words: " ".join(words) + " 갔다."),
    min_size=5,
    max_size=20,
    unique=True,
)


@given(PROSE, st.lists(TOLD, max_size=3, unique=True), st.sampled_from([" ", "\n", "\n\n"]))
@settings(max_examples=150)
def test_prose_with_a_few_of_the_words_that_rules_go_by_passes_as_it_is(
    sentences: list[str], told: list[str], between: str
) -> None:
    one = document(between.join([*sentences, *(f"{word} 생각이 났다." for word in told)]))
    made = Judge(replace(Judging(), repetition=False).rules())(one)
    assert made is one


@given(st.text(max_size=400))
@settings(max_examples=300)
def test_any_text_is_judged_without_an_error_and_a_reason_has_a_kind(text: str) -> None:
    made = Judge(Judging(short=5, long=300).rules())(document(text))
    assert not isinstance(made, str) or all(made.partition(": "))


def test_the_bundled_sample_loses_nothing() -> None:
    folder = Path(__file__).parents[2] / "geulgam" / "sample"
    rows = [row for row in read(sorted(folder.glob("*.jsonl"))) if isinstance(row, Raw)]
    assert len(rows) == 238
    assert [why for row in rows if (why := reason(row.text))] == []


def test_no_real_essay_is_refused(real_essays: Sequence[Document]) -> None:
    assert [one.title for one in real_essays if reason(one.text)] == []


def test_middle_dots_between_words_of_prose_are_no_bullets() -> None:
    text = "하늘 · 바람 · 별 · 시를 좋아하던 그는 봄 · 여름 · 가을 · 겨울마다 산 · 강 · 들을 걸었고, " * 2
    assert reason(text + "나는 그를 따라 걸으며 이름을 하나씩 불러 보았다.", alone("lists")) is None
