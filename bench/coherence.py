"""How well what follows follows: a reader of neighbouring passages that is no part of the product.

Blocks of four sentences. A logistic regression tells the true next block from a block of a random essay and from a
later one of the same essay, as in Li and Jurafsky 2017 (1606.01545) and after them, by what two blocks have in common:
words and characters (TF-IDF), what LSA makes of them in a passage and in an essay, rare words that come again, and
manner (tense, person, ending style, speech). No neural encoder and no language model is in it, so that a critic made
of those cannot have been made to please it. It likes repetition, as every such measure does: a text that circles has
more than people have, and only the distance to people's says something.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from math import nan
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import Normalizer, StandardScaler

from generate.sentences import sentences
from retrieval.mecab import Mecab

SENTENCES = 4  # of a block
_FAR = 3 * SENTENCES  # sentences between the beginnings of a block and of a later one, at least
_STRIDE = 2  # sentences between the beginnings of the blocks that are learnt from
_MANNER = re.compile(
    r"([었았였했]다)|([는한인이]다[. ])|(요[. ])|(니다)|(나는|내가|나의|나를|나에게)|(저는|제가|저의)|(우리)"
    r"|(그녀)|(그[는가의])|([\"“”])|(\?)|(!)|(어머니|엄마|아버지|아빠)"
)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Block:
    """Some sentences in a row, and the terms in them, verbs and nouns without their endings."""

    text: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """A block of an essay, the one that follows it, one of another essay, and a later one of its own."""

    block: Block
    follows: Block
    other: Block
    later: Block


class Coherence:
    """The reader, taught on essays: half a minute for 500. ``dimensions``: of either LSA."""

    def __init__(self, essays: Sequence[str], dimensions: int = 100, seed: int = 0) -> None:
        split = [_sentences(essay) for essay in essays]
        every = [block for essay in split for block in _blocks(essay)[::_STRIDE]]
        self._words = TfidfVectorizer(analyzer=_terms, sublinear_tf=True, min_df=2).fit(every)
        self._letters = TfidfVectorizer(
            preprocessor=_text, analyzer="char_wb", ngram_range=(2, 3), sublinear_tf=True, min_df=3
        ).fit(every)
        self._passage = _lsa(dimensions).fit(every)
        self._essay = _lsa(dimensions).fit([_joined(essay) for essay in split if essay])
        self._weight = dict(zip(self._words.get_feature_names_out(), self._words.idf_.tolist(), strict=True))
        self._rarest = float(self._words.idf_.max())
        places = list(_places(split, _STRIDE, random.Random(seed)))
        blocks = [place.block for place in places]
        rows = [self._features(blocks, [getattr(p, name) for p in places]) for name in ("follows", "other", "later")]
        truth = np.repeat([1, 0, 0], len(places))
        self._judge = make_pipeline(StandardScaler(), LogisticRegression(C=0.001, max_iter=2000))
        # The two kinds of wrong together weigh as much as the right.
        self._judge.fit(np.vstack(rows), truth, logisticregression__sample_weight=np.where(truth, 1.0, 0.5))

    def __call__(self, texts: Sequence[str]) -> list[float]:
        """For each text the mean over its neighbouring blocks, at every sentence, of the probability (0 to 1) that the
        second follows the first. A text below eight sentences is taken as two halves; nan for less than two."""
        pairs = [list(_neighbours(_sentences(text))) for text in texts]
        flat = list(chain.from_iterable(pairs))
        if not flat:
            return [nan for _ in texts]
        scores = iter(self._follows([one for one, _ in flat], [two for _, two in flat]))
        return [fmean(next(scores) for _ in each) if each else nan for each in pairs]

    def accuracy(self, essays: Sequence[str], seed: int = 1) -> tuple[float, float, int]:
        """How often the true next block has more than another essay's, and than a later one's; and of how many places.

        ``essays``: not those it was taught on.
        """
        places = list(_places([_sentences(essay) for essay in essays], SENTENCES, random.Random(seed)))
        blocks = [place.block for place in places]
        true, other, later = (
            self._follows(blocks, [getattr(p, name) for p in places]) for name in ("follows", "other", "later")
        )
        return float(np.mean(true > other)), float(np.mean(true > later)), len(places)

    def _follows(self, first: Sequence[Block], second: Sequence[Block]) -> Floats:
        found: Floats = self._judge.predict_proba(self._features(first, second))[:, 1]
        return found

    def _features(self, first: Sequence[Block], second: Sequence[Block]) -> Floats:
        """(n, 37): four cosines, seven of shared words, and the difference and the product of thirteen of manner and
        of the length."""
        cosines = [
            _cosine(space.transform(first), space.transform(second))
            for space in (self._words, self._passage, self._essay, self._letters)
        ]
        shared = np.array([self._shared(one.terms, two.terms) for one, two in zip(first, second, strict=True)])
        one, two = (np.array([_manner(block.text) for block in blocks]) for blocks in (first, second))
        return np.hstack([np.column_stack(cosines), shared, np.abs(one - two), one * two])

    def _shared(self, first: Sequence[str], second: Sequence[str]) -> list[float]:
        one, two = set(first), set(second)
        both = one & two
        near = set(first[len(first) * 3 // 4 :]) & set(second[: len(second) // 4 + 1])
        weights = [self._weight.get(term, self._rarest) for term in both]
        return [
            sum(weights) / (1 + min(len(one), len(two))),
            max(weights, default=0.0),
            len(both),
            sum(self._weight.get(term, self._rarest) for term in near),
            len(one),
            len(two),
            sum(term not in self._weight for term in both),
        ]


def _sentences(text: str) -> list[Block]:
    found = sentences(text)
    return [Block(text, tuple(terms)) for text, terms in zip(found, _analyzer(found), strict=True)]


def _joined(parts: Sequence[Block]) -> Block:
    return Block(" ".join(part.text for part in parts), tuple(term for part in parts for term in part.terms))


def _blocks(essay: Sequence[Block]) -> list[Block]:
    return [_joined(essay[place : place + SENTENCES]) for place in range(len(essay) - SENTENCES + 1)]


def _neighbours(essay: Sequence[Block]) -> Iterator[tuple[Block, Block]]:
    blocks = _blocks(essay)
    if len(essay) >= 2 * SENTENCES:
        yield from zip(blocks, blocks[SENTENCES:], strict=False)
    elif len(essay) > 1:
        yield _joined(essay[: len(essay) // 2]), _joined(essay[len(essay) // 2 :])


def _places(essays: Sequence[Sequence[Block]], stride: int, chance: random.Random) -> Iterator[_Place]:
    long_enough = [blocks for essay in essays if len(blocks := _blocks(essay)) > _FAR]
    for number, blocks in enumerate(long_enough):
        others = long_enough[:number] + long_enough[number + 1 :]
        for place in range(0, len(blocks) - _FAR, stride) if others else ():
            later = blocks[chance.randrange(place + _FAR, len(blocks))]
            yield _Place(blocks[place], blocks[place + SENTENCES], chance.choice(chance.choice(others)), later)


def _lsa(dimensions: int) -> Any:
    tf_idf = TfidfVectorizer(analyzer=_terms, sublinear_tf=True, min_df=2)
    return make_pipeline(tf_idf, TruncatedSVD(dimensions, random_state=0), Normalizer())


def _cosine(one: Any, two: Any) -> Floats:
    """Of each row of one and of two, whose rows have length 1 (or 0); (n,)."""
    products = one.multiply(two) if hasattr(one, "multiply") else one * two
    return np.asarray(products.sum(axis=1), np.float64).ravel()


def _manner(text: str) -> list[float]:
    counts = [0.0] * _MANNER.groups
    for match in _MANNER.finditer(text):
        counts[(match.lastindex or 1) - 1] += 1 / SENTENCES
    return [*counts, float(np.log(max(1, len(text))))]


def _terms(block: Block) -> tuple[str, ...]:
    return block.terms


def _text(block: Block) -> str:
    return block.text


_analyzer = Mecab()
