"""How the next token is chosen: the sampling settings, their presets, and one draw."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from corpus.errors import GeulgamError


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a token is drawn from the model's logits; names, order and meaning are those of transformers' generate.

    ``repetition_penalty`` divides the positive and multiplies the negative logits of every token among the last
    ``repetition_window`` ones (0: all that the model sees; Keskar et al. 2019). ``no_repeat_ngram`` = n forbids
    a token that would complete n tokens which the model sees already (0: off). Then the logits are divided by
    ``temperature``, and what remains is the ``top_k`` likeliest tokens (0: all), of these the fewest that hold
    ``top_p`` of the probability (Holtzman et al. 2020), and of these the ones with at least ``min_p`` of the
    likeliest one's probability (Nguyen et al. 2024).
    """

    temperature: float = 1.0
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0
    repetition_penalty: float = 1.0
    repetition_window: int = 0  # tokens
    no_repeat_ngram: int = 0  # tokens

    def __post_init__(self) -> None:
        for name, is_good, rule in (
            ("temperature", self.temperature > 0, "above 0"),
            ("top_k", self.top_k >= 0, "0 (off) or more"),
            ("top_p", 0 < self.top_p <= 1, "above 0 and at most 1"),
            ("min_p", 0 <= self.min_p < 1, "0 (off) or more, and below 1"),
            ("repetition_penalty", self.repetition_penalty >= 1, "1 (off) or more"),
            ("repetition_window", self.repetition_window >= 0, "0 (all in sight) or more"),
            ("no_repeat_ngram", self.no_repeat_ngram == 0 or self.no_repeat_ngram > 1, "0 (off) or above 1"),
        ):
            if not is_good:
                raise GeulgamError(f"the sampling setting {name} is {getattr(self, name)}", f"it has to be {rule}")


PRESETS: dict[str, Sampling] = {
    # The winners of the third AI x Bookathon, 2021: their call of model.generate.
    "contest": Sampling(top_k=30, top_p=0.95, repetition_penalty=2.0),
    "default": Sampling(temperature=0.9, top_k=50, top_p=0.9, repetition_penalty=1.2, repetition_window=128),
}


def preset(name: str, **changes: Any) -> Sampling:
    """The preset of that name, with some settings changed; GeulgamError if there is none of that name."""
    if name not in PRESETS:
        raise GeulgamError(f"no sampling preset is called {name!r}", f"choose one of {', '.join(PRESETS)}")
    return replace(PRESETS[name], **changes)


def draw(
    logits: torch.Tensor,
    seen: Sequence[int],
    sampling: Sampling,
    generator: torch.Generator,
    banned: torch.Tensor | None = None,
) -> int:
    """One token, drawn from ``logits`` (V,) float32 on the CPU, which are left as they were.

    ``seen``: the tokens the model sees, oldest first. ``banned``: (V,) bool, tokens that may not come now (not all).
    Raises GeulgamError for logits that are no numbers.
    """
    scores, tokens = candidates(logits, seen, sampling, banned)
    share = torch.rand((), generator=generator) * scores.sum()
    if not share.isfinite():
        raise GeulgamError(
            "the model gives no probabilities but NaN",
            "train the adapter again with a lower learning rate, or load the base with precision fp32",
        )
    place = int(torch.searchsorted(scores.cumsum(0), share, right=True))
    return int(tokens[min(place, len(tokens) - 1)])


def candidates(
    logits: torch.Tensor, seen: Sequence[int], sampling: Sampling, banned: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """The tokens that may come next and their probabilities (unscaled: the sum may be below 1), likeliest first.

    Returns (k,) float32 and (k,) int64.
    """
    logits = logits.clone()
    if sampling.repetition_penalty != 1.0 and len(seen):
        recent = torch.tensor(sorted(set(seen[-sampling.repetition_window :])))
        values = logits[recent]
        penalty = sampling.repetition_penalty
        logits[recent] = torch.where(values > 0, values / penalty, values * penalty)
    if sampling.no_repeat_ngram:
        logits[_completing(seen, sampling.no_repeat_ngram)] = -torch.inf
    if banned is not None:
        logits.masked_fill_(banned, -torch.inf)
    logits /= sampling.temperature
    values, tokens = logits.topk(min(sampling.top_k or len(logits), len(logits)))
    probabilities = values.softmax(0)
    kept = probabilities.cumsum(0) - probabilities < sampling.top_p
    if sampling.min_p:
        kept &= probabilities >= sampling.min_p * probabilities[0]
    kept[0] = True
    return probabilities[kept], tokens[kept]


def _completing(seen: Sequence[int], n: int) -> list[int]:
    """The tokens that would complete n tokens that stand in ``seen`` already."""
    tail, seen = list(seen[1 - n :]), list(seen)
    if len(tail) < n - 1:
        return []
    return [seen[i + n - 1] for i in range(len(seen) - n + 1) if seen[i] == tail[0] and seen[i : i + n - 1] == tail]
