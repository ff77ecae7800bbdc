"""The passages that a map is drawn of: neighbouring sentences of an essay together."""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from corpus.document import Document
from retrieval.passages import sentences

ENOUGH, SHORTEST = 250, 120  # characters: from so many on the next passage begins; a rest from so many on is one
MOST = 30_000  # passages on a map


@dataclass(frozen=True)
class Excerpts:
    """The passages of essays in their order. ``essay``: of each text its document's number among ``documents``;
    ``of``: the essays that they were drawn from, where not all fit."""

    documents: tuple[Document, ...]
    essay: tuple[int, ...]
    texts: tuple[str, ...]
    of: int


def cut(text: str) -> Iterator[str]:
    """The text in passages: sentences and lines together from 250 characters on. A rest of less than 120 is put to the
    passage before; a short text is one passage, an empty one none."""
    made: list[str] = []
    length = 0
    held: list[str] = []
    for place in sentences(text):
        held.append(" ".join(text[place.start : place.end].split()))
        length += len(held[-1]) + 1
        if length > ENOUGH:
            made.append(" ".join(held))
            held, length = [], 0
    if held and made and length <= SHORTEST:
        made[-1] = " ".join([made[-1], *held])
    elif held:
        made.append(" ".join(held))
    yield from made


def excerpts(documents: Iterable[Document], most: int = MOST) -> Excerpts:
    """The passages of these documents; of so many essays that at most ``most`` are passages of them (one essay at
    least), drawn by their ids, which are hashes: the same ones whatever the order. Only those are held in memory.
    """
    kept: list[tuple[int, int, Document, list[str]]] = []  # the greatest id first
    total = of = 0
    for order, document in enumerate(documents):
        texts = list(cut(document.text))
        of += bool(texts)
        if texts:
            heapq.heappush(kept, (-int(document.id, 16), order, document, texts))
            total += len(texts)
        while total > most and len(kept) > 1:
            total -= len(heapq.heappop(kept)[3])
    kept.sort(key=lambda each: each[1])
    return Excerpts(
        tuple(document for _, _, document, _ in kept),
        tuple(number for number, (_, _, _, texts) in enumerate(kept) for _ in texts),
        tuple(text for _, _, _, texts in kept for text in texts),
        of,
    )
