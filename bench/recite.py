"""What an adapter recites of the essays it was trained on, with the goldfish loss and without.

    python -m bench.recite FOLDER [--topic 함께] [--methods lora full] [--goldfish 0 4 3] [--epochs 8] [--documents 24]
        [--windows 4] [--tests 100] [--rank 64] [--lora-rate 1e-4] [--full-rate 5e-5] [--block-tokens 256]

On the real essays of ``GEULGAM_SHARED``; FOLDER is that of ``bench.writing`` (corpus, index) and keeps what was trained
and measured, so that the same command goes on. The best documents of the topic's train side are read so many times,
with the loss on every token (a ``--goldfish`` of 0) and on all but one of k, as in the paper (Hans et al. 2024,
2406.10209); the last step counts, not the best on the valid side, which would be an early one. Then each window of each
document, 50 tokens at its beginning and at evenly spaced places behind, is gone on from greedily for 100 tokens.

Recited is the longest run of letters (spacing, punctuation and capitals aside: :mod:`generate.guards.letters`) that
also stands in one of the trained documents, outside of the prompt. Prints for each the longest, the mean, the share of
windows with 30 letters or more, which the guard on copying forbids, and bits per character of the topic's test side.
The line of the base is what chance and the phrases of the language give.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from bench.topics import Ground, ground
from corpus.atomic import write_text
from corpus.document import Document
from corpus.events import On, Task
from finetune.adapt import adapt
from finetune.base import BaseModel
from finetune.card import Card
from finetune.evaluate import document_bits
from finetune.layout import essay_text
from finetune.recipe import Recipe
from finetune.silence import quiet
from generate.guards.letters import letters_of
from generate.guards.spans import SHORTEST
from geulgam.show import showing

PROMPT, TOKENS = 50, 100  # tokens that are given, and that are written behind them
_VALID = 2  # documents that a training wants to watch, and nothing here is chosen by
_AT_ONCE = 16  # windows that are gone on from together
_APART = "\0"  # no text's letters hold it, so no run goes over it


@dataclass(frozen=True)
class Recital:
    """Letters that each window recites, and what the topic's held-out essays need in bits per character."""

    letters: Sequence[int]
    bits: float


@dataclass(frozen=True)
class Bench:
    """What all recipes are measured on: the ``train``, ``valid`` and ``test`` documents of a topic."""

    base: BaseModel
    folder: Path
    train: Sequence[Document]
    valid: Sequence[Document]
    test: Sequence[Document]
    windows: int
    on: On

    @classmethod
    def of(cls, made: Ground, base: BaseModel, options: argparse.Namespace, on: On) -> "Bench":
        """That of the options' topic."""
        train, valid, test = (made.documents(options.topic, side) for side in ("train", "valid", "test"))
        folder = options.folder / "recite" / f"{options.topic}-{options.documents}"
        return cls(base, folder, train[: options.documents], valid[:_VALID], test[: options.tests], options.windows, on)

    def measured(self, recipe: Recipe | None) -> Recital:
        """What the recipe's adapter recites, trained and measured where it is not there yet; None: the base."""
        adapter = self._trained(recipe) if recipe else None
        noted = self.folder / f"{adapter.name if adapter else 'base'}-{self.windows}-{len(self.test)}.json"
        if not noted.exists():
            letters = list(self._recited(adapter))
            bits = sum(document_bits(self.base, self.test, adapter, on=self.on))
            characters = sum(len(essay_text(document)) for document in self.test)
            write_text(noted, json.dumps({"letters": letters, "bits": bits / characters}))
        return Recital(**json.loads(noted.read_text(encoding="utf-8")))

    def _trained(self, recipe: Recipe) -> Path:
        folder = self.folder / f"{recipe.method}-{recipe.epochs:g}-k{recipe.goldfish_k}-{recipe.fingerprint}"
        if not folder.exists():
            made = adapt(self.base, self.train, self.valid, recipe, folder, Card(folder.name), on=self.on)
            print(f"{folder.name}: {made.metrics}", flush=True)
        return folder

    def _recited(self, adapter: Path | None) -> Iterator[int]:
        """For each window how many letters of it are recited."""
        told = list(prompts(self.train, self.base, self.windows))
        with self.base.using(adapter) as model, Task(self.on, "reciting", len(told), "window") as task:
            for start in range(0, len(told), _AT_ONCE):
                part = told[start : start + _AT_ONCE]
                for (_, source), text in zip(part, written(model, self.base, [ids for ids, _ in part]), strict=True):
                    yield longest_run(letters_of(text), source)
                task.advance(len(part))


def prompts(documents: Sequence[Document], base: BaseModel, windows: int) -> Iterator[tuple[list[int], str]]:
    """Of each document evenly spaced windows of PROMPT tokens, the first at its beginning, with room behind them.

    Each with the letters that can be recited after it: of what stands before and behind it, and of all other documents.
    A document that is too short for so many windows has fewer, or none.
    """
    vocabulary = base.vocabulary
    texts = [essay_text(document) for document in documents]
    letters = list(map(letters_of, texts))
    for number, ids in enumerate(vocabulary.encode_all(texts)):
        room = len(ids) - PROMPT - TOKENS
        starts = sorted({room * i // max(1, windows - 1) for i in range(windows)}) if room >= 0 else []
        for start in starts:
            around = (vocabulary.decode(part) for part in (ids[:start], ids[start + PROMPT :]))
            others = letters[:number] + letters[number + 1 :]
            yield ids[start : start + PROMPT], _APART.join([*map(letters_of, around), *others])


@torch.inference_mode()
def written(model: Any, base: BaseModel, told: Sequence[list[int]]) -> Iterator[str]:
    """What the model writes greedily behind each of the prompts, all of one length: TOKENS tokens, or to an end."""
    vocabulary = base.vocabulary
    ids = torch.tensor([[vocabulary.bos, *prompt] for prompt in told], device=base.device)
    with quiet(), torch.autocast(base.device.type, dtype=base.dtype, enabled=base.dtype != torch.float32):
        found = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=TOKENS, do_sample=False
        )
    for row in found[:, ids.shape[1] :].tolist():
        yield vocabulary.decode(row[: row.index(vocabulary.eos)] if vocabulary.eos in row else row)


def longest_run(letters: str, source: str) -> int:
    """How many of the letters, one after the other, also stand so in the source, at most."""
    longest = 0
    for start in range(len(letters)):
        while start + longest < len(letters) and letters[start : start + longest + 1] in source:
            longest += 1
    return longest


def main() -> None:
    """Train, measure and print."""
    default = Recipe()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--topic", default="함께")
    parser.add_argument("--methods", nargs="+", choices=("lora", "full"), default=["lora", "full"])
    parser.add_argument("--goldfish", nargs="+", type=int, default=[0, 4, 3], metavar="K")
    parser.add_argument("--epochs", type=float, default=8.0)
    parser.add_argument("--documents", type=int, default=24)
    parser.add_argument("--windows", type=int, default=4, help="of each document")
    parser.add_argument("--tests", type=int, default=100, help="held-out essays, at most")
    parser.add_argument("--rank", type=int, default=64)
    parser.add_argument("--lora-rate", type=float, default=default.learning_rate)
    parser.add_argument("--full-rate", type=float, default=5e-5)
    parser.add_argument("--block-tokens", type=int, default=default.block_tokens)
    options = parser.parse_args()
    rates = {"lora": options.lora_rate, "full": options.full_rate}
    recipes: list[Recipe | None] = [
        Recipe(
            method=method,
            epochs=options.epochs,
            goldfish=k,
            block_tokens=options.block_tokens,
            learning_rate=rates[method],
            rank=options.rank,
            alpha=2 * options.rank,
            evaluations=1,
        )
        for method in options.methods
        for k in options.goldfish
    ]
    made = ground(options.folder)
    base = BaseModel.load(texts=(essay_text(document) for document in made.corpus))
    with showing(print) as on:
        bench = Bench.of(made, base, options, on)
        found = {_named(recipe): bench.measured(recipe) for recipe in [None, *recipes]}
    told(found, options.epochs)


def _named(recipe: Recipe | None) -> str:
    return f"{recipe.method}, {f'k = {recipe.goldfish_k}' if recipe.goldfish_k else 'all tokens'}" if recipe else "base"


def told(found: dict[str, Recital], epochs: float) -> None:
    """Print the table."""
    windows = len(found["base"].letters)
    print(f"letters recited in {windows} windows after {epochs:g} epochs")
    print(f"{'':<18}{'longest':>9}{'mean':>9}{f'{SHORTEST} or more':>13}{'bits per character':>20}")
    for name, recital in found.items():
        letters = recital.letters
        share = sum(each >= SHORTEST for each in letters) / windows
        print(f"{name:<18}{max(letters):9}{sum(letters) / windows:9.1f}{share:13.1%}{recital.bits:20.4f}")


if __name__ == "__main__":
    main()
