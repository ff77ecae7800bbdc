"""Guidance: what the richer of two contexts makes likelier comes more often, and both read in lock step."""

import pytest
import torch

from finetune.base import BaseModel
from generate.candidates import Desk, Stand, drafted
from generate.context import Context
from generate.decoding.guidance import Guided, guided
from generate.decoding.sampling import Sampling, candidates
from generate.surfaces import Surfaces

STANDING = "글 3\n\n우리는 함께 걸었다."
TAIL = 4  # tokens that the poorer context begins with, behind bos


def begun(base: BaseModel, gamma: float) -> Guided:
    context = Guided(base.model, gamma, lambda tokens: [tokens[0], *tokens[-TAIL:]])
    context.begin([base.vocabulary.bos, *base.vocabulary.encode(STANDING)])
    return context


def apart(base: BaseModel, tokens: list[int]) -> torch.Tensor:
    """(V,): the logits of one text read at once."""
    with torch.inference_mode():
        logits: torch.Tensor = base.model(input_ids=torch.tensor([tokens])).logits[0, -1]
    return logits


def test_guidance_makes_likelier_what_one_context_makes_likelier_than_the_other() -> None:
    with_header, without = torch.tensor([[1.0, 1.0, 0.0]]), torch.tensor([0.0, 1.0, 0.0])
    mixed = guided(with_header, without, 0.5).log_softmax(1)[0]
    p, q = with_header.softmax(1)[0], without.softmax(0)
    torch.testing.assert_close(mixed.exp(), (p * (p / q) ** 0.5) / (p * (p / q) ** 0.5).sum())
    assert mixed[0] > p.log()[0]
    assert torch.equal(guided(with_header, without, 0.0), with_header)
    torch.testing.assert_close(guided(with_header, with_header, 3.0).softmax(1), with_header.softmax(1))


def test_a_penalty_weighs_as_much_with_guidance_that_changes_nothing() -> None:
    logits = 3 * torch.randn(1, 50, generator=torch.Generator().manual_seed(3)) + 8
    sampling = Sampling(repetition_penalty=1.5)
    same = candidates(guided(logits, logits + 5, 0.4), [[1, 2, 3]], sampling)
    for found, expected in zip(same, candidates(logits, [[1, 2, 3]], sampling), strict=True):
        torch.testing.assert_close(found, expected)


def test_both_contexts_read_the_same_in_every_row_and_go_back_together(practised: BaseModel) -> None:
    context = begun(practised, 0.7)
    beginning = list(context.tokens)
    poorer = [beginning[0], *beginning[-TAIL:]]

    def check(*ends: list[int]) -> None:
        whole, short = ([apart(practised, [*first, *end]) for end in ends] for first in (beginning, poorer))
        expected = guided(torch.stack(whole), torch.stack(short), 0.7)
        torch.testing.assert_close(context.logits, expected, atol=1e-3, rtol=1e-3)

    check([])
    context.read([7, 8])
    mark = context.mark()
    context.branch(3)
    check(*[[7, 8]] * 3)
    context.read_each([4, 5, 6])
    check([7, 8, 4], [7, 8, 5], [7, 8, 6])
    context.keep(2, 0)
    context.read_each([9, 3])
    check([7, 8, 6, 9], [7, 8, 4, 3])
    context.rewind(mark)
    check([7, 8])
    context.read([5])
    check([7, 8, 5])


def test_what_is_broken_off_is_gone_on_with(practised: BaseModel) -> None:
    calls = iter([False, True, False, False])  # the second reading, the richer context's, is broken off

    def pulse() -> None:
        if next(calls):
            raise KeyboardInterrupt

    context = Guided(practised.model, 0.7, lambda tokens: tokens[-TAIL:], pulse)
    context.begin([practised.vocabulary.bos, *practised.vocabulary.encode(STANDING)])
    with pytest.raises(KeyboardInterrupt):
        _ = context.logits
    whole = Guided(practised.model, 0.7, lambda tokens: tokens[-TAIL:])
    whole.begin(context.tokens)
    assert torch.equal(context.logits, whole.logits)


def test_candidates_are_drafted_behind_it_as_behind_any_context(practised: BaseModel) -> None:
    desk = Desk(Surfaces(practised.vocabulary), Sampling(top_k=20, top_p=0.95), seed=5, rows=4, longest=64)
    plain = Context(practised.model)
    plain.begin([practised.vocabulary.bos, *practised.vocabulary.encode(STANDING)])
    drafts = {gamma: drafted(desk, begun(practised, gamma), Stand(STANDING, 1)) for gamma in (0.0, 0.7)}
    texts = {gamma: [draft.text for draft in each] for gamma, each in drafts.items()}
    assert texts[0.0] == [draft.text for draft in drafted(desk, plain, Stand(STANDING, 1))]
    assert texts[0.7] != texts[0.0] and len(set(texts[0.7])) == 4
