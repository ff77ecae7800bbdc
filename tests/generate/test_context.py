"""A context gives the logits of reading everything at once, and can go back."""

import torch

from finetune.base import BaseModel
from generate.context import Context


def at_once(base: BaseModel, tokens: list[int]) -> torch.Tensor:
    with torch.inference_mode():
        logits: torch.Tensor = base.model(input_ids=torch.tensor([tokens])).logits[0, -1]
    return logits


def test_reading_in_parts_is_reading_at_once_also_beyond_the_sliding_window(practised: BaseModel) -> None:
    tokens = practised.vocabulary.encode("우리는 함께 걸었다. 함께 걷는 동안 아무도 먼저 말하지 않았다. " * 12)
    assert len(tokens) > 64
    context = Context(practised.model)
    context.begin(tokens[:20])
    context.read(tokens[20:])
    torch.testing.assert_close(context.logits, at_once(practised, tokens), atol=1e-4, rtol=1e-4)


def test_going_back_is_as_if_nothing_had_been_read(practised: BaseModel) -> None:
    tokens = practised.vocabulary.encode("우리는 함께 걸었다. 함께 걷는 동안 아무도 먼저 말하지 않았다. " * 12)
    context = Context(practised.model)
    context.begin(tokens[:66])
    mark = context.mark()
    context.read(tokens[66:72])
    straight = context.logits
    for _ in range(2):
        context.rewind(mark)
        assert context.tokens == tokens[:66]
        context.read(tokens[3:20])
        assert not torch.equal(context.logits, straight)
        context.rewind(mark)
        context.read(tokens[66:72])
        assert torch.equal(context.logits, straight)


def test_what_is_never_asked_for_is_never_read(practised: BaseModel) -> None:
    context = Context(practised.model)
    context.begin([10**9])  # no such token: reading it would fail
    context.begin(practised.vocabulary.encode("우리는"))
    assert context.logits.shape == (len(practised.vocabulary),)
