"""The loss counts what is learnt, token by token, and picks the adapter with the lowest one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from corpus.events import Task, silent
from finetune.adapt import adapt
from finetune.base import BaseModel
from finetune.blocks import Blocks, pack
from finetune.card import Card
from finetune.checkpoints import History
from finetune.execution import Execution
from finetune.layout import Header
from finetune.recipe import Recipe
from finetune.selection import Selection, mean_loss
from tests.finetune.tiny import tiny_essays


@pytest.fixture()
def base(tiny: Path) -> BaseModel:
    return BaseModel.load(str(tiny), precision="fp32")


def losses_of_tokens(model: Any, ids: torch.Tensor) -> torch.Tensor:
    """(n, tokens - 1): what each token but the first of a block costs, in nats."""
    with torch.no_grad():
        logits = model(input_ids=ids).logits[:, :-1]
    return torch.nn.functional.cross_entropy(logits.transpose(1, 2), ids[:, 1:], reduction="none")


def test_the_mean_is_over_the_tokens_that_are_learnt(base: BaseModel) -> None:
    ids = torch.randint(4, 400, (5, 20), generator=torch.Generator().manual_seed(0))
    learnt = torch.rand(5, 20, generator=torch.Generator().manual_seed(1)) < torch.linspace(0, 1, 5).unsqueeze(1)
    assert not learnt[0].any()
    expected = losses_of_tokens(base.model, ids)[learnt[:, 1:]].mean()
    for at_once in (1, 2, 5):
        found = mean_loss(base.model, Blocks(ids, learnt, torch.arange(20).expand(5, 20)), at_once, torch.float32)
        assert found == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.slow
def test_a_header_is_not_trained_on(base: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    masked = pack(tiny_essays(), base.vocabulary, 64, headed=lambda _: [Header(0, "The quick brown fox " * 3)])
    told = ~masked.learnt & (masked.positions > 0) & (masked.ids != base.vocabulary.eos)  # nor bos, nor what fills up
    header = replace(masked, learnt=told)
    before = mean_loss(base.model, header, 4, torch.float32)
    fallen = {}
    for name, blocks in (("masked", masked), ("learnt", replace(masked, learnt=masked.learnt | told))):
        monkeypatch.setattr("finetune.adapt.pack", lambda *given, blocks=blocks: blocks)
        recipe = Recipe(
            epochs=20, goldfish=0, block_tokens=64, headers=False, batch=4, learning_rate=5e-3, rank=8, patience=9
        )
        adapter = adapt(base, tiny_essays(), tiny_essays(), recipe, tmp_path / name, Card("함께"))
        with base.using(adapter.folder) as model:
            fallen[name] = before - mean_loss(model, header, 4, torch.float32)
    assert fallen["learnt"] > 4 * max(0.0, fallen["masked"]) and fallen["learnt"] > 0.3


def test_every_learnt_token_of_a_step_weighs_the_same_however_the_step_is_divided(
    base: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = pack(tiny_essays(), base.vocabulary, 32)
    blocks.learnt[::2, 4:] = False  # every other block has three tokens to learn, where the others have all
    monkeypatch.setattr("finetune.adapt.pack", lambda *given: blocks)
    recipe = Recipe(epochs=3, block_tokens=32, headers=False, batch=4, learning_rate=5e-3, rank=8, patience=9)
    measured = [
        adapt(base, tiny_essays(), tiny_essays(), recipe, tmp_path / f"{n}", Card("함께"), Execution(device_batch=n))
        for n in (1, 4)
    ]
    one, four = ([loss for _, loss in adapter.metrics["history"]] for adapter in measured)
    assert one == pytest.approx(four, abs=2e-4)


def selection(history: History, patience: int = 2) -> Selection:
    steps = frozenset({2, 4, 6, 8})
    blocks = Blocks(*(torch.zeros(0, 0) for _ in range(3)))
    return Selection(blocks, steps, patience, 1, torch.float32, Path("work"), Task(silent, "training"), history)


def test_the_best_is_the_lowest_of_what_was_measured_after_the_base() -> None:
    assert selection([(0, 3.0), (2, 3.4), (4, 3.2), (6, 3.3)]).best == (4, 3.2)
    assert selection([(0, 3.0)]).best == (0, 3.0)


def test_a_training_is_over_at_its_last_step_or_when_patience_ends() -> None:
    assert not selection([(0, 3.0), (2, 2.5), (4, 2.6)]).is_over(4)
    assert selection([(0, 3.0), (2, 2.5), (4, 2.6), (6, 2.7)]).is_over(6)
    assert selection([(0, 3.0), (2, 2.5), (4, 2.6), (6, 2.7)]).stopped_early
    whole = selection([(0, 3.0), (2, 2.5), (4, 2.6), (6, 2.5), (8, 2.7)])
    assert whole.is_over(8) and not whole.stopped_early
