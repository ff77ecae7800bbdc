"""The recipe: every number that determines what training makes of a base and its documents, in one value.

A topic's adapter is made in two stages: one over the whole corpus, which all topics share, and one over the topic's
subset, which goes on from it. How they are run (device, precision, memory, checkpoints) is
:class:`finetune.execution.Execution`.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from finetune.limits import check, number, one_of, or_none, whole

Method = Literal["lora", "freeze", "full"]
METHODS: tuple[Method, ...] = ("lora", "freeze", "full")
Schedule = Literal["linear", "cosine", "constant"]
SCHEDULES: tuple[Schedule, ...] = ("linear", "cosine", "constant")

_K = 4  # of the goldfish loss where a recipe leaves it open
_OFTEN = 4  # epochs from which a text begins to be learnt by heart
_LIMITS = {
    "method": one_of(METHODS),
    "epochs": number(0, above=True),
    "max_steps": or_none(whole(1)),
    "replay": number(0),
    "headers": one_of((False, True)),
    "goldfish": or_none(
        (lambda value: whole(0)[0](value) and value != 1, "give a whole number, 2 or more, or 0 for none")
    ),
    "block_tokens": whole(8),
    "batch": whole(1),
    "learning_rate": number(0, above=True),
    "schedule": one_of(SCHEDULES),
    "warmup": number(0, 1),
    "weight_decay": number(0),
    "gradient_clip": number(0),
    "rank": whole(1),
    "alpha": whole(1),
    "dropout": number(0, 1, below=True),
    "frozen_layers": or_none(whole(0)),
    "evaluations": whole(1),
    "patience": whole(1),
    "seed": whole(0, 2**32 - 1),
}
_OTHER_METHODS = {  # fields that a method does not look at
    "lora": ("frozen_layers",),
    "freeze": ("rank", "alpha", "dropout"),
    "full": ("rank", "alpha", "dropout", "frozen_layers"),
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an adapter is trained. Raises GeulgamError for a value that no training can be run with.

    ``method``: "lora" trains low-rank updates of every linear layer (Hu et al. 2021); "freeze" trains the layers
    above the lower ``frozen_layers``, as the contest's winners did; "full" trains every layer. The embedding is
    never trained, so that an adapter made on the trimmed vocabulary fits the untrimmed model.

    A step is ``batch`` blocks of at most ``block_tokens`` tokens, however many of them a device holds at once.
    ``evaluations`` is how often, evenly spaced, the valid side is measured; training stops after ``patience`` of them
    without a better one and keeps the best.
    """

    method: Method = "lora"
    epochs: float = 1.0
    max_steps: int | None = None  # ends earlier than epochs if given
    replay: float = 0.0  # other essays that are read again, for each of the subset
    headers: bool = True  # whether passages are told their keywords, see finetune.headers; a writer then tells them
    goldfish: int | None = None  # of so many tokens one is never learnt, see finetune.goldfish; None: goldfish_k says
    block_tokens: int = 256
    batch: int = 4
    learning_rate: float = 1e-4
    schedule: Schedule = "cosine"
    warmup: float = 0.05  # share of the steps
    weight_decay: float = 0.01
    gradient_clip: float = 1.0  # 0: gradients of any length are followed
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    frozen_layers: int | None = None  # "freeze" alone; None: the lower half
    evaluations: int = 4
    patience: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        check(self, _LIMITS)

    @property
    def goldfish_k(self) -> int:
        """Of how many tokens one is left out of the loss, 0: none is. Where ``goldfish`` leaves it open, by the risk:

        4 for "full", and for four epochs or more, in which essays begin to be learnt by heart; else 0.
        """
        if self.goldfish is not None:
            return self.goldfish
        return _K if self.method == "full" or self.epochs >= _OFTEN else 0

    @property
    def determinants(self) -> dict[str, Any]:
        """The fields by name, without those that this method does not look at; ``goldfish`` as it is, where it is."""
        unread = {*_OTHER_METHODS[self.method], "goldfish"}
        fields = {name: value for name, value in asdict(self).items() if name not in unread}
        return fields | ({"goldfish": self.goldfish_k} if self.goldfish_k else {})

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits, the same for the same recipe: one whose :attr:`determinants` are equal."""
        plain = {name: float(v) if isinstance(v, int) else v for name, v in self.determinants.items()}  # 2 is 2.0
        return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


_SHARED_LIMITS = {
    "epochs": number(0),
    "max_steps": or_none(whole(1)),
    "learning_rate": number(0, above=True),
    "schedule": one_of(SCHEDULES),
    "evaluations": whole(1),
}


@dataclass(frozen=True, slots=True)
class Shared:
    """The stage that all topics share, over the train side of the whole corpus: what is different in its recipe.

    ``epochs`` of 0: there is none, a topic begins with the base. The rate is constant, so that the topic's stage, in
    which it falls, ends one schedule (warmup-stable-decay, Hu et al. 2024, 2404.06395). ``max_steps`` ends it earlier:
    of a corpus that is larger than so many steps, a random part is read. Raises GeulgamError for a value that no
    training can be run with.
    """

    epochs: float = 1.0
    max_steps: int | None = 1000
    learning_rate: float = 1e-4
    schedule: Schedule = "constant"
    evaluations: int = 2

    def __post_init__(self) -> None:
        check(self, _SHARED_LIMITS, "finetune.shared")

    @property
    def is_wanted(self) -> bool:
        """Whether there is such a stage."""
        return self.epochs > 0

    def recipe(self, of_topic: Recipe) -> Recipe:
        """The whole recipe of the shared stage, of which the topic's says the rest."""
        return replace(of_topic, replay=0.0, **asdict(self))
