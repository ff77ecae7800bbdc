import random
from collections.abc import Sequence

import pytest

from corpus.document import Document, document
from corpus.kinship import groups, title_of_whole

LETTERS = "가나다라마바사아자차카타파하거너더러머버서어저처커터퍼허"


def prose(seed: int, length: int = 600) -> str:
    chosen = random.Random(seed)
    return "".join(chosen.choice(LETTERS) + (" " if chosen.random() < 0.3 else "") for _ in range(length))


def essay(seed: int, title: str = "", source: str = "") -> Document:
    return document(prose(seed), title, source)


def together(documents: Sequence[Document]) -> bool:
    return len(groups(documents)) == 1


def test_parts_of_one_essay_are_together() -> None:
    page = "https://brunch.co.kr/@someone"
    assert together([essay(1, "귀향", "essays.csv"), essay(2, "귀향 ", "essays-2.csv")])
    assert together([essay(1, "샘바리(1/5)", f"{page}/43"), essay(2, "샘바리(4/5)", f"{page}/44")])
    assert together([essay(1, "3. 골목 (2)", f"{page}/3"), essay(2, "4. 골목 (3)", f"{page}/4")])
    assert together([essay(1, "여름 상", "a.txt"), essay(2, "여름 하", "a.txt")])
    assert together([essay(1, "", f"{page}/7"), essay(2, "다른 제목", f"{page}/7")])


def test_different_essays_are_apart() -> None:
    assert not together([essay(1, "하나", "essays.csv"), essay(2, "둘", "essays.csv")])
    assert not together([essay(1, "none", "essays.csv"), essay(2, "none", "essays.csv")])
    assert not together([essay(1, "", "essays.csv"), essay(2, "", "essays.csv")])
    assert not together(
        [essay(1, "프롤로그", "https://brunch.co.kr/@one/1"), essay(2, "프롤로그", "https://brunch.co.kr/@two/1")]
    )
    assert not together([essay(1, "", "https://site.kr/"), essay(2, "", "https://site.kr/")])


def test_a_title_or_page_that_very_many_share_is_no_essays() -> None:
    documents = [essay(seed, "나의 블로그", "https://site.kr/list") for seed in range(40)]
    assert len(groups(documents)) == 40


@pytest.mark.parametrize(
    ("title", "whole"),
    [
        ("샘바리(4/5)", "샘바리"),
        ("#59. 인연의 시작", "인연의시작"),
        ("장산행 1", "장산행"),
        ("우리 결혼할까요? II", "우리결혼할까요"),
        ("여름 - 2부", "여름"),
        ("내가 만든 세상", "내가만든세상"),
        ("옥상", "옥상"),
        ("코로나 19 새로운 일상", "코로나19새로운일상"),
        ("무제", ""),
        ("3", ""),
        ("", ""),
    ],
)
def test_numbers_of_parts_are_no_part_of_the_title(title: str, whole: str) -> None:
    assert title_of_whole(title) == whole


def test_near_duplicates_are_found_whatever_the_spacing_and_punctuation() -> None:
    one = prose(1)
    spaced = one.replace(" ", "\n").replace("가", "가, ")
    shortened = one[:300] + prose(2)[:40]
    quoting = prose(3) + one[:60]
    assert near_duplicates([one, prose(4), spaced, shortened, quoting]) == [(0, 2), (0, 3), (2, 3)]


def test_a_footer_on_every_page_makes_no_duplicates_and_many_copies_are_one_group() -> None:
    footer = prose(99, 80)
    assert near_duplicates([prose(seed) + footer for seed in range(60)]) == []
    copies = [document(prose(1) + f" {seed}") for seed in range(60)]
    assert together(copies)


def test_short_and_empty_texts_are_no_ones_duplicates() -> None:
    assert near_duplicates(["", "!?", "가나", "가나", "가나다"]) == [(2, 3)]
    assert near_duplicates([]) == []


def test_the_real_essays_that_are_one_are_found(real_essays: list[Document]) -> None:
    found = groups(real_essays)
    titles = [sorted({real_essays[place].title for place in group}) for group in found if len(group) > 1]
    assert ["감꽃", "근본으로"] in titles  # the same text under two titles
    assert ["꽃달임", "꽃달임 / 정재순"] in titles
    assert ["샘바리(1/5)", "샘바리(2/5)", "샘바리(4/5)"] in titles
    assert ["4. 인현동 인쇄골목 (3)", "3. 인현동 인쇄골목 (2)"][::-1] in titles
    assert 1_190 < len(found) < 1_220
