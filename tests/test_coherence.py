"""bench.coherence: a reader that knows what follows from what does not, and does not fall over short texts."""

import math
import random

import pytest

from bench.coherence import Coherence
from bench.topics import Ground

THINGS = {
    "빵": ("반죽", "오븐", "밀가루", "빵집"),
    "낚시": ("미끼", "낚싯대", "물고기", "강가"),
    "정원": ("장미", "흙", "화분", "물뿌리개"),
    "기차": ("역", "철로", "차표", "창가"),
    "병원": ("의사", "주사", "침대", "환자"),
    "바둑": ("바둑돌", "포석", "기사", "대국"),
}


def _essay(subject: str, seed: int, sentences: int = 30) -> str:
    """An essay that stays with one subject, of its words in any order."""
    chance = random.Random(seed)
    words = THINGS[subject]
    verbs = ("보았다", "생각했다", "떠올렸다", "만졌다", "잊지 못했다")
    return " ".join(
        f"나는 {chance.choice(words)}와 {chance.choice(words)}를 {chance.choice(verbs)}." for _ in range(sentences)
    )


@pytest.fixture(scope="module")
def reader() -> Coherence:
    return Coherence([_essay(subject, seed) for seed in range(5) for subject in THINGS], dimensions=20)


def test_a_text_that_stays_with_its_subject_has_more_than_one_that_does_not(reader: Coherence) -> None:
    steady = [_essay(subject, 90, 16) for subject in THINGS]
    parts = [_essay(subject, 91, 4) for subject in THINGS]
    wandering = [" ".join(random.Random(seed).sample(parts, 4)) for seed in range(6)]
    assert min(reader(steady)) > max(reader(wandering)) + 0.1


def test_the_next_block_is_told_from_another_essays(reader: Coherence) -> None:
    other, later, places = reader.accuracy([_essay(subject, 95) for subject in THINGS])
    assert places > 20 and other > 0.75 and 0.1 < later < 0.9  # these essays have no order


def test_the_same_essays_give_the_same_reader(reader: Coherence) -> None:
    again = Coherence([_essay(subject, seed) for seed in range(5) for subject in THINGS], dimensions=20)
    assert reader([_essay("빵", 7)]) == again([_essay("빵", 7)])


def test_a_text_has_the_same_score_in_any_company(reader: Coherence) -> None:
    alone, other = _essay("빵", 7), _essay("낚시", 8)
    assert reader([other, alone, ""])[1] == pytest.approx(reader([alone])[0], abs=1e-9)


def test_short_texts_are_read_as_two_halves_and_a_sentence_not_at_all(reader: Coherence) -> None:
    half, none, nothing = reader([_essay("빵", 3, 2), _essay("빵", 3, 1), ""])
    assert 0 < half < 1 and math.isnan(none) and math.isnan(nothing)
    assert math.isnan(reader([""])[0])


@pytest.mark.slow
def test_it_knows_the_true_next_passage_of_real_essays(real_ground: Ground) -> None:
    reader = Coherence([document.text for document in real_ground.unwritten()])
    tests = real_ground.corpus.get(real_ground.sides.ids("test"))
    other, later, places = reader.accuracy([document.text for document in tests])
    assert places > 1000 and other > 0.94 and later > 0.72
