"""What a model learns from the essays that a suggested query finds, beside those of the query that was made by hand.

    python -m bench.suggested FOLDER [--topics 함께 …] [--k 60] [--rate 1e-4]

On the real essays of ``GEULGAM_SHARED``; FOLDER is that of ``bench.recipes`` and keeps what was trained and measured,
so that the same command goes on. For each topic an adapter from the base, one epoch over the train side of the best
``--k`` of either query; and for all topics one over as many essays of the whole corpus. No shared stage: it reads the
essays of both, and what is asked here is what the query brings.

Measured on the held-out essays that either query finds, both together, so that neither is judged by its own alone; the
vocabulary is the trimmed one. Suggestions rank and read held-out essays like all others; no model is trained on them.
Eight minutes for each topic and query, on one core of a Xeon.
"""

import argparse
import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from bench.essays import QUERIES
from bench.recipe_table import told
from bench.topics import SHARES, Ground, ground
from corpus.atomic import write_text
from corpus.document import Document
from corpus.events import On
from finetune.adapt import adapt
from finetune.base import BaseModel
from finetune.card import Card
from finetune.evaluate import document_bits
from finetune.layout import essay_text
from finetune.recipe import Recipe
from geulgam.show import showing
from retrieval.analyzers import analyzer
from retrieval.bm25 import Bm25Index
from retrieval.encoder import encoder
from retrieval.select import select
from retrieval.suggest.suggestion import suggest
from retrieval.topic import Subset, Topic

WAYS = ("by hand", "suggested")


def subsets(made: Ground, folder: Path, topics: list[str], k: int) -> dict[str, dict[str, Subset]]:
    """Of each way, by topic, the best k."""
    index = Bm25Index(folder / "index", analyzer("kiwi"))
    encode = encoder().encode
    found: dict[str, dict[str, Subset]] = {way: {} for way in WAYS}
    for topic in topics:
        queries = (QUERIES[topic], suggest(index, made.corpus, topic, encode=encode, most_parts=0).query)
        for way, query in zip(WAYS, queries, strict=True):
            found[way][topic] = select(index, made.corpus, made.sides, Topic(topic, query, k), SHARES)
    return found


def both(found: Mapping[str, Mapping[str, Subset]], topics: list[str], k: int) -> dict[str, Subset]:
    """By topic, what either query found, each document once: of both the test sides are measured on."""
    made = {}
    for topic in topics:
        rows = {row.document_id: row for way in WAYS for row in found[way][topic].rows}
        made[topic] = Subset(Topic(topic, QUERIES[topic], k), tuple(rows.values()))
    return made


def trained(
    base: BaseModel, made: Ground, folder: Path, way: str, subset: Subset, recipe: Recipe, on: On
) -> Path | None:
    """The adapter on a subset's train side, trained if it isn't there; None for the base.

    At random: on as many essays of the whole corpus, one for all topics.
    """
    if way == "base":
        return None
    train, valid = made.corpus.get(subset.ids("train")), made.corpus.get(subset.ids("valid"))
    name = f"{way}-{subset.topic.name}"
    if way == "at random":
        name, chance = way, random.Random(1)
        train = chance.sample(made.corpus.get(made.sides.ids("train")), len(train))
        valid = chance.sample(made.corpus.get(made.sides.ids("valid")), len(valid))
    adapter = folder / f"query-{name}-{len(train)}-{recipe.learning_rate:g}".replace(" ", "-")
    if not adapter.exists():
        adapt(base, train, valid, recipe, adapter, Card(name), on=on)
    return adapter


def bits(base: BaseModel, adapter: Path | None, documents: list[Document], noted: Path, on: On) -> list[float]:
    """Of each document, measured where it is not yet."""
    known: dict[str, float] = json.loads(noted.read_text(encoding="utf-8")) if noted.exists() else {}
    if missing := [document for document in documents if document.id not in known]:
        found = document_bits(base, missing, adapter, trimmed=True, on=on)
        known |= dict(zip((document.id for document in missing), found, strict=True))
        write_text(noted, json.dumps(known))
    return [known[document.id] for document in documents]


def rows(
    base: BaseModel, made: Ground, folder: Path, topics: list[str], k: int, recipe: Recipe, on: On
) -> Iterator[tuple[Ground, dict[str, dict[str, list[float]]]]]:
    """After each topic: what was measured so far, and on which documents."""
    found = subsets(made, folder, topics, k)
    measured = replace(made, subsets=both(found, topics, k))
    table: dict[str, dict[str, list[float]]] = {way: {} for way in ("base", "at random", *WAYS)}
    for topic in topics:
        shared = len({*found["by hand"][topic].ids("train")} & {*found["suggested"][topic].ids("train")})
        held = measured.documents(topic, "test")
        print(f"{topic}: {shared} of {len(found['by hand'][topic].ids('train'))} trained on are the same", flush=True)
        for way in table:
            subset = found["suggested" if way == "suggested" else "by hand"][topic]
            adapter = trained(base, made, folder, way, subset, recipe, on)
            noted = folder / "bits-query" / f"{adapter.name if adapter else way}.json"
            table[way][topic] = bits(base, adapter, held, noted, on)
        yield measured, table


def main() -> None:
    """Train, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--topics", nargs="+", default=list(QUERIES), metavar="TOPIC")
    parser.add_argument("--k", type=int, default=60)
    parser.add_argument("--rate", type=float, default=Recipe().learning_rate)
    options = parser.parse_args()
    recipe = Recipe(epochs=1.0, learning_rate=options.rate, evaluations=1, headers=False)
    made = ground(options.folder)
    base = BaseModel.load(texts=(essay_text(document) for document in made.corpus))
    with showing(print) as on:
        for measured, table in rows(base, made, options.folder, options.topics, options.k, recipe, on):
            told(measured, table, ["base", "at random", "by hand"])


if __name__ == "__main__":
    main()
