"""Where the critic is taught: places in essays, how they go on and how the model goes on."""

import numpy as np
import pytest
import torch

from corpus.document import Document, document
from finetune.base import BaseModel
from finetune.layout import beginning
from generate.candidates import Desk, Stand, drafted
from generate.context import Context
from generate.critic.head import Kind
from generate.critic.places import LEAST, ROWS, Place, examples, places, taught
from generate.decoding.sampling import Sampling
from generate.sentences import starts
from generate.surfaces import Surfaces
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


def test_an_example_is_what_the_model_and_the_encoder_make_of_a_passage_behind_its_place(practised: BaseModel) -> None:
    human: dict[Kind, str] = {
        "next": " 우리는 함께 걸었다. 물은 늘 같았다.",
        "other": " 기차가 역을 떠났다. 눈이 왔다.",
    }
    place = Place("글 1", "강가에서 기다렸다. 눈이 쌓였다.", human)
    vocabulary, use = practised.vocabulary, encoder()
    head = [*beginning(place.title, vocabulary), *vocabulary.encode(place.before)]
    desk = Desk(Surfaces(vocabulary), Sampling(top_k=20), seed=0, rows=3)
    made = examples(practised.model, desk, use, [place])

    reading = Context(practised.model)
    reading.begin(head)
    drafts = [draft for draft in drafted(desk, reading, Stand(place.before, 0)) if draft.ending != "stuck"]
    read = [(kind, text, vocabulary.encode(text)) for kind, text in human.items()]
    read += (("model", draft.text, list(draft.tokens)) for draft in drafts)
    assert drafts and [example.kind for example in made] == [kind for kind, _, _ in read]
    before, *own = use.encode([place.before, *(text.strip() for _, text, _ in read)])
    for example, (_, _, tokens), vector in zip(made, read, own, strict=True):
        ids = torch.tensor([[*head, *tokens]])
        with torch.inference_mode():
            states = practised.model(input_ids=ids, output_hidden_states=True).hidden_states[-1][0, len(head) :]
        assert np.allclose(example.hidden, states.mean(0).numpy(), atol=1e-4)
        assert np.allclose(example.before, before, atol=1e-5) and np.allclose(example.own, vector, atol=1e-5)


@pytest.mark.slow
def test_a_head_that_is_taught_tells_how_unseen_essays_go_on_from_what_the_model_writes(practised: BaseModel) -> None:
    known, unseen = essays(24), essays(36)[24:]
    sampling, use = Sampling(top_k=20), encoder()
    head = taught(practised, None, known, use, sampling=sampling, most=20)
    assert head is not None and head.told.model > 0.6  # half would be chance
    found = list(places(unseen, practised.vocabulary, 8))
    made = examples(practised.model, Desk(Surfaces(practised.vocabulary), sampling, 1, ROWS), use, found)
    scores: dict[Kind, list[float]] = {
        kind: [head.score(e.hidden, e.before, e.own) for e in made if e.kind == kind] for kind in ("next", "model")
    }
    assert np.mean(scores["next"]) > np.mean(scores["model"]) + 0.5


def test_too_few_long_essays_teach_nothing(practised: BaseModel) -> None:
    assert taught(practised, None, essays(LEAST - 1), encoder()) is None
    assert taught(practised, None, [document("짧다.")] * 30, encoder()) is None
