"""Bits per character of held-out essays, over the model's full vocabulary, so that any two models compare.

A trimmed vocabulary makes prediction easier by leaving tokens out; what is reported to a user never profits from
that: texts are tokenised with the whole vocabulary and every token of it takes part in the softmax.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from corpus.document import Document
from corpus.errors import GeulgamError
from finetune.base import BaseModel
from finetune.blocks import essay_text
from finetune.silence import quiet

_WINDOW = 1024  # tokens seen at once
_ROWS = 128  # positions whose logits (rows, full vocabulary) are held in memory at once


def bits_per_character(
    base: BaseModel, documents: Sequence[Document], adapter: Path | None = None, *, progress: bool = False
) -> float:
    """Bits the model needs per character of the documents (title and text), all taken together; lower is better.

    Each token is predicted from those before it in its own essay: all of them up to 1,024, after that from at
    least the last 512. ``adapter``: a folder, or None for the base as it is. Raises GeulgamError for no documents.
    """
    per_document = document_bits(base, documents, adapter, progress=progress)
    characters = sum(len(essay_text(document)) for document in documents)
    return sum(per_document) / characters


def document_bits(
    base: BaseModel, documents: Sequence[Document], adapter: Path | None = None, *, progress: bool = False
) -> list[float]:
    """Bits the model needs for each document as a whole; see :func:`bits_per_character`."""
    if not documents:
        raise GeulgamError("there is no held-out essay to measure on", "take a wider query, or a larger k")
    texts = [essay_text(document) for document in documents]
    bits = []
    with quiet(), base.using(adapter) as model, base.full_vocabulary() as vocabulary, torch.inference_mode():
        for ids in tqdm(
            vocabulary.encode_all(texts), total=len(texts), desc="measuring", unit="essay", disable=not progress
        ):
            nats = sum(_nats(model, base, window, new) for window, new in _windows([vocabulary.bos, *ids]))
            bits.append(nats / math.log(2))
    return bits


def _windows(ids: list[int]) -> Iterator[tuple[list[int], int]]:
    """Windows of ids, each with the number of its last ids that are to be predicted in it."""
    window = _WINDOW
    yield ids[:window], len(ids[:window]) - 1
    for start in range(window, len(ids), window // 2):
        new = ids[start : start + window // 2]
        yield ids[start - window // 2 : start] + new, len(new)


def _nats(model: Any, base: BaseModel, ids: list[int], new: int) -> float:
    """-log p of the last ``new`` ids of a window, in nats."""
    if new == 0:
        return 0.0
    tokens = torch.tensor(ids, device=base.device)[None]
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    with torch.autocast(base.device.type, dtype=base.dtype, enabled=base.dtype != torch.float32):
        hidden = causal.base_model(input_ids=tokens[:, :-1], use_cache=False).last_hidden_state[0, -new:]
        head, cap = causal.get_output_embeddings(), getattr(causal.config, "final_logit_softcapping", None)
        total = 0.0
        for rows, targets in zip(torch.split(hidden, _ROWS), torch.split(tokens[0, -new:], _ROWS), strict=True):
            logits = head(rows).float()
            if cap is not None:
                logits = torch.tanh(logits / cap) * cap
            total += float(torch.nn.functional.cross_entropy(logits, targets, reduction="sum"))
    return total
