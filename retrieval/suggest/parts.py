"""What a topic's best documents tell of: their passages clustered, each cluster with a name and a query of its own.

Passages are compared by their words, in the few directions in which those vary most (latent semantic analysis,
Deerwester et al. 1990): an encoder would take a second and more for as many, which is all that a suggestion may take.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.clustering import merged, spherical
from retrieval.keywords import Content, content, keywords, title, weighed
from retrieval.kiwi import Morpheme
from retrieval.subquery import part_query, words
from retrieval.suggest.evidence import ReadDocument

_ENOUGH = 250  # characters of a passage: the sentence in which they are reached ends it
_PER_ESSAY = 8  # passages of one at most, the first
_DIRECTIONS = 32
_MORE = 1.5  # clusters for each part that is asked for: the worst are left out
_FEWEST = 5  # passages for each part, and
_ESSAYS = 2  # essays that one is told by


@dataclass(frozen=True)
class TopicPart:
    """Something that several of a topic's documents tell of. ``documents``: those read that do, the best first."""

    title: str
    keywords: tuple[str, ...]
    query: str
    documents: tuple[str, ...]

    def within(self, frame: str) -> str:
        """What finds it within another query than its own is (:func:`retrieval.subquery.part_query`)."""
        return part_query(frame, list(words(self.keywords)))


def parts(told: Sequence[ReadDocument], seed: Collection[str], frame: str, count: int) -> tuple[TopicPart, ...]:
    """At most so many parts, those of the most documents first; fewer where there is not enough to tell them by.

    ``told``: a topic's best documents; ``seed``: words of it that all have, which tell no two apart; ``frame``: the
    query within which each part is looked for.
    """
    passages = [passage for number, each in enumerate(told) for passage in _passages(number, each, seed)]
    count = min(count, len(passages) // _FEWEST)
    if count < 2:
        return ()
    vectors = _directions(passages)
    clusters = merged(spherical(vectors, min(round(_MORE * count), len(passages))), count)
    groups = [[passages[i] for i in np.flatnonzero(clusters.labels == label)] for label in range(len(clusters.means))]
    groups = [group for group in groups if len({passage.essay for passage in group}) >= _ESSAYS]
    groups = sorted(groups, key=lambda group: -len({passage.essay for passage in group}))[:count]
    chosen = {id(passage) for group in groups for passage in group}
    rest = [passage for passage in passages if id(passage) not in chosen]
    found = []
    for own, group in zip(weighed(groups, rest), groups, strict=True):
        keys = keywords(own, groups)
        asked = list(words(keys))
        if asked:
            holding = tuple(told[essay].document.id for essay in sorted({passage.essay for passage in group}))
            found.append(TopicPart(title(own, group, keys) or keys[0], keys, part_query(frame, asked), holding))
    return tuple(found)


def _passages(number: int, told: ReadDocument, seed: Collection[str]) -> Iterator[Content]:
    """The passages of a document, by its sentences; the words of the seed are left out."""
    made = 0
    own: list[Morpheme] = []
    for morpheme in told.morphemes:
        own.append(morpheme)
        if morpheme.tag == "SF" and morpheme.end - own[0].start >= _ENOUGH:
            yield _without(content(number, told.text, own), seed)
            own, made = [], made + 1
            if made == _PER_ESSAY:
                return
    if own and (not made or morpheme.end - own[0].start >= _ENOUGH // 2):
        yield _without(content(number, told.text, own), seed)


def _without(passage: Content, seed: Collection[str]) -> Content:
    said = {word: kind for word, kind in passage.words.items() if word not in seed}
    return Content(passage.essay, said, passage.phrases)


def _directions(passages: Sequence[Content]) -> NDArray[np.float32]:
    """A vector for each passage, (n, d): its words by their rarity, in the directions in which those vary most."""
    held = Counter(word for passage in passages for word in passage.words)
    column = {word: place for place, word in enumerate(sorted(word for word, count in held.items() if count > 1))}
    table = np.zeros((len(passages), max(1, len(column))), np.float32)
    for row, passage in enumerate(passages):
        for word in passage.words:
            if word in column:
                table[row, column[word]] = np.log(len(passages) / held[word])
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12)
    left, values, _ = np.linalg.svd(table - table.mean(0), full_matrices=False)
    made: NDArray[np.float32] = (left * values)[:, :_DIRECTIONS]
    return made
