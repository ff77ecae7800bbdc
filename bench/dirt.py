"""What cleaning is worth in training: bits per character of clean held-out essays, after the same training on either.

Essays of the train side (``GEULGAM_SHARED``), half of them with what scraping leaves, and beside them half as many
texts of junk, of ten kinds (:mod:`bench.planted_junk`): an adapter is trained on all that as it came, one on what
cleaning and judging make of it, both for so many steps of the default recipe. Then, over one trimmed vocabulary, the
bits per character of essays of the test side, as they are: of the base, of each adapter, and what each gains, with the
interval of a bootstrap over essays.

    python -m bench.dirt FOLDER [--essays 120] [--steps 100] [--held-out 40]

FOLDER is that of :mod:`bench.recipes` (corpus, index). Twenty minutes on a core.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bench.cleaning import LEFTOVERS
from bench.planted_junk import WRITERS, planted
from bench.topics import ground
from corpus.cleaning.cleaning import Cleaner, Cleaning
from corpus.document import Document, document
from corpus.judging.judging import Judge, Judging
from finetune.adapt import adapt
from finetune.base import BaseModel
from finetune.card import Card
from finetune.evaluate import document_bits, gain_interval
from finetune.layout import essay_text
from finetune.recipe import Recipe
from geulgam.show import showing

VALID = 10


def main() -> None:
    """Train twice, measure three times, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--essays", type=int, default=120)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--held-out", type=int, default=40)
    given = parser.parse_args()
    made, rng = ground(given.folder), random.Random(12)
    essays = rng.sample(made.corpus.get(made.sides.ids("train")), given.essays)
    valid = rng.sample(made.corpus.get(made.sides.ids("valid")), VALID)
    test = rng.sample(made.corpus.get(made.sides.ids("test")), given.held_out)
    raw = dirty(essays, rng)
    sets = {"raw + junk": raw, "cleaned": cleaned(raw)}
    base = BaseModel.load(texts=map(essay_text, [*raw, *sets["cleaned"], *valid, *test]))
    recipe = replace(Recipe(), epochs=10.0, max_steps=given.steps, evaluations=1, headers=False)
    sizes = sum(len(essay_text(each)) for each in test)
    with showing(print) as on:
        before = document_bits(base, test, trimmed=True, on=on)
        print(f"base: {sum(before) / sizes:.4f} bits per character of {len(test)} essays", flush=True)
        bits: dict[str, list[float]] = {}
        for name, train in sets.items():
            folder = given.folder / f"dirt-{name.replace(' + ', '-')}-{given.essays}-{given.steps}"
            if not folder.exists():
                adapt(base, train, valid, recipe, folder, Card(name), on=on)
            after = bits[name] = document_bits(base, test, folder, trimmed=True, on=on)
            low, high = gain_interval(before, after) or (0.0, 0.0)
            letters = sum(len(each.text) for each in train)
            print(
                f"{name}: {len(train)} texts, {letters:,} characters, {given.steps} steps: {sum(after) / sizes:.4f}, "
                f"{100 * (1 - sum(after) / sum(before)):.2f} % less ({low:.2f} to {high:.2f})",
                flush=True,
            )
    raw_bits, clean_bits = bits.values()
    low, high = gain_interval(raw_bits, clean_bits) or (0.0, 0.0)
    print(f"cleaned against raw: {100 * (1 - sum(clean_bits) / sum(raw_bits)):.2f} % less ({low:.2f} to {high:.2f})")


def dirty(essays: Sequence[Document], rng: random.Random) -> list[Document]:
    """The essays, half of them with what scraping leaves, and half as many texts of junk; in any order."""
    found = [
        replace(each, text=LEFTOVERS.replace("{}", each.text)) if place % 2 else each
        for place, each in enumerate(essays)
    ]
    each_kind = -(-len(essays) // (2 * len(WRITERS)))
    found += [document(text) for kind in WRITERS for text in planted(kind, each_kind, seed=12)]
    rng.shuffle(found)
    return found


def cleaned(raw: Sequence[Document]) -> list[Document]:
    """What cleaning and judging make of them, by their defaults."""
    cleaner, judge = Cleaner(Cleaning().steps()), Judge(Judging().rules())
    made = (judge(cleaner(each)) for each in raw)
    return [each for each in made if isinstance(each, Document)]


if __name__ == "__main__":
    main()
