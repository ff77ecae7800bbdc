"""What a model reads of an essay is formed in one place, and a header in it is read without being learnt."""

from pathlib import Path

import pytest

from corpus.document import document
from finetune.base import BaseModel
from finetune.layout import beginning, encoded, essay_text, opening, separator
from finetune.vocabulary import Vocabulary
from tests.finetune.tiny import tiny_essays


@pytest.fixture(scope="module")
def vocabulary(tiny: Path) -> Vocabulary:
    return BaseModel.load(str(tiny)).vocabulary


def test_a_title_stands_above_its_text_and_nothing_above_a_text_without_one() -> None:
    assert essay_text(document("글이다.", "제목")) == "제목\n\n글이다." == opening("제목") + "글이다."
    assert essay_text(document("글이다.")) == "글이다." and opening("") == ""


def test_every_token_of_an_essay_is_learnt(vocabulary: Vocabulary) -> None:
    for essay, read in zip(tiny_essays(), encoded(tiny_essays(), vocabulary), strict=True):
        assert read.ids == vocabulary.encode(essay_text(essay)) and read.learnt == [True] * len(read.ids)


def test_a_header_is_read_and_not_learnt(vocabulary: Vocabulary) -> None:
    essay = tiny_essays(1)[0]
    [read] = encoded([essay], vocabulary, header=lambda document: f"글감: {document.title}\n\n")
    header = vocabulary.encode(f"글감: {essay.title}\n\n")
    assert vocabulary.decode(read.ids) == f"글감: {essay.title}\n\n{essay_text(essay)}"
    assert read.learnt == [i >= len(header) for i in range(len(read.ids))]


def test_writing_begins_as_an_essay_in_training_does(vocabulary: Vocabulary) -> None:
    assert vocabulary.decode(beginning("제목", vocabulary)) == "<bos>제목\n\n"
    assert beginning("", vocabulary) == [vocabulary.bos]
    assert separator(vocabulary) == [vocabulary.eos, vocabulary.bos]
