"""A training goes on from another adapter, and the valid side says how much of it stays."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from corpus.errors import GeulgamError
from corpus.events import Begun, Cancelled, Event
from finetune.adapt import replayed
from finetune.base import BaseModel
from finetune.checkpoints import WEIGHTS
from finetune.layout import essay_text
from finetune.recipe import METHODS, Method, Recipe
from tests.finetune.tiny import tiny_essays
from tests.finetune.trainings import QUICK, ended_at, trained


@pytest.fixture()
def base(tiny: Path) -> BaseModel:
    return BaseModel.load(str(tiny), [essay_text(d) for d in tiny_essays()])


@pytest.mark.parametrize("method", METHODS)
def test_it_goes_on_from_another_adapter_and_stands_for_both(base: BaseModel, tmp_path: Path, method: Method) -> None:
    recipe = replace(QUICK, method=method)
    first = trained(base, tmp_path / "first", recipe)
    second = trained(base, tmp_path / "second", replace(recipe, max_steps=2), start=first.folder)
    assert second.metrics["valid_loss_start"] == pytest.approx(first.metrics["valid_loss"], abs=2e-3)
    assert second.metrics["valid_loss"] <= first.metrics["valid_loss"] + 1e-3


def test_of_a_training_that_harms_nothing_stays(base: BaseModel, tmp_path: Path) -> None:
    first = trained(base, tmp_path / "first")
    harmful = replace(QUICK, learning_rate=0.3, schedule="constant", evaluations=1)
    second = trained(base, tmp_path / "second", harmful, start=first.folder)
    assert second.metrics["share"] == 0
    ours, theirs = (load_file(adapter.folder / WEIGHTS) for adapter in (first, second))
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name])


def test_a_start_of_another_form_is_refused(base: BaseModel, tmp_path: Path) -> None:
    first = trained(base, tmp_path / "first", replace(QUICK, max_steps=1))
    with pytest.raises(GeulgamError, match="another form"):
        trained(base, tmp_path / "second", replace(QUICK, max_steps=1, rank=8), start=first.folder)


def test_another_start_is_another_training(base: BaseModel, tmp_path: Path) -> None:
    first, second = (trained(base, tmp_path / str(seed), replace(QUICK, max_steps=2, seed=seed)) for seed in (0, 1))
    with pytest.raises(Cancelled):
        trained(base, tmp_path / "topic", start=first.folder, on=ended_at(4))
    steps: list[int] = []

    def on(event: Event) -> None:
        if isinstance(event, Begun) and event.task == "training":
            steps.append(event.done)

    trained(base, tmp_path / "topic", start=second.folder, on=on)
    assert steps == [0]


def test_replayed_essays_are_others_and_as_many_as_the_recipe_says() -> None:
    essays = tiny_essays()
    drawn = replayed(essays[:4], essays, Recipe(replay=1.5))
    assert len(drawn) == 6 and not {e.id for e in drawn} & {e.id for e in essays[:4]}
    assert drawn == replayed(essays[:4], essays, Recipe(replay=1.5))
    assert replayed(essays[:4], essays, Recipe()) == []
    assert len(replayed(essays[:4], essays, Recipe(replay=99))) == 8
