"""Packed attention gives what transformers' own does."""

import torch

from finetune.base import BaseModel
from generate.attention import packed_attention
from generate.context import Context


def test_the_logits_are_those_of_plain_attention_and_the_model_is_itself_again(practised: BaseModel) -> None:
    tokens = practised.vocabulary.encode("우리는 함께 걸었다. 함께 걷는 동안 아무도 먼저 말하지 않았다. " * 8)
    before = practised.model.config._attn_implementation
    read: list[list[torch.Tensor]] = []
    for is_packed in (False, True):
        context = Context(practised.model)
        read.append([])
        context.begin(tokens[:30])
        for token in tokens[30:120]:
            context.read([token])
            if is_packed:
                with packed_attention(practised.model):
                    assert practised.model.config._attn_implementation != before
                    read[-1].append(context.logits)
            else:
                read[-1].append(context.logits)
    assert practised.model.config._attn_implementation == before == "sdpa"
    torch.testing.assert_close(torch.stack(read[0]), torch.stack(read[1]), atol=1e-4, rtol=1e-4)


def test_a_model_with_attention_of_its_own_keeps_it(practised: BaseModel) -> None:
    practised.model.config._attn_implementation = "eager"
    try:
        with packed_attention(practised.model):
            assert practised.model.config._attn_implementation == "eager"
    finally:
        practised.model.config._attn_implementation = "sdpa"
