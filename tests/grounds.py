"""A made-up corpus of essays with one topic, and an encoder that knows little: for the mechanics of bench."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.topics import SHARES, Ground
from corpus.document import Document, document
from corpus.sides import assign
from corpus.store import Corpus
from retrieval.analyzers import analyzer
from retrieval.bm25 import Bm25Index
from retrieval.select import select
from retrieval.topic import Topic
from retrieval.unit import unit

WORDS = ["강가", "아침", "물", "소리", "학교", "눈", "아이", "발자국", "편지", "밤", "문장", "기차", "역", "바다", "길"]


class FirstWord:
    """An encoder that knows a text by its first word alone: of one word, one direction."""

    name, dimensions = "first word", len(WORDS)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.full((len(texts), self.dimensions), 0.01, np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            vector[WORDS.index(text.split()[0])] = 1
        return unit(vectors)


def _essay(number: int) -> Document:
    """The further on, the less of the topic, 동행; every other one also tells of a 산책, which the topic names not."""
    chance = np.random.default_rng(number)
    words = chance.choice(WORDS, 40).tolist()
    words += ["동행"] * max(0, 12 - number // 4) + (["산책", "지팡이"] * 8 if number < 60 or number % 7 == 0 else [])
    paragraphs = [" ".join(chance.permutation(words).tolist()) + "." for _ in range(3)]
    return document("\n".join([f"{WORDS[number % 3]} 글 {number}.", *paragraphs]), source=str(number))


def made_up_ground(folder: Path) -> Ground:
    """The topic 동행, of 20 documents and deep of 48."""
    corpus = Corpus(folder / "corpus")
    corpus.add(map(_essay, range(160)))
    index = Bm25Index(folder / "index", analyzer("whitespace"))
    index.build(corpus)
    sides = assign(corpus, SHARES)
    found = [{"동행": select(index, corpus, sides, Topic("동행", "동행", k), SHARES)} for k in (20, 48)]
    return Ground(corpus, sides, *found)
