"""Headers divide an essay and tell its passages apart; some are left out or wrong, so that a model bears with that."""

import random
import re
from itertools import pairwise

import pytest

from corpus.document import Document, document
from finetune.headers import Headers, passages

LINES = {
    "우산": "비가 오면 우산을 펴고 정류장으로 걸어갔다. 우산 아래로 빗물이 떨어졌다.",
    "기차": "기차는 바다를 따라 달렸다. 차창 밖으로 등대가 보였고 기차는 역마다 멈췄다.",
    "김치": "할머니는 마당에서 김치를 담갔다. 배추와 고춧가루가 대야에 가득했고 김치는 매웠다.",
}
NOUNS = {"우산", "빗물", "정류장", "기차", "바다", "등대", "차창", "할머니", "마당", "김치", "배추", "고춧가루", "대야"}


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
