"""How the next token of each row is chosen: the sampling settings, their presets, and one draw for all rows."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from transformers import MinPLogitsWarper, TypicalLogitsWarper

from corpus.errors import GeulgamError
from generate.decoding.penalties import forbid_ngrams, penalise_runs, penalise_used


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a token is drawn from the model's logits; names, order and meaning are those of transformers' generate.

    ``repetition_penalty`` divides the positive and multiplies the negative logits of every token among the last
    ``repetition_window`` ones (0: all that the model sees; Keskar et al. 2019). ``dry_multiplier`` (0: off) ·
    ``dry_base`` ^ (n − ``dry_allowed``) is taken from the logit of a token that would lengthen a run of n tokens, at
    least ``dry_allowed``, which the model sees already (DRY; Weidmann 2024). ``no_repeat_ngram`` = n forbids a token
    that would complete n tokens which the model sees already (0: off).

    Then the logits are divided by ``temperature``, and what remains is the ``top_k`` likeliest tokens (0: all), of
    these the fewest that hold ``top_p`` of the probability (Holtzman et al. 2020), of these the ones with at least
    ``min_p`` of the likeliest one's probability (Nguyen et al. 2024), and of these the fewest that hold ``typical_p``
    of the probability and whose information is nearest to the expected (Meister et al. 2022, 2202.00666).
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    typical_p: float = 1.0
    repetition_penalty: float = 1.0
    repetition_window: int = 0  # tokens
    no_repeat_ngram: int = 0  # tokens
    dry_multiplier: float = 0.0
    dry_base: float = 1.75
    dry_allowed: int = 2  # tokens

    def __post_init__(self) -> None:
        for name, is_good, rule in (
            ("temperature", self.temperature > 0, "above 0"),
            ("top_k", self.top_k >= 0, "0 (off) or more"),
            ("top_p", 0 < self.top_p <= 1, "above 0 and at most 1"),
            ("min_p", 0 <= self.min_p < 1, "0 (off) or more, and below 1"),
            ("typical_p", 0 < self.typical_p <= 1, "above 0 and at most 1 (off)"),
            ("repetition_penalty", self.repetition_penalty >= 1, "1 (off) or more"),
            ("repetition_window", self.repetition_window >= 0, "0 (all in sight) or more"),
            ("no_repeat_ngram", self.no_repeat_ngram == 0 or self.no_repeat_ngram > 1, "0 (off) or above 1"),
            ("dry_multiplier", self.dry_multiplier >= 0, "0 (off) or more"),
            ("dry_base", self.dry_base >= 1, "1 or more"),
            ("dry_allowed", self.dry_allowed >= 1, "1 or more"),
        ):
            if not is_good:
                raise GeulgamError(f"the sampling setting {name} is {getattr(self, name)}", f"it has to be {rule}")


PRESETS: dict[str, Sampling] = {
    # The winners of the third AI x Bookathon, 2021: their call of model.generate.
    "contest": Sampling(top_k=30, top_p=0.95, repetition_penalty=2.0),
    # For the best of several: plain, and left to the critic to keep from circling.
    "default": Sampling(
        temperature=0.7,
        top_k=200,
        top_p=0.88,
        repetition_penalty=1.1,
        repetition_window=128,
        dry_multiplier=1.5,
    ),
    # For one stream that nobody chooses from: geulgam's default until it had a critic.
    "stream": Sampling(temperature=0.9, top_k=50, top_p=0.9, repetition_penalty=1.2, repetition_window=128),
}


def preset(name: str, **changes: Any) -> Sampling:
    """The preset of that name, with some settings changed; GeulgamError if there is none of that name."""
    if name not in PRESETS:
        raise GeulgamError(f"no sampling preset is called {name!r}", f"choose one of {', '.join(PRESETS)}")
    return replace(PRESETS[name], **changes)


def draw(
    logits: torch.Tensor,
    seen: Sequence[Sequence[int]],
    sampling: Sampling,
    generators: Sequence[torch.Generator],
    banned: torch.Tensor | None = None,
    breakers: Set[int] = frozenset(),
) -> list[int]:
    """One token for each of R rows, from ``logits`` (R, V) float32 on the CPU, which are left as they were.

    ``seen``: the tokens that each row sees, oldest first. ``generators``: one for each row, whose token depends on
    nothing of the others. ``banned``: (R, V) or (V,) bool, tokens that may not come now (not all). ``breakers``:
    the tokens that :func:`generate.decoding.penalties.penalise_runs` never counts as repeated. Raises
    GeulgamError for logits that are no numbers.
    """
    probabilities, tokens = candidates(logits, seen, sampling, banned, breakers)
    up_to = probabilities.cumsum(1)
    whole = up_to[:, -1:]
    if not whole.isfinite().all():
        raise GeulgamError(
            "the model gives no probabilities but NaN",
            "train the adapter again with a lower learning rate, or load the base with precision fp32",
        )
    # At most 1 − 2⁻²⁴ is drawn, and times the whole that rounds to less: so a place is found, and one that may come.
    share = torch.stack([torch.rand(1, generator=generator) for generator in generators]) * whole
    place = torch.searchsorted(up_to, share, right=True)
    drawn: list[int] = tokens.gather(1, place)[:, 0].tolist()
    return drawn


def candidates(
    logits: torch.Tensor,
    seen: Sequence[Sequence[int]],
    sampling: Sampling,
    banned: torch.Tensor | None = None,
    breakers: Set[int] = frozenset(),
) -> tuple[torch.Tensor, torch.Tensor]:
    """The tokens that may come next in each row, likeliest first, and their probabilities (0: it may not).

    Returns (R, k) float32 and (R, k) int64. Arguments as in :func:`draw`.
    """
    logits = logits.clone()
    for row, before in zip(logits, seen, strict=True):
        _penalise(row, before, sampling, breakers)
    if banned is not None:
        logits.masked_fill_(banned, -torch.inf)
    size = logits.shape[1]
    values, tokens = logits.topk(min(sampling.top_k or size, size))
    # Behind top-k, as in transformers, all depends on these k alone, and the temperature changes none of their order:
    # its warpers choose the same from them as from V. The fewest that hold top-p are found as TopPLogitsWarper finds
    # them, but where it sorts again, and would choose any among tokens that are equally likely, these are the first.
    scores: torch.Tensor = values / sampling.temperature
    if sampling.top_p < 1:
        probabilities = scores.softmax(1)
        is_over = probabilities.cumsum(1) - probabilities >= sampling.top_p
        scores = scores.masked_fill(is_over, -torch.inf)
    if sampling.min_p:
        scores = MinPLogitsWarper(sampling.min_p)(tokens, scores)  # type: ignore[arg-type]
    if sampling.typical_p < 1:
        scores = TypicalLogitsWarper(sampling.typical_p)(tokens, scores)
    return scores.softmax(1), tokens


def _penalise(row: torch.Tensor, before: Sequence[int], sampling: Sampling, breakers: Set[int]) -> None:
    window = -sampling.repetition_window
    looks_far = sampling.dry_multiplier or sampling.no_repeat_ngram
    tokens = np.array(before if looks_far else before[window:], np.int64)
    if sampling.repetition_penalty != 1 and len(tokens):
        penalise_used(row, tokens[window:], sampling.repetition_penalty)
    if sampling.dry_multiplier:
        penalise_runs(row, tokens, sampling.dry_multiplier, sampling.dry_base, sampling.dry_allowed, breakers)
    if sampling.no_repeat_ngram:
        forbid_ngrams(row, tokens, sampling.no_repeat_ngram)
