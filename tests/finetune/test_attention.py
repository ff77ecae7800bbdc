"""Grouped attention gives what transformers' own does, in writing and in training."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch

from finetune.attention import grouped_attention
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


@pytest.mark.parametrize("length", [1, 7, 60, 90])  # 90 is past the window: transformers gives a mask
def test_in_training_the_gradients_are_those_of_plain_attention(model: Any, length: int) -> None:
    model.requires_grad_(True)
    gradients = []
    for attention in (nullcontext(), grouped_attention(model)):
        model.zero_grad()
        with attention:
            model(TOKENS[:, :length], use_cache=False).logits.square().mean().backward()
        gradients.append({name: p.grad.clone() for name, p in model.named_parameters()})
    for name, plain in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], plain, rtol=1e-4, atol=1e-6)


def test_a_model_with_attention_of_its_own_keeps_it(model: Any) -> None:
    model.config._attn_implementation = "eager"
    with grouped_attention(model):
        assert model.config._attn_implementation == "eager"
