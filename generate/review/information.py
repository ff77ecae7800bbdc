"""How much of a passage follows from what stands before it: pointwise mutual information under an adapted model.

log p(passage | before) - log p(passage), which Li et al. (2016, A Diversity-Promoting Objective Function, section 4)
rank answers by: what could stand anywhere has little of it, however likely it is.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch

from finetune.base import BaseModel
from finetune.memory import enough_memory
from finetune.vocabulary import Vocabulary
from generate.likelihood import alone
from generate.merging import merged
from generate.review.review import Pmi

_ADVICE = "end what else uses the device, or review without --pmi"


@contextmanager
def reading(base: BaseModel, adapter: Path | None) -> Iterator[Pmi]:
    """:func:`information` of the base with this adapter. Raises GeulgamError as :func:`generate.merging.merged` does,
    and where memory runs out."""
    with enough_memory("reading", _ADVICE), merged(base, adapter) as model:
        yield partial(information, model, base.vocabulary, context=base.context)


def information(model: Any, vocabulary: Vocabulary, pairs: Sequence[tuple[str, str]], context: int) -> list[float]:
    """Nats by which each passage is likelier behind (before, passage) than behind nothing but the beginning of a text.

    The passage is the same tokens both times. All are read at once. A model has room for ``context`` tokens: of a
    passage longer than half of them it reads the first, as a sample of all, and of what stands before the last.
    """
    before = list(vocabulary.encode_all(text for text, _ in pairs))
    whole = list(vocabulary.encode_all(f" {passage}" for _, passage in pairs))  # as it stands in its text
    own = [text[: context // 2] for text in whole]
    rooms = [context - 1 - len(text) for text in own]  # behind the beginning of a text
    before = [head[max(0, len(head) - room) :] for head, room in zip(before, rooms, strict=True)]
    free = alone(model, vocabulary, own)
    bound = _behind(model, vocabulary, before, own)
    nats = [after - len(text) * mean for after, text, mean in zip(bound, own, free, strict=True)]
    return [one * len(full) / max(1, len(text)) for one, full, text in zip(nats, whole, own, strict=True)]


@torch.inference_mode()
def _behind(
    model: Any, vocabulary: Vocabulary, before: Sequence[Sequence[int]], texts: Sequence[Sequence[int]]
) -> list[float]:
    """log p of each text's tokens (trimmed ids), all together, behind the beginning of a text and those before it."""
    if not texts:
        return []
    device = next(model.parameters()).device
    rows = [[vocabulary.bos, *head, *text] for head, text in zip(before, texts, strict=True)]
    width = max(map(len, rows))
    ids = torch.tensor([row + [vocabulary.eos] * (width - len(row)) for row in rows], device=device)
    first = min(map(len, before))  # the place of the first logits that are needed
    logits = model(input_ids=ids, use_cache=False, logits_to_keep=width - first).logits
    found = []
    for scores, head, text in zip(logits, before, texts, strict=True):
        log_p = scores[len(head) - first :][: len(text)].float().log_softmax(-1)
        found.append(float(log_p.gather(1, torch.tensor(text, dtype=torch.long, device=device)[:, None]).sum()))
    return found
