"""Contrastive search: likely tokens whose state is unlike those before, found without chance."""

from collections.abc import Callable, Iterator

import torch
from torch.nn.functional import normalize

from generate.context import Context


def contrastive(
    context: Context,
    k: int = 5,
    alpha: float = 0.6,
    banned: Callable[[], torch.Tensor | None] = lambda: None,
    earlier: torch.Tensor | None = None,
) -> Iterator[int]:
    """Tokens without end, each read by ``context`` (one row) when it comes (Su et al. 2022, 2202.06417).

    Of the ``k`` likeliest tokens, each read in a row of its own, it is the one with the highest (1 − ``alpha``) ·
    probability − ``alpha`` · likeness, the highest cosine between its state in the last layer and an earlier one.
    ``alpha`` = 0 is greedy search. Going round in a circle is what likeness costs most; there is no seed.

    The earlier states are that of the last token that ``context`` had read, those of the tokens since, and
    ``earlier`` (n, H) float32. (The paper takes those of all tokens in sight, and so does this where ``earlier`` holds
    them; a context that has read a text at once keeps the last one only.) ``banned``: asked before each token for
    those that may not come, (V,) bool. Whoever takes a token may rewind the context only if no other is taken after it.
    """
    states = normalize(context.hidden, dim=1)
    if earlier is not None:
        states = torch.cat([normalize(earlier, dim=1), states])
    while True:
        logits = context.logits[0]
        forbidden = banned()
        if forbidden is not None:
            logits = logits.masked_fill(forbidden, -torch.inf)
        probabilities, tokens = logits.softmax(0).topk(min(k, len(logits)))
        possible = tokens[probabilities > 0].tolist()
        context.branch(len(possible))
        context.read_each(possible)
        own = normalize(context.hidden, dim=1)
        likeness = (own @ states.T).amax(1)
        best = int(((1 - alpha) * probabilities[: len(possible)] - alpha * likeness).argmax())
        context.keep(best)
        states = torch.cat([states, own[best, None]])
        yield possible[best]
