"""Contrastive search chooses what the paper's formula does when everything is read anew for every token."""

from itertools import islice

import pytest
import torch
from transformers import PreTrainedModel

from generate.context import Context
from generate.decoding.contrastive import contrastive
from tests.generate.test_context import TOKENS, full, recurrent, sliding


@pytest.fixture(scope="module", params=[sliding, full, recurrent], ids=lambda make: make.__name__)
def model(request: pytest.FixtureRequest) -> PreTrainedModel:
    torch.manual_seed(0)
    made: PreTrainedModel = request.param().eval().requires_grad_(False)
    for weight in made.parameters():
        weight.add_(torch.randn_like(weight), alpha=0.3)  # as made, they say almost the same after any tokens
    return made


def states(model: PreTrainedModel, tokens: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """The last layer's states (n, H) and the probabilities of what comes then (V,), of one text read at once."""
    with torch.inference_mode():
        seen = model(input_ids=torch.tensor([tokens]), output_hidden_states=True)
    return seen.hidden_states[-1][0], seen.logits[0, -1].softmax(0)


def slowly(model: PreTrainedModel, tokens: list[int], n: int, k: int, alpha: float) -> list[int]:
    """The paper's equation 5, with every token in sight among the earlier ones."""
    tokens = list(tokens)
    for _ in range(n):
        before, probabilities = states(model, tokens)
        scores = {}
        for token in probabilities.topk(k).indices.tolist():
            own = states(model, [*tokens, token])[0][-1]
            likeness = torch.cosine_similarity(own[None], before).max()
            scores[token] = float((1 - alpha) * probabilities[token] - alpha * likeness)
        tokens.append(max(scores, key=lambda token: scores[token]))
    return tokens[-n:]


def quickly(model: PreTrainedModel, n: int, k: int, alpha: float, length: int = 30) -> list[int]:
    context = Context(model)
    context.begin(TOKENS[:length])
    earlier = states(model, TOKENS[:length])[0][:-1]
    found = list(islice(contrastive(context, k, alpha, earlier=earlier), n))
    assert context.rows == [[*TOKENS[:length], *found]]
    return found


@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.6])
def test_the_tokens_are_those_of_the_paper(model: PreTrainedModel, alpha: float) -> None:
    assert quickly(model, 12, 4, alpha) == slowly(model, TOKENS[:30], 12, 4, alpha)


def test_likeness_changes_what_is_chosen_and_nothing_is_chance(model: PreTrainedModel) -> None:
    assert quickly(model, 12, 6, 0.6) == quickly(model, 12, 6, 0.6)
    assert quickly(model, 12, 6, 0.6) != quickly(model, 12, 6, 0.0) == quickly(model, 12, 1, 0.6)


def test_what_is_banned_never_comes_also_where_few_are_left(model: PreTrainedModel) -> None:
    context = Context(model)
    context.begin(TOKENS[:30])
    banned = torch.ones(90, dtype=torch.bool)
    banned[[4, 8]] = False
    for _, token in zip(range(6), contrastive(context, 5, banned=lambda: banned), strict=False):
        assert token in {4, 8}
        assert context.logits.shape == (1, 90)


def test_a_search_goes_on_where_a_context_goes_back_to(model: PreTrainedModel) -> None:
    context = Context(model)
    context.begin(TOKENS[:30])
    mark = context.mark()
    first = list(islice(contrastive(context), 5))
    context.rewind(mark)
    assert list(islice(contrastive(context), 5)) == first
