"""Recipes of adaptation against each other: bits per character of held-out topic essays, seven topics.

    python -m bench.recipes FOLDER [--topics 함께 …] [--recipes one-stage two-stage …] [--rank 16] [--rate 4e-4]

On the real essays of ``GEULGAM_SHARED``; FOLDER is that of ``bench.writing`` (corpus, index) and keeps what was trained
and measured, so that the same command goes on. A topic has the train side of its best 90. The recipes:

- ``base``: the base as it is;
- ``one-stage``: an adapter on the topic's essays alone, from the base (one epoch);
- ``shared``: one epoch over the train side of the whole corpus, at a constant rate, as it ends;
- ``two-stage``: the shared stage, then the topic's essays at a rate that falls to zero;
- ``as-many``: the shared stage, then as many essays of the whole corpus, at the same falling rate, one for all topics:
  what the whole corpus gives with the same tokens;
- ``twice``: two-stage, the topic's essays read twice;
- ``replay``: two-stage, with as many other essays between the topic's.

Prints each one's bits per character by topic, its mean, and what it gains over the base and over ``as-many``, with the
interval of a bootstrap over all essays. About an hour for the shared stage, two minutes for each topic.
"""

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.essays import QUERIES
from bench.topics import Ground, ground
from corpus.atomic import write_text
from corpus.document import Document
from corpus.events import On
from finetune.adapt import adapt
from finetune.base import BaseModel
from finetune.card import Card
from finetune.evaluate import document_bits, gain_interval
from finetune.layout import essay_text
from finetune.recipe import Recipe
from geulgam.show import showing

RECIPES = ("base", "one-stage", "shared", "two-stage", "as-many", "twice", "replay")
VALID = 30  # documents by which the shared stage is watched


@dataclass(frozen=True)
class Bench:
    """What all recipes are measured on."""

    made: Ground
    base: BaseModel
    folder: Path
    recipe: Recipe
    on: On

    def trained(self, recipe: str, topic: str) -> Path | None:
        """The adapter of a recipe for a topic, trained where it is not there yet; None for the base."""
        if recipe == "base":
            return None
        own, whole = self.recipe, self.made.corpus.get(self.made.sides.ids("train"))
        if recipe == "shared":
            steady = replace(own, schedule="constant", evaluations=1)
            valid = self.made.corpus.get(self.made.sides.ids("valid"))
            return self._adapter("shared", whole, random.Random(0).sample(valid, VALID), steady)
        train, valid = self.made.documents(topic, "train"), self.made.documents(topic, "valid")
        own = replace(own, evaluations=1)
        if recipe == "one-stage":
            return self._adapter(f"{topic}-{recipe}", train, valid, own)
        shared = self.trained("shared", topic)
        if recipe == "as-many":
            drawn = random.Random(1).sample(whole, len(train))
            watched = random.Random(0).sample(self.made.corpus.get(self.made.sides.ids("valid")), VALID)
            return self._adapter("as-many", drawn, watched, own, shared)
        own = replace(own, epochs=2.0) if recipe == "twice" else own
        own = replace(own, replay=1.0) if recipe == "replay" else own
        return self._adapter(f"{topic}-{recipe}", train, valid, own, shared, whole)

    def _adapter(
        self,
        name: str,
        train: Sequence[Document],
        valid: Sequence[Document],
        recipe: Recipe,
        start: Path | None = None,
        others: Sequence[Document] = (),
    ) -> Path:
        folder = self.folder / f"{name}-r{recipe.rank}-{recipe.learning_rate:g}"
        if not folder.exists():
            made = adapt(self.base, train, valid, recipe, folder, Card(name), start=start, others=others, on=self.on)
            print(f"{folder.name}: {made.metrics}", flush=True)
        return folder

    def bits(self, recipe: str, topic: str) -> list[float]:
        """Of each essay of the topic's test side, measured where it is not yet."""
        adapter = self.trained(recipe, topic)
        noted = self.folder / "bits" / f"{topic}-{adapter.name if adapter else 'base'}.json"
        if not noted.exists():
            found = document_bits(self.base, self.made.documents(topic, "test"), adapter, on=self.on)
            write_text(noted, json.dumps(found))
        bits: list[float] = json.loads(noted.read_text(encoding="utf-8"))
        return bits


def main() -> None:
    """Train, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--topics", nargs="+", default=list(QUERIES), metavar="TOPIC")
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    parser.add_argument("--rank", type=int, default=Recipe().rank)
    parser.add_argument("--rate", type=float, default=Recipe().learning_rate)
    options = parser.parse_args()
    recipe = Recipe(epochs=1.0, rank=options.rank, alpha=2 * options.rank, learning_rate=options.rate)
    made = ground(options.folder)
    base = BaseModel.load(texts=(essay_text(document) for document in made.corpus))
    with showing(print) as on:
        bench = Bench(made, base, options.folder, recipe, on)
        found = {name: {topic: bench.bits(name, topic) for topic in options.topics} for name in options.recipes}
    told(made, found)


def told(made: Ground, found: dict[str, dict[str, list[float]]]) -> None:
    """Print the table."""
    topics = list(next(iter(found.values())))
    tests = {topic: made.documents(topic, "test") for topic in topics}
    sizes = {topic: sum(len(essay_text(document)) for document in tests[topic]) for topic in topics}
    kin = made.sides.kin([document.id for topic in topics for document in tests[topic]])
    print(f"{'bits per character':<20}" + "".join(f"{topic:>9}" for topic in topics) + f"{'mean':>9}")
    for name, by_topic in found.items():
        bits = [sum(by_topic[topic]) / sizes[topic] for topic in topics]
        line = f"{name:<20}" + "".join(f"{each:9.4f}" for each in [*bits, sum(bits) / len(bits)])
        for other in ("base", "as-many"):
            if other in found and name != other:
                before, after = ([bit for topic in topics for bit in of[topic]] for of in (found[other], by_topic))
                interval = gain_interval(before, after, kin)
                gain = 100 * (1 - sum(after) / sum(before))
                lower = sum(sum(by_topic[topic]) < sum(found[other][topic]) for topic in topics)
                sure = f" ({interval[0]:.2f} to {interval[1]:.2f})" if interval else ""
                line += f"  {gain:+.2f} %{sure} against {other}, lower for {lower} of {len(topics)};"
        print(line.rstrip(";"))


if __name__ == "__main__":
    main()
