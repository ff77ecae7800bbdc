"""A billion parameters on a 16 GB card: `geulgam finetune --memory` against the recipe of the contest of 2022.

The model is of ko-gpt-trinity's shape (GPT-2, 24 layers, 1,920 wide, 51,200 tokens: 1.16 billion weights) and random:
neither speed nor memory asks what it has learnt. The GPU is limited to ``--memory`` for both, which are measured in
the same run, in turn, several rounds; the first step of each is left out.

- ours: LoRA on blocks of 1,024 tokens, in the precision that the GPU is good at, run as the planner says
- the contest's: 12 of 24 layers frozen, the others trained whole, fp16 autocast over fp32 weights, blocks of 128
  tokens, one at a time, transformers' Trainer as it is (the embedding frozen as well, which is to its advantage)

Prints the plan, tokens per second and peak memory of both, and their ratio.

    python -m bench.billion [--memory 14.5GiB] [--rounds 3] [--steps 10]
    python -m bench.billion --tiny      # a small model on a CPU in a minute: whether the script works
"""

import argparse
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from transformers import GPT2Config, GPT2LMHeadModel, PrinterCallback, Trainer, TrainerCallback, TrainingArguments
from transformers import default_data_collator as collator

from finetune.base import BaseModel
from finetune.blocks import Blocks
from finetune.device import best_dtype
from finetune.execution import Execution
from finetune.memory import held, within
from finetune.memory_plan import GIB, Shape, plan
from finetune.method import attach
from finetune.recipe import Recipe
from finetune.silence import quiet
from finetune.trainer import AdapterTrainer, arguments

_ENDS: dict[str, Any] = {"bos_token_id": 0, "eos_token_id": 0}


@dataclass(frozen=True)
class Size:
    """A model, and the tokens of a block, ours and the contest's."""

    config: GPT2Config
    ours: int
    contest: int


def sizes(tiny: bool) -> Size:
    """That of ko-gpt-trinity, or a small one of the same kind."""
    if tiny:
        config = GPT2Config(vocab_size=512, n_positions=128, n_embd=64, n_layer=4, n_head=4, **_ENDS)
        return Size(config, 128, 16)
    config = GPT2Config(vocab_size=51200, n_positions=1024, n_embd=1920, n_layer=24, n_head=16, **_ENDS)
    return Size(config, 1024, 128)


class Clock(TrainerCallback):
    """Seconds of every step after the first, in ``seconds``."""

    def __init__(self, device: torch.device) -> None:
        self.seconds: list[float] = []
        self._device, self._began = device, 0.0

    def on_step_begin(self, *args: Any, **kwargs: Any) -> None:
        """Begin when what was asked for before is done."""
        self._began = self._now()

    def on_step_end(self, *args: Any, **kwargs: Any) -> None:
        """End when it is done."""
        self.seconds.append(self._now() - self._began)

    def _now(self) -> float:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return time.perf_counter()


def random_blocks(size: Size, number: int, tokens: int) -> Blocks:
    """Blocks of so many tokens, all learnt, each one text."""
    ids = torch.randint(0, size.config.vocab_size, (number, tokens), generator=torch.Generator().manual_seed(0))
    return Blocks(ids, torch.ones_like(ids, dtype=torch.bool), torch.arange(tokens).expand(number, tokens))


def ours(size: Size, device: torch.device, memory: str, batch: int, steps: int) -> float:
    """Tokens per second as `geulgam finetune --memory` trains."""
    dtype = best_dtype(device)
    model: Any = GPT2LMHeadModel(size.config)
    model.to(device=device, dtype=dtype)
    model.requires_grad_(False)
    base = BaseModel("random", model, cast(Any, None), device, dtype, size.ours)
    recipe = Recipe(block_tokens=size.ours, batch=batch)
    asked = Execution(device=str(device), memory=memory)
    planned = plan(
        Shape.of(model.config), recipe, size.ours, asked, held(model, device, dtype), cast(int, asked.memory_bytes)
    )
    print(f"  {planned}")
    blocks = random_blocks(size, recipe.batch * (steps + 1), size.ours)
    with tempfile.TemporaryDirectory() as work, quiet():
        clock = Clock(device)
        args = arguments(base, recipe, planned.execution, Path(work), steps + 1)
        args.save_strategy = cast(Any, "no")
        adapted = attach(base, recipe)
        trainer = AdapterTrainer(
            model=adapted, args=args, train_dataset=blocks, data_collator=collator, callbacks=[clock]
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return recipe.batch * size.ours / statistics.median(clock.seconds[1:])


def contest(size: Size, device: torch.device, steps: int) -> float:
    """Tokens per second of the contest's recipe."""
    model: Any = GPT2LMHeadModel(size.config)
    model.to(device)
    layers = model.transformer.h
    model.requires_grad_(False)
    for part in (*layers[len(layers) // 2 :], model.transformer.ln_f):
        part.requires_grad_(True)
    blocks = random_blocks(size, steps + 1, size.contest)
    with tempfile.TemporaryDirectory() as work, quiet():
        clock = Clock(device)
        trainer = Trainer(
            model=model,
            args=TrainingArguments(
                output_dir=work,
                max_steps=steps + 1,
                per_device_train_batch_size=1,
                fp16=device.type == "cuda",
                use_cpu=device.type == "cpu",
                save_strategy="no",
                logging_strategy="no",
                report_to="none",
                disable_tqdm=True,
                dataloader_pin_memory=False,
            ),
            train_dataset=blocks,
            data_collator=collator,
            callbacks=[clock],
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
    return size.contest / statistics.median(clock.seconds[1:])


def peak(device: torch.device) -> str:
    """What torch held at most since the last time, for people; then all of it free."""
    if device.type != "cuda":
        return ""
    most = torch.cuda.max_memory_reserved(device) / GIB
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(device)
    return f", at most {most:.2f} GiB"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", default="14.5GiB")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--tiny", action="store_true")
    options = parser.parse_args()
    device = torch.device("cpu" if options.tiny else "cuda")
    if not options.tiny and not torch.cuda.is_available():
        parser.exit(1, "needs a CUDA GPU; --tiny shows on a CPU that the script works\n")
    size = sizes(options.tiny)
    rounds = 1 if options.tiny else options.rounds
    ratios = []
    with within(Execution(memory=options.memory).memory_bytes, device):
        for round_ in range(rounds):
            fast = ours(size, device, options.memory, options.batch, options.steps)
            held_by_us = peak(device)
            slow = contest(size, device, options.steps)
            ratios.append(fast / slow)
            print(
                f"round {round_ + 1}: ours {fast:.0f} tok/s{held_by_us}; the contest's {slow:.0f} tok/s{peak(device)}; "
                f"ratio {fast / slow:.2f}"
            )
    print(f"median ratio {statistics.median(ratios):.2f} (at least 3 wanted, on a GPU)")


if __name__ == "__main__":
    main()
