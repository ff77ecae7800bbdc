"""Grouped attention gives what transformers' own does, in writing and in training."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from finetune import attention
from finetune.attention import attention_by_text, grouped_attention
from finetune.base import BaseModel

TOKENS = torch.randint(4, 400, (2, 90), generator=torch.Generator().manual_seed(0))


@pytest.fixture()
def model(tiny: Path) -> Any:
    return BaseModel.load(str(tiny), precision="fp32").model


def one_by_one(model: Any) -> torch.Tensor:
    """The logits after each token that is read alone: (tokens read alone, 2, V). The window of 64 is passed."""
    read = model(TOKENS[:, :30], use_cache=True)
    logits = []
    for place in range(30, TOKENS.shape[1]):
        read = model(TOKENS[:, place : place + 1], past_key_values=read.past_key_values, use_cache=True)
        logits.append(read.logits[:, -1])
    return torch.stack(logits)


def test_token_by_token_the_logits_are_those_of_plain_attention(model: Any) -> None:
    with torch.inference_mode():
        plain = one_by_one(model)
        with grouped_attention(model):
            assert model.config._attn_implementation != "sdpa"
            grouped = one_by_one(model)
    assert model.config._attn_implementation == "sdpa"
    torch.testing.assert_close(grouped, plain, atol=1e-4, rtol=1e-4)


def same_gradients(model: Any, tokens: torch.Tensor, positions: torch.Tensor | None = None) -> None:
    """Loss and gradients of a trained pass are those of plain attention."""
    model.requires_grad_(True)
    losses, gradients = [], []
    assert model.config._attn_implementation == "sdpa"
    for context in (nullcontext(), attention_by_text(model)):
        model.zero_grad()
        with context:
            loss = model(input_ids=tokens, position_ids=positions, use_cache=False).logits.square().mean()
        loss.backward()
        losses.append(loss.item())
        gradients.append({name: p.grad.clone() for name, p in model.named_parameters()})
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    for name, plain in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], plain, rtol=1e-4, atol=1e-6)


def texts(*lengths: int) -> torch.Tensor:
    """Positions of texts of these lengths, one after the other."""
    return torch.cat([torch.arange(length) for length in lengths])


@pytest.fixture(params=[16, 256])
def chunk(request: Any, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(attention, "_CHUNK", request.param)
    return int(request.param)


@pytest.mark.parametrize("length", [1, 7, 60, 64, 65, 90])  # 64 is the window
def test_in_training_the_gradients_are_those_of_plain_attention(model: Any, chunk: int, length: int) -> None:
    same_gradients(model, TOKENS[:, :length])


@pytest.mark.parametrize("rows", [((90,), (30, 60)), ((1, 70, 19), (88, 1, 1)), ((40, 50), (40, 50)), ((5, 85),)])
def test_texts_of_a_block_are_read_as_plain_attention_reads_them_with_a_mask(
    model: Any, chunk: int, rows: tuple[tuple[int, ...], ...]
) -> None:
    same_gradients(model, TOKENS, torch.stack([texts(*row) for row in rows]))  # one row: of both


def test_a_model_with_absolute_positions_and_heads_of_their_own_is_read_alike(chunk: int) -> None:
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=400, n_positions=128, n_embd=32, n_layer=2, n_head=4)
    model: Any = GPT2LMHeadModel(config)
    model.eval()
    same_gradients(model, TOKENS, torch.stack([texts(90), texts(20, 70)]))


def test_the_chunks_are_really_computed(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Any] = []
    apply: Any = attention._Attention.apply

    def noted(*given: Any) -> Any:
        ran.append(given[3])
        return apply(*given)

    monkeypatch.setattr(attention._Attention, "apply", noted)
    with torch.no_grad(), attention_by_text(model):
        model(input_ids=TOKENS, position_ids=torch.stack([texts(90), texts(20, 70)]), use_cache=False)
    assert len(ran) == model.config.num_hidden_layers
    assert [(chunk.start, chunk.end, chunk.first) for chunk in ran[0]] == [(0, 90, 0), (0, 20, 0), (20, 90, 20)]


def test_dropout_is_left_to_transformers_which_keeps_the_texts_apart_too() -> None:
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=400, n_positions=128, n_embd=32, n_layer=2, n_head=4, attn_pdrop=0.5)
    model = GPT2LMHeadModel(config).train()
    positions = torch.stack([texts(20, 70), texts(20, 70)])
    other = TOKENS.clone()
    other[:, :20] = 5
    logits = []
    for tokens in (TOKENS, other):
        torch.manual_seed(3)
        with attention_by_text(model):
            logits.append(model(input_ids=tokens, position_ids=positions, use_cache=False).logits)
    assert not logits[0][:, :20].equal(logits[1][:, :20])
    torch.testing.assert_close(logits[0][:, 20:], logits[1][:, 20:])


def test_a_model_with_attention_of_its_own_keeps_it(model: Any) -> None:
    model.config._attn_implementation = "eager"
    for context in (grouped_attention, attention_by_text):
        with context(model):
            assert model.config._attn_implementation == "eager"


def test_texts_that_are_too_long_are_left_to_transformers(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "_LONG", 80)
    monkeypatch.setattr(attention._Attention, "apply", lambda *given: pytest.fail("taken"))
    with attention_by_text(model), pytest.raises(pytest.fail.Exception):
        model(input_ids=TOKENS, position_ids=texts(20, 70).expand(2, 90), use_cache=False)
    same_gradients(model, TOKENS)
