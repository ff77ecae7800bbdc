"""Trainings in several threads of one process give what each gives alone, and the caller's random numbers stay."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from corpus.events import Begun, Cancellable, Cancelled, Event, On, Progress, silent
from finetune.adapt import adapt
from finetune.base import BaseModel
from finetune.card import Card
from finetune.execution import Execution, Precision
from finetune.layout import essay_text
from finetune.recipe import Recipe
from finetune.turns import Turn
from finetune.turns import _line as turns_of_all
from tests.finetune.tiny import tiny_essays

# Dropout draws at every pass; two passes a step need to know when all gradients are there.
RECIPE = Recipe(
    epochs=3,
    block_tokens=32,
    headers=False,
    batch=2,
    learning_rate=5e-3,
    evaluations=3,
    rank=4,
    patience=9,
    dropout=0.2,
)
RECIPES = (RECIPE, replace(RECIPE, seed=7, learning_rate=1e-3))
EXECUTIONS = (Execution(device_batch=1), Execution(checkpoint_steps=3))
PRECISIONS: tuple[Precision, Precision] = ("fp32", "bf16")
ESSAYS = tiny_essays()


def base(tiny: Path, precision: Precision = "fp32") -> BaseModel:
    return BaseModel.load(str(tiny), map(essay_text, ESSAYS), device="cpu", precision=precision)


def trained(which: int, lent: BaseModel, folder: Path, on: On = silent) -> dict[str, torch.Tensor]:
    adapter = adapt(lent, ESSAYS[:9], ESSAYS[9:], RECIPES[which], folder, Card("함께"), EXECUTIONS[which], on=on)
    return dict(load_file(adapter.folder / "adapter_model.safetensors"))


def together(*works: Callable[[], None]) -> None:
    """Do them at once, each in a thread of its own; raises what one of them raised."""
    failed: list[BaseException] = []

    def done(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=done, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive()
    if failed:
        raise failed[0]


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.slow
def test_two_trainings_at_once_give_the_weights_of_one_after_the_other(tiny: Path, tmp_path: Path) -> None:
    alone = [trained(i, base(tiny, PRECISIONS[i]), tmp_path / f"alone-{i}") for i in (0, 1)]
    bases = [base(tiny, precision) for precision in PRECISIONS]
    order: list[int] = []
    found: dict[int, dict[str, torch.Tensor]] = {}

    def train(i: int) -> None:
        found[i] = trained(i, bases[i], tmp_path / f"together-{i}", lambda event: order.append(i))

    together(lambda: train(0), lambda: train(1))
    assert same(found[0], alone[0]) and same(found[1], alone[1])
    last_of_first, first_of_last = order.index(order[-1]), len(order) - 1 - order[::-1].index(order[0])
    assert last_of_first < first_of_last  # neither waited until the other had ended


@pytest.mark.slow
def test_one_of_two_trainings_is_cancelled_and_the_other_goes_on(tiny: Path, tmp_path: Path) -> None:
    whole = trained(0, base(tiny), tmp_path / "alone")
    bases = [base(tiny), base(tiny, "bf16")]
    ended: list[str] = []

    def end_after_five(event: Event) -> None:
        if isinstance(event, Progress) and event.done >= 5:
            job.cancel()

    job = Cancellable(end_after_five)

    def cancelled() -> None:
        try:
            trained(1, bases[1], tmp_path / "cancelled", job)
        except Cancelled:
            ended.append("cancelled")

    def other() -> None:
        assert same(trained(0, bases[0], tmp_path / "other"), whole)
        ended.append("other")

    together(cancelled, other)
    assert sorted(ended) == ["cancelled", "other"]
    assert not (tmp_path / "cancelled").exists() and (tmp_path / "cancelled.part").exists()


@pytest.mark.slow
def test_two_threads_share_one_base_one_after_the_other(tiny: Path, tmp_path: Path) -> None:
    alone = [trained(i, base(tiny), tmp_path / f"alone-{i}") for i in (0, 1)]
    shared = base(tiny)

    def train(i: int) -> None:
        assert same(trained(i, shared, tmp_path / f"shared-{i}"), alone[i])

    together(lambda: train(0), lambda: train(1))


def test_whoever_waits_gets_the_turn_in_the_order_of_coming() -> None:
    order: list[int] = []
    turns = [Turn(torch.device("cpu")) for _ in range(3)]

    def take(i: int) -> None:
        with turns[i].taken():
            told = turns[i].passed_on(lambda event: order.append(i))
            for _ in range(5):
                told(Begun("a step"))

    with turns[0].taken():  # all of them stand in line before the first begins
        threads = [threading.Thread(target=take, args=(i,)) for i in (1, 2)]
        for waiting, thread in enumerate(threads, start=2):
            thread.start()
            while len(turns_of_all._line) < waiting:
                time.sleep(0.001)
    for thread in threads:
        thread.join(10)
    assert order == [1, 2] * 5


def test_the_callers_random_numbers_are_as_if_nothing_had_been_trained(tiny: Path, tmp_path: Path) -> None:
    def drawn() -> tuple[float, float, float]:
        return random.random(), float(np.random.random()), float(torch.rand(()))

    lent = base(tiny)
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    expected = drawn()
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])
    trained(0, lent, tmp_path / "adapter")
    assert drawn() == expected
