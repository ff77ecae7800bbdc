"""What a training lost at its steps is kept, however often it was broken off."""

from pathlib import Path

import pytest

from corpus.events import Cancelled
from finetune.base import BaseModel
from finetune.layout import essay_text
from finetune.trainer import losses
from tests.finetune.tiny import tiny_essays
from tests.finetune.trainings import ended_at, trained


@pytest.fixture()
def base(tiny: Path) -> BaseModel:
    return BaseModel.load(str(tiny), [essay_text(d) for d in tiny_essays()])


def test_the_losses_of_training_are_kept_and_the_same_where_it_was_broken_off(base: BaseModel, tmp_path: Path) -> None:
    whole = trained(base, tmp_path / "whole").metrics
    assert [step for step, _ in whole["train_history"]] == list(range(1, 17)) and whole["planned_steps"] == 16
    with pytest.raises(Cancelled):
        trained(base, tmp_path / "adapter", on=ended_at(7))
    again = trained(base, tmp_path / "adapter").metrics
    assert again["train_history"] == whole["train_history"]


def test_of_many_steps_the_losses_are_means_of_as_many() -> None:
    log = [{"step": step, "loss": float(step)} for step in range(1, 251)] + [{"step": 250, "train_runtime": 3.0}]
    points = losses(log)
    assert len(points) == 84 and points[0] == (3, 2.0) and points[-1] == (250, 250.0)
    assert losses([]) == []
