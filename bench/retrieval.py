"""How well each analyzer finds: KorQuAD questions, and the sample's topics against their labels.

KorQuAD v1.0 dev: 2,887 questions as free text, one right passage each among 964, through the embedded index as it
is used (Lucene's one-byte lengths, k1 1.2, b 0.75), without the passages' titles and with them, as real essays
have them (underscores read as spaces). nDCG@10 and recall@10 count the right passage among the first ten, MRR
anywhere in the first thousand. First the peer, plain bm25s on whitespace words. The sample: the share of a topic's
ten best that carry its label.

    python -m bench.retrieval [kiwi mecab bigram whitespace]

What was tried for the default, Kiwi (nDCG@10 without titles / with), each over the line above unless it says so:

    nouns, verbs, adjectives, adverbs, roots, numerals, foreign, Chinese         .9464 / .9547
    lower case, verbs in their dictionary form (가다, not 가)                     .9469 / .9552
    and dependent nouns, pronouns, determiners                                   .9494 / .9569
    and interjections, conjunctions, 아니다 (topics such as 안녕, 그래도)          .9494 / .9563
    no hashtags and serial numbers as one word, open_ending      THE DEFAULT     .9496 / .9562
      and prefixes and suffixes (들, 적, 인: in every document)                   .9502 / .9576
      and auxiliary verbs                                                        .9485 / .9563
      each form with its tag (가/VV)                                 down by      .0027 / .0016
      split_complex, saisiot, normalize_coda, z_coda off              within      .0005
      oov_handling: rule, chr_freq                                   down by      .0005, .0016
      without the dictionary of names, of names of several words     down by      .0011, .0013
      joining affixes to nouns                                          up by     .0003 / .0005
      model cong-global, half as fast                                   up by     .0017 / .0010
      k1 0.9 b 0.4; k1 1.2 b 0.6; k1 1.5; k1 2                        by +.0004, -.0004, -.003, -.0065
    sbg and knlm do not ship with kiwipiepy any more (0.22).

Single words are what topics are made of, and as whole sentences Kiwi read 봄 as 보다, 기쁨 as 기쁘다 and 해 as 하다,
other words than in running text; ``open_ending`` mends that at no cost to the questions.
"""

import argparse
import json
import logging
import math
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import bm25s

from bench.essays import QUERIES, sample_documents, shared_folder
from corpus.document import Document
from retrieval.analyzers import NAMES, analyzer
from retrieval.bm25 import Bm25Index
from retrieval.index import SearchIndex
from retrieval.lucene import parse
from retrieval.query import Terms

TOP = 10


class Figures(NamedTuple):
    """Means over the questions, 0 to 1."""

    ndcg: float
    recall: float
    mrr: float


def figures(ranks: Sequence[int]) -> Figures:
    """Of the rank of each question's one right passage, 0 where it was not found."""
    ndcg = sum(1 / math.log2(1 + rank) for rank in ranks if 0 < rank <= TOP)
    recall = sum(0 < rank <= TOP for rank in ranks)
    mrr = sum(1 / rank for rank in ranks if rank)
    return Figures(ndcg / len(ranks), recall / len(ranks), mrr / len(ranks))


def lines(path: Path) -> list[dict[str, str]]:
    """The rows of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def korquad(index: SearchIndex, passages: Iterable[Document], questions: Sequence[dict[str, str]]) -> Figures:
    """Index the passages and ask every question."""
    index.add(passages)
    ranks = []
    for question, terms in zip(questions, index.analyzer(q["query"] for q in questions), strict=True):
        hits = index.search(Terms(tuple(terms)), 1_000)
        ranks.append(next((hit.rank for hit in hits if hit.document_id == question["passage_id"]), 0))
    return figures(ranks)


def peer(passages: Sequence[Document], questions: Sequence[dict[str, str]]) -> Figures:
    """Plain bm25s, words split at spaces."""
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    ranker = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    ranker.index([f"{d.title} {d.text}".split() for d in passages], show_progress=False)
    asked = [question["query"].split() for question in questions]
    found = ranker.retrieve(asked, k=len(passages), show_progress=False)
    ranks = []
    for question, numbers, scores in zip(questions, found.documents, found.scores, strict=True):
        ids = [passages[number].id for number, score in zip(numbers, scores, strict=True) if score > 0]
        ranks.append(ids.index(question["passage_id"]) + 1 if question["passage_id"] in ids else 0)
    return figures(ranks)


def precision(index: Bm25Index, documents: Sequence[Document]) -> dict[str, float]:
    """Of each sample topic's ten best, the share with its label."""
    index.add(documents)
    labels = {document.id: document.metadata["topic"] for document in documents}
    return {
        topic: sum(labels[hit.document_id] == topic for hit in index.search(parse(query, index.analyzer), TOP)) / TOP
        for topic, query in QUERIES.items()
    }


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("analyzers", nargs="*", default=list(NAMES), metavar="ANALYZER")
    names = parser.parse_args().analyzers
    folder = shared_folder() / "data" / "korquad"
    rows, questions = lines(folder / "passages.jsonl"), lines(folder / "queries.jsonl")
    bare = [Document(row["id"], row["text"]) for row in rows]
    titled = [Document(row["id"], row["text"], row["title"].replace("_", " ")) for row in rows]
    sample = sample_documents()

    print(f"KorQuAD, {len(bare)} passages, {len(questions):,} questions")
    print(f"{'':12}{'without titles':^27}{'with titles':^27}{'seconds':>9}")
    print(f"{'':12}" + f"{'nDCG@10':>9}{'R@10':>9}{'MRR':>9}" * 2)
    one, two = peer(bare, questions), peer(titled, questions)
    print(f"{'bm25s words':12}" + "".join(f"{value:9.4f}" for value in (*one, *two)))
    for name in names:
        started = time.perf_counter()
        with tempfile.TemporaryDirectory() as place:
            tried = analyzer(name)
            one, two = (
                korquad(Bm25Index(Path(place, kind), tried), passages, questions)
                for kind, passages in (("bare", bare), ("titled", titled))
            )
        print(
            f"{name:12}" + "".join(f"{v:9.4f}" for v in (*one, *two)) + f"{time.perf_counter() - started:9.1f}",
            flush=True,
        )

    print(f"\nprecision@{TOP} of the sample's topics, {len(sample)} essays")
    print(f"{'':12}{'mean':>7}" + "".join(f"{topic:>{7 - len(topic)}}" for topic in QUERIES))
    for name in names:
        with tempfile.TemporaryDirectory() as place:
            shares = precision(Bm25Index(Path(place), analyzer(name)), sample)
        mean = sum(shares.values()) / len(shares)
        print(f"{name:12}{mean:7.3f}" + "".join(f"{share:7.2f}" for share in shares.values()))


if __name__ == "__main__":
    main()
