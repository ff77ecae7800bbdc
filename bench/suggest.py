"""Suggested queries: what they find from a bare name, beside the bare name and queries made by hand; and their speed.

    python -m bench.suggest [--speed] [--methods]

Without an option, the sample's seven topics: precision@10 and @20 against its labels; and the real essays of
``GEULGAM_SHARED``: how many of the 60 best of the hand-made query the suggested one finds too.

``--methods``: the same for each way to weigh words, alone and added, and the mean average precision on KorQuAD: its
articles of four passages or more, found by their titles, which are not indexed. A word's weight is by: rm3 the
relevance model; bo1 its divergence from randomness in the best documents (Amati 2003, with document frequencies for
collection frequencies); llr the log-likelihood ratio of its standing in them (Dunning 1993); passages and pmi the
ratio, and the pointwise mutual information, of its standing in a passage with the name; use the
encoder's cosine to the name (short less: of a word of one syllable 0.6 of it).
The choices (rm3 and use, 20 documents, 3 of which hold a word, 20 keywords, the name's weight 4) were made by KorQuAD
and the overlap on the real essays, not by the sample's labels.

``--speed``: seconds of a suggestion on 32,000 documents, each made of thirds of three real essays.
"""

import argparse
import math
import random
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from bench.essays import QUERIES, sample_documents, shared_documents, shared_folder
from bench.retrieval import lines, passages, stored
from corpus.document import Document, document
from corpus.errors import GeulgamError
from corpus.store import Corpus
from generate.sentences import sentences
from retrieval.analyzer import Analyzer, Span
from retrieval.analyzers import analyzer
from retrieval.bm25 import Bm25Index
from retrieval.encoder import encoder
from retrieval.index import SearchIndex
from retrieval.kiwi import Kiwi, term
from retrieval.lucene import parse
from retrieval.query import Query
from retrieval.suggest.evidence import CandidateWord, Evidence, gathered, offered, seed_words, terms_of_words, tree
from retrieval.suggest.expansion import added, nearness, relevance, weights
from retrieval.suggest.suggestion import forms, suggest, weighed_words

OVERLAP = 60
Scores = Mapping[str, float]


class Ground(NamedTuple):
    """An index with its corpus."""

    indexed: SearchIndex
    corpus: Corpus


def ground(folder: Path, documents: Sequence[Document], by: Analyzer | None = None) -> Ground:
    """These documents, indexed, with the default analyzer if no other is given."""
    corpus = stored(folder / "corpus", documents)
    index = Bm25Index(folder / "index", by or analyzer(), corpus=corpus)
    index.build(corpus)
    return Ground(index, corpus)


def asked(made: Ground, seed: str) -> Query:
    """The suggested query of a seed, without what is shown beside it."""
    evidence = gathered(*made, seed)
    return query_of(made, evidence, weighed_words(evidence, offered(made.indexed, evidence), encoder().encode))


def query_of(made: Ground, evidence: Evidence, chosen: Sequence[tuple[CandidateWord, float]]) -> Query:
    """The seed and the words."""
    weighed = [(word, weight) for _, word, weight in forms(evidence.words, chosen)]
    return tree(weighed, terms_of_words(made.indexed, dict(weighed)))


def best(made: Ground, query: Query, k: int) -> list[str]:
    """The ids of the k best."""
    return [hit.document_id for hit in made.indexed.search(query, k)]


def precisions(made: Ground, query: Query, topic: str) -> tuple[float, float]:
    """The share of the ten and of the twenty best with the label; where fewer are found, the others count as wrong."""
    labels = {document.id: document.metadata["topic"] for document in made.corpus}
    right = [labels[id_] == topic for id_ in best(made, query, 20)]
    return sum(right[:10]) / 10, sum(right) / 20


def overlap(made: Ground, query: Query, topic: str) -> int:
    """How many of the 60 best of the hand-made query are among those of this one."""
    by_hand = best(made, parse(QUERIES[topic], made.indexed.analyzer), OVERLAP)
    return len({*by_hand} & {*best(made, query, OVERLAP)})


def average_precision(made: Ground, query: Query, right: set[str]) -> float:
    """Over the 200 best."""
    found, total = 0, 0.0
    for rank, id_ in enumerate(best(made, query, 200), 1):
        if id_ in right:
            found += 1
            total += found / rank
    return total / len(right)


def is_found(made: Ground, seed: str) -> bool:
    """Whether there is anything to suggest by."""
    try:
        return bool(seed_words(made.indexed, seed)[0])
    except GeulgamError:
        return False


def _bo1(made: Ground, evidence: Evidence, words: Sequence[CandidateWord]) -> Scores:
    shares = {word.word: word.documents / len(made.indexed) for word in words}
    return {
        word.word: sum(word.counts) * math.log2((1 + share) / share) + math.log2(1 + share)
        for word in words
        if (share := shares[word.word])
    }


def _ratio(inside: int, size: int, outside: int, rest: int) -> float:
    expected, other = (part * (inside + outside) / max(1, size + rest) for part in (size, rest))
    if inside <= expected:
        return 0.0
    return 2 * (inside * math.log(inside / expected) + (outside * math.log(outside / other) if outside else 0.0))


def _llr(made: Ground, evidence: Evidence, words: Sequence[CandidateWord]) -> Scores:
    read, rest = len(evidence.told), len(made.indexed) - len(evidence.told)
    inside = {word.word: sum(count > 0 for count in word.counts) for word in words}
    return {w.word: _ratio(inside[w.word], read, max(0, w.documents - inside[w.word]), rest) for w in words}


def _sides(evidence: Evidence) -> tuple[list[set[str]], list[set[str]]]:
    """The words of each passage of 60 words, of those with the seed and of those without."""
    having: tuple[list[set[str]], list[set[str]]] = ([], [])
    for told in evidence.told:
        terms = [found for morpheme in told.morphemes if (found := term(morpheme))]
        for start in range(0, len(terms), 60):
            passage = {*terms[start : start + 60]}
            having[not passage & {*evidence.words}].append(passage)
    return having


def _passages(made: Ground, evidence: Evidence, words: Sequence[CandidateWord]) -> Scores:
    inside, outside = _sides(evidence)
    with_seed, without = (Counter(word for passage in side for word in passage) for side in (inside, outside))
    return {w.word: _ratio(with_seed[w.word], len(inside), without[w.word], len(outside)) for w in words}


def _pmi(made: Ground, evidence: Evidence, words: Sequence[CandidateWord]) -> Scores:
    inside, _ = _sides(evidence)
    counts = Counter(word for passage in inside for word in passage)
    chance = {w.word: w.documents / len(made.indexed) for w in words}
    return {
        word: max(0.0, math.log(counts[word] / len(inside) / share)) if counts[word] > 1 else 0.0
        for word, share in chance.items()
    }


def _use(made: Ground, evidence: Evidence, words: Sequence[CandidateWord]) -> Scores:
    return nearness(evidence.seed, words, encoder().encode)


def _short_less(made: Ground, evidence: Evidence, words: Sequence[CandidateWord]) -> Scores:
    return {word: score * (1 if len(word) > 1 else 0.6) for word, score in _use(made, evidence, words).items()}


WAYS: dict[str, Callable[[Ground, Evidence, Sequence[CandidateWord]], Scores]] = {
    "rm3": lambda made, evidence, words: relevance(evidence, words),
    "bo1": _bo1,
    "llr": _llr,
    "passages": _passages,
    "pmi": _pmi,
    "use": _use,
    "use, short less": _short_less,
}
TRIED: list[tuple[str, ...]] = [(way,) for way in WAYS]
TRIED += [*((way, "use") for way in WAYS if "use" not in way), ("rm3", "use, short less"), ("rm3", "llr", "use")]
Asker = Callable[[Ground, str], Query]


class Read:
    """What is read for each seed, once for all ways."""

    def __init__(self) -> None:
        self._read: dict[tuple[int, str], tuple[Evidence, list[CandidateWord]]] = {}

    def __call__(self, made: Ground, seed: str) -> tuple[Evidence, list[CandidateWord]]:
        """The evidence and the words that it offers."""
        key = id(made.corpus), seed
        if key not in self._read:
            evidence = gathered(*made, seed)
            self._read[key] = evidence, offered(made.indexed, evidence)
        return self._read[key]


def way(names: Sequence[str], read: Read) -> Asker:
    """Queries by the sum of these scores."""

    def ask(made: Ground, seed: str) -> Query:
        evidence, words = read(made, seed)
        by_word = {word.word: word for word in words}
        scores = added(*(WAYS[name](made, evidence, words) for name in names)) if words else {}
        return query_of(made, evidence, [(by_word[word], weight) for word, weight in weights(scores).items()])

    return ask


def show_methods(sample: Ground, real: Ground, folder: Path) -> None:
    """A line for each way."""
    rows = lines(shared_folder() / "data" / "korquad" / "passages.jsonl")
    texts = passages(rows, titled=False)
    articles: dict[str, set[str]] = defaultdict(set)
    for row, text in zip(rows, texts, strict=True):
        articles[row["title"].replace("_", " ").partition(" (")[0]].add(text.id)
    articles = {title: own for title, own in articles.items() if len(own) >= 4}
    korquad = ground(folder / "korquad", texts)

    known = {title: own for title, own in articles.items() if is_found(korquad, title)}

    def line(name: str, ask: Asker) -> None:
        mean = statistics.mean(average_precision(korquad, ask(korquad, title), own) for title, own in known.items())
        shares = [precisions(sample, ask(sample, topic), topic) for topic in QUERIES]
        at10, at20 = (statistics.mean(column) for column in zip(*shares, strict=True))
        same = statistics.mean(overlap(real, ask(real, topic), topic) for topic in QUERIES)
        print(f"{name:<18}{mean:12.3f}{at10:14.3f}{at20:9.3f}{same:14.1f}", flush=True)

    print(f"\n{len(articles)} of KorQuAD's titles, of which {len(known)} have a word that stands in a passage")
    print(f"{'':<18}{'KorQuAD MAP':>12}{'sample P@10':>14}{'P@20':>9}{'overlap of 60':>14}")
    read = Read()
    line("the bare name", lambda made, seed: query_of(made, read(made, seed)[0], []))
    for names in TRIED:
        line(" + ".join(names), way(names, read))


def show_topics(sample: Ground, real: Ground) -> None:
    """What a suggestion from the name finds, beside the hand-made query and the bare name."""
    print(f"{'':<8}{'bare name':^16}{'by hand':^16}{'suggested':^16}{'overlap of 60: bare, suggested':>32}")
    rows = []
    for topic in QUERIES:
        queries = [parse(text, sample.indexed.analyzer) for text in (topic, QUERIES[topic])] + [asked(sample, topic)]
        found = [figure for query in queries for figure in precisions(sample, query, topic)]
        same = [overlap(real, query, topic) for query in (parse(topic, real.indexed.analyzer), asked(real, topic))]
        rows.append([*found, *same])
        print(f"{topic:<8}" + "".join(f"{figure:8.2f}" for figure in found) + "".join(f"{n:16}" for n in same))
    means = [statistics.mean(column) for column in zip(*rows, strict=True)]
    print(f"{'mean':<8}" + "".join(f"{m:8.3f}" for m in means[:6]) + "".join(f"{m:16.1f}" for m in means[6:]))


class Pieces:
    """Kiwi for texts of known pieces, one on each line: of 32,000 documents each piece is analysed once."""

    name = "kiwi"

    def __init__(self) -> None:
        self._kiwi = Kiwi()
        self.fingerprint = f"{self._kiwi.fingerprint} by pieces"
        self.known: dict[str, list[str]] = {}

    def learn(self, pieces: Sequence[str]) -> None:
        """Analyse them."""
        self.known.update(zip(pieces, self._kiwi(pieces), strict=True))

    def __call__(self, texts: Iterable[str]) -> Iterator[list[str]]:
        """The terms of each text."""
        for text in texts:
            pieces = text.split("\n")
            if all(piece in self.known for piece in pieces):
                yield [term for piece in pieces for term in self.known[piece]]
            else:
                yield from self._kiwi([text])

    def spans(self, text: str) -> list[Span]:
        """Kiwi's."""
        return self._kiwi.spans(text)


def mixed(essays: Sequence[Document], count: int, pieces: Pieces) -> Iterator[Document]:
    """So many documents as long as the essays are: each of a third of the sentences of three of them."""
    chance = random.Random(7)
    thirds = []
    for essay in essays:
        own = [" ".join(sentence.split()) for sentence in sentences(essay.text)]
        size = -(-len(own) // 3)
        thirds.append([" ".join(own[start : start + size]) for start in range(0, len(own), size)])
    pieces.learn([*{*(essay.title for essay in essays), *chain.from_iterable(thirds)}])
    for number in range(count):
        chosen = chance.sample(range(len(essays)), 3)
        text = "\n".join(thirds[place][third % len(thirds[place])] for third, place in enumerate(chosen))
        yield document(text, essays[chosen[number % 3]].title, "mixed")


def show_speed(count: int, folder: Path) -> None:
    """Whole suggestions, parts and contexts and all, as `topic suggest` makes them once everything is loaded."""
    pieces = Pieces()
    made = ground(folder, list(mixed(shared_documents(), count, pieces)), pieces)
    characters = sum(len(document.text) for document in made.corpus) / len(made.corpus)
    encode = encoder().encode
    suggest(*made, "가을", encode=encode)  # Kiwi's and the encoder's weights are read with the first
    print(f"\n{len(made.corpus):,} documents of {characters:,.0f} characters; seconds (and of the processor)")
    for topic in QUERIES:
        began, used = time.perf_counter(), time.process_time()
        found = suggest(*made, topic, encode=encode)
        seconds, busy = time.perf_counter() - began, time.process_time() - used
        print(f"{topic:<8}{seconds:6.2f} ({busy:.2f}), {len(found.keywords)} keywords, {len(found.parts)} parts")


def main() -> None:
    """Print what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--methods", action="store_true")
    parser.add_argument("--documents", type=int, default=32_000, help="of --speed")
    parser.add_argument("--folder", type=Path, help="where what is indexed is kept for another time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        if options.speed:
            show_speed(options.documents, folder / f"mixed-{options.documents}")
            return
        sample, real = ground(folder / "sample", sample_documents()), ground(folder / "shared", shared_documents())
        show_topics(sample, real)
        if options.methods:
            show_methods(sample, real, folder)


if __name__ == "__main__":
    main()
