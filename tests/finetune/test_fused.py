"""Fused training computes what transformers' and peft's own modules compute, and leaves them as they were."""

from pathlib import Path
from typing import Any

import pytest
import torch

from finetune.attention import _Attention
from finetune.base import BaseModel
from finetune.fused import _Lora, _Norm, fused, reads_joined
from finetune.method import attach
from finetune.recipe import METHODS, Method, Recipe

MANY = torch.randint(4, 400, (6, 3, 100), generator=torch.Generator().manual_seed(0))  # the window is 64
BLOCKS = MANY[0]
POSITIONS = torch.stack([torch.cat([torch.arange(n), torch.arange(100 - n)]) for n in (9, 30, 90)])


@pytest.fixture()
def base(tiny: Path) -> BaseModel:
    return BaseModel.load(str(tiny), precision="fp32")


def trained(base: BaseModel, recipe: Recipe) -> Any:
    """The base with an adapter in the middle of its training, when neither half of LoRA is zero."""
    torch.manual_seed(0)
    model = attach(base, recipe)
    model.train()
    generator = torch.Generator().manual_seed(1)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data += 0.1 * torch.randn(parameter.shape, generator=generator)
    return model


def loss_and_gradients(
    model: Any, dtype: torch.dtype, blocks: torch.Tensor = BLOCKS
) -> tuple[float, dict[str, torch.Tensor]]:
    model.zero_grad()
    with torch.autocast("cpu", dtype=dtype, enabled=dtype != torch.float32):
        loss = model(input_ids=blocks, position_ids=POSITIONS, labels=blocks, use_cache=False).loss
    loss.backward()
    return loss.item(), {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("method", METHODS)
def test_losses_and_gradients_are_those_of_the_plain_modules(base: BaseModel, method: Method) -> None:
    model = trained(base, Recipe(method=method, rank=4))
    plain_loss, plain = loss_and_gradients(model, torch.float32)
    with fused(model):
        loss, gradients = loss_and_gradients(model, torch.float32)
    assert loss == pytest.approx(plain_loss, abs=1e-5)
    assert plain and gradients.keys() == plain.keys()
    for name, gradient in gradients.items():
        assert (gradient - plain[name]).norm() < 1e-4 * plain[name].norm(), name


def test_in_bf16_gradients_are_as_near_the_exact_ones_as_the_plain_modules_gradients(
    base: BaseModel, tiny: Path
) -> None:
    precise = trained(base, Recipe(rank=4))
    model = trained(BaseModel.load(str(tiny), precision="bf16"), Recipe(rank=4))

    def error(blocks: torch.Tensor) -> float:
        """How far off the gradients are, relative to them; rounding makes it another for other blocks."""
        _, exact = loss_and_gradients(precise, torch.float32, blocks)
        _, found = loss_and_gradients(model, torch.bfloat16, blocks)
        return sum(float((found[n] - exact[n]).norm() / exact[n].norm()) for n in exact)

    plain = sum(map(error, MANY))
    with fused(model):
        assert sum(map(error, MANY)) < 1.1 * plain


def test_the_fused_modules_really_run_and_afterwards_the_plain_ones_do(
    base: BaseModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def watched(name: str, apply: Any) -> Any:
        def noted(*given: Any) -> Any:
            ran.append(name)
            return apply(*given)

        return noted

    for function in (_Attention, _Lora, _Norm):
        monkeypatch.setattr(function, "apply", watched(function.__name__, function.apply))
    model = trained(base, Recipe(rank=4))
    with fused(model):
        loss_and_gradients(model, torch.float32)
    assert set(ran) == {"_Attention", "_Lora", "_Norm"}
    ran.clear()
    loss_and_gradients(model, torch.float32)
    assert not ran
    assert model.config._attn_implementation == "sdpa"
    base.take_off()


def test_only_what_reads_text_by_text_is_given_blocks_joined(base: BaseModel) -> None:
    assert reads_joined(trained(base, Recipe(rank=4)))
    for name, value in (("attention_dropout", 0.1), ("_attn_implementation", "eager")):
        model = BaseModel.load(base.name, precision="fp32").model
        setattr(model.config, name, value)
        assert not reads_joined(model)


def test_an_adapter_with_dropout_runs_as_peft_runs_it(base: BaseModel) -> None:
    model = trained(base, Recipe(rank=4, dropout=0.5))
    torch.manual_seed(3)
    plain_loss, _ = loss_and_gradients(model, torch.float32)
    torch.manual_seed(3)
    with fused(model):
        loss, _ = loss_and_gradients(model, torch.float32)
    assert loss == pytest.approx(plain_loss, abs=1e-5)
