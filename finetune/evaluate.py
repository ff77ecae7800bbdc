"""Bits per character of held-out essays, over the model's full vocabulary, so that any two models compare.

A trimmed vocabulary makes prediction easier by leaving tokens out; what is reported to a user never profits from
that: texts are tokenised with the whole vocabulary and every token of it takes part in the softmax. Comparing many
adapters of one base need not pay for that: ``trimmed`` leaves the vocabulary as it is, and takes less time.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from itertools import compress, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from finetune.base import BaseModel
from finetune.layout import Headed, encoded, essay_text, whole
from finetune.memory import enough_memory, give_back
from finetune.silence import quiet
from finetune.vocabulary import Vocabulary

POSITIONS = (256, 512, 1024, 2048)  # tokens of an essay, where one stretch of it ends and the next begins
_WINDOW = 2048  # tokens seen at once, if the model's context is no shorter
_ROWS = 64  # positions whose logits (rows, full vocabulary) are held in memory at once
_NOT_COUNTED = -100  # the target that torch's cross entropy leaves out
_RESAMPLES, _AT_ONCE = 10_000, 1_000
_ADVICE = "end what else uses the device, or measure on another: finetune.device"


@dataclass(frozen=True, slots=True)
class Bits:
    """What a model needs for one essay (title and text), by where in it.

    ``bits`` and ``characters``: of its tokens up to each of :data:`POSITIONS`, and of those beyond, (5,). Positions
    are counted in tokens of the whole vocabulary, so that they are the same for every adapter of a base.
    """

    bits: tuple[float, ...]
    characters: tuple[int, ...]

    @property
    def total(self) -> float:
        """For all of it."""
        return sum(self.bits)


def bits_per_character(
    base: BaseModel,
    documents: Sequence[Document],
    adapter: Path | None = None,
    *,
    trimmed: bool = False,
    on: On = silent,
) -> float:
    """Bits the model needs per character of the documents (title and text), all taken together; lower is better.

    Each token is predicted from those before it in its own essay: all of them up to 2,048 (or the model's context),
    after that from at least the last half as many. ``adapter``: a folder, or None for the base as it is. ``trimmed``:
    over the vocabulary that the base was trimmed to, which compares with nothing but the same. Raises GeulgamError for
    no documents.
    """
    per_document = document_bits(base, documents, adapter, trimmed=trimmed, on=on)
    characters = sum(len(essay_text(document)) for document in documents)
    return sum(per_document) / characters


def document_bits(
    base: BaseModel,
    documents: Sequence[Document],
    adapter: Path | None = None,
    *,
    trimmed: bool = False,
    headed: Headed | None = None,
    on: On = silent,
) -> list[float]:
    """Bits the model needs for each document as a whole; see :func:`bits_per_character`.

    ``headed``: what it is told of its passages, which counts nothing.
    """
    return [bits.total for bits in measured_bits(base, documents, adapter, trimmed=trimmed, headed=headed, on=on)]


def bits_by_position(
    base: BaseModel, documents: Sequence[Document], adapter: Path | None = None, *, on: On = silent
) -> tuple[float | None, ...]:
    """Bits per character of all documents at tokens 0 to 256, to 512, to 1,024, to 2,048 and beyond; None: no text."""
    return by_position(measured_bits(base, documents, adapter, on=on))


def by_position(measured: Sequence[Bits]) -> tuple[float | None, ...]:
    """The same of what was measured."""
    stretches = zip(*(zip(each.bits, each.characters, strict=True) for each in measured), strict=True)
    sums = [tuple(map(sum, zip(*stretch, strict=True))) for stretch in stretches]
    return tuple(bits / characters if characters else None for bits, characters in sums)


def measured_bits(
    base: BaseModel,
    documents: Sequence[Document],
    adapter: Path | None = None,
    *,
    trimmed: bool = False,
    headed: Headed | None = None,
    on: On = silent,
) -> list[Bits]:
    """Bits the model needs for each document, by position; see :func:`document_bits`."""
    if not documents:
        raise GeulgamError("there is no held-out essay to measure on", "take a wider query, or a larger k")
    measured = []
    window = min(_WINDOW, base.context)
    with (
        enough_memory("measuring", _ADVICE),
        quiet(),
        base.borrowed(on),
        base.using(adapter) as model,
        nullcontext(base.vocabulary) if trimmed else base.full_vocabulary() as vocabulary,
        Task(on, "measuring", len(documents), "essay") as task,
    ):
        for essay in encoded(list(map(whole, documents)), vocabulary, headed):
            targets = [i if counts else _NOT_COUNTED for i, counts in zip(essay.ids, essay.learnt, strict=True)]
            ids = essay.ids[:-1]  # whether it ends is no part of its text
            nats = torch.cat([_nats(model, base, *part) for part in _windows(ids, targets[:-1], window)])
            measured.append(_by_stretch(nats, ids[1:], essay.learnt[1:], vocabulary))
            give_back()
            task.advance()
    return measured


def gain_interval(
    before: Sequence[float], after: Sequence[float], kin: Sequence[int] | None = None, *, seed: int = 0
) -> tuple[float, float] | None:
    """Between which two figures the gain lies with 95 % confidence, in per cent of ``before``; None for one essay.

    ``before`` and ``after``: bits of the same essays, as :func:`document_bits` gives them. The gain is what all of
    them together need less; its interval is the percentile bootstrap over essays (Efron 1979), drawn 10,000 times.
    ``kin``: for each essay the number of its kin group, which is then drawn as one, since its members are alike.
    """
    groups = np.unique(np.arange(len(before)) if kin is None else np.asarray(kin), return_inverse=True)[1]
    sums = np.stack([np.bincount(groups, weights=np.asarray(bits)) for bits in (before, after)])  # (2, groups)
    number = sums.shape[1]
    if number < 2:
        return None
    generator = np.random.default_rng(seed)
    draws = (generator.integers(number, size=(_AT_ONCE, number)) for _ in range(_RESAMPLES // _AT_ONCE))
    needed, left = np.concatenate([sums[:, drawn].sum(2) for drawn in draws], axis=1)
    low, high = np.percentile(100 * (1 - left / needed), (2.5, 97.5))
    return float(low), float(high)


def _by_stretch(nats: torch.Tensor, ids: Sequence[int], counts: Sequence[bool], vocabulary: Vocabulary) -> Bits:
    """Sums up the (tokens,) of an essay."""
    ends = [min(end, len(ids)) for end in (*POSITIONS, len(ids))]
    bits = [float(nats[start:end].double().sum()) / math.log(2) for start, end in pairwise([0, *ends])]
    read = [len(vocabulary.decode([*compress(ids[:end], counts)])) for end in ends]
    return Bits(tuple(bits), tuple(end - start for start, end in pairwise([0, *read])))


def _windows(ids: list[int], targets: list[int], window: int) -> Iterator[tuple[list[int], list[int]]]:
    """Windows of ids, each with the targets of its last positions, those that are to be predicted in it."""
    yield ids[:window], targets[1:window]
    for start in range(window, len(ids), window // 2):
        end = start + window // 2
        yield ids[start - window // 2 : end], targets[start:end]


@torch.inference_mode()
def _nats(model: Any, base: BaseModel, ids: list[int], targets: list[int]) -> torch.Tensor:
    """-log p of each of the targets, which are the last ids of a window, in nats; 0 for one that is not counted."""
    if not targets:
        return torch.zeros(0)
    tokens = torch.tensor(ids, device=base.device)[None]
    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    with torch.autocast(base.device.type, dtype=base.dtype, enabled=base.dtype != torch.float32):
        hidden = causal.base_model(input_ids=tokens[:, :-1], use_cache=False).last_hidden_state[0, -len(targets) :]
        head, cap = causal.get_output_embeddings(), getattr(causal.config, "final_logit_softcapping", None)
        found = []
        wanted = torch.tensor(targets, device=base.device)
        for rows, part in zip(torch.split(hidden, _ROWS), torch.split(wanted, _ROWS), strict=True):
            logits = head(rows).float()
            if cap is not None:
                logits = torch.tanh(logits / cap) * cap
            found.append(torch.nn.functional.cross_entropy(logits, part, reduction="none", ignore_index=_NOT_COUNTED))
    return torch.cat(found).cpu()
