"""A training of a second on the tiny model, and ways to end it on the way."""

from pathlib import Path
from typing import Any

from corpus.events import Cancelled, Event, On, Progress
from finetune.adapt import Adapter, adapt
from finetune.base import BaseModel
from finetune.card import Card
from finetune.checkpoints import WEIGHTS
from finetune.execution import Execution
from finetune.recipe import Recipe
from tests.finetune.tiny import tiny_essays

QUICK = Recipe(epochs=4, block_tokens=40, headers=False, batch=2, learning_rate=5e-3, evaluations=4, rank=4, patience=9)


OFTEN = Execution(checkpoint_steps=2)


CARD = Card("함께", "함께^2 더불어", 12)


def trained(
    base: BaseModel, folder: Path, recipe: Recipe = QUICK, execution: Execution = OFTEN, **more: Any
) -> Adapter:
    essays = tiny_essays()
    return adapt(base, essays[:9], essays[9:], recipe, folder, CARD, execution, **more)


def weights(folder: Path) -> bytes:
    return (folder / WEIGHTS).read_bytes()


def ended_at(step: int) -> On:
    """An ``on`` that ends the work when so many steps are told."""

    def on(event: Event) -> None:
        if isinstance(event, Progress) and event.done >= step:
            raise Cancelled

    return on
