"""Whose data it is, is masked; what only looks like it stays."""

import pytest

from bench.planted import LOOKALIKES, WRITERS, is_masked, planted
from corpus.cleaning.cleaning import Cleaner, Cleaning

CLEANER = Cleaner(Cleaning().steps())


@pytest.mark.parametrize("kind", WRITERS)
def test_of_what_is_planted_99_of_100_are_masked(kind: str) -> None:
    made = [(CLEANER.clean(sentence), value) for sentence, value in planted(kind, 400, seed=1)]
    missed = [clean for clean, value in made if not is_masked(value, clean)]
    assert len(missed) <= 0.01 * len(made), missed[:5]


@pytest.mark.parametrize("text", LOOKALIKES)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert CLEANER.clean(text) == text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("전화는 1588-1234, 임진왜란은 1592-1598년.", "전화는 [전화번호], 임진왜란은 1592-1598년."),
        ("9001011234568은 그의 번호다.", "[주민등록번호]은 그의 번호다."),
        ("9001011234567은 그의 번호가 아니다.", None),
        ("4111-1111-1111-1111과 4111-1111-1111-1112", "[카드번호]과 4111-1111-1111-1112"),
        ("110-123-456789", None),
        ("010 - 1234 - 5678, 010/1234/5678, 82-2-123-4567", "[전화번호], [전화번호], [전화번호]"),
        ("국민 123456-78-901234로", "국민 [계좌번호]로"),
        ("현대아파트 101동 1203호에 살았다. 101동 1203호", "[주소]에 살았다. 101동 1203호"),
        ("hong[at]naver[dot]com 과 hong @ naver.com", "[이메일] 과 [이메일]"),
        ("여권(M 1234 5678)과 4111.1111.1111.1111", "여권([여권번호])과 [카드번호]"),
        ("010-1234-567, 01012345678901, 02-2021", None),
        ("M12345678 나사", None),
        ("서울 강남구 테헤란로 12에서 12분", "[주소]에서 12분"),
        ("종로구 종로3가 175-4번지와 의주로2가 138번지 사이", "[주소]와 [주소] 사이"),
    ],
)
def test_words_and_check_digits_decide(before: str, after: str | None) -> None:
    assert CLEANER.clean(before) == (before if after is None else after)
