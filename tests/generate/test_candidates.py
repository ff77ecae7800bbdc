"""Candidates: several rows behind one beginning, each of which ends by itself and holds nothing that is forbidden."""

from itertools import pairwise

import pytest
import torch

from finetune.base import BaseModel
from generate.candidates import Candidate, Desk, Stand, derived, drafted
from generate.context import Context
from generate.decoding.sampling import Sampling
from generate.sentences import ends
from generate.surfaces import Surfaces

SAMPLING = Sampling(top_k=20, top_p=0.95)
STANDING = "글 3\n\n우리는 함께 걸었다."


@pytest.fixture(scope="module")
def desk(practised: BaseModel) -> Desk:
    return Desk(Surfaces(practised.vocabulary), SAMPLING, seed=5, rows=6, longest=64)


def begun(base: BaseModel) -> Context:
    context = Context(base.model)
    context.begin([base.vocabulary.bos, *base.vocabulary.encode(STANDING)])
    return context


@pytest.fixture(scope="module")
def some(practised: BaseModel, desk: Desk) -> list[Candidate]:
    return drafted(desk, begun(practised), Stand(STANDING, 1))


def test_each_ends_by_itself_and_they_are_of_different_length(desk: Desk, some: list[Candidate]) -> None:
    assert len(some) == 6 and len({len(draft.tokens) for draft in some}) > 1
    for draft in some:
        assert desk.surfaces.text(draft.tokens) == draft.text
        assert draft.ending == "stuck" or ends(draft.text, within_quotation=True)
        assert draft.ending == "stuck" or len(draft.tokens) >= 40
    assert len({draft.text for draft in some}) == 6


def test_the_context_stands_where_it_was_and_the_same_is_drafted_again(
    practised: BaseModel, desk: Desk, some: list[Candidate]
) -> None:
    context = begun(practised)
    before = context.logits.clone()
    again = drafted(desk, context, Stand(STANDING, 1))
    assert [draft.text for draft in again] == [draft.text for draft in some]
    assert context.rows == begun(practised).rows and torch.equal(context.logits, before)
    other = drafted(desk, context, Stand(STANDING, 1, attempt=2))
    assert [draft.text for draft in other] != [draft.text for draft in some]


def test_the_likelihood_and_the_states_are_those_of_reading_it(practised: BaseModel, some: list[Candidate]) -> None:
    beginning = [practised.vocabulary.bos, *practised.vocabulary.encode(STANDING)]
    assert {"sentence", "stuck"} <= {draft.ending for draft in some}
    for draft in some:
        ids = torch.tensor([[*beginning, *draft.tokens]])
        with torch.inference_mode():
            seen = practised.model(input_ids=ids, output_hidden_states=True)
        log_p = seen.logits[0, len(beginning) - 1 : -1].float().log_softmax(-1)
        each = log_p.gather(1, torch.tensor(draft.tokens)[:, None])
        assert draft.likelihood == pytest.approx(float(each.mean()), abs=1e-3)
        if draft.ending == "sentence":  # of one that is stuck the last token is read no more
            states = seen.hidden_states[-1][0, len(beginning) :].float().mean(0)
            assert draft.hidden.shape == (32,) and draft.hidden == pytest.approx(states.numpy(), abs=1e-3)


def test_a_row_begins_with_what_it_has_to_and_the_others_as_they_like(practised: BaseModel, desk: Desk) -> None:
    words = [" 기차가", " 선생님"]
    drafts = drafted(desk, begun(practised), Stand(STANDING, 1, starts=[practised.vocabulary.encode(w) for w in words]))
    assert [draft.text.startswith(word) for draft, word in zip(drafts, words, strict=False)] == [True, True]
    assert not all(draft.text.startswith(tuple(words)) for draft in drafts[2:])


def test_what_is_forbidden_is_not_written_also_where_a_row_has_to_begin_with_it(
    practised: BaseModel, desk: Desk, some: list[Candidate]
) -> None:
    asked: list[tuple[str, str]] = []

    def forbids(before: str, text: str) -> bool:
        asked.append((before, text))
        return "기차" in (before + text)[-len(text) - 1 :] or "었다" in (before + text)[-len(text) - 1 :]

    stand = Stand(STANDING, 1, starts=[practised.vocabulary.encode(" 기차가")])
    strict = Desk(desk.surfaces, SAMPLING, 5, 6, 64, forbids)
    assert any("었다" in draft.text for draft in some)
    for draft in drafted(strict, begun(practised), stand):
        assert "기차" not in draft.text and "었다" not in draft.text
        texts = [desk.surfaces.text(draft.tokens[:count]) for count in range(len(draft.tokens) + 1)]
        steps = {(STANDING + text, longer[len(text) :]) for text, longer in pairwise(texts)}
        assert steps <= set(asked)  # each token behind all that stands before it


def test_the_end_of_the_essay_is_written_only_where_it_may_be_and_not_too_early(
    practised: BaseModel, desk: Desk, some: list[Candidate]
) -> None:
    assert all(draft.ending != "document" for draft in some)
    may = [
        draft
        for number in range(3)
        for draft in drafted(desk, begun(practised), Stand(STANDING, number, shortest=60, least=20, may_end=True))
    ]
    ended = [draft for draft in may if draft.ending == "document"]
    assert ended and all(len(draft.text) >= 20 for draft in ended)


def test_seeds_of_rows_attempts_and_pieces_differ() -> None:
    seeds = {
        derived(seed, number, attempt, row)
        for seed in (0, 1)
        for number in (0, 11)
        for attempt in (1, 2)
        for row in (0, 1)
    }
    assert len(seeds) == 16 and all(0 <= seed < 2**63 for seed in seeds)
