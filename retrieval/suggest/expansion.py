"""Which words say what a seed means: feedback of its best documents (RM3), and nearness in meaning (an encoder).

RM3 is Lavrenko and Croft's relevance model, mixed with the query (Abdul-Jaleel et al. 2004): a word's weight is how
likely the best documents make it, each counting by its score. The nearness of word and seed in the encoder's space is
added, both scaled to 1. On KorQuAD's titles, bundled and real essays ``bench/suggest.py`` compares this with Bo1
(Amati 2003), log-likelihood ratios and PMI, alone and added: docs/suggest.md has the table.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.suggest.evidence import CandidateWord, Evidence

Encode = Callable[[Sequence[str]], NDArray[np.float32]]

SEED = 4.0  # what the seed weighs in the query, and the best keyword 1.0
KEYWORDS = 20
_LEAST = 0.1  # weight of a keyword that is in at all


def relevance(evidence: Evidence, words: Sequence[CandidateWord]) -> dict[str, float]:
    """P(word | what is meant) of each word: the mean of its shares of the documents, weighed by their scores."""
    scores = np.array([told.hit.score for told in evidence.told])
    lengths = np.array([max(1, told.length) for told in evidence.told])
    of_document = scores / max(float(scores.sum()), 1e-12) / lengths
    return {word.word: float(np.dot(of_document, word.counts)) for word in words}


def nearness(seed: str, words: Sequence[CandidateWord], encode: Encode) -> dict[str, float]:
    """The cosine of each word to the seed, 0 where it is below."""
    if not words:
        return {}
    vectors = encode([*(word.word for word in words), seed])
    cosines = np.maximum(0, vectors[:-1] @ vectors[-1])
    return {word.word: float(cosine) for word, cosine in zip(words, cosines, strict=True)}


def added(*scores: Mapping[str, float]) -> dict[str, float]:
    """The sum of several scores of the same words, each scaled so that its best word has 1."""
    tops = [max(score.values(), default=0.0) or 1.0 for score in scores]
    return {word: sum(score[word] / top for score, top in zip(scores, tops, strict=True)) for word in scores[0]}


def weights(scores: Mapping[str, float], count: int = KEYWORDS) -> dict[str, float]:
    """The best of the words by weight, the best one 1 and the others in proportion, to one decimal, as a query has
    them; words of no weight to speak of are left out."""
    best = sorted(scores, key=lambda word: (-scores[word], word))[:count]
    top = scores[best[0]] if best else 0.0
    rounded = {word: round(scores[word] / top, 1) for word in best} if top > 0 else {}
    return {word: weight for word, weight in rounded.items() if weight >= _LEAST}
