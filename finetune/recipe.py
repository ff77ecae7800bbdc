"""The recipe: every number of a training run, in one value."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

from corpus.errors import GeulgamError

Method = Literal["lora", "freeze", "full"]
METHODS: tuple[Method, ...] = ("lora", "freeze", "full")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an adapter is trained.

    ``method``: "lora" trains low-rank updates of every linear layer (Hu et al. 2021); "freeze" trains the layers
    above the lower ``frozen_layers``, as the contest's winners did; "full" trains every layer. The embedding is
    never trained, so that an adapter made on the trimmed vocabulary fits the untrimmed model.

    A step is ``batch`` x ``accumulate`` blocks of at most ``block_tokens`` tokens. ``evaluations`` is how often,
    evenly spaced, the valid split is measured; training stops after ``patience`` of them without a better one and
    keeps the best.
    """

    method: Method = "lora"
    epochs: float = 2.0
    max_steps: int | None = None  # ends earlier than epochs if given
    block_tokens: int = 256
    batch: int = 4
    accumulate: int = 1
    learning_rate: float = 4e-4
    schedule: Literal["linear", "cosine", "constant"] = "cosine"
    warmup: float = 0.05  # share of the steps
    weight_decay: float = 0.01
    gradient_clip: float = 1.0
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    frozen_layers: int | None = None  # "freeze" alone; None: the lower half
    gradient_checkpointing: bool = False
    evaluations: int = 4
    patience: int = 2
    checkpoint_steps: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise GeulgamError(f"no recipe is called {self.method!r}", f"choose one of {', '.join(METHODS)}")
        for name in (
            "epochs",
            "block_tokens",
            "batch",
            "accumulate",
            "learning_rate",
            "rank",
            "checkpoint_steps",
        ):
            if getattr(self, name) <= 0:
                raise GeulgamError(f"finetune.{name} is {getattr(self, name)}", "it has to be above zero")

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that change with any of the numbers."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]
