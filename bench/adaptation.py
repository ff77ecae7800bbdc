"""Does adaptation pay? Held-out bits per character: the base, an adapter on top-k essays, one on random essays.

For each of seven queries on the real essays of ``GEULGAM_SHARED``: the top k have their sides from the corpus, as
geulgam gives them (no essay, other part of it or near-duplicate on two sides). One adapter is trained on the train
side, another for as many steps on as many essays drawn at random from the train side of the whole corpus. Neither is
chosen by the valid side: both are taken as they end. All three models are measured on the topic's test side, over
the full vocabulary.

    python -m bench.adaptation [--k 60] [--epochs 1] [--folder FOLDER] [TOPIC …]

About 40 minutes on two cores. With --folder, what was measured is kept, and the same command goes on from there.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.essays import QUERIES
from bench.topics import Ground, ground
from corpus.document import Document
from corpus.events import On
from corpus.sides import SIDES
from finetune.adapt import adapt
from finetune.base import BaseModel
from finetune.blocks import pack
from finetune.card import Card
from finetune.evaluate import bits_per_character
from finetune.layout import essay_text
from finetune.recipe import Recipe
from geulgam.show import showing


def random_essays(made: Ground, number: int) -> list[Document]:
    """So many documents at random, of those that may be trained on."""
    return random.Random(0).sample(made.corpus.get(made.sides.ids("train")), number)


def measure(topic: str, base: BaseModel, made: Ground, recipe: Recipe, folder: Path, on: On) -> dict[str, Any]:
    """Bits per character of the three models on one topic's test side."""
    began = time.perf_counter()
    train, valid, test = (made.documents(topic, side) for side in SIDES)
    blocks = len(pack(train, base.vocabulary, recipe.block_tokens))
    steps = round(-(-blocks // recipe.batch) * recipe.epochs)
    as_long = replace(recipe, epochs=1_000.0, max_steps=steps, evaluations=1)
    bits = {"base": bits_per_character(base, test)}
    for name, essays in (("top", train), ("random", random_essays(made, len(train)))):
        adapter = adapt(base, essays, valid, as_long, folder / f"{topic}-{name}", Card(topic), on=on)
        bits[name] = bits_per_character(base, test, adapter.folder)
    sizes = {"train": len(train), "test": len(test), "steps": steps}
    return {"topic": topic, **sizes, **bits, "seconds": time.perf_counter() - began}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("topics", nargs="*", default=list(QUERIES), metavar="TOPIC")
    parser.add_argument("--k", type=int, default=60)
    parser.add_argument("--epochs", type=float, default=1.0)
    parser.add_argument("--learning-rate", type=float, default=Recipe().learning_rate)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    recipe = Recipe(epochs=options.epochs, learning_rate=options.learning_rate, headers=False)
    with tempfile.TemporaryDirectory() as temporary, showing(print) as on:
        folder = options.folder or Path(temporary)
        made = ground(folder, options.k, on)
        base = BaseModel.load(texts=(essay_text(document) for document in made.corpus))
        rows = []
        for name in options.topics:
            noted = folder / f"{name}-k{options.k}-{recipe.fingerprint}.json"
            if not noted.exists():
                row = measure(name, base, made, recipe, folder, on)
                noted.write_text(json.dumps(row), encoding="utf-8")
            rows.append(json.loads(noted.read_text(encoding="utf-8")))
            _print(rows[-1:])
    essays = f"{len(made.corpus):,} essays, k = {options.k}"
    print(f"\n{essays}, {recipe.epochs:g} epoch(s), bits per character on held-out essays")
    _print(rows)
    lower = sum(row["top"] < row["base"] for row in rows)
    won = sum(row["top"] < row["random"] for row in rows)
    gain = statistics.mean(1 - row["top"] / row["base"] for row in rows)
    lead = statistics.mean(1 - row["top"] / row["random"] for row in rows)
    print(f"top-k against the base: lower for {lower} of {len(rows)}, {gain:.2%} on average")
    print(f"top-k against random:   lower for {won} of {len(rows)}, {lead:.2%} on average")


def _print(rows: Sequence[dict[str, Any]]) -> None:
    print(f"{'topic':<8}{'train':>6}{'test':>6}{'steps':>7}{'base':>8}{'top-k':>8}{'random':>8}{'seconds':>9}")
    for row in rows:
        figures = "".join(f"{row[name]:8.4f}" for name in ("base", "top", "random"))
        print(f"{row['topic']:<8}{row['train']:>6}{row['test']:>6}{row['steps']:>7}{figures}{row['seconds']:>9.0f}")


if __name__ == "__main__":
    main()
