"""How much of a topic's training stays: a blend of the adapter that it began with and the one that it made.

Both are points in one space of weights, and what lies between them is often better than either on text that neither
has seen (Wortsman et al. 2021, WiSE-FT, 2109.01903). The valid side chooses; it may leave nothing of the topic.
"""

from collections.abc import Callable
from pathlib import Path

from torch import Tensor

from finetune.base import BaseModel
from finetune.blocks import Blocks
from finetune.fused import fused
from finetune.method import attach, put_weights, weights_of
from finetune.recipe import Recipe
from finetune.selection import mean_loss, save_adapter

SHARES = (1.0, 0.75, 0.5, 0.25, 0.0)  # of the topic's adapter


def blend(
    base: BaseModel,
    start: Path,
    tuned: Path,
    recipe: Recipe,
    valid: Blocks,
    at_once: int,
    folder: Path,
    each: Callable[[], None] = lambda: None,
) -> tuple[float, float]:
    """Put the best blend of two adapters at ``folder``: the share of ``tuned`` in it, and its loss on the valid side.

    Loss in nats per token over the base's vocabulary, as :func:`finetune.selection.mean_loss` gives it; of equal ones
    the larger share. ``each`` is called before each reading of ``at_once`` blocks.
    """
    first, last = weights_of(start), weights_of(tuned)
    model = attach(base, recipe)
    try:
        found: dict[float, float] = {}
        with fused(model):
            for share in SHARES:
                put_weights(model, _between(first, last, share), tuned)
                found[share] = mean_loss(model, valid, at_once, base.dtype, each)
        chosen = min(SHARES, key=found.__getitem__)
        put_weights(model, _between(first, last, chosen), tuned)
        save_adapter(model, folder)
    finally:
        base.take_off()
    return chosen, found[chosen]


def _between(first: dict[str, Tensor], last: dict[str, Tensor], share: float) -> dict[str, Tensor]:
    return {name: tensor if share == 1 else first[name].lerp(tensor, share) for name, tensor in last.items()}
