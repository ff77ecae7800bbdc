"""A recipe or an execution that no training could be run with is refused when it is made, in a line that says why."""

from dataclasses import replace
from typing import Any

import pytest

from corpus.errors import GeulgamError
from finetune.execution import Execution
from finetune.recipe import Recipe

IMPOSSIBLE: list[tuple[str, Any]] = [
    ("method", "qlora"),
    ("epochs", 0),
    ("epochs", float("nan")),
    ("max_steps", 0),
    ("goldfish", 1),
    ("goldfish", -2),
    ("goldfish", 2.5),
    ("goldfish", True),
    ("block_tokens", 1),
    ("batch", 0),
    ("batch", 2.5),
    ("batch", True),
    ("learning_rate", -1e-4),
    ("learning_rate", float("inf")),
    ("schedule", "sudden"),
    ("warmup", 1.5),
    ("weight_decay", -0.1),
    ("gradient_clip", -1),
    ("rank", 0),
    ("alpha", 0),
    ("dropout", 7),
    ("dropout", 1),
    ("frozen_layers", -1),
    ("evaluations", 0),
    ("patience", 0),
    ("seed", -1),
    ("seed", 2**32),
]
NOT_RUN: list[tuple[str, Any]] = [
    ("device", "gpu"),
    ("device", "cuda:one"),
    ("precision", "fp8"),
    ("device_batch", 0),
    ("gradient_checkpointing", 1),
    ("checkpoint_steps", 0),
    ("workers", -1),
]


@pytest.mark.parametrize(("name", "value"), IMPOSSIBLE)
def test_a_recipe_is_checked_in_every_field(name: str, value: Any) -> None:
    with pytest.raises(GeulgamError) as caught:
        Recipe(**{name: value})
    assert str(caught.value) == f"finetune.{name} is {value}" and caught.value.hint


@pytest.mark.parametrize(("name", "value"), NOT_RUN)
def test_an_execution_is_checked_in_every_field(name: str, value: Any) -> None:
    with pytest.raises(GeulgamError) as caught:
        Execution(**{name: value})
    assert str(caught.value) == f"finetune.{name} is {value}" and caught.value.hint


def test_the_ends_of_each_range_are_allowed() -> None:
    Recipe(max_steps=1, block_tokens=8, batch=1, warmup=1, weight_decay=0, gradient_clip=0, dropout=0.99, rank=1)
    Recipe(goldfish=2, frozen_layers=0, evaluations=1, patience=1, seed=2**32 - 1, epochs=1)
    for device in ("auto", "cpu", "mps", "cuda", "cuda:1"):
        Execution(device=device, device_batch=1, checkpoint_steps=1)


def test_the_same_numbers_are_the_same_recipe_however_they_are_written() -> None:
    assert Recipe(epochs=1).fingerprint == Recipe(epochs=1.0).fingerprint == Recipe().fingerprint
    assert Recipe(epochs=3).fingerprint != Recipe().fingerprint


def test_what_a_method_does_not_look_at_makes_no_other_recipe() -> None:
    full = Recipe(method="full")
    assert replace(full, rank=4, dropout=0.1, frozen_layers=2).fingerprint == full.fingerprint
    assert replace(full, method="freeze", frozen_layers=2).fingerprint != replace(full, method="freeze").fingerprint
    assert Recipe(rank=4).fingerprint != Recipe().fingerprint


def test_a_step_is_divided_into_what_the_device_holds_at_once() -> None:
    assert (Execution().passes(4), Execution().blocks_at_once(4)) == (1, 4)
    assert (Execution(device_batch=2).passes(8), Execution(device_batch=2).blocks_at_once(8)) == (4, 2)
    with pytest.raises(GeulgamError, match=r"device_batch is 3, which does not divide finetune\.batch, 4") as caught:
        Execution(device_batch=3).passes(4)
    assert caught.value.hint == "choose one of 1, 2, 4"
