"""Where the critic is taught: places in essays, how they go on and how the model goes on."""

import numpy as np
import pytest

from corpus.document import Document, document
from finetune.base import BaseModel
from generate.critic.places import LEAST, places, taught
from generate.decoding.sampling import Sampling
from generate.sentences import starts
from retrieval.encoder import encoder
from tests.finetune.tiny import tiny_essays


def essays(count: int) -> list[Document]:
    """Essays of more than 800 characters, each of other sentences."""
    short = tiny_essays(24)
    rounds = [short[i:] + short[:i] for i in range(len(short))]
    texts = [" ".join(f"{number}번째 날이다. {essay.text}" for essay in rounds[number % 24]) for number in range(count)]
    return [document(text[:1600], f"글 {number}") for number, text in enumerate(texts)]


def test_a_place_is_the_end_of_a_sentence_and_the_next_passage_follows_it(practised: BaseModel) -> None:
    found = list(places(essays(20), practised.vocabulary, 10, seed=1))
    assert len(found) == 10
    texts = {essay.title: " ".join(essay.text.split()) for essay in essays(20)}
    for place in found:
        whole = texts[place.title]
        assert whole.startswith(place.before)
        assert len(place.before) + 1 in starts(whole)
        assert whole[len(place.before) :].startswith(place.human["next"])
        assert place.human.get("later", "").strip() in whole[len(place.before) + 600 :]
    assert any("later" in place.human for place in found) and any("other" in place.human for place in found)
    assert found == list(places(essays(20), practised.vocabulary, 10, seed=1))
    assert found != list(places(essays(20), practised.vocabulary, 10, seed=2))


@pytest.mark.slow
def test_a_head_is_taught_with_a_model_and_its_own_passages(practised: BaseModel) -> None:
    head = taught(practised, None, essays(LEAST + 4), encoder(), sampling=Sampling(top_k=20), most=LEAST)
    assert head is not None
    assert 0 <= head.told.model <= 1 and 0 <= head.told.later <= 1
    hidden = np.zeros(practised.model.config.hidden_size, np.float32)
    vectors = encoder().encode(["강가에서 기다렸다.", "배가 왔다."])
    assert np.isfinite(head.score(hidden, vectors[0], vectors[1]))


def test_too_few_long_essays_teach_nothing(practised: BaseModel) -> None:
    assert taught(practised, None, essays(LEAST - 1), encoder()) is None
    assert taught(practised, None, [document("짧다.")] * 30, encoder()) is None
