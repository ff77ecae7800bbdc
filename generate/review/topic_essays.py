"""The essays of a topic that the model was trained with, as a review compares a text with them."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from corpus.document import Document
from corpus.events import On, Task
from generate.korean import Word, words
from generate.review.analysed import Analysed, Place, blocks_of, grams, tidy
from retrieval.encoder import Encoder, of_blocks

_MOST = 500  # essays, the best of the topic
_CANDIDATES = 2  # passages for each block of the text that the encoder looks at
_OF_CENTROID = 24, 3  # essays, and blocks of each
_COMMON = 0.1  # a word in more than this share of all passages tells none from another


@dataclass(frozen=True, slots=True)
class Near:
    """A passage of the text, ``text[start:end]``, and the one of an essay that is most like it.

    ``likeness``: their cosine, None without an encoder. ``runs``: how many runs of six morphemes they share.
    """

    start: int
    end: int
    text: str
    passage: str
    document_id: str
    title: str
    likeness: float | None
    runs: int


class TopicEssays:
    """At most 500 of them, the first. ``tokens``: the morphemes of each; ``runs``: sorted hashes of runs of six."""

    def __init__(self, documents: Sequence[Document], on: On) -> None:
        self.tokens: list[list[str]] = []
        self._blocks: list[tuple[Document, str, Place, list[Place]]] = []
        self._with: dict[str, list[int]] = defaultdict(list)  # numbers of the blocks with a content word
        runs = [np.empty(0, np.int64)]
        documents = documents[:_MOST]
        with Task(on, "reading the topic's essays", len(documents), "essay") as task:
            for document in documents:
                text = tidy(document.text)
                found = words(text)
                self.tokens.append([word.surface for word in found])
                runs.append(grams(self.tokens[-1]))
                self._add(document, text, found)
                task.advance()
        self.runs: npt.NDArray[np.int64] = np.unique(np.concatenate(runs))

    def centroid(self, encoder: Encoder) -> npt.NDArray[np.float32] | None:
        """The middle of the topic, (dimensions,), of length 1: of three passages of each of the best 24 essays."""
        essays, each = _OF_CENTROID
        of_essay: dict[str, list[int]] = defaultdict(list)
        for number, (document, *_) in enumerate(self._blocks):
            of_essay[document.id].append(number)
        chosen = [
            numbers[round(i * (len(numbers) - 1) / max(1, min(each, len(numbers)) - 1))]
            for numbers in list(of_essay.values())[:essays]
            for i in range(min(each, len(numbers)))
        ]
        if not chosen:
            return None
        middle: npt.NDArray[np.float32] = of_blocks(encoder, [self._sentences(number) for number in chosen]).mean(0)
        return middle / max(float(np.linalg.norm(middle)), 1e-12)

    def nearest(self, text: Analysed, encoder: Encoder | None, most: int = 8) -> list[Near]:
        """The passages of a text that are most like one of an essay's, the likest first.

        Of each block two candidates are looked at, those with which it shares most content words, weighed by how rare
        they are: so a paraphrase in wholly other words is not found.
        """
        pairs = [(n, other) for n in range(len(text.blocks)) for other in self._candidates(text, n)]
        likeness: list[float | None] = [None] * len(pairs)
        if encoder is not None and text.vectors is not None and pairs:
            numbers = sorted({other for _, other in pairs})
            vectors = dict(
                zip(numbers, of_blocks(encoder, [self._sentences(number) for number in numbers]), strict=True)
            )
            likeness = [float(text.vectors[n] @ vectors[other]) for n, other in pairs]
        near: dict[int, Near] = {}
        for (n, other), cosine in zip(pairs, likeness, strict=True):
            document, whole, (start, end), _ = self._blocks[other]
            begin, finish = text.blocks[n]
            tokens = [word.surface for word in text.words if word.start >= begin and word.end <= finish]
            theirs = [word.surface for word in words(whole[start:end])]
            runs = len(np.intersect1d(grams(tokens), grams(theirs)))
            found = Near(
                begin, finish, text.text[begin:finish], whole[start:end], document.id, document.title, cosine, runs
            )
            if n not in near or _rank(found) > _rank(near[n]):
                near[n] = found
        return sorted(near.values(), key=_rank, reverse=True)[:most]

    def _add(self, document: Document, text: str, found: Sequence[Word]) -> None:
        at = 0
        for group in blocks_of(text):
            start, end = group[0][0], group[-1][1]
            there = set()
            while at < len(found) and found[at].start < end:
                if found[at].content:
                    there.add(found[at].surface)
                at += 1
            for surface in there:
                self._with[surface].append(len(self._blocks))
            self._blocks.append((document, text, (start, end), list(group)))

    def _sentences(self, number: int) -> list[str]:
        _, text, _, places = self._blocks[number]
        return [text[start:end] for start, end in places]

    def _candidates(self, text: Analysed, block: int) -> list[int]:
        start, end = text.blocks[block]
        scores: Counter[int] = Counter()
        for surface in {w.surface for w in text.words if w.content and w.start >= start and w.end <= end}:
            where = self._with.get(surface, [])
            if len(where) <= max(1, _COMMON * len(self._blocks)):
                weight = math.log(1 + len(self._blocks) / (1 + len(where)))
                for number in where:
                    scores[number] += weight  # type: ignore[assignment]
        return [number for number, _ in scores.most_common(_CANDIDATES)]


def _rank(near: Near) -> tuple[float, int]:
    return near.likeness or 0.0, near.runs
