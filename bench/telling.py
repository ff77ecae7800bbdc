"""Two classifiers that read: which of two kinds of writers a text is of, and what topic it is on.

Both are logistic regressions on TF-IDF, of characters and of morphemes, and hold no encoder and no language model.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline, make_union

from bench.topics import Ground
from corpus.document import normalise
from corpus.errors import GeulgamError
from generate.korean import morphemes
from generate.sentences import sentences
from retrieval.mecab import Mecab

PASSAGE = 500  # characters of the human passages that topics are learnt from
_TIMES = 1000  # samples of a bootstrap interval
_TRAIN_DEPTH, _TEST_DEPTH = 120, 18  # how far down a topic's ranking its essays are taken, per side
_FOLDS = 6
_CLEARLY = 2  # times as good as in the next topic must an essay's rank be to be of a topic
_QUOTES = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'", "…": "..."})


@dataclass(frozen=True, slots=True)
class Told:
    """How well human and generated are told apart: AUC per topic (0.5: not at all, 1: always), the mean over the
    topics and its 95 % interval, from bootstrap over the texts."""

    topics: Mapping[str, float]
    mean: float
    low: float
    high: float


def told_apart(human: Mapping[str, Sequence[str]], generated: Mapping[str, Sequence[str]], seed: int = 0) -> Told:
    """The AUC of a classifier taught on the other topics' texts, on each topic's. Give texts of one length.

    ``human`` and ``generated``: texts by topic, of two topics and more. Whitespace and the kinds of quotation marks
    are made alike before, since they tell of the website and not of the writer.
    """
    topics = [topic for topic in human if human[topic] and generated.get(topic)]
    if len(topics) < 2:
        raise GeulgamError(f"people and writer have texts on {len(topics)} common topics", "two are needed, or more")
    scores: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    for held_out in topics:
        texts, truth = [], []
        for label, kind in ((0, human), (1, generated)):
            for topic in topics:
                if topic != held_out:
                    texts += list(map(_levelled, kind[topic]))
                    truth += [label] * len(kind[topic])
        reader = make_pipeline(
            make_union(
                TfidfVectorizer(analyzer="char", ngram_range=(1, 4), sublinear_tf=True, min_df=2, lowercase=False),
                TfidfVectorizer(
                    tokenizer=morphemes, token_pattern=None, ngram_range=(1, 3), sublinear_tf=True, min_df=2
                ),
            ),
            LogisticRegression(C=10, class_weight="balanced", max_iter=1000),
        ).fit(texts, truth)
        scores.append(
            tuple(reader.decision_function(list(map(_levelled, kind[held_out]))) for kind in (human, generated))
        )
    wins = [(generated[None] > human[:, None]) + (generated[None] == human[:, None]) / 2 for human, generated in scores]
    chance = np.random.default_rng(seed)
    means = [np.mean([_resampled(each, chance) for each in wins]) for _ in range(_TIMES)]
    low, high = np.percentile(means, [2.5, 97.5])
    each = {topic: float(pairs.mean()) for topic, pairs in zip(topics, wins, strict=True)}
    return Told(each, fmean(each.values()), float(low), float(high))


def _resampled(wins: NDArray[np.float64], chance: np.random.Generator) -> float:
    """The AUC, which is the share of pairs ordered rightly, of as many texts drawn with replacement."""
    rows, columns = (chance.integers(size, size=size) for size in wins.shape)
    return float(wins[np.ix_(rows, columns)].mean())


def _levelled(text: str) -> str:
    return re.sub(r" +([.,!?])", r"\1", normalise(text).translate(_QUOTES))


@dataclass(frozen=True, slots=True)
class Taught:
    """An essay that topics are learnt from. Of what is ``asked``, each is read by whom its kin did not teach."""

    text: str
    topic: str
    kin: int
    asked: bool = False


class TopicReader:
    """Says which of the topics a text is on, taught on passages of essays.

    It is several readers: the essays that are to be asked are in six folds, kin in one, and each reader has not been
    taught by one fold.
    """

    def __init__(self, essays: Sequence[Taught]) -> None:
        asked = [essay for essay in essays if essay.asked]
        groups = {essay.kin: number for number, essay in enumerate(asked)}
        folds = list(GroupKFold(_FOLDS).split(asked, groups=[e.kin for e in asked])) if len(groups) >= _FOLDS else []
        self._without = {asked[place].kin: fold for fold, (_, places) in enumerate(folds) for place in places}
        self._readers = [
            _taught([e for e in essays if self._without.get(e.kin) != fold]) for fold in range(len(folds) or 1)
        ]

    def __call__(self, texts: Sequence[str], kin: Sequence[int | None] = ()) -> list[list[str]]:
        """For each text the topics, the likeliest first; ``kin``: of the essay that it is of or goes on from, which
        then has not taught who reads it. All readers together read the others."""
        if not texts:
            return []
        each = np.array([reader.predict_proba(list(texts)) for reader in self._readers])
        mean = each.mean(axis=0)
        for place, group in enumerate(kin):
            if group in self._without:
                mean[place] = each[self._without[group], place]
        return [[str(topic) for topic in row] for row in self._readers[0].classes_[np.argsort(-mean, axis=1)]]


def _taught(essays: Sequence[Taught]) -> Any:
    pairs = [(part, essay.topic) for essay in essays for part in passages(essay.text, PASSAGE)]
    reader = make_pipeline(
        TfidfVectorizer(analyzer=_terms, sublinear_tf=True, min_df=2),
        LogisticRegression(C=0.3, class_weight="balanced", max_iter=1000),
    )
    return reader.fit([part for part, _ in pairs], [topic for _, topic in pairs])


def hits(ranked: Sequence[Sequence[str]], topics: Sequence[str], first: int = 1) -> float:
    """The share of texts whose topic is among the first that were named."""
    return float(np.mean([topic in row[:first] for row, topic in zip(ranked, topics, strict=True)]))


def topic_reader(made: Ground) -> tuple[TopicReader, list[tuple[int, float, float, int]]]:
    """The reader of the seven topics, and how well it knows passages of held-out essays: for each length in characters
    the share of right first guesses, of right ones among the first two, and the number of passages.

    Taught on essays that no topic's writer was trained on or chosen by: of each side the best-ranked of each topic,
    where it ranks them clearly better than all others do. Those of the test side are asked, too.
    """
    essays = list(_essays(made))
    reader = TopicReader(essays)
    known = []
    for length in (PASSAGE, 3 * PASSAGE, 6 * PASSAGE):
        asked = [(part, each.kin, each.topic) for each in essays if each.asked for part in passages(each.text, length)]
        parts, kin, topics = zip(*asked, strict=True)
        ranked = reader(parts, kin)
        known.append((length, hits(ranked, topics), hits(ranked, topics, 2), len(parts)))
    return reader, known


def _essays(made: Ground) -> Iterator[Taught]:
    unwritten = {document.id for document in made.unwritten()}
    ranks: dict[str, dict[str, int]] = {}
    test: set[str] = set()
    for topic, subset in made.deep.items():
        train = [id_ for id_ in subset.ids("train") if id_ in unwritten][:_TRAIN_DEPTH]
        held_out = subset.ids("test")[:_TEST_DEPTH]
        test.update(held_out)
        for ids in (train, held_out):
            for rank, id_ in enumerate(ids, 1):
                ranks.setdefault(id_, {})[topic] = rank
    kept = {}
    for id_, by_topic in ranks.items():
        topic, *rest = sorted(by_topic, key=lambda name: by_topic[name])
        if not rest or by_topic[topic] * _CLEARLY <= by_topic[rest[0]]:
            kept[id_] = topic
    ids = list(kept)
    for document, kin in zip(made.corpus.get(ids), made.sides.kin(ids), strict=True):
        yield Taught(document.text, kept[document.id], kin, document.id in test)


def passages(text: str, characters: int) -> list[str]:
    """The text in passages of whole sentences, each of at least so many characters, the last of more than half."""
    found: list[str] = []
    part = ""
    for sentence in sentences(text):
        part = f"{part} {sentence}".strip()
        if len(part) >= characters:
            found.append(part)
            part = ""
    return [*found, part] if len(part) > characters / 2 else found


@cache
def _terms(text: str) -> list[str]:
    return next(iter(_analyzer([text])))


_analyzer: Callable[[Sequence[str]], Any] = Mecab()
