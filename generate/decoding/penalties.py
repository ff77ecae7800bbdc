"""What a token loses because of what stands already: penalties on one row's logits (V,), changed in place."""

from collections.abc import Set

import numpy as np
import numpy.typing as npt
import torch
from transformers import NoRepeatNGramLogitsProcessor, RepetitionPenaltyLogitsProcessor

Tokens = npt.NDArray[np.int64]
LONGEST = 50  # tokens; a longer repeated run counts as one of so many, as in DRY's first implementation


def penalise_used(row: torch.Tensor, used: Tokens, penalty: float) -> None:
    """Divide the positive and multiply the negative logits of the ``used`` tokens by ``penalty`` (CTRL, Keskar et al.
    2019, 1909.05858), each once, however often it was used."""
    processor = RepetitionPenaltyLogitsProcessor(float(penalty))
    row.copy_(processor(torch.from_numpy(used)[None], row[None])[0])


def forbid_ngrams(row: torch.Tensor, seen: Tokens, n: int) -> None:
    """Forbid each token that would complete ``n`` tokens in a row that stand in ``seen`` (Paulus et al. 2017,
    1705.04304)."""
    processor = NoRepeatNGramLogitsProcessor(n)
    row.copy_(processor(torch.from_numpy(seen)[None], row[None])[0])


def penalise_runs(
    row: torch.Tensor, seen: Tokens, multiplier: float, base: float, allowed: int, breakers: Set[int] = frozenset()
) -> None:
    """DRY, "don't repeat yourself" (Weidmann 2024, text-generation-webui's pull request 5677).

    A token that would lengthen a run of ``allowed`` or more tokens which stands in ``seen`` already loses
    ``multiplier`` · ``base`` ^ (length of the run − ``allowed``); the longest run counts. No run goes over a token
    among the ``breakers``, and none of these is penalised: what has to recur, such as the end of a line.
    """
    tail = seen[: -LONGEST - 1 : -1].tolist()
    whole = next((length for length, token in enumerate(tail) if token in breakers), LONGEST)
    if whole < allowed:
        return
    followers, lengths = repeated_runs(seen, whole)
    is_long = lengths >= allowed
    if is_long.any():
        lost = np.zeros(len(row), np.float32)
        np.maximum.at(lost, followers[is_long], multiplier * base ** (lengths[is_long] - allowed))
        lost[list(breakers)] = 0
        row -= torch.from_numpy(lost)


def repeated_runs(seen: Tokens, longest: int) -> tuple[Tokens, Tokens]:
    """Where the last tokens of ``seen`` stand in it before: the token that followed, and how many of them they are.

    One of each (n,) for each earlier place of the last token; ``longest``, at most 255, are counted. Some passes over
    ``seen``, as many as the longest run has tokens.
    """
    if not len(seen):
        return seen, seen
    lengths = np.zeros(len(seen) - 1, np.uint8)
    is_alike = seen[:-1] == seen[-1]
    for length in range(1, longest + 1):
        if not is_alike.any():
            break
        lengths += is_alike.view(np.uint8)
        is_alike[length:] &= seen[: -length - 1] == seen[-length - 1]
        is_alike[:length] = False
    (places,) = lengths.nonzero()
    return seen[places + 1], lengths[places].astype(np.int64)
