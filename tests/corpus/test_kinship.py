"""Parts, editions and copies of an essay are kin, and no one else is."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.digests import to_hex
from corpus.document import Document, document
from corpus.kinship import groups, kin, title_of_whole
from corpus.store import Corpus
from tests.corpus.made_up import essay, prose

PAGE = "https://brunch.co.kr/@someone"


def together(documents: Sequence[Document]) -> bool:
    return len(groups(documents)) == 1


def test_parts_of_one_essay_are_together() -> None:
    assert together([essay(1, "귀향", "essays.csv"), essay(2, "귀향 ", "essays-2.csv")])
    assert together([essay(1, "샘바리(1/5)", f"{PAGE}/43"), essay(2, "샘바리(4/5)", f"{PAGE}/44")])
    assert together([essay(1, "3. 골목 (2)", f"{PAGE}/3"), essay(2, "4. 골목 (3)", f"{PAGE}/4")])
    assert together([essay(1, "여름 상", "a.txt"), essay(2, "여름 하", "a.txt")])
    assert together([essay(1, "", f"{PAGE}/7"), essay(2, "다른 제목", f"{PAGE}/7")])


def test_different_essays_are_apart() -> None:
    assert not together([essay(1, "하나", "essays.csv"), essay(2, "둘", "essays.csv")])
    assert not together([essay(1, "none", "essays.csv"), essay(2, "none", "essays.csv")])
    assert not together([essay(1, "", "essays.csv"), essay(2, "", "essays.csv")])
    assert not together(
        [essay(1, "프롤로그", "https://brunch.co.kr/@one/1"), essay(2, "프롤로그", "https://brunch.co.kr/@two/1")]
    )
    assert not together([essay(1, "", "https://site.kr/"), essay(2, "", "https://site.kr/")])
    assert not together([essay(1, "", "http://[broken"), essay(2, "", "http://[broken")])


def test_a_title_that_may_be_anybodys_joins_those_of_all_authors() -> None:
    pages = [essay(1, "민들레", "https://a.kr/@one/1"), essay(2, "민들레", "https://a.kr/@two/1")]
    assert not together(pages)
    assert together([*pages, essay(3, "민들레", "essays.csv")])


@pytest.mark.parametrize("source", ["essays.csv", "https://site.kr/list"])
def test_a_title_or_page_that_very_many_share_is_believed_of_the_first_alone(source: str) -> None:
    few = groups([essay(seed, "나의 블로그", source) for seed in range(40)])
    assert [len(group) for group in few] == [10] + [1] * 30
    others = [essay(seed + 1000, f"다른 글 {seed}째") for seed in range(300)]
    many = groups([*others, *(essay(seed, "나의 블로그", source) for seed in range(400))])
    assert sorted(map(len, many)) == [1] * 650 + [50]


def test_a_long_series_stays_together_in_a_corpus_of_some_size() -> None:
    others = [essay(seed, f"다른 글 {seed}째") for seed in range(200)]
    series = [essay(seed + 500, f"샘바리({seed + 1}/45)", f"{PAGE}/{seed}") for seed in range(45)]
    assert [len(group) for group in groups([*others, *series]) if len(group) > 1] == [45]


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


def test_editions_and_copies_are_together_however_many_there_are() -> None:
    assert together([document(prose(1)), document(prose(1) + "\n\n" + prose(2, 200))])
    assert together([document(prose(1) + f" {seed}") for seed in range(60)])


def test_the_kin_of_kin_are_kin() -> None:
    found = groups(
        [
            essay(1, "귀향", f"{PAGE}/1"),
            essay(2, "다른 제목", f"{PAGE}/2"),
            document(prose(1) + prose(3), "", f"{PAGE}/2"),
            essay(9),
        ]
    )
    assert found == [[0, 1, 2], [3]]


def test_the_real_essays_that_are_one_are_found(real_essays: list[Document]) -> None:
    found = groups(real_essays)
    titles = [sorted({real_essays[place].title for place in group}) for group in found if len(group) > 1]
    assert ["감꽃", "근본으로"] in titles  # the same text under two titles
    assert ["꽃달임", "꽃달임 / 정재순"] in titles
    assert ["샘바리(1/5)", "샘바리(2/5)", "샘바리(4/5)"] in titles
    assert ["4. 인현동 인쇄골목 (3)", "3. 인현동 인쇄골목 (2)"][::-1] in titles
    assert len(found) == 1204


def test_a_corpus_is_grouped_as_its_documents_are(
    real_essays: list[Document], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corpus.parts.PART_ROWS", 500)
    monkeypatch.setattr("corpus.kinship._AT_ONCE", 20_000)
    corpus = Corpus(tmp_path)
    corpus.add(real_essays)
    found = kin(corpus)
    assert to_hex(found.ids) == [document.id for document in real_essays]
    expected = np.zeros(len(real_essays), np.intp)
    for group in groups(real_essays):
        expected[group] = group[0]
    assert found.anchors.tolist() == expected.tolist()
    assert kin(Corpus(tmp_path / "none")).anchors.tolist() == []


ESSAYS = st.builds(
    lambda paragraphs, title, source: document("".join(prose(p, 60) for p in paragraphs), title, source),
    paragraphs=st.lists(st.integers(0, 8), min_size=1, max_size=3),
    title=st.sampled_from(["", "일상", "귀향 1", "귀향 2"]),
    source=st.sampled_from(["a.csv", f"{PAGE}/1", f"{PAGE}/2", "https://brunch.co.kr/@other/1"]),
)


@given(st.lists(ESSAYS, max_size=30, unique_by=lambda one: one.id), st.integers(0, 30))
def test_documents_that_are_added_part_none(documents: list[Document], before: int) -> None:
    now = {place: number for number, group in enumerate(groups(documents)) for place in group}
    for group in groups(documents[:before]):
        assert len({now[place] for place in group}) == 1
