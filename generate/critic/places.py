"""Places in human essays where the critic is taught: how each goes on, and how it does not."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from corpus.document import Document, normalise
from corpus.events import On, Task, silent
from finetune.attention import grouped_attention
from finetune.base import BaseModel
from finetune.layout import beginning
from finetune.memory import enough_memory
from finetune.vocabulary import Vocabulary
from generate.candidates import SHORTEST, Desk, Stand, drafted
from generate.context import Context
from generate.critic.critic import passage_before
from generate.critic.head import Example, Head, Kind
from generate.decoding.sampling import PRESETS, Sampling
from generate.merging import merged
from generate.sentences import starts
from generate.surfaces import Surfaces
from retrieval.encoder import Encoder

MOST = 48  # places
LEAST = 12  # places
ROWS = 6  # passages of the model's own at each place
_FIRST, _LAST, _BEHIND = 150, 1300, 400  # characters: before a place at least and at most, behind it at least
_LATER = 700  # characters further on stands what is later
_LONGEST = 900  # tokens that are read before a place
_ADVICE = "end what else uses the device, or teach on another: finetune.device"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an essay is cut: what stands ``before``, and the human passages by their kinds."""

    title: str
    before: str
    human: dict[Kind, str]


def places(documents: Sequence[Document], vocabulary: Vocabulary, most: int, seed: int = 0) -> Iterator[Place]:
    """At most so many, one an essay, of essays long enough; the same for the same seed."""
    generator = random.Random(seed)
    texts = [(document.title, normalise(document.text)) for document in documents]
    long = [(title, text) for title, text in texts if len(text) > 2 * _BEHIND]
    generator.shuffle(long)
    found = 0
    for (title, text), (_, other) in zip(long, long[1:] + long[:1], strict=True):
        if found == most:
            return
        ends = starts(text)
        cuts = [start for start in ends if _FIRST < start < min(_LAST, len(text) - _BEHIND)]
        if not cuts or not (true := _passage(text, cut := generator.choice(cuts), vocabulary)):
            continue
        human: dict[Kind, str] = {"next": true}
        later = [start for start in ends if start > cut + _LATER]
        elsewhere = [start for start in starts(other) if _FIRST < start < len(other) - _FIRST] if len(long) > 1 else []
        others: tuple[tuple[Kind, str, list[int]], ...] = (("later", text, later), ("other", other, elsewhere))
        for kind, source, choices in others:
            if choices and (passage := _passage(source, generator.choice(choices), vocabulary)):
                human[kind] = passage
        found += 1
        yield Place(title, text[:cut].rstrip(), human)


def taught(
    base: BaseModel,
    adapter: Path | None,
    documents: Sequence[Document],
    encoder: Encoder,
    *,
    sampling: Sampling = PRESETS["default"],
    most: int = MOST,
    seed: int = 0,
    on: On = silent,
) -> Head | None:
    """The critic's head for a base with an adapter, taught at so many places in these documents; None for too few.

    They should not be those that the adapter was trained with: it knows how they go on. ``sampling``: that of the
    writer.
    """
    found = list(places(documents, base.vocabulary, most, seed))
    if len(found) < LEAST:
        return None
    with (
        enough_memory("reading places", _ADVICE),
        base.borrowed(on),
        merged(base, adapter) as model,
        grouped_attention(model),
    ):
        desk = Desk(Surfaces(base.vocabulary), sampling, seed, ROWS)
        return Head.of(examples(model, desk, encoder, found, on))


def examples(model: Any, desk: Desk, encoder: Encoder, found: Sequence[Place], on: On = silent) -> list[Example]:
    """What the model and the encoder make of the human passages at each place, and of what the model writes there."""
    vocabulary = desk.surfaces.vocabulary
    context = getattr(model.config, "max_position_embeddings", _LONGEST + 2 * desk.longest)
    room = min(_LONGEST, max(context // 4, context - 2 * desk.longest))
    made: list[Example] = []
    with Task(on, "reading places", len(found), "place") as task:
        for number, place in enumerate(found):
            head = [*beginning(place.title, vocabulary), *vocabulary.encode(place.before)]
            head = head[:1] + head[1:][-room:]
            passages: list[tuple[Kind, str, npt.NDArray[np.float32]]] = [
                (kind, text, _state(model, head, vocabulary.encode(text))) for kind, text in place.human.items()
            ]
            reading = Context(model, lambda: task.advance(0))
            reading.begin(head)
            drafts = drafted(desk, reading, Stand(place.before, number))
            passages += (("model", d.text, d.hidden) for d in drafts if d.ending != "stuck")
            vectors = encoder.encode([passage_before(place.before), *(text.strip() for _, text, _ in passages)])
            made += (
                Example(number, kind, hidden, vectors[0], own)
                for (kind, _, hidden), own in zip(passages, vectors[1:], strict=True)
            )
            task.advance()
    return made


def _passage(text: str, start: int, vocabulary: Vocabulary) -> str:
    """The sentences from there on that make a piece, as the writer ends one; "" where the essay ends before."""
    for end in starts(text):
        passage = " " + text[start:end].strip()
        if end > start and len(vocabulary.encode(passage)) >= SHORTEST:
            return passage
    return ""


@torch.inference_mode()
def _state(model: Any, before: Sequence[int], tokens: Sequence[int]) -> npt.NDArray[np.float32]:
    """(H,): the mean of the last layer's states over the tokens."""
    device = next(model.parameters()).device
    ids = torch.tensor([[*before, *tokens]], device=device)
    hidden = model(input_ids=ids, use_cache=False, logits_to_keep=1, output_hidden_states=True).hidden_states[-1]
    state: npt.NDArray[np.float32] = hidden[0, len(before) :].float().mean(0).cpu().numpy()
    return state
