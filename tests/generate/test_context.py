"""A context gives the logits of reading everything at once, can go back, and can go on in several rows."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from transformers import (
    FalconH1Config,
    FalconH1ForCausalLM,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedModel,
)

from finetune.base import BaseModel
from generate.context import Context

TOKENS = torch.randint(0, 90, (200,), generator=torch.Generator().manual_seed(1)).tolist()
ENDS = [[5, 6, 7, 8], [9, 9, 9, 9], [80, 2, 41, 3]]  # what three rows read behind the same beginning


def sliding() -> PreTrainedModel:
    """A window of 16 tokens in every second layer."""
    kinds = ["sliding_attention", "full_attention"] * 2
    sizes: dict[str, Any] = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 4, "head_dim": 16}
    heads: dict[str, Any] = {"num_attention_heads": 2, "num_key_value_heads": 1, "query_pre_attn_scalar": 16}
    return Gemma3ForCausalLM(Gemma3TextConfig(vocab_size=90, sliding_window=16, layer_types=kinds, **sizes, **heads))


def full() -> PreTrainedModel:
    """Every layer sees every token, by positions that were learnt."""
    return GPT2LMHeadModel(GPT2Config(vocab_size=90, n_embd=32, n_layer=2, n_head=2, bos_token_id=2, eos_token_id=1))


def recurrent() -> PreTrainedModel:
    """Attention and a state that is written over, in every layer."""
    sizes: dict[str, Any] = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "head_dim": 16}
    heads: dict[str, Any] = {"num_attention_heads": 2, "num_key_value_heads": 1}
    state: dict[str, Any] = {
        "mamba_d_ssm": 32,
        "mamba_n_heads": 4,
        "mamba_d_head": 8,
        "mamba_d_state": 8,
        "mamba_n_groups": 1,
    }
    return FalconH1ForCausalLM(FalconH1Config(vocab_size=90, **sizes, **heads, **state))


@pytest.fixture(scope="module", params=[sliding, full, recurrent], ids=lambda make: make.__name__)
def model(request: pytest.FixtureRequest) -> PreTrainedModel:
    torch.manual_seed(0)
    made: PreTrainedModel = request.param().eval().requires_grad_(False)
    for weight in made.parameters():
        weight.add_(torch.randn_like(weight), alpha=0.3)  # as made, they say almost the same after any tokens
    return made


def at_once(model: PreTrainedModel, tokens: Sequence[int]) -> torch.Tensor:
    with torch.inference_mode():
        logits: torch.Tensor = model(input_ids=torch.tensor([tokens])).logits[:, -1]
    return logits


def alone(model: PreTrainedModel, beginning: Sequence[int], end: Sequence[int]) -> torch.Tensor:
    """Bit by bit what one row gives: the beginning read at once, and the end one token after the other."""
    context = Context(model)
    context.begin(beginning)
    context.read(end)
    return context.logits


def test_reading_in_parts_is_reading_at_once_also_beyond_the_sliding_window(model: PreTrainedModel) -> None:
    context = Context(model)
    context.begin(TOKENS[:20])
    context.read(TOKENS[20:])
    torch.testing.assert_close(context.logits, at_once(model, TOKENS), atol=1e-3, rtol=1e-3)


def test_going_back_is_as_if_nothing_had_been_read(model: PreTrainedModel) -> None:
    context = Context(model)
    context.begin(TOKENS[:66])
    mark = context.mark()
    context.read(TOKENS[66:72])
    straight = context.logits
    for _ in range(2):
        context.rewind(mark)
        assert context.tokens == TOKENS[:66]
        context.read(TOKENS[3:20])
        assert not torch.equal(context.logits, straight)
        context.rewind(mark)
        context.read(TOKENS[66:72])
        assert torch.equal(context.logits, straight)


@pytest.mark.parametrize("length", [3, 14, 40])  # of the beginning: the window of 16 not full, filled by a row, full
def test_each_of_several_rows_expects_what_it_would_alone(model: PreTrainedModel, length: int) -> None:
    context = Context(model)
    context.begin(TOKENS[:length])
    context.branch(len(ENDS))
    for tokens in zip(*ENDS, strict=True):
        context.read_each(tokens)
    expected = torch.cat([alone(model, TOKENS[:length], end) for end in ENDS])
    torch.testing.assert_close(context.logits, expected, atol=1e-4, rtol=1e-4)
    assert torch.equal(context.logits.argmax(1), expected.argmax(1))
    assert context.rows == [[*TOKENS[:length], *end] for end in ENDS]


def test_the_rows_share_what_was_read_before_and_do_not_read_it_again(model: PreTrainedModel) -> None:
    read: list[int] = []
    hook = model.register_forward_pre_hook(
        lambda _, __, given: read.append(given["input_ids"].numel()), with_kwargs=True
    )
    with hook:
        context = Context(model)
        context.begin(TOKENS)
        context.branch(3)
        assert torch.equal(context.logits, alone(model, TOKENS, []).expand(3, -1))
        context.read_each([1, 2, 3])
        assert context.logits.shape == (3, 90)
    assert read == [200, 200, 3]


def test_a_row_that_is_kept_goes_on_as_if_it_had_been_alone(model: PreTrainedModel) -> None:
    context = Context(model)
    context.begin(TOKENS[:40])
    context.branch(len(ENDS))
    for tokens in zip(*ENDS, strict=True):
        context.read_each(tokens)
        assert context.logits.shape == (3, 90)
    context.keep(1)
    assert context.rows == [[*TOKENS[:40], *ENDS[1]]]
    context.read(TOKENS[50:60])
    expected = alone(model, TOKENS[:40], [*ENDS[1], *TOKENS[50:60]])
    assert context.logits.shape == (1, 90)
    torch.testing.assert_close(context.logits, expected, atol=1e-4, rtol=1e-4)


def test_rows_that_have_ended_are_left_out_and_the_others_go_on(model: PreTrainedModel) -> None:
    context = Context(model)
    context.begin(TOKENS[:40])
    context.branch(len(ENDS))
    for tokens in zip(*ENDS, strict=True):
        context.read_each(tokens)
    context.keep(2, 0)  # what is unread is read for these two alone
    context.read_each([11, 12])
    expected = [alone(model, TOKENS[:40], end) for end in ([*ENDS[2], 11], [*ENDS[0], 12])]
    torch.testing.assert_close(context.logits, torch.cat(expected), atol=1e-4, rtol=1e-4)
    before = context.logits
    context.keep(1)
    assert torch.equal(context.logits, before[1:])


def test_going_back_from_several_rows_is_going_back_to_the_one(model: PreTrainedModel) -> None:
    context = Context(model)
    context.begin(TOKENS[:40])
    mark = context.mark()
    for _ in range(2):
        context.branch(2)
        context.read_each([4, 5])
        within = context.mark()
        context.read([6, 7])
        both = context.logits
        context.keep(1)
        context.rewind(within)
        context.read([6, 7])
        assert torch.equal(context.logits, both)
        context.rewind(mark)
        assert context.rows == [TOKENS[:40]]
    context.read(TOKENS[40:50])
    assert torch.equal(context.logits, alone(model, TOKENS[:40], TOKENS[40:50]))


def test_one_row_that_branched_off_is_the_same_to_the_last_bit(model: PreTrainedModel) -> None:
    context = Context(model)
    context.begin(TOKENS[:40])
    context.branch(1)
    context.read(TOKENS[40:50])
    assert torch.equal(context.logits, alone(model, TOKENS[:40], TOKENS[40:50]))


def test_only_a_single_row_branches_and_every_row_is_given_its_token(model: PreTrainedModel) -> None:
    context = Context(model)
    context.begin(TOKENS[:5])
    context.branch(2)
    with pytest.raises(ValueError, match="too many values"):
        context.branch(2)
    with pytest.raises(ValueError, match="zip"):
        context.read_each([1])


def test_reading_that_is_broken_off_between_two_reads_goes_on_where_it_stood(model: PreTrainedModel) -> None:
    asked = 0

    def third_time_out() -> None:
        nonlocal asked
        asked += 1
        if asked == 3:
            raise KeyboardInterrupt

    def begun(before_reading: Callable[[], None]) -> Context:
        context = Context(model, before_reading)
        context.begin(TOKENS[:5])
        context.read(TOKENS[5:8])
        context.read(TOKENS[8:10])
        return context

    context = begun(third_time_out)
    with pytest.raises(KeyboardInterrupt):
        _ = context.logits
    assert torch.equal(context.logits, begun(lambda: None).logits)
    assert asked == 4


def test_what_is_never_asked_for_is_never_read(practised: BaseModel) -> None:
    context = Context(practised.model)
    context.begin([10**9])  # no such token: reading it would fail
    context.begin(practised.vocabulary.encode("우리는"))
    assert context.logits.shape == (1, len(practised.vocabulary))
