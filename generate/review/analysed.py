"""A text with all that a review counts in it found once, and excerpts of it, in which the same things are counted."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from generate.korean import Word, words
from generate.planning.facts import Ending, tellings
from generate.sentences import sentence_places
from retrieval.analyzer import Analyzer, Span
from retrieval.encoder import Encoder, of_blocks
from retrieval.kiwi import corrected, spaced

BLOCK = 4  # sentences, whose likeness to the next ones is coherence
GRAM = 6  # morphemes: of so many in a row two texts seldom have the same by chance

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Misspelt:
    """A word that kiwi would write otherwise: its place, and how."""

    start: int
    end: int
    better: str


@dataclass(frozen=True)
class Analysed:
    """``text``: tidy, as :func:`tidy` makes it. All places are (start, end) in it, in order.

    ``blocks``: of four sentences (the last of a chapter two to five), ``vectors`` (blocks, dimensions) theirs, None
    without an encoder. ``misspaced``: where kiwi would put a space or take one away.
    """

    text: str
    chapters: Sequence[Place]
    words: Sequence[Word]
    sentences: Sequence[Place]
    endings: Sequence[Ending]
    blocks: Sequence[Place]
    vectors: npt.NDArray[np.float32] | None
    misspelt: Sequence[Misspelt]
    misspaced: Sequence[int]
    terms: Sequence[Span]
    informed: list[float | None] = field(default_factory=list)  # of each block, in nats per character; [] not measured

    @cached_property
    def tokens(self) -> list[str]:
        """The surfaces of the words."""
        return [word.surface for word in self.words]

    @cached_property
    def coherence(self) -> list[float]:
        """The cosine of each block and the next one, (blocks - 1,)."""
        if self.vectors is None:
            return []
        return [float(one @ other) for one, other in pairwise(self.vectors)]

    @property
    def ending(self) -> Ending:
        """The style in which most sentences end that tell one."""
        return commonest(self.endings)

    @property
    def whole(self) -> "Excerpt":
        """All of it."""
        return Excerpt(self, 0, len(self.text))

    def excerpts(self, length: int, start: int = 0, end: int | None = None) -> list["Excerpt"]:
        """The fewest of that length that cover ``text[start:end]``, evenly spaced; a shorter text is one itself."""
        end = len(self.text) if end is None else end
        size = end - start
        if size <= length:
            return [Excerpt(self, start, end)]
        count = max(1, -(-size // max(1, length)))
        step = (size - length) / max(1, count - 1)
        begins = [start + round(i * step) for i in range(count)]
        return [Excerpt(self, begin, begin + length) for begin in begins]


@dataclass(frozen=True)
class Excerpt:
    """``text[start:end]`` of a text: what of it stands there wholly."""

    of: Analysed
    start: int
    end: int

    @property
    def text(self) -> str:
        """Its characters."""
        return self.of.text[self.start : self.end]

    @cached_property
    def words(self) -> range:
        """The numbers of its words."""
        return self._inside([(word.start, word.end) for word in self.of.words])

    @property
    def tokens(self) -> list[str]:
        """The surfaces of its words."""
        return self.of.tokens[self.words.start : self.words.stop]

    @cached_property
    def sentences(self) -> range:
        """The numbers of its sentences."""
        return self._inside(self.of.sentences)

    @cached_property
    def blocks(self) -> range:
        """The numbers of its blocks."""
        return self._inside(self.of.blocks)

    def holds(self, place: int) -> bool:
        """Whether it has that character."""
        return self.start <= place < self.end

    def _inside(self, places: Sequence[Place]) -> range:
        within = [n for n, (start, end) in enumerate(places) if start >= self.start and end <= self.end]
        return range(within[0], within[-1] + 1) if within else range(0)


def tidy(text: str) -> str:
    """The text in NFC; runs of whitespace are one space, or one line's end if they hold one."""
    lines = re.split(r"[\n\r\v\f\x85\u2028\u2029]+", unicodedata.normalize("NFC", text).strip())
    return "\n".join(filter(None, (" ".join(line.split()) for line in lines)))


def analyse(chapters: Sequence[str], terms_of: Analyzer | None = None, encoder: Encoder | None = None) -> Analysed:
    """Find all in a text, given as its chapters; ``terms_of`` None: its terms are not wanted."""
    tidied = [tidy(chapter) for chapter in chapters]
    text = "\n".join(tidied)
    starts = np.cumsum([0, *(len(chapter) + 1 for chapter in tidied)]).tolist()
    bounds = [(start, start + len(chapter)) for start, chapter in zip(starts, tidied, strict=False)]
    places: list[Place] = []
    blocks: list[Place] = []
    grouped: list[list[str]] = []
    for start, end in bounds:
        for group in blocks_of(text[start:end], start):
            blocks.append((group[0][0], group[-1][1]))
            grouped.append([text[a:b] for a, b in group])
            places += group
    sentences = [text[a:b] for a, b in places]
    return Analysed(
        text=text,
        chapters=bounds,
        words=words(text),
        sentences=places,
        endings=[telling.ending for telling in tellings(sentences)],
        blocks=blocks,
        vectors=of_blocks(encoder, grouped) if encoder is not None and grouped else None,
        misspelt=[
            Misspelt(start + m.start, start + m.end, m.form)
            for (start, _), found in zip(places, corrected(sentences), strict=True)
            for m in found
            if m.typo_cost > 0
        ],
        misspaced=[
            start + gap
            for (start, _), sentence, better in zip(places, sentences, spaced(sentences), strict=True)
            for gap in _changed(sentence, better)
        ],
        terms=terms_of.spans(text) if terms_of else (),
    )


def blocks_of(text: str, start: int = 0) -> list[list[Place]]:
    """The sentences of a text that stands at ``start``, by fours.

    Of a rest, two or three sentences are a block too, and a single one belongs to the block before.
    """
    found = [(start + a, start + b) for a, b in sentence_places(text)]
    blocks = [found[i : i + BLOCK] for i in range(0, len(found), BLOCK)]
    if len(blocks) > 1 and len(blocks[-1]) == 1:
        blocks[-2:] = [blocks[-2] + blocks[-1]]
    return blocks


def commonest(endings: Sequence[Ending]) -> Ending:
    """The style that most of them have which tell one; "" if none does."""
    counts: Counter[Ending] = Counter(endings)
    counts.pop("", None)
    return max(counts, key=lambda style: counts[style], default="")


def grams(tokens: Sequence[str]) -> npt.NDArray[np.int64]:
    """A hash of each run of six tokens, (len(tokens) - 5,); the same within one process only."""
    columns = (tokens[i:] for i in range(GRAM))
    return np.fromiter(map(hash, zip(*columns, strict=False)), np.int64)


def _changed(text: str, better: str) -> list[int]:
    """The places in the text before which a space was put or taken; none where more than spaces was changed."""
    if text.replace(" ", "") != better.replace(" ", ""):
        return []
    ours, theirs = _gaps(text), _gaps(better)
    return [place for (place, spaced), (_, other) in zip(ours, theirs, strict=True) if spaced != other]


def _gaps(text: str) -> list[tuple[int, bool]]:
    """The place of each character but the first that is no space, and whether a space stands before it."""
    return [(i, text[i - 1] == " ") for i in range(1, len(text)) if text[i] != " "]
