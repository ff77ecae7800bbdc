"""Where the memory runs out, training goes on with less of it, and ends with the same weights."""

import math
import sys
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import torch
from safetensors.torch import load_file
from transformers import Trainer

from corpus.errors import GeulgamError
from corpus.events import Begun, Event, Progress
from finetune.base import BaseModel
from finetune.checkpoints import WEIGHTS
from finetune.execution import Execution
from finetune.layout import essay_text
from finetune.memory import give_back
from tests.finetune.tiny import tiny_essays
from tests.finetune.trainings import trained


@pytest.fixture()
def base(tiny: Path) -> BaseModel:
    return BaseModel.load(str(tiny), [essay_text(d) for d in tiny_essays()], precision="fp32")


def full_at(monkeypatch: pytest.MonkeyPatch, *calls: int) -> list[int]:
    """Let these calls of a training's step, counted from 0, run out of memory; the blocks of each that did not."""
    step, rows, count = Trainer.training_step, [], iter(range(10_000))
    held: list[weakref.ref[torch.Tensor]] = []

    def training_step(self: Any, model: Any, inputs: Any, *given: Any) -> torch.Tensor:
        assert all(tensor() is None for tensor in held)  # what a step that failed had allocated is free
        if next(count) in calls:
            allocated = torch.zeros(1)
            held.append(weakref.ref(allocated))
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity")
        rows.append(self.args.per_device_train_batch_size)
        return step(self, model, inputs, *given)

    monkeypatch.setattr(Trainer, "training_step", training_step)
    return rows


def same(one: Path, other: Path) -> bool:
    left, right = load_file(one / WEIGHTS), load_file(other / WEIGHTS)
    return all(torch.allclose(left[name], right[name], rtol=1e-3, atol=1e-4) for name in left)


def reasons(told: list[Event]) -> list[str]:
    return [event.why for event in told if isinstance(event, Begun) and event.task == "stepping down"]


def test_it_goes_on_with_half_the_blocks_at_once_and_redoes_no_step_that_is_kept(
    base: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = trained(base, tmp_path / "one", execution=Execution(device_batch=1, checkpoint_steps=1))
    rows = full_at(monkeypatch, 7)
    told: list[Event] = []
    adapter = trained(base, tmp_path / "fewer", execution=Execution(checkpoint_steps=1), on=told.append)
    # seven of the sixteen steps two at once; the others one at a time, but for where a step has a single block left
    assert rows == [2] * 7 + [1] * (len(rows) - 7) and len(rows) - 7 <= 2 * (16 - 7)
    begun = [event.done for event in told if isinstance(event, Begun) and event.task == "training"]
    assert begun == [0, 7]
    (why,) = reasons(told)
    assert "with 1 of a step's 2 blocks at once, not 2" in why and "CUDA out of memory" in why
    assert same(adapter.folder, expected.folder)
    assert adapter.metrics["steps"] == 16 == max(e.done for e in told if isinstance(e, Progress))
    for (_, loss), (_, other) in zip(adapter.metrics["history"], expected.metrics["history"], strict=True):
        assert math.isclose(loss, other, abs_tol=2e-4)


def test_then_with_gradient_checkpointing_and_the_same_effective_batch(
    base: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(base, tmp_path / "whole")
    full_at(monkeypatch, 3, 5)
    told: list[Event] = []
    adapter = trained(base, tmp_path / "adapter", on=told.append)
    first, second = reasons(told)
    assert "1 of a step's 2" in first and "with gradient checkpointing" in second
    assert same(adapter.folder, whole.folder)
    assert not base.model.is_activation_checkpointing


def test_where_nothing_is_left_to_lower_it_ends_with_advice_and_the_same_call_goes_on(
    base: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(base, tmp_path / "whole")
    with monkeypatch.context() as patched:
        full_at(patched, 4, 5, 6)
        with pytest.raises(
            GeulgamError, match="the memory ran out while training on 함께: CUDA out of memory"
        ) as caught:
            trained(base, tmp_path / "adapter")
    for advice in ("device_batch is 1", "gradient_checkpointing true already", "finetune.block_tokens (now 40"):
        assert advice in caught.value.hint
    told: list[Event] = []
    assert same(trained(base, tmp_path / "adapter", on=told.append).folder, whole.folder)
    assert told[0] == Begun("training", 16, "step", done=4)


def test_a_memory_that_is_given_is_planned_for_and_told(base: BaseModel, tmp_path: Path) -> None:
    told: list[Event] = []
    wide = trained(base, tmp_path / "wide", execution=Execution(memory="64GiB", checkpoint_steps=2), on=told.append)
    (planned,) = [event.why for event in told if isinstance(event, Begun) and event.task == "planning"]
    assert planned.startswith("in 64GiB it computes 2 blocks at once, 1 pass a step, without gradient checkpointing")
    assert all(part in planned for part in ("weights", "adapter and optimizer", "activations", "logits"))
    assert (wide.folder / WEIGHTS).read_bytes() == (trained(base, tmp_path / "plain").folder / WEIGHTS).read_bytes()


def test_a_memory_in_which_nothing_fits_is_a_clear_line_before_any_training(base: BaseModel, tmp_path: Path) -> None:
    with pytest.raises(GeulgamError, match="GiB do not suffice: one block of") as caught:
        trained(base, tmp_path / "adapter", execution=Execution(memory="1MiB"))
    assert "--memory" in caught.value.hint
    assert not list((tmp_path / "adapter.part").glob("checkpoint-*"))


def test_a_step_lowers_until_nothing_is_left() -> None:
    steps, execution = [], Execution()
    while (lower := execution.lower(12)) is not None:
        execution = lower
        steps.append((execution.blocks_at_once(12), execution.gradient_checkpointing))
    assert steps == [(6, False), (3, False), (1, False), (1, True)]


@pytest.mark.parametrize(
    ("said", "size"), [("15GiB", 15 * 2**30), ("14.5GiB", int(14.5 * 2**30)), ("6000MB", 6 * 10**9), (None, None)]
)
def test_a_size_is_read(said: str | None, size: int | None) -> None:
    assert Execution(memory=said).memory_bytes == size


@pytest.mark.parametrize("said", ["15", "a lot", "0GiB", "-3GiB", 15])
def test_what_is_no_size_is_refused(said: Any) -> None:
    with pytest.raises(GeulgamError, match=r"finetune\.memory is"):
        Execution(memory=said)


@pytest.mark.skipif(sys.platform != "linux", reason="malloc_trim is glibc's")
def test_memory_that_was_let_go_between_pieces_in_use_is_given_back() -> None:
    def in_use() -> int:
        return int(psutil.Process().memory_info().rss)

    np.ones(20_000_000, dtype=np.uint8)  # let go at once; glibc keeps what is as small from now on
    before, let_go, kept = in_use(), [], []
    for _ in range(60):
        let_go.append(np.ones(5_000_000, dtype=np.uint8))
        kept.append(np.ones(50_000, dtype=np.uint8))
    let_go.clear()
    give_back()

    assert in_use() - before < 60_000_000
    assert all(piece.all() for piece in kept)


def test_a_training_gives_memory_back(base: BaseModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[None] = []
    monkeypatch.setattr("finetune.trainer.give_back", lambda: given.append(None))

    metrics = trained(base, tmp_path / "adapter").metrics

    assert len(given) == metrics["steps"] // 4 > 0
