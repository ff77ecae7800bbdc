"""LoRA training speed: what `geulgam finetune` runs, against a plain Trainer on the full model.

Ours: the trimmed vocabulary, the processor's best precision, fused modules, nothing read of what fills up a block. The
peer is what one writes first: transformers' Trainer and peft on the untrimmed Gemma 3 270M in fp32. The same blocks of
the same essays, packed whole, about 1,024 tokens a step; the same adapter. Both are measured in this run, in turn,
several rounds; the first step is left out. Prints tokens per second of each (what fills up the blocks is no token) and
their ratio, the median over the rounds.

    python -m bench.training_speed [--rounds 3] [--steps 4] [--block-tokens 1024]
"""

import argparse
import statistics
import tempfile
import time
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments, default_data_collator

from bench.essays import sample_documents
from finetune.base import BaseModel
from finetune.blocks import Blocks, joined, pack
from finetune.execution import Precision
from finetune.fused import fused
from finetune.layout import essay_text
from finetune.method import attach
from finetune.recipe import Recipe
from finetune.silence import quiet

TOKENS_PER_STEP = 1024  # more of the whole vocabulary's scores would not fit every machine's memory


class _Clock(TrainerCallback):
    """Seconds of every step after the first."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._began = 0.0

    def on_step_begin(self, *args: Any, **kwargs: Any) -> None:
        self._began = time.perf_counter()

    def on_step_end(self, *args: Any, **kwargs: Any) -> None:
        self.seconds.append(time.perf_counter() - self._began)


def tokens_per_second(base: BaseModel, blocks: Blocks, recipe: Recipe, steps: int, *, plain: bool) -> float:
    """Tokens per second of the median step, the first left out; ``plain``: with peft's modules as they are."""
    model = attach(base, recipe)
    clock = _Clock()
    with tempfile.TemporaryDirectory() as folder, quiet():
        trainer = Trainer(
            model=model,
            args=TrainingArguments(
                output_dir=folder,
                max_steps=steps + 1,
                per_device_train_batch_size=recipe.batch,
                bf16=base.dtype == torch.bfloat16,
                use_cpu=True,
                save_strategy="no",
                logging_strategy="no",
                report_to="none",
                disable_tqdm=True,
                dataloader_pin_memory=False,
            ),
            train_dataset=blocks,
            data_collator=default_data_collator if plain else joined,
            callbacks=[clock],
        )
        trainer.remove_callback(PrinterCallback)
        with nullcontext() if plain else fused(model):
            trainer.train()
    base.take_off()
    return recipe.batch * float(blocks.used.double().mean()) / statistics.median(clock.seconds[1:])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--block-tokens", type=int, default=Recipe().block_tokens)
    options = parser.parse_args()
    documents = sample_documents()
    texts = [essay_text(d) for d in documents]
    recipe = replace(Recipe(), block_tokens=options.block_tokens, batch=max(1, TOKENS_PER_STEP // options.block_tokens))

    def loaded(kept: list[str] | None, precision: Precision) -> tuple[BaseModel, Blocks]:
        base = BaseModel.load("gemma-3-270m", kept, precision=precision, device="cpu")
        return base, pack(documents, base.vocabulary, recipe.block_tokens)

    ours, peer = loaded(texts, "auto"), loaded(None, "fp32")
    print(f"{recipe.batch} blocks of {ours[1].tokens} tokens a step")
    print(f"ours: {len(ours[0].vocabulary)} tokens, {ours[0].dtype}; peer: {len(peer[0].vocabulary)} tokens, fp32")
    ratios = []
    for round_ in range(options.rounds):
        fast = tokens_per_second(*ours, recipe, options.steps, plain=False)
        slow = tokens_per_second(*peer, recipe, options.steps, plain=True)
        ratios.append(fast / slow)
        print(f"round {round_ + 1}: ours {fast:.0f} tok/s, plain Trainer {slow:.0f} tok/s, ratio {fast / slow:.2f}")
    print(f"median ratio {statistics.median(ratios):.2f} (at least 5 wanted)")


if __name__ == "__main__":
    main()
