"""What meaning adds to words: on KorQuAD's questions, on paraphrases of the sample, and what it costs.

    python -m bench.meaning [--paraphrases] [--speed [--rows 1000000]]

Without an option, KorQuAD v1.0 dev with titles, nDCG@10 as in :mod:`bench.retrieval`: by words, by meaning, by both;
with essays ranked as a whole (``retrieval.unit = "essay"``) and by their best passages too ("passage"). What meaning
weighs is chosen on one half of the questions, by a hash of their ids, and reported on the other, and the other way
round; then on all at the default weight, for each kind of question by its question word.

``--paraphrases``: 100 queries, each about a passage of the bundled sample, that share no noun, verb or adjective with
the essay that they mean, its title included (``bench/data/paraphrases.jsonl``, written for this; tests hold them to
it): recall@10 of that essay among all 238. They were looked at when the weight was chosen (docs/meaning.md).

``--speed``: encoding, in sentences and characters a second of one process; and a query at a million sentences of
random bytes, 512 each: all of it, words among them.
"""

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from bench.essays import sample_documents, shared_folder
from bench.retrieval import TOP, corpus_id, lines, passages, stored
from corpus.digests import to_hex
from corpus.document import Document
from corpus.store import Corpus
from retrieval.analyzers import analyzer
from retrieval.backends import open_index
from retrieval.bm25 import Bm25Index
from retrieval.encoder import encoder
from retrieval.encoding import quantised
from retrieval.fusion import WEIGHT, most
from retrieval.hybrid import HybridIndex, Meaning
from retrieval.index import SearchIndex
from retrieval.nearness import Bounds, EmbeddedNearness
from retrieval.passage_index import PassageIndex
from retrieval.passage_store import PassageStore
from retrieval.passages import sentences
from retrieval.products import MANY, products
from retrieval.query import Query, Terms, bag

WEIGHTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.6)
KINDS = ("누구", "언제", "어디", "무엇", "어느", "몇", "왜")
_SPELT = {"누가": "누구", "뭐": "무엇", "무슨": "무엇", "어떤": "어느", "얼마": "몇"}
PARAPHRASES = Path(__file__).parent / "data" / "paraphrases.jsonl"


class Told(NamedTuple):
    """Of one query: the scores of all documents, (n,) each, by words, by passages and by meaning; which one is right.

    Documents are in the order of their ids. The first two are as :func:`retrieval.fusion.scaled` has them.
    """

    words: NDArray[np.float64]
    parts: NDArray[np.float64]
    near: NDArray[np.float64]
    right: int

    def rank(self, weight: float, by_passage: bool) -> int:
        """Of what is right when meaning weighs so much, from 1; 0 if it is not found. As :class:`HybridIndex` ranks."""
        words = (self.words + self.parts) / 2 if by_passage else self.words
        scores = np.where((self.words > 0) | (weight > 0), words + weight * self.near, -1)
        own = scores[self.right]
        return int((scores > own).sum() + (scores[: self.right] == own).sum()) + 1 if own > -1 else 0


class Ground(NamedTuple):
    """What is searched: all scores of all documents, since there are few. ``places``: of each document by its id."""

    indexed: SearchIndex
    parts: PassageIndex
    store: PassageStore
    near: EmbeddedNearness
    places: Mapping[str, int]

    def told(self, query: Query, text: str, right: str) -> Told:
        """All scores for a query."""
        (vector,) = self.store.encoder.encode([text])
        words = {hit.document_id: hit.score for hit in self.indexed.search(query, 2_000)}
        near = self._array(dict(self.near.near(vector, 2_000, Bounds())))
        words_, parts = (self._array(some) for some in (words, self.parts.best(query, 2_000)))
        all_words, all_parts = most(self.indexed, query), self.parts.most(query)
        return Told((words_ / all_words) ** 2, (parts / all_parts) ** 2, near, self.places[right])

    def _array(self, scores: Mapping[str, float]) -> NDArray[np.float64]:
        found = np.zeros(len(self.places))
        for id_, score in scores.items():
            found[self.places[id_]] = score
        return found


def ground(folder: Path, documents: Sequence[Document]) -> Ground:
    """These documents, indexed in every way."""
    corpus, kiwi = stored(folder / "corpus", documents), analyzer()
    store = PassageStore(folder / "vectors", partial(encoder, "use"))
    store.update(corpus)
    words = Bm25Index(folder / "index", kiwi, corpus=corpus)
    words.build(corpus)
    parts = PassageIndex(folder / "parts", corpus, lambda place, cut: Bm25Index(place, kiwi, corpus=cut))
    parts.build(corpus)
    places = {id_: place for place, id_ in enumerate(to_hex(corpus.digests()))}
    return Ground(words, parts, store, EmbeddedNearness(store, corpus, words), places)


def meant_alone(told: Sequence[Told]) -> list[Told]:
    """The same without words."""
    return [each._replace(words=0 * each.words, parts=0 * each.parts) for each in told]


def checked(made: Ground, told: Sequence[Told], queries: Sequence[Query], by_passage: bool) -> None:
    """Print how many of some queries have the same rank in the index as it is used."""
    meaning = Meaning(made.store, made.near)
    index = HybridIndex(made.indexed, passages=made.parts if by_passage else None, meaning=meaning)
    ids = list(made.places)
    same = 0
    for each, query in zip(told, queries, strict=True):
        found = [hit.document_id for hit in index.search(query, 2_000)]
        same += found.index(ids[each.right]) + 1 == each.rank(WEIGHT, by_passage)
    print(f"the index as it is used gives the same rank to {same} of {len(told)}")


def ndcg(told: Sequence[Told], weight: float, by_passage: bool) -> float:
    """nDCG@10, where one document is right."""
    ranks = [each.rank(weight, by_passage) for each in told]
    return sum(1 / float(np.log2(1 + rank)) for rank in ranks if 0 < rank <= TOP) / max(1, len(ranks))


def recall(told: Sequence[Told], weight: float, by_passage: bool) -> float:
    """Of what is right, the share among the first ten."""
    return sum(0 < each.rank(weight, by_passage) <= TOP for each in told) / len(told)


def kind(question: str) -> str:
    """By the question word; a question with several is of the first kind listed."""
    plain = question
    for spelling, word in _SPELT.items():
        plain = plain.replace(spelling, word)
    return next((word for word in KINDS if word in plain), "other")


def korquad() -> None:
    """Print the tables of KorQuAD."""
    folder = shared_folder() / "data" / "korquad"
    rows, questions = lines(folder / "passages.jsonl"), lines(folder / "queries.jsonl")
    with tempfile.TemporaryDirectory() as place:
        named = zip(passages(rows, True), rows, strict=True)
        made = ground(Path(place), [replace(essay, id=_id(row["id"])) for essay, row in named])
        terms = made.indexed.analyzer(question["query"] for question in questions)
        queries = [Terms(tuple(each), 1.0, q["query"]) for each, q in zip(terms, questions, strict=True)]
        told = [
            made.told(query, query.written, _id(question["passage_id"]))
            for query, question in zip(queries, questions, strict=True)
        ]
        for by_passage in (False, True):
            checked(made, told[:100], queries[:100], by_passage)
    halves: tuple[list[Told], list[Told]] = ([], [])
    kinds: dict[str, list[Told]] = defaultdict(list)
    for question, each in zip(questions, told, strict=True):
        halves[crc32(question["id"].encode()) % 2].append(each)
        kinds[kind(question["query"])].append(each)
    print(f"KorQuAD, {len(rows)} passages with titles, {len(questions):,} questions, nDCG@{TOP}")
    print(f"meaning alone {ndcg(meant_alone(told), 1.0, False):.4f}")
    for by_passage in (False, True):
        print(f'\nunit = "{"passage" if by_passage else "essay"}"')
        print("weight on all: " + ", ".join(f"{w:g} {ndcg(told, w, by_passage):.4f}" for w in WEIGHTS))
        for chosen_on, other in (halves, halves[::-1]):
            best = max(WEIGHTS, key=lambda w: ndcg(chosen_on, w, by_passage))
            words, both = (ndcg(other, w, by_passage) for w in (0.0, best))
            print(f"weight chosen on the one half {best:g}; on the other words {words:.4f}, both {both:.4f}")
        print(f"{'':8}{'n':>6}{'words':>9}{'both':>9}{'gain':>9}   at the default weight {WEIGHT:g}")
        for name, some in (*sorted(kinds.items(), key=lambda item: -len(item[1])), ("all", told)):
            words, both = (ndcg(some, w, by_passage) for w in (0.0, WEIGHT))
            print(f"{name:<8}{len(some):>6}{words:>9.4f}{both:>9.4f}{both - words:>+9.4f}", flush=True)


def _id(passage: str) -> str:
    """In the order of :func:`bench.retrieval.corpus_id`, and with its first 24 digits another for each passage."""
    return f"{corpus_id(passage)[8:]}{'0' * 8}"


def paraphrases() -> None:
    """Print the recall of queries that share no noun, verb or adjective with the essay that they mean."""
    documents, asked = sample_documents(plain=True), lines(PARAPHRASES)
    with tempfile.TemporaryDirectory() as place:
        made = ground(Path(place), documents)
        told = []
        for row in asked:
            (right,) = (essay.id for essay in documents if row["passage"] in essay.text)
            told.append(made.told(bag(row["query"], made.indexed.analyzer), row["query"], right))
    print(f"{len(asked)} paraphrases, {len(documents)} essays of the sample, recall@{TOP}")
    print(f"meaning alone {recall(meant_alone(told), 1.0, False):.2f}")
    for by_passage in (False, True):
        unit = "passage" if by_passage else "essay"
        shown = ", ".join(f"{weight:g}: {recall(told, weight, by_passage):.2f}" for weight in (0.1, WEIGHT, 0.2, 0.3))
        print(f'unit = "{unit}": words {recall(told, 0.0, by_passage):.2f}; both, by weight {shown}')


def speed(rows: int) -> None:
    """Print the seconds of encoding, and of a query."""
    use = encoder()
    use.encode(["가"])
    essays = [essay.text for essay in sample_documents(plain=True)]
    texts = [essay[place.start : place.end] for essay in essays for place in sentences(essay)][:2_000]
    for shown, some in (("as they come", texts), ("by length", sorted(texts, key=len))):
        began, cpu = time.perf_counter(), time.process_time()
        for start in range(0, len(some), 256):
            use.encode(some[start : start + 256])
        seconds, busy = time.perf_counter() - began, time.process_time() - cpu
        letters = sum(map(len, some))
        rates = f"{len(some) / seconds:,.0f} sentences/s, {letters / seconds:,.0f} characters/s"
        print(f"encoding {shown}: {rates}; {len(some) / busy:,.0f} sentences for each second of one core", flush=True)
    random = np.random.default_rng(0)
    vectors = random.integers(-127, 128, (rows, 512), np.int8)
    query, _ = quantised(random.normal(size=(1, 512)).astype(np.float32))
    for name, many in (("torch", True), ("numpy", False)):
        products(vectors[:MANY], query[0], many)
        print(f"products with {rows:,} sentences, {name}: {_seconds(partial(products, vectors, query[0], many))}")
    with tempfile.TemporaryDirectory() as place:
        index = _of_random(Path(place), vectors)
        asked = (
            Terms(("가1", f"가{n}", "가333"), written=f"가1 가{n} 가333") for n in count(20)
        )  # none is asked twice
        print(f"a whole query, words and meaning: {_seconds(lambda: index.search(next(asked), 10))}")


def _of_random(folder: Path, vectors: NDArray[np.int8]) -> HybridIndex:
    """An index of documents of five sentences each, with these vectors, and of few words."""
    random = np.random.default_rng(1)
    size = len(vectors) // 5
    words = random.zipf(1.3, (size, 20)) % 5_000
    ids = (f"{number:032x}" for number in range(size))
    documents = (Document(id_, " ".join(f"가{word}" for word in row)) for id_, row in zip(ids, words, strict=True))
    corpus = Corpus(folder / "corpus")
    corpus.add(documents)
    store = PassageStore(folder / "vectors", partial(encoder, "use"))
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.int32)).astype(np.float32)
    store.add(
        vectors, lengths, np.zeros((len(vectors), 2), np.int32), np.arange(0, len(vectors) + 1, 5), corpus.versions()
    )
    index = open_index("bm25s", folder / "index", analyzer("whitespace"), corpus=corpus, vectors=store)
    assert isinstance(index, HybridIndex)
    index.words.build(corpus)
    return index


def _seconds(work: Callable[[], object]) -> str:
    work()
    walls, cpus = [], []
    for _ in range(9):
        began, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - began)
        cpus.append(time.process_time() - cpu)
    wall, cpu = (1e3 * statistics.median(some) for some in (walls, cpus))
    return f"median {wall:.0f} ms, least {1e3 * min(walls):.0f} ms; {cpu:.0f} ms of the processor"


def main() -> None:
    """Print what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paraphrases", action="store_true")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--rows", type=int, default=1_000_000)
    chosen = parser.parse_args()
    if chosen.paraphrases:
        paraphrases()
    if chosen.speed:
        speed(chosen.rows)
    if not (chosen.paraphrases or chosen.speed):
        korquad()


if __name__ == "__main__":
    main()
