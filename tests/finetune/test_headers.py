"""Headers divide an essay and tell its passages apart; some are left out or wrong, so that a model bears with that."""

import random
import re
from itertools import pairwise
from pathlib import Path

import pytest

from corpus.document import Document, document
from finetune.headers import Frequencies, Headers, passages

LINES = {
    "우산": "비가 오면 우산을 펴고 정류장으로 걸어갔다. 우산 아래로 빗물이 떨어졌다.",
    "기차": "기차는 바다를 따라 달렸다. 차창 밖으로 등대가 보였고 기차는 역마다 멈췄다.",
    "김치": "할머니는 마당에서 김치를 담갔다. 배추와 고춧가루가 대야에 가득했고 김치는 매웠다.",
}
NOUNS = {"우산", "빗물", "정류장", "기차", "바다", "등대", "차창", "할머니", "마당", "김치", "배추", "고춧가루", "대야"}

THINGS = [
    "가방",
    "거울",
    "고무신",
    "구두",
    "국화",
    "나무",
    "냄비",
    "노트",
    "다리",
    "도서관",
    "등대",
    "마을",
    "망치",
    "모자",
    "바늘",
    "반찬",
    "벽지",
    "비누",
    "사진",
    "상자",
    "수건",
    "시계",
    "신문",
    "안경",
    "약국",
    "연필",
    "예금",
    "우체국",
    "의자",
    "이불",
    "자전거",
    "장갑",
    "전화",
    "종이",
    "지갑",
    "창문",
    "책상",
    "촛불",
    "커튼",
    "탁자",
    "포도",
    "항아리",
]


@pytest.fixture(scope="module")
def essays() -> list[Document]:
    """Essays of three parts, each of which speaks of one thing."""
    made = []
    for number in range(40):
        parts = random.Random(number).sample(sorted(LINES), 3)
        made.append(document("\n\n".join(f"{LINES[part]} {number}일째였다. " * 6 for part in parts), f"글 {number}"))
    return made


@pytest.fixture(scope="module")
def headers(essays: list[Document]) -> Headers:
    return Headers.of(essays)


def test_passages_are_whole_paragraphs_that_make_up_the_text(essays: list[Document]) -> None:
    numbers = set()
    for essay in essays:
        spans = list(passages(essay, random.Random(essay.id)))
        assert spans[0][0] == 0 and spans[-1][1] == len(essay.text)
        assert all(a[1] == b[0] and essay.text[: a[1]].endswith("\n\n") for a, b in pairwise(spans))
        numbers.add(len(spans))
    assert numbers == {1, 2, 3}


def test_a_line_that_is_too_long_is_cut_where_a_sentence_ends() -> None:
    line = document(" ".join(f"{number}일째에도 우리는 강가를 오래 걸었다." for number in range(400)))
    lengths = []
    for number in range(40):
        spans = list(passages(line, random.Random(number)))
        assert spans[0][0] == 0 and spans[-1][1] == len(line.text)
        assert all(a[1] == b[0] and line.text[: a[1]].endswith("걸었다. ") for a, b in pairwise(spans))
        lengths += [end - start for start, end in spans[:-1]]
    assert min(lengths) >= 500 and max(lengths) < 3_100 and len(set(lengths)) > 20
    unended = document("끝이 없는 말 " * 1_000)
    assert list(passages(unended, random.Random(0))) == [(0, len(unended.text))]


def test_of_words_that_tell_as_much_any_are_chosen() -> None:
    essay = document(" ".join(f"{thing}을 보았다." for thing in THINGS))
    seeds = range(40)
    told = [header.text for seed in seeds for header in Headers.of([essay], seed, Frequencies(1_000, {}))(essay)]
    assert all(any(thing in text for text in told) for thing in (*THINGS[:3], *THINGS[-3:]))


def test_a_topics_essays_are_told_its_word_by_what_the_whole_corpus_knows() -> None:
    of_topic = []
    for number in range(30):
        things = random.Random(number).sample(THINGS, 20)
        of_topic.append(document("우산을 펴고 우산을 접었다. " + " ".join(f"{thing}을 보았다." for thing in things)))

    def often(known: Frequencies | None) -> float:
        headers = Headers.of(of_topic, 0, known)
        return sum("우산" in header.text for essay in of_topic for header in headers(essay)) / len(of_topic)

    assert often(Frequencies(1_000, {"우산": 5, **dict.fromkeys(THINGS, 300)})) > 0.2 > often(None)


def test_what_an_adapter_knows_of_words_is_kept_with_it(headers: Headers, tmp_path: Path) -> None:
    assert Frequencies.of_adapter(None) is None and Frequencies.of_adapter(tmp_path) is None
    headers.frequencies.save(tmp_path)
    kept = Frequencies.of_adapter(tmp_path)
    assert kept is not None and kept.passages == headers.frequencies.passages
    for word in (*headers.frequencies.of_word, "처음"):
        assert kept.rarity(word) == pytest.approx(headers.frequencies.rarity(word))


def test_a_header_names_what_its_passage_speaks_of(essays: list[Document], headers: Headers) -> None:
    right = wrong = 0
    for essay in essays:
        told = headers(essay)
        for place, header in enumerate(told):
            number, of, words = re.fullmatch(r"\[(\d+)/(\d+)\] ?(.*)\n", header.text).groups()  # type: ignore[union-attr]
            assert (int(number), int(of)) == (place + 1, len(told))
            end = told[place + 1].start if place + 1 < len(told) else len(essay.text)
            for word in NOUNS & set(words.split(", ")):
                right, wrong = (right + 1, wrong) if word in essay.text[header.start : end] else (right, wrong + 1)
    assert right > 100 and 0 < wrong < 0.1 * (right + wrong)


def test_some_essays_have_none_and_some_headers_no_keywords(essays: list[Document], headers: Headers) -> None:
    told = [headers(essay) for essay in essays]
    assert 0 < sum(not of_essay for of_essay in told) < 12
    assert any(header.text.endswith("]\n") for of_essay in told for header in of_essay)


def test_the_same_seed_gives_the_same_headers(essays: list[Document], headers: Headers) -> None:
    again, other = Headers.of(essays), Headers.of(essays, 1)
    assert all(headers(essay) == again(essay) for essay in essays)
    assert any(headers(essay) != other(essay) for essay in essays)


def test_a_document_that_they_were_not_made_of_has_none(headers: Headers) -> None:
    assert headers(document("전혀 다른 글이다.")) == ()
