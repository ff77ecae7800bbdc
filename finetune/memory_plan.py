"""How a training is run within so much memory: reckoned before it starts, from the model's shape.

Only what changes nothing that is learnt is chosen here: how many of a step's blocks are on the device at once (the
rest of the step accumulates), then activations computed again instead of kept (Chen et al. 2016, 1604.06174). A base
in 8 or 4 bits, shorter blocks or more frozen layers teach something else: they are proposed where nothing else fits.

The arithmetic counts what autograd keeps of transformers' and peft's modules (after Korthikanti et al. 2022,
2205.05198), and on a CPU of :mod:`finetune.fused`. It errs upward: a real peak has less of it at the same moment.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from corpus.errors import GeulgamError
from finetune.execution import Execution
from finetune.recipe import Recipe

GIB = 2**30
_MARGIN = 0.92  # of the memory is planned with: an allocator loses some between what it holds
_OF_SCORES = 12  # bytes for each token and vocabulary entry: log-probabilities and two gradients, single precision
_TRAINED = 16  # bytes of a trained weight: itself, its gradient and two moments of AdamW, single precision
_PER_WEIGHT = {None: 0.0, 8: 1.0, 4: 0.52}  # bytes of a linear weight in bitsandbytes' 8 and (nf4, double) 4 bits
_SHORTEST = 64  # tokens of a block that is proposed
_UNGATED = {"gpt2", "gpt_neo", "gpt_neox", "gptj", "opt", "bloom", "codegen", "falcon", "phi"}  # MLPs of two matrices
_CHUNK = 128  # queries that finetune.attention takes at once


@dataclass(frozen=True, slots=True)
class Shape:
    """What of a decoder its memory depends on: numbers of layers and heads, widths, entries of the vocabulary.

    ``norms``: those of the whole width in a layer; ``head_norms``: whether queries and keys have one too. ``gated``:
    an MLP of three matrices. ``stepwise``: an activation that is put together of many operations, each kept (GPT-2).
    ``dropout``: while training.
    """

    layers: int
    width: int
    inner: int
    heads: int
    key_heads: int
    head_width: int
    vocabulary: int
    tied: bool = False
    gated: bool = True
    norms: int = 2
    head_norms: bool = False
    stepwise: bool = False
    dropout: bool = False

    @classmethod
    def of(cls, config: Any) -> "Shape":
        """Of a configuration of transformers."""
        config = config.get_text_config()
        kind, width, heads = config.model_type, config.hidden_size, config.num_attention_heads
        return cls(
            layers=config.num_hidden_layers,
            width=width,
            inner=getattr(config, "intermediate_size", None) or getattr(config, "n_inner", None) or 4 * width,
            heads=heads,
            key_heads=getattr(config, "num_key_value_heads", None) or heads,
            head_width=getattr(config, "head_dim", None) or width // heads,
            vocabulary=config.vocab_size,
            tied=bool(config.tie_word_embeddings),
            gated=kind not in _UNGATED,
            norms=4 if kind.startswith(("gemma2", "gemma3")) else 2,
            head_norms=kind.startswith(("gemma3", "qwen3")),
            stepwise=getattr(config, "activation_function", "") == "gelu_new",
            dropout=bool(getattr(config, "resid_pdrop", 0.0)),
        )

    @property
    def queries(self) -> int:
        """Width of all queries of a token."""
        return self.heads * self.head_width

    @property
    def keys(self) -> int:
        """Width of all keys of a token, and of all its values."""
        return self.key_heads * self.head_width

    @property
    def linear(self) -> int:
        """Weights of a layer's matrices."""
        attention = 2 * self.width * (self.queries + self.keys)
        return attention + (3 if self.gated else 2) * self.width * self.inner

    @property
    def embedding(self) -> int:
        """Weights of the embedding, and of the output layer where it is another."""
        return (1 if self.tied else 2) * self.vocabulary * self.width

    @property
    def weights(self) -> int:
        """All of them, but for norms and biases, which are few."""
        return self.layers * self.linear + self.embedding

    def low_rank(self, rank: int) -> int:
        """Weights of a LoRA of all linear layers."""
        across = 2 * (self.width + self.queries) + 2 * (self.width + self.keys)
        return self.layers * rank * (across + (3 if self.gated else 2) * (self.width + self.inner))


@dataclass(frozen=True, slots=True)
class Held:
    """What is held before a training begins, in bytes: the base's weights, and what else the process has.

    ``element``: bytes of a number in the base's precision, 2 or 4. ``fused``: whether :mod:`finetune.fused` runs it,
    as on a CPU.
    """

    weights: int
    other: int
    element: int
    fused: bool

    @classmethod
    def reckoned(cls, shape: Shape, element: int, bits: int | None = None, other: int = 0) -> "Held":
        """Of a base that is not loaded, on a GPU."""
        return cls(round(_weights(shape, element, bits)), other, element, fused=False)


@dataclass(frozen=True, slots=True)
class Estimate:
    """Bytes at the peak, by what holds them; ``adapter`` with its gradients and the optimizer's moments."""

    other: int
    weights: int
    adapter: int
    activations: int
    logits: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.other + self.weights + self.adapter + self.activations + self.logits

    def __str__(self) -> str:
        parts = ("weights", "adapter", "activations", "logits", "other")
        named = {"adapter": "adapter and optimizer", "other": "what is there besides"}
        told = [f"{named.get(part, part)} {getattr(self, part) / GIB:.2f}" for part in parts if getattr(self, part)]
        return f"{self.total / GIB:.2f} GiB: {', '.join(told)}"


@dataclass(frozen=True, slots=True)
class MemoryPlan:
    """How it will be run, and the peak that is reckoned for it."""

    execution: Execution
    passes: int
    estimate: Estimate

    def __str__(self) -> str:
        at_once, again = self.execution.device_batch or 0, self.execution.gradient_checkpointing
        return (
            f"in {self.execution.memory} it computes {at_once} block{'s' if at_once > 1 else ''} at once, "
            f"{self.passes} pass{'es' if self.passes > 1 else ''} a step, {'with' if again else 'without'} gradient "
            f"checkpointing; reckoned at its peak {self.estimate}"
        )


def plan(shape: Shape, recipe: Recipe, tokens: int, execution: Execution, held: Held, memory: int) -> MemoryPlan:
    """The fastest way to train blocks of so many ``tokens`` within ``memory`` bytes that teaches the same.

    What ``execution`` says already is kept: it never holds more at once. Raises GeulgamError, which says what would
    fit, where nothing does.
    """
    room = int(memory * _MARGIN)
    ways = list(_ways(execution, recipe.batch))
    for way in ways:
        reckoned = estimate(shape, recipe, tokens, way, held)
        if reckoned.total <= room:
            return MemoryPlan(way, way.passes(recipe.batch), reckoned)
    least = estimate(shape, recipe, tokens, ways[-1], held)
    raise GeulgamError(
        f"{memory / GIB:.2f} GiB do not suffice: one block of {tokens} tokens at once, with gradient checkpointing, "
        f"takes {least}",
        f"give --memory {least.total / _MARGIN / GIB + 0.05:.1f}GiB"
        + _otherwise(shape, recipe, tokens, ways[-1], held, room),
    )


def estimate(shape: Shape, recipe: Recipe, tokens: int, execution: Execution, held: Held) -> Estimate:
    """The peak of a training on blocks of so many ``tokens``."""
    at_once = execution.blocks_at_once(recipe.batch)
    here, element = at_once * tokens, held.element
    layers = shape.layers - (_frozen(shape, recipe) if recipe.method == "freeze" else 0)
    trained = shape.low_rank(recipe.rank) if recipe.method == "lora" else layers * shape.linear
    adapter = trained * (_TRAINED + (element if element < 4 else 0))  # autocast keeps a copy in its own precision
    layer, again = here * _kept(shape, recipe, tokens, held), execution.gradient_checkpointing
    saved = here * shape.layers * shape.width * element if again else layers * layer
    logits = here * shape.vocabulary * _OF_SCORES
    updating = 4 * trained  # when the optimizer works, no activations are there
    passing = (1 + again) * layer  # gradients, and what is computed again
    if held.fused:  # a process keeps what it has freed, and does not find room for all in it: measured
        passing += again * layer
    else:
        passing = max(0, passing - logits)
    activations = max(saved + passing, updating - logits)
    return Estimate(held.other, held.weights, adapter, activations, logits)


def _kept(shape: Shape, recipe: Recipe, tokens: int, held: Held) -> int:
    """Bytes that a layer keeps of a token for its backward pass."""
    element, lora = held.element, recipe.method == "lora"
    copied = lora and not held.fused and element < 4  # peft's layers each cast what they read
    reading = (3, 2) if shape.gated else (1, 1)  # matrices that read attention's input, and the MLP's
    kept = 4 * (shape.width * shape.norms + (shape.queries + shape.keys) * shape.head_norms)
    kept += element * shape.width * (sum(reading) if copied else 2)
    kept += element * recipe.rank * (sum(reading) + 2) if lora else element * shape.width * shape.norms
    kept += element * (shape.queries + _attending(shape, tokens, held))  # and what the output projection reads
    of_activation = 16 if shape.stepwise else element
    kept += shape.inner * (element * (4 if shape.gated else 1) + (0 if shape.gated else of_activation))
    return kept + 2 * shape.width * shape.dropout * (element if held.fused else 1)


def _attending(shape: Shape, tokens: int, held: Held) -> int:
    """Numbers that attention keeps of a token: queries, keys and values, and where each looks, or what it may."""
    if held.fused and shape.dropout:  # torch's plain kernel: weights, what is dropped, and what is left
        return 3 * shape.queries + 3 * shape.heads * tokens
    if held.fused:
        return shape.queries + 2 * shape.keys + shape.heads * (tokens + _CHUNK) // 2
    return 4 * shape.queries + 4 * shape.heads + tokens  # keys and values repeated for each query head, and the mask


def _frozen(shape: Shape, recipe: Recipe) -> int:
    return shape.layers // 2 if recipe.frozen_layers is None else recipe.frozen_layers


def _weights(shape: Shape, element: int, bits: int | None) -> float:
    per_linear = _PER_WEIGHT[bits] or element
    return shape.layers * shape.linear * per_linear + shape.embedding * element


def _ways(execution: Execution, batch: int) -> Iterator[Execution]:
    """From the fastest on; with each, the step stays the recipe's. One block alone is faster than computing again."""
    most = execution.blocks_at_once(batch)
    for again in sorted({execution.gradient_checkpointing, True}):
        for at_once in range(most, 0, -1):
            if batch % at_once == 0:
                yield replace(execution, device_batch=at_once, gradient_checkpointing=again)


def _otherwise(shape: Shape, recipe: Recipe, tokens: int, least: Execution, held: Held, room: int) -> str:
    """What would fit and changes what is learnt, each with its peak; "" if nothing does."""
    found = []
    if recipe.method == "lora" and not held.fused and least.base_bits is None:
        for bits in (8, 4):
            smaller = replace(held, weights=round(_weights(shape, held.element, bits)))
            found.append((f"finetune.base_bits = {bits}", estimate(shape, recipe, tokens, least, smaller)))
    if recipe.method == "freeze":
        for frozen in range(_frozen(shape, recipe) + 1, shape.layers):
            found.append(
                (
                    f"finetune.frozen_layers = {frozen}",
                    estimate(shape, replace(recipe, frozen_layers=frozen), tokens, least, held),
                )
            )
    shorter = tokens // 2
    while shorter >= _SHORTEST:
        found.append((f"finetune.block_tokens = {shorter}", estimate(shape, recipe, shorter, least, held)))
        shorter //= 2
    fits: dict[str, str] = {}
    for what, reckoned in found:
        if reckoned.total <= room:
            fits.setdefault(what.split(" = ")[0], f"{what} ({reckoned.total / GIB:.2f} GiB)")
    return f"; what also fits, but changes what is learnt: {', or '.join(fits.values())}" if fits else ""
