"""What a model reads of an essay is formed in one place, and what it is told there is read without being learnt."""

from itertools import groupby
from operator import itemgetter
from pathlib import Path

import pytest

from corpus.document import document
from finetune.base import BaseModel
from finetune.layout import Header, Portion, beginning, encoded, essay_text, header, opening, whole
from finetune.vocabulary import Vocabulary
from tests.finetune.tiny import tiny_essays

ESSAY = document("아침마다 강가에 나갔다.\n\n물은 늘 같았다.", "강")


@pytest.fixture(scope="module")
def vocabulary(tiny: Path) -> Vocabulary:
    return BaseModel.load(str(tiny)).vocabulary


def read(
    portion: Portion, vocabulary: Vocabulary, *headers: Header, most_told: int | None = None
) -> list[tuple[str, bool]]:
    """What the model reads of a portion, in parts, and whether it learns each."""
    [found] = encoded([portion], vocabulary, lambda _: headers, most_told)
    parts = groupby(zip(found.ids, found.learnt, strict=True), key=itemgetter(1))
    return [(vocabulary.decode([i for i, _ in part]), learnt) for learnt, part in parts]


def test_a_title_stands_above_its_text_and_nothing_above_a_text_without_one() -> None:
    assert essay_text(document("글이다.", "제목")) == "제목\n\n글이다." == opening("제목") + "글이다."
    assert essay_text(document("글이다.")) == "글이다." and opening("") == ""


def test_of_a_whole_essay_title_text_and_end_are_learnt(vocabulary: Vocabulary) -> None:
    for essay in tiny_essays():
        assert read(whole(essay), vocabulary) == [("<bos>", False), (essay_text(essay) + "<eos>", True)]


def test_what_carries_on_is_told_the_title_and_only_what_closes_ends(vocabulary: Vocabulary) -> None:
    first, second = Portion(ESSAY, "아침마다 강가에 나갔다.\n\n", 1, 2), Portion(ESSAY, "물은 늘 같았다.", 2, 2, 15)
    assert first.opens and not first.closes and second.closes and not second.opens
    assert read(first, vocabulary) == [("<bos>", False), ("강\n\n아침마다 강가에 나갔다.\n\n", True)]
    assert read(second, vocabulary) == [("<bos>강\n\n", False), ("물은 늘 같았다.<eos>", True)]


def test_a_header_says_which_passage_of_how_many_and_its_keywords() -> None:
    assert header(2, 3, ["우산", "비"]) == "[2/3] 우산, 비\n" and header(1, 1, []) == "[1/1]\n"


def test_headers_stand_before_their_passages_and_are_read_and_not_learnt(vocabulary: Vocabulary) -> None:
    headers = Header(0, header(1, 2, ["강가"])), Header(15, header(2, 2, ["물"]))
    assert read(whole(ESSAY), vocabulary, *headers) == [
        ("<bos>", False),
        ("강\n\n", True),
        ("[1/2] 강가\n", False),
        ("아침마다 강가에 나갔다.\n\n", True),
        ("[2/2] 물\n", False),
        ("물은 늘 같았다.<eos>", True),
    ]


def test_what_carries_on_within_a_passage_has_that_passages_header(vocabulary: Vocabulary) -> None:
    headers = Header(0, header(1, 2, ["강가"])), Header(18, header(2, 2, ["늘"]))
    second = Portion(ESSAY, "물은 늘 같았다.", 2, 2, 15)
    assert read(second, vocabulary, *headers) == [
        ("<bos>강\n\n[1/2] 강가\n", False),
        ("물은 ", True),
        ("[2/2] 늘\n", False),
        ("늘 같았다.<eos>", True),
    ]


def test_of_a_title_that_is_told_the_end_is_read(vocabulary: Vocabulary) -> None:
    told = vocabulary.encode("강\n\n")
    portion = Portion(ESSAY, "물은 늘 같았다.", 2, 2, 15)
    assert read(portion, vocabulary, most_told=2)[0] == ("<bos>" + vocabulary.decode(told[-2:]), False)
    assert read(portion, vocabulary, most_told=0) == [("<bos>", False), ("물은 늘 같았다.<eos>", True)]


def test_writing_begins_as_an_essay_in_training_does(vocabulary: Vocabulary) -> None:
    assert vocabulary.decode(beginning("제목", vocabulary)) == "<bos>제목\n\n"
    assert beginning("", vocabulary) == [vocabulary.bos]
