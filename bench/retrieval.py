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
from corpus.store import Corpus
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


def corpus_id(passage: str) -> str:
    """The passage's id ("p0350") as a corpus has them, in the same order: of equal scores the lower id comes first."""
    return f"{int(passage[1:]):032x}"


def passages(rows: Sequence[dict[str, str]], titled: bool) -> list[Document]:
    """KorQuAD's passages as documents."""
    titles = (row["title"].replace("_", " ") if titled else "" for row in rows)
    return [Document(corpus_id(row["id"]), row["text"], title) for row, title in zip(rows, titles, strict=True)]


def korquad(index: SearchIndex, corpus: Corpus, questions: Sequence[dict[str, str]]) -> Figures:
    """Index the passages and ask every question."""
    index.build(corpus)
    ranks = []
    for question, terms in zip(questions, index.analyzer(q["query"] for q in questions), strict=True):
        right = corpus_id(question["passage_id"])
        hits = index.search(Terms(tuple(terms)), 1_000)
        ranks.append(next((hit.rank for hit in hits if hit.document_id == right), 0))
    return figures(ranks)


def peer(documents: Sequence[Document], questions: Sequence[dict[str, str]]) -> Figures:
    """Plain bm25s, words split at spaces."""
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    ranker = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    ranker.index([f"{d.title} {d.text}".split() for d in documents], show_progress=False)
    asked = [question["query"].split() for question in questions]
    found = ranker.retrieve(asked, k=len(documents), show_progress=False)
    ranks = []
    for question, numbers, scores in zip(questions, found.documents, found.scores, strict=True):
        ids = [documents[number].id for number, score in zip(numbers, scores, strict=True) if score > 0]
        right = corpus_id(question["passage_id"])
        ranks.append(ids.index(right) + 1 if right in ids else 0)
    return figures(ranks)


def precision(index: SearchIndex, corpus: Corpus) -> dict[str, float]:
    """Of each sample topic's ten best, the share with its label."""
    index.build(corpus)
    labels = {document.id: document.metadata["topic"] for document in corpus}
    return {
        topic: sum(labels[hit.document_id] == topic for hit in index.search(parse(query, index.analyzer), TOP)) / TOP
        for topic, query in QUERIES.items()
    }


def stored(folder: Path, documents: Iterable[Document]) -> Corpus:
    """A corpus of these documents."""
    corpus = Corpus(folder)
    corpus.add(documents)
    return corpus


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("analyzers", nargs="*", default=list(NAMES), metavar="ANALYZER")
    names = parser.parse_args().analyzers
    folder = shared_folder() / "data" / "korquad"
    rows, questions = lines(folder / "passages.jsonl"), lines(folder / "queries.jsonl")
    bare, titled = passages(rows, False), passages(rows, True)

    print(f"KorQuAD, {len(bare)} passages, {len(questions):,} questions")
    print(f"{'':12}{'without titles':^27}{'with titles':^27}{'seconds':>9}")
    print(f"{'':12}" + f"{'nDCG@10':>9}{'R@10':>9}{'MRR':>9}" * 2)
    one, two = peer(bare, questions), peer(titled, questions)
    print(f"{'bm25s words':12}" + "".join(f"{value:9.4f}" for value in (*one, *two)))
    with tempfile.TemporaryDirectory() as place:
        corpora = [stored(Path(place, "bare"), bare), stored(Path(place, "titled"), titled)]
        for name in names:
            started = time.perf_counter()
            tried = analyzer(name)
            one, two = (
                korquad(Bm25Index(Path(place, name, corpus.folder.name), tried), corpus, questions)
                for corpus in corpora
            )
            shown = "".join(f"{value:9.4f}" for value in (*one, *two))
            print(f"{name:12}{shown}{time.perf_counter() - started:9.1f}", flush=True)

    with tempfile.TemporaryDirectory() as place:
        sample = stored(Path(place, "sample"), sample_documents())
        print(f"\nprecision@{TOP} of the sample's topics, {len(sample)} essays")
        print(f"{'':12}{'mean':>7}" + "".join(f"{topic:>{7 - len(topic)}}" for topic in QUERIES))
        for name in names:
            shares = precision(Bm25Index(Path(place, name), analyzer(name)), sample)
            mean = sum(shares.values()) / len(shares)
            print(f"{name:12}{mean:7.3f}" + "".join(f"{share:7.2f}" for share in shares.values()))


if __name__ == "__main__":
    main()
