"""What training takes of memory: reckoned against measured, and the table of docs/hardware.md.

Each configuration trains Gemma 3 270M on the sample's essays for a few steps, on a CPU, in a process of its own (memory
that one has freed is not always given back). Measured is the most that the process held while it trained, libraries
and all, as Linux counts it. Prints both and their ratio; above 1 the planner was careful, below 0.92 it would not have
kept what it promised.

    python -m bench.memory [--steps 2] [--precision bf16] [--only 4x256]
    python -m bench.memory --table      # nothing is measured: reckoned for cards and bases
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from corpus.errors import GeulgamError
from finetune.execution import Execution
from finetune.memory_plan import GIB, Held, Shape, estimate, plan
from finetune.recipe import Recipe

RUNS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {  # recipe and execution
    "1x256": ({"block_tokens": 256}, {"device_batch": 1}),
    "4x256": ({"block_tokens": 256}, {}),
    "4x256, checkpointing": ({"block_tokens": 256}, {"gradient_checkpointing": True}),
    "1x1024": ({"block_tokens": 1024}, {"device_batch": 1}),
    "4x1024": ({"block_tokens": 1024}, {}),
    "4x1024, checkpointing": ({"block_tokens": 1024}, {"gradient_checkpointing": True}),
    "4x256, freeze": ({"block_tokens": 256, "method": "freeze"}, {}),
    "1x256, full": ({"block_tokens": 256, "method": "full"}, {"device_batch": 1}),
}


@dataclass(frozen=True)
class Base:
    """A base by its name, with its shape. ``overflows``: fp16."""

    name: str
    shape: Shape
    overflows: bool = False


@dataclass(frozen=True)
class Gpu:
    """A GPU: what of its memory a training may take, and the operations a second that it promises, in 10¹²."""

    name: str
    memory: str
    promised: float
    has_bf16: bool = True
    promised_fp32: float = 8.1


# Gemma's vocabulary as it is trimmed for some thousand essays, those of the others whole.
BASES = (
    Base("gemma-3-270m", Shape(18, 640, 2048, 4, 1, 256, 16_000, tied=True, norms=4, head_norms=True), overflows=True),
    Base(
        "skt/ko-gpt-trinity-1.2B-v0.5",
        Shape(24, 1920, 7680, 16, 16, 120, 51_200, tied=True, gated=False, stepwise=True, dropout=True),
    ),
    Base("EleutherAI/polyglot-ko-1.3b", Shape(24, 2048, 8192, 16, 16, 128, 30_080, gated=False)),
    Base("kakaocorp/kanana-1.5-2.1b-base", Shape(32, 1792, 8064, 24, 8, 128, 128_256, tied=True)),
    Base("EleutherAI/polyglot-ko-3.8b", Shape(32, 3072, 12288, 24, 24, 128, 30_080, gated=False)),
    Base("EleutherAI/polyglot-ko-5.8b", Shape(28, 4096, 16384, 16, 16, 256, 30_080, gated=False)),
    Base("kakaocorp/kanana-1.5-8b-base", Shape(32, 4096, 14336, 32, 8, 128, 128_256)),
)
CARDS = (
    Gpu("T4, 16 GB", "14.5GiB", 65, has_bf16=False),
    Gpu("RTX 3090, 24 GB", "22.5GiB", 71),
    Gpu("A100, 80 GB", "78GiB", 312),
)
USED = 0.3  # of what a card promises: assumed
TOKENS = 10_000_000
RECIPE = Recipe(block_tokens=1024, batch=8)


def hours(base: Base, card: Gpu, element: int, again: bool) -> float:
    """Reckoned for TOKENS: 2 operations a weight forward, 2 backward (a frozen weight has no gradient), 2 again."""
    weights = base.shape.layers * base.shape.linear + base.shape.vocabulary * base.shape.width
    promised = card.promised if element == 2 else card.promised_fp32
    return TOKENS * weights * (6 if again else 4) / (promised * 1e12 * USED) / 3600


def table() -> Iterator[str]:
    """The rows of docs/hardware.md: for each card and base the first way that fits, a whole base before fewer bits."""
    yield "| card | base | base's bits | blocks at once, of 8 | gradient checkpointing | GiB | hours for 10 M tokens |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for card in CARDS:
        for base in BASES:
            yield f"| {card.name} | {base.name} | {_row(card, base)} |"


def _row(card: Gpu, base: Base) -> str:
    element = 4 if base.overflows and not card.has_bf16 else 2
    asked = Execution(memory=card.memory)
    for bits in (None, 8, 4):
        held = Held.reckoned(base.shape, element, bits)
        try:
            chosen = plan(base.shape, RECIPE, RECIPE.block_tokens, asked, held, asked.memory_bytes or 0)
        except GeulgamError:
            continue
        again = chosen.execution.gradient_checkpointing
        cells = (
            str(bits or 8 * element),
            str(chosen.execution.device_batch),
            "yes" if again else "no",
            f"{chosen.estimate.total / GIB:.1f}",
            f"{hours(base, card, element, again):.1f}",
        )
        return " | ".join(cells)
    return "does not fit | | | | "


def measure(name: str, steps: int, precision: Any) -> dict[str, int]:
    """In this process: bytes reckoned and measured for one of RUNS."""
    from bench.essays import sample_documents
    from finetune.adapt import adapt
    from finetune.base import BaseModel
    from finetune.card import Card
    from finetune.layout import essay_text
    from finetune.memory import held

    documents = sample_documents()
    recipe = Recipe(max_steps=steps, evaluations=1, headers=False, **RUNS[name][0])
    execution = Execution(device="cpu", **RUNS[name][1])
    base = BaseModel.load("gemma-3-270m", map(essay_text, documents), device="cpu", precision=precision)
    before = held(base.model, base.device, base.dtype)
    reckoned = estimate(Shape.of(base.model.config), recipe, recipe.block_tokens, execution, before)
    Path("/proc/self/clear_refs").write_text("5")  # forget the peak of loading
    with tempfile.TemporaryDirectory() as folder:
        adapt(base, documents[4:], documents[:4], recipe, Path(folder) / "adapter", Card("memory"), execution)
    status = Path("/proc/self/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return {"reckoned": reckoned.total, "before": before.weights + before.other, "measured": 1024 * peak}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--only", choices=RUNS)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.table:
        print("\n".join(table()))
        return
    if options.here:
        print(json.dumps(measure(options.only, options.steps, options.precision)))
        return
    print("| blocks at once | before | reckoned | measured | ratio |\n| --- | --- | --- | --- | --- |")
    for name in [options.only] if options.only else RUNS:
        command = [sys.executable, "-m", "bench.memory", "--here", "--only", name]
        command += ["--steps", str(options.steps), "--precision", options.precision]
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        found = json.loads(said.splitlines()[-1])
        sizes = " | ".join(f"{found[part] / GIB:.2f} GiB" for part in ("before", "reckoned", "measured"))
        print(f"| {name} | {sizes} | {found['reckoned'] / found['measured']:.2f} |", flush=True)


if __name__ == "__main__":
    main()
