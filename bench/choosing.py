"""What a topic's stage trains on: other choices than the best by BM25, to be tried against them.

Each ranks documents of the train side for a topic of :class:`bench.topics.Ground`, the best first; :func:`as_long`
then takes as many tokens as the plain subset has, so that recipes compare.

Similar documents packed into one block (Shi et al. 2023, 2310.10638) are not among them: there a model reads one
document after the other as one context. Here attention never crosses documents and positions begin again with each
(:mod:`finetune.blocks`), and the gradients of a step are summed over its blocks. So which documents share a block
matters only as far as it says which share a step, and that is an order, not a context.
"""

import re
import zlib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.topics import Ground
from corpus.document import Document, document
from corpus.events import On, silent
from corpus.store import Corpus
from finetune.layout import essay_text
from finetune.vocabulary import Vocabulary
from generate.sentences import starts
from retrieval.analyzer import Analyzer
from retrieval.bm25 import Bm25Index
from retrieval.encoder import Encoder
from retrieval.lucene import parse
from retrieval.terms import TermStore

RELEVANCE = 0.7  # MMR's lambda: the rest is redundancy
TARGET = 30  # documents, the topic's best, whose n-grams DSIR looks for
BUCKETS = 10_000  # that n-grams are hashed to
PASSAGE = 256  # tokens, about
_PARAGRAPH = re.compile(r"\n\s*")

Numbers = NDArray[np.float64]


def as_long(ranked: Sequence[Document], plain: Sequence[Document], vocabulary: Vocabulary) -> list[Document]:
    """The first of ``ranked``: so many that they have, as near as can be, the tokens of ``plain``."""
    sizes = np.cumsum([len(ids) for ids in vocabulary.encode_all(map(essay_text, ranked))])
    wanted = sum(len(ids) for ids in vocabulary.encode_all(map(essay_text, plain)))
    return list(ranked[: int(np.abs(sizes - wanted).argmin()) + 1])


def mmr(made: Ground, topic: str, encoder: Encoder) -> list[Document]:
    """The deep subset by maximal marginal relevance (Carbonell & Goldstein 1998): each unlike those before it.

    Relevance is the BM25 score as a share of the best one, redundancy the largest cosine to a document before it.
    """
    documents = made.documents(topic, "train", deep=True)
    scores = {row.document_id: row.score for row in made.deep[topic].rows}
    relevance = np.array([scores[document.id] for document in documents])
    vectors = encoder.encode([essay_text(document) for document in documents])
    return [documents[place] for place in marginal(relevance / relevance.max(), vectors)]


def marginal(relevance: Numbers, vectors: NDArray[np.float32]) -> list[int]:
    """The order of maximal marginal relevance. ``relevance``: (n,), 0 to 1; ``vectors``: (n, d), of length 1."""
    order: list[int] = []
    redundancy = np.full(len(relevance), -1.0)  # the least cosine: nothing stands before the first
    for _ in relevance:
        gain = RELEVANCE * relevance - (1 - RELEVANCE) * redundancy
        gain[order] = -np.inf
        order.append(int(gain.argmax()))
        redundancy = np.maximum(redundancy, vectors @ vectors[order[-1]])
    return order


def dsir(made: Ground, topic: str, terms: TermStore) -> list[Document]:
    """The train side by importance weights of hashed n-grams (Xie et al. 2023, 2302.03169); ties as in the corpus.

    The target is the topic's best :data:`TARGET`, the raw data the whole train side, which they are part of. Two
    things are other than in the paper: the best by weight are taken, where it samples by adding Gumbel noise; and a
    weight is the mean over a document's n-grams, since essays differ in length and the paper's examples do not.
    """
    raw = made.corpus.get(made.sides.ids("train"))
    of_version = dict(terms.of(document.version for document in raw))
    counts = np.stack([hashed(of_version[document.version]) for document in raw])
    best = {document.id for document in made.documents(topic, "train")[:TARGET]}
    weights = importance(counts, np.array([document.id in best for document in raw]))
    return [raw[place] for place in np.argsort(-weights, kind="stable")]


def hashed(terms: Sequence[str]) -> Numbers:
    """How often n-grams of one and of two terms fall into each bucket, (BUCKETS,)."""
    grams = [*terms, *map(" ".join, pairwise(terms))]
    buckets = [zlib.crc32(gram.encode()) % BUCKETS for gram in grams]
    return np.bincount(buckets, minlength=BUCKETS).astype(np.float64)


def importance(counts: Numbers, target: NDArray[np.bool_]) -> Numbers:
    """log p(document | target) / p(document | all), in nats per n-gram, (n,). ``counts``: (n, buckets), of all.

    Both are bags of n-grams, with one added to each bucket.
    """
    sums = np.stack([counts[target].sum(0), counts.sum(0)]) + 1
    of_target, of_all = np.log(sums / sums.sum(1, keepdims=True))
    weights: Numbers = counts @ (of_target - of_all) / np.maximum(1, counts.sum(1))
    return weights


def moore_lewis(documents: Sequence[Document], topic: Sequence[float], general: Sequence[float]) -> list[Document]:
    """By the cross-entropy difference of two models (Moore & Lewis 2010): those first that the topic's finds easier.

    ``topic`` and ``general``: bits per character of each document. Ties keep their order.
    """
    difference = np.asarray(topic) - np.asarray(general)
    return [documents[place] for place in np.argsort(difference, kind="stable")]


def passages(
    made: Ground, topic: str, vocabulary: Vocabulary, analyzer: Analyzer, folder: Path, on: On = silent
) -> list[Document]:
    """Passages of the train side that match the topic's query, by BM25 among all of them; ``folder`` keeps them.

    Each is a document of its own, under its essay's title: a model learns to end there.
    """
    whole = Corpus(folder / "corpus")
    essays = made.corpus.get(made.sides.ids("train"))
    whole.add(passage for essay in essays for passage in divided(essay, vocabulary))
    index = Bm25Index(folder / "index", analyzer)
    index.build(whole, on=on)
    hits = index.search(parse(made.subsets[topic].topic.query, analyzer), len(whole))
    return whole.get([hit.document_id for hit in hits])


def divided(essay: Document, vocabulary: Vocabulary, tokens: int = PASSAGE) -> list[Document]:
    """An essay in passages of much the same length, near so many tokens: whole paragraphs, of long ones sentences."""
    pieces: list[str] = []
    for paragraph in _parts(essay.text, [match.end() for match in _PARAGRAPH.finditer(essay.text)]):
        is_long = len(vocabulary.encode(paragraph)) > tokens // 2
        pieces += _parts(paragraph, starts(paragraph)) if is_long else [paragraph]
    sizes = np.array([len(ids) for ids in vocabulary.encode_all(pieces)])
    number = max(1, round(sizes.sum() / tokens))
    middles = np.cumsum(sizes) - sizes / 2
    groups = (middles * number / max(1, sizes.sum())).astype(int)
    texts = ["".join(piece for piece, at in zip(pieces, groups, strict=True) if at == group) for group in range(number)]
    return [document(text, essay.title, essay.source) for text in texts if text.strip()]


def _parts(text: str, places: Sequence[int]) -> list[str]:
    ends = [*places, len(text)]
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False) if start < end]
