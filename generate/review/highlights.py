"""What a review marks in the text itself."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from generate.guards.spans import Copied
from generate.review.analysed import GRAM, Analysed

Kind: TypeAlias = Literal["copied", "repeated", "overused", "ending", "spelling"]


@dataclass(frozen=True, slots=True)
class Overused:
    """A phrase as it first stands in the text, how often it does, how often in as much human text, its log-odds in
    standard deviations, and its places."""

    text: str
    times: int
    expected: float
    score: float
    places: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Highlight:
    """What is marked in the text, at ``text[start:end]``, and a word on it."""

    start: int
    end: int
    kind: Kind
    note: str


def highlights(essay: Analysed, copied: Sequence[Copied], overused: Sequence[Overused]) -> tuple[Highlight, ...]:
    """What is to be marked in the text, in its order."""
    found = [Highlight(s.start, s.end, "copied", f"stands in “{s.title or s.document_id}”") for s in copied]
    found += [Highlight(start, end, "repeated", "said before or again") for start, end in _repeated(essay)]
    found += [
        Highlight(start, end, "overused", f"{phrase.times} times; people: {phrase.expected:.1f}")
        for phrase in overused
        for start, end in phrase.places
    ]
    found += [
        Highlight(start, end, "ending", f"{style}, where most sentences are {essay.ending}")
        for (start, end), style in zip(essay.sentences, essay.endings, strict=True)
        if style and style != essay.ending
    ]
    found += [Highlight(word.start, word.end, "spelling", f"{word.better}?") for word in essay.misspelt]
    return tuple(sorted(found, key=lambda highlight: (highlight.start, -highlight.end)))


def _repeated(essay: Analysed) -> list[tuple[int, int]]:
    """Every place of a run of six words or more that stands there more than once, from its first content word on."""
    where: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for at in range(len(essay.tokens) - GRAM + 1):
        where[tuple(essay.tokens[at : at + GRAM])].append(at)
    runs: list[list[int]] = []
    for at in sorted(at for places in where.values() if len(places) > 1 for at in places):
        if runs and at <= runs[-1][1]:
            runs[-1][1] = at + GRAM
        else:
            runs.append([at, at + GRAM])
    places = []
    for first, end in runs:
        begin = next((word.start for word in essay.words[first:end] if word.content), None)
        if begin is not None:
            places.append((begin, essay.words[end - 1].end))
    return places
