"""How likely a text is to the model when no other stands before it."""

from collections.abc import Sequence
from typing import Any

import torch

from finetune.vocabulary import Vocabulary


@torch.inference_mode()
def alone(model: Any, vocabulary: Vocabulary, texts: Sequence[Sequence[int]], told: Sequence[int] = ()) -> list[float]:
    """Nats of each text's tokens (trimmed ids) behind nothing but the beginning of a text, the mean of log p; 0 for no
    token. All are read at once. ``told``: a header that stands between the beginning and each of them."""
    longest = max(map(len, texts), default=0)
    if not longest:
        return [0.0] * len(texts)
    device, first = next(model.parameters()).device, len(told) + 1
    ids = torch.full((len(texts), longest + first), vocabulary.eos)
    ids[:, :first] = torch.tensor([vocabulary.bos, *told])
    for row, text in zip(ids, texts, strict=True):
        row[first : len(text) + first] = torch.tensor(text, dtype=torch.long)
    logits = model(input_ids=ids[:, :-1].to(device), use_cache=False).logits[:, first - 1 :]
    found = []
    for scores, text in zip(logits, texts, strict=True):
        log_p = scores[: len(text)].float().log_softmax(-1)
        each = log_p.gather(1, torch.tensor(text, dtype=torch.long, device=device)[:, None])
        found.append(float(each.mean()) if len(text) else 0.0)
    return found
