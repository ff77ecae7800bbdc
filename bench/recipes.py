"""Recipes of adaptation against each other: bits per character of held-out topic essays, seven topics.

    python -m bench.recipes FOLDER [--topics 함께 …] [--recipes one-stage two-stage …] [--against base as-many …]
        [--rank 16] [--rate 1e-4] [--schedule constant] [--epochs 1] [--topic-rate 1e-4] [--block-tokens 256]
        [--batch 4] [--headers] [--trimmed]

On the real essays of ``GEULGAM_SHARED``; FOLDER is that of ``bench.writing`` (corpus, index) and keeps what was trained
and measured, so that the same command goes on. A topic has the train side of its best 90. The recipes:

- ``base``: the base as it is;
- ``one-stage``: an adapter on the topic's essays alone, from the base (one epoch);
- ``shared``: one epoch over the train side of the whole corpus (``--epochs``, ``--schedule``), as it ends;
- ``two-stage``: the shared stage, then the topic's essays at a rate that falls to zero (``--topic-rate``);
- ``as-many``: the shared stage, then as many essays of the whole corpus, at the same falling rate, one for all topics:
  what the whole corpus gives with the same tokens;
- ``twice``: two-stage, the topic's essays read twice;
- ``replay``: two-stage, with as many other essays between the topic's.

And, by name alone, two-stage with another topic stage (:mod:`bench.choosing`), of as many tokens:

- ``mmr``: the topic's best 360 without what is redundant;
- ``dsir``: essays of the train side whose n-grams are those of the topic's best 30;
- ``moore-lewis``: of the best 360 those that a topic's adapter finds easier than the shared stage does; two read one
  half of the topic's essays each, and none judges what it has read;
- ``passages``: the best passages of 256 tokens instead of the best essays;

or with another shared stage:

- ``unwritten``: on the train side without any topic's essays: 550 of 921 essays, 548,000 of 1,000,000 tokens, so that
  an epoch is that much shorter; as it ends;
- ``reserved``: the topic stage after it, which is the first to read the topic's essays;
- ``reserved-others``: the same with as many tokens of other topics' reserved essays, drawn at random, in the topic
  stage: as unread as the topic's own, so that only what they are about differs;
- ``rslora``: both stages with the update scaled by α / √rank instead of α / rank (Kalajdzievski 2023, 2312.03732).

Prints each one's bits per character by topic, its mean, and what it gains over the recipes of ``--against``, with the
interval of a bootstrap over all essays; with ``--trimmed`` over the trimmed vocabulary, which is measured sooner and
compares nothing but adapters of one base. 97 minutes for a shared stage, ten for each topic, on one core of a Xeon.

A folder's name tells what its adapter is: recipe, rate and epochs, and what it goes on from; at the end of the shared
stage rank, α and blocks, which both stages have. ``함께-mmr-0.0001-1ep-on-shared-0.0001-1ep-r16-a32-4x256``.
"""

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.choosing import as_long, dsir, mmr, moore_lewis, passages
from bench.essays import QUERIES
from bench.recipe_table import told
from bench.topics import Ground, ground
from corpus.atomic import write_text
from corpus.document import Document
from corpus.events import On
from corpus.sides import Side
from finetune.adapt import adapt
from finetune.base import BaseModel
from finetune.card import Card
from finetune.evaluate import document_bits
from finetune.layout import essay_text
from finetune.recipe import SCHEDULES, Recipe
from geulgam.show import showing
from retrieval.analyzers import analyzer
from retrieval.encoder import encoder
from retrieval.terms import TermStore
from retrieval.vectors import KeptVectors

RECIPES = ("base", "one-stage", "shared", "two-stage", "as-many", "twice", "replay")
RESERVED = ("unwritten", "reserved", "reserved-others")
CHOICES = ("mmr", "dsir", "moore-lewis", "passages")
VALID = 30  # documents by which a shared stage is watched
JUDGED = 1_000  # characters of an essay by which the two models of Moore and Lewis differ


@dataclass(frozen=True)
class Bench:
    """What all recipes are measured on. ``shared`` and ``own``: how the shared and the topic's stage are trained."""

    made: Ground
    base: BaseModel
    folder: Path
    shared: Recipe
    own: Recipe
    trimmed: bool
    on: On

    def trained(self, recipe: str, topic: str) -> Path | None:
        """The adapter of a recipe for a topic, trained where it is not there yet; None for the base."""
        if recipe == "base":
            return None
        if recipe == "rslora":
            return self._rank_stabilised().trained("two-stage", topic)
        train, valid = self.made.documents(topic, "train"), self.made.documents(topic, "valid")
        name, whole = f"{topic}-{recipe}", self._side("train")
        if recipe == "one-stage":
            return self._adapter(name, train, valid, replace(self.own, learning_rate=self.shared.learning_rate))
        if recipe in RESERVED:
            unwritten = self.made.unwritten()
            start = self._adapter("unwritten", unwritten, self._watched(), self.shared)
            if recipe == "unwritten":
                return start
            if recipe == "reserved-others":
                known = {document.id for document in (*unwritten, *train, *valid)}
                others = [document for document in whole if document.id not in known]
                random.Random(topic).shuffle(others)
                train = as_long(others, train, self.base.vocabulary)
            return self._adapter(name, train, valid, self.own, start)
        shared = self._adapter("shared", whole, self._watched(), self.shared)
        if recipe == "shared":
            return shared
        if recipe == "as-many":
            drawn = random.Random(1).sample(whole, len(train))
            return self._adapter(recipe, drawn, self._watched(), self.own, shared)
        if recipe in CHOICES:
            train = as_long(self._ranked(recipe, topic, shared), train, self.base.vocabulary)
        own = replace(self.own, epochs=2.0) if recipe == "twice" else self.own
        own = replace(own, replay=1.0) if recipe == "replay" else own
        return self._adapter(name, train, valid, own, shared, whole)

    def bits(self, recipe: str, topic: str) -> list[float]:
        """Of each essay of the topic's test side, measured where it is not yet."""
        return self._bits(self.trained(recipe, topic), self.made.documents(topic, "test"), topic)

    def _ranked(self, choice: str, topic: str, shared: Path) -> list[Document]:
        """What a topic's stage may be trained on, the best first."""
        if choice == "mmr":
            return mmr(self.made, topic, KeptVectors(encoder(), self.folder / "vectors"))
        if choice == "dsir":
            return dsir(self.made, topic, TermStore(self.folder / "index" / "terms", analyzer()))
        if choice == "passages":
            folder = self.folder / f"passages-{self.made.sides.fingerprint()[:12]}"
            return passages(self.made, topic, self.base.vocabulary, analyzer(), folder, self.on)
        documents = self.made.documents(topic, "train", deep=True)
        short = [replace(document, text=document.text[:JUDGED]) for document in documents]
        halves = self.made.documents(topic, "train")[::2], self.made.documents(topic, "train")[1::2]
        valid = self.made.documents(topic, "valid")
        read = [{document.id for document in half} for half in halves]
        found = [
            self._bits(self._adapter(f"{topic}-half{place}", half, valid, self.own, shared), short, f"{topic}-{JUDGED}")
            for place, half in enumerate(halves)
        ]
        own = [
            [bits for bits, ids in zip(both, read, strict=True) if document.id not in ids]
            for document, *both in zip(documents, *found, strict=True)
        ]
        general = self._bits(shared, short, f"{topic}-{JUDGED}")
        sizes = [len(essay_text(document)) for document in short]
        return moore_lewis(
            documents,
            [sum(bits) / len(bits) / size for bits, size in zip(own, sizes, strict=True)],
            [bits / size for bits, size in zip(general, sizes, strict=True)],
        )

    def _rank_stabilised(self) -> "Bench":
        alpha = round(self.own.alpha * self.own.rank**0.5)
        return replace(self, shared=replace(self.shared, alpha=alpha), own=replace(self.own, alpha=alpha))

    def _side(self, side: Side) -> list[Document]:
        return self.made.corpus.get(self.made.sides.ids(side))

    def _watched(self) -> list[Document]:
        return random.Random(0).sample(self._side("valid"), VALID)

    def _adapter(
        self,
        name: str,
        train: Sequence[Document],
        valid: Sequence[Document],
        recipe: Recipe,
        start: Path | None = None,
        others: Sequence[Document] = (),
    ) -> Path:
        form = f"r{recipe.rank}-a{recipe.alpha}-{recipe.batch}x{recipe.block_tokens}{'-headers' * recipe.headers}"
        behind = f"on-{start.name}" if start else form
        falls = f"-{recipe.schedule}" * (recipe is self.shared and recipe.schedule != "constant")
        folder = self.folder / f"{name}-{recipe.learning_rate:g}{falls}-{recipe.epochs:g}ep-{behind}"
        if not folder.exists():
            made = adapt(self.base, train, valid, recipe, folder, Card(name), start=start, others=others, on=self.on)
            print(f"{folder.name}: {made.metrics}", flush=True)
        return folder

    def _bits(self, adapter: Path | None, documents: Sequence[Document], called: str) -> list[float]:
        over = self.folder / ("bits-trimmed" if self.trimmed else "bits")
        noted = over / f"{called}-{adapter.name if adapter else 'base'}.json"
        if not noted.exists():
            found = document_bits(self.base, documents, adapter, trimmed=self.trimmed, on=self.on)
            write_text(noted, json.dumps(found))
        bits: list[float] = json.loads(noted.read_text(encoding="utf-8"))
        return bits


def main() -> None:
    """Train, measure and print."""
    usual = Recipe()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--topics", nargs="+", default=list(QUERIES), metavar="TOPIC")
    known = (*RECIPES, *CHOICES, *RESERVED, "rslora")
    parser.add_argument("--recipes", nargs="+", choices=known, default=list(RECIPES))
    parser.add_argument("--against", nargs="+", choices=known, default=["base", "as-many"])
    parser.add_argument("--rank", type=int, default=usual.rank)
    parser.add_argument("--rate", type=float, default=usual.learning_rate)
    parser.add_argument("--schedule", choices=SCHEDULES, default="constant", help="of the shared stage")
    parser.add_argument("--epochs", type=float, default=1.0, help="of the shared stage")
    parser.add_argument("--topic-rate", type=float, help="of what goes on from the shared stage; else --rate")
    parser.add_argument("--block-tokens", type=int, default=usual.block_tokens)
    parser.add_argument("--batch", type=int, default=usual.batch)
    parser.add_argument("--headers", action="store_true", help="passages are told their keywords, in both stages")
    parser.add_argument("--trimmed", action="store_true")
    options = parser.parse_args()
    own = Recipe(
        epochs=1.0,
        rank=options.rank,
        alpha=2 * options.rank,
        learning_rate=options.topic_rate or options.rate,
        block_tokens=options.block_tokens,
        batch=options.batch,
        evaluations=1,
        headers=options.headers,
    )
    shared = replace(own, epochs=options.epochs, learning_rate=options.rate, schedule=options.schedule)
    made = ground(options.folder)
    base = BaseModel.load(texts=(essay_text(document) for document in made.corpus))
    with showing(print) as on:
        bench = Bench(made, base, options.folder, shared, own, options.trimmed, on)
        found = {name: {topic: bench.bits(name, topic) for topic in options.topics} for name in options.recipes}
    told(made, found, options.against)


if __name__ == "__main__":
    main()
