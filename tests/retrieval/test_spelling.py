import numpy as np
import pyarrow as pa
import pytest

from retrieval.spelling import near
from retrieval.strings import Strings

VOCABULARY = sorted(
    ["함께", "함께하다", "함박눈", "밤새", "가족", "가죽", "아직", "글", "글쓰기", "방", "봄", "ai", "aid", "헤어지다"]
)


def nearest(term: str) -> list[str]:
    table = Strings.of(pa.array(VOCABULARY))
    counts = np.array([5 if term == "가족" else 0 if term == "밤새" else 1 for term in VOCABULARY])
    return [found.term for found in near(term, table, counts, 3)]


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("함깨", ["함께"]),  # one letter
        ("갸족", ["가족"]),
        ("가즉", ["가족", "가죽"]),  # equally near: the one in more documents first
        ("글쓰", ["글쓰기", "글"]),  # begins so
        ("헤어지", ["헤어지다"]),
        ("볼", ["봄"]),
        ("함께", ["함께하다"]),  # never itself
        ("밤세", []),  # in no document any more
        ("가족사진", []),  # two characters shorter
        ("한께", ["함께"]),
        ("글쓰가", ["글쓰기"]),
        ("aix", ["ai", "aid"]),  # equally near, and in as many documents
        ("우주선", []),
        ("함\ud800", ["함께"]),  # two letters, the rest the same
        ("", []),
    ],
)
def test_near_terms_are_a_letter_or_an_ending_away(term: str, expected: list[str]) -> None:
    assert nearest(term) == expected
