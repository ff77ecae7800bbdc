"""Wording: which words people use and what they put side by side."""

from pathlib import Path

import pytest

from corpus.document import document
from corpus.errors import GeulgamError
from corpus.events import Event, Finished
from generate.critic.wording import Wording
from generate.korean import words

ESSAYS = [
    document("아침마다 강가에 나가 물이 흐르는 것을 보았다. 물은 늘 같은 자리에서 다른 소리를 냈다."),
    document("강가에 앉아 물을 보았다. 아이들은 발자국을 남기며 뛰었다."),
]


@pytest.fixture(scope="module")
def wording() -> Wording:
    return Wording.of(ESSAYS)


def test_pairs_that_people_put_side_by_side_are_known_and_others_not(wording: Wording) -> None:
    assert wording.share_of_pairs(words("아이들은 발자국을 남기며 뛰었다.")) == 1
    mixed = wording.share_of_pairs(words("발자국은 뛰며 강가를 남겼다."))
    assert 0 <= mixed < 0.7
    assert wording.share_of_pairs([]) == 1


def test_a_word_is_known_from_the_second_essay_on_or_where_it_is_allowed(wording: Wording) -> None:
    assert wording.share_of_words(words("강가 물")) == 1
    assert wording.share_of_words(words("발자국 강가")) == 0.5
    assert wording.share_of_words(words("발자국 강가"), frozenset({"발자국"})) == 1
    assert wording.share_of_words([]) == 1


def test_it_is_saved_and_loaded_and_told_by_its_fingerprint(wording: Wording, tmp_path: Path) -> None:
    with pytest.raises(GeulgamError, match="no wording"):
        Wording.load(tmp_path)
    wording.save(tmp_path)
    again = Wording.load(tmp_path)
    assert again.fingerprint == wording.fingerprint == Wording.of(ESSAYS[::-1]).fingerprint
    assert again.share_of_words(words("발자국 강가")) == 0.5
    assert Wording.of(ESSAYS[:1]).fingerprint != wording.fingerprint
    whole = (tmp_path / "wording.npz").read_bytes()
    for damaged in (b"no", b"", whole[: len(whole) // 2]):
        (tmp_path / "wording.npz").write_bytes(damaged)
        with pytest.raises(GeulgamError, match="no wording"):
            Wording.load(tmp_path)


def test_counting_is_told_of() -> None:
    told: list[Event] = []
    Wording.of(ESSAYS, told.append)
    ended = told[-1]
    assert isinstance(ended, Finished) and "pairs of morphemes" in ended.result


def test_of_no_essays_nothing_is_known() -> None:
    nothing = Wording.of([])
    assert nothing.share_of_pairs(words("물이 흐른다")) == 0


def test_a_phrase_is_said_as_often_as_its_rarest_pair_at_most(wording: Wording) -> None:
    said = [word.surface for word in words("물을 보았다")]
    assert wording.most(tuple(said)) == 1
    assert wording.most(tuple(word.surface for word in words("강가에"))) == 2
    assert wording.most(("강가", "우주")) == 0
    assert Wording.of([]).most(("강가", "에")) == 0
    assert wording.tokens == sum(len(words(essay.text)) for essay in ESSAYS)
