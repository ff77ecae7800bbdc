"""Longer blocks: the same essays in blocks of 256, 1,024 and 2,048 tokens, as many tokens a step, and in as much time.

    python -m bench.blocks FOLDER [--blocks 256 1024 2048] [--epochs 0.5] [--essays 60] [--seconds]

On the real essays of ``GEULGAM_SHARED``; FOLDER is that of ``bench.recipes`` and keeps what was trained, so that the
same command goes on. Each adapter reads the same part of the corpus's train side, 2,048 tokens a step at a constant
rate, and is measured on held-out essays: bits per character over the trimmed vocabulary, by position in the essay, and
what each needs less than the first, with the interval of a bootstrap over essays. ``--seconds``: all train for as long
as the quickest of them took, which tells as much as the machine was quiet meanwhile.
"""

import argparse
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.topics import ground
from finetune.adapt import adapt
from finetune.base import BaseModel
from finetune.card import Card
from finetune.evaluate import POSITIONS, by_position, gain_interval, measured_bits
from finetune.layout import essay_text
from finetune.recipe import Recipe
from geulgam.show import showing

STEP = 2048  # tokens
VALID = 20  # documents by which a training is watched


def main() -> None:
    """Train, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--blocks", nargs="+", type=int, default=[256, 1024, 2048])
    parser.add_argument("--epochs", type=float, default=0.5)
    parser.add_argument("--essays", type=int, default=60)
    parser.add_argument("--seconds", action="store_true")
    options = parser.parse_args()
    made = ground(options.folder)
    base = BaseModel.load(texts=(essay_text(document) for document in made.corpus))
    train, test = (made.corpus.get(made.sides.ids(side)) for side in ("train", "test"))
    watched = random.Random(0).sample(made.corpus.get(made.sides.ids("valid")), VALID)
    held_out = random.Random(0).sample(test, options.essays)
    kin = made.sides.kin([document.id for document in held_out])

    with showing(print) as on:

        def trained(recipe: Recipe) -> tuple[Path, dict[str, Any]]:
            """The adapter, trained where it is not there yet, and what is noted of its training."""
            name = f"blocks-{recipe.learning_rate:g}-{recipe.epochs:.3g}ep-{recipe.batch}x{recipe.block_tokens}"
            folder = options.folder / name
            if not folder.exists():
                adapt(base, train, watched, recipe, folder, Card(name), on=on)
            told: dict[str, Any] = json.loads((folder / "training.json").read_text(encoding="utf-8"))
            return folder, told["metrics"]

        def form(tokens: int) -> Recipe:
            return Recipe(
                epochs=options.epochs,
                schedule="constant",
                block_tokens=tokens,
                batch=STEP // tokens,
                evaluations=1,
                headers=False,
            )

        recipes = {tokens: form(tokens) for tokens in options.blocks}
        if options.seconds:
            spent = {tokens: trained(recipe)[1]["seconds"] for tokens, recipe in recipes.items()}
            quickest = min(spent.values())
            recipes = {
                tokens: replace(recipe, epochs=recipe.epochs * quickest / spent[tokens])
                for tokens, recipe in recipes.items()
            }
        first: list[float] = []
        print("block  steps  tokens/s  bits/character  less than the first; to " + ", ".join(map(str, POSITIONS)))
        for tokens, recipe in {0: None, **recipes}.items():
            adapter, metrics = trained(recipe) if recipe else (None, {"steps": 0, "tokens_per_second": 0})
            bits = measured_bits(base, held_out, adapter, trimmed=True, on=on)
            sums = [each.total for each in bits]
            mean = sum(sums) / sum(sum(each.characters) for each in bits)
            line = f"{tokens:5} {metrics['steps']:6} {metrics['tokens_per_second']:9.0f} {mean:15.4f}"
            if first and (sure := gain_interval(first, sums, kin)):
                line += f" {100 * (1 - sum(sums) / sum(first)):+8.2f} % ({sure[0]:+.2f} to {sure[1]:+.2f})"
            first = first or (sums if recipe else [])
            print(
                f"{line}; " + " ".join("" if each is None else f"{each:.4f}" for each in by_position(bits)), flush=True
            )


if __name__ == "__main__":
    main()
