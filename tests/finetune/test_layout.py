"""What a model reads of an essay is formed in one place, and what it is told there is read without being learnt."""

from pathlib import Path

import pytest

from corpus.document import document
from finetune.base import BaseModel
from finetune.layout import Portion, beginning, encoded, essay_text, opening, whole
from finetune.vocabulary import Vocabulary
from tests.finetune.tiny import tiny_essays

ESSAY = document("아침마다 강가에 나갔다.\n\n물은 늘 같았다.", "강")


@pytest.fixture(scope="module")
def vocabulary(tiny: Path) -> Vocabulary:
    return BaseModel.load(str(tiny)).vocabulary


def read(portion: Portion, vocabulary: Vocabulary, header: str = "", most_told: int | None = None) -> tuple[str, str]:
    """What the model reads of a portion without learning it, and what it learns."""
    [found] = encoded([portion], vocabulary, (lambda _: header) if header else None, most_told)
    told = found.learnt.count(False)
    assert found.learnt == [False] * told + [True] * (len(found.ids) - told)
    return vocabulary.decode(found.ids[:told]), vocabulary.decode(found.ids[told:])


def test_a_title_stands_above_its_text_and_nothing_above_a_text_without_one() -> None:
    assert essay_text(document("글이다.", "제목")) == "제목\n\n글이다." == opening("제목") + "글이다."
    assert essay_text(document("글이다.")) == "글이다." and opening("") == ""


def test_of_a_whole_essay_title_text_and_end_are_learnt(vocabulary: Vocabulary) -> None:
    for essay in tiny_essays():
        assert read(whole(essay), vocabulary) == ("<bos>", essay_text(essay) + "<eos>")


def test_a_header_is_read_and_not_learnt(vocabulary: Vocabulary) -> None:
    assert read(whole(ESSAY), vocabulary, "글감: 물\n\n") == ("<bos>글감: 물\n\n", essay_text(ESSAY) + "<eos>")


def test_what_carries_on_is_told_the_title_and_only_what_closes_ends(vocabulary: Vocabulary) -> None:
    first, second = Portion(ESSAY, "아침마다 강가에 나갔다.\n\n", 1, 2), Portion(ESSAY, "물은 늘 같았다.", 2, 2)
    assert first.opens and not first.closes and second.closes and not second.opens
    assert read(first, vocabulary) == ("<bos>", "강\n\n아침마다 강가에 나갔다.\n\n")
    assert read(second, vocabulary, "둘째, ") == ("<bos>둘째, 강\n\n", "물은 늘 같았다.<eos>")


def test_a_header_knows_its_portion(vocabulary: Vocabulary) -> None:
    portion = Portion(ESSAY, "물은 늘 같았다.", 2, 2)
    [found] = encoded([portion], vocabulary, lambda p: f"{p.number}의 {p.of}, {p.document.title}, {len(p.text)}자\n\n")
    assert vocabulary.decode(found.ids).startswith("<bos>2의 2, 강, 9자\n\n강\n\n물은")


def test_of_too_much_that_is_told_the_end_is_read(vocabulary: Vocabulary) -> None:
    told = vocabulary.encode("글감: 물\n\n강\n\n")
    portion = Portion(ESSAY, "물은 늘 같았다.", 2, 2)
    assert read(portion, vocabulary, "글감: 물\n\n", 4)[0] == "<bos>" + vocabulary.decode(told[-4:])
    assert read(portion, vocabulary, "글감: 물\n\n", 0) == ("<bos>", "물은 늘 같았다.<eos>")


def test_writing_begins_as_an_essay_in_training_does(vocabulary: Vocabulary) -> None:
    assert vocabulary.decode(beginning("제목", vocabulary)) == "<bos>제목\n\n"
    assert beginning("", vocabulary) == [vocabulary.bos]
