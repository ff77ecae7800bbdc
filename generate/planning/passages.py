"""The passages of essays: neighbouring sentences together, and where in the essay they stand."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from corpus.document import Document
from generate.sentences import sentences

SHORTEST, ENOUGH, LONGEST = 120, 250, 400  # characters of a passage; at ENOUGH the next begins


@dataclass(frozen=True, slots=True)
class Passage:
    """Some sentences of an essay. ``essay``: its number among those asked for; ``place``: of its middle, 0 to 1."""

    essay: int
    place: float
    text: str


def passages(documents: Sequence[Document], per_essay: int = 12) -> list[Passage]:
    """The passages of each essay in order, at most so many of one: then they are spread evenly over it.

    A passage takes sentences until it has more than 250 characters. One that would make it longer than 400 begins the
    next, so that a passage before a long sentence is shorter, and a long sentence alone is as long as it is. What is
    left of an essay is a passage from 120 characters on; less is put to the one before if there is room, else left out.
    """
    found = []
    for number, document in enumerate(documents):
        texts = list(grouped(document.text))
        kept = range(len(texts))
        if len(texts) > per_essay:
            kept = (round(i * (len(texts) - 1) / max(1, per_essay - 1)) for i in range(per_essay))  # type: ignore[assignment]
        found += [Passage(number, (i + 0.5) / len(texts), texts[i]) for i in kept]
    return found


def grouped(text: str) -> Iterator[str]:
    """The sentences of a text, in passages."""
    open_: list[str] = []
    length = 0
    texts: list[str] = []
    for sentence in sentences(text):
        if open_ and length + len(sentence) > LONGEST:
            texts.append(" ".join(open_))
            open_, length = [], 0
        open_.append(sentence)
        length += len(sentence) + 1
        if length > ENOUGH:
            texts.append(" ".join(open_))
            open_, length = [], 0
    rest = " ".join(open_)
    if len(rest) >= SHORTEST:
        texts.append(rest)
    elif rest and texts and len(texts[-1]) + len(rest) < LONGEST:
        texts[-1] += f" {rest}"
    yield from texts
