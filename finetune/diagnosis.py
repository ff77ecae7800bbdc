"""A doctor for training: what is wrong with a run, in words, a line each, by what the run has measured.

A rule looks at the metrics of :class:`finetune.adapt.Adapter` and says what it finds, or nothing. The limits are rules
of thumb, each said where it stands; what a rule says is a reason to look, not a proof.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from corpus.document import document
from finetune.base import BaseModel
from finetune.blocks import Blocks
from finetune.evaluate import bits_per_character
from finetune.korean import neutral_text

Metrics = Mapping[str, Any]
Rule = Callable[[Metrics], str]
Curve = Sequence[tuple[int, float]]  # step and loss, in nats per token

FEW_TOKENS = 20_000  # of text, read once: some 35,000 characters of Korean
FEW_ENDS = 20  # ends of essays that were read
FORGOT = 0.05  # share by which a neutral text may need more bits than it did
_MOVED = 0.005  # share by which a loss has changed if it has changed at all
_UNSTABLE = 0.05  # share by which the loss of a quarter of the training is above that of one before
_STEEP = 0.8  # of the first fall on the valid side, per step, by which it still falls at the end
_POINTS = 8  # of the curve of training, fewer say nothing


def symptoms(base: BaseModel, train: Blocks, batch: int, steps: int, adapter: Path) -> dict[str, Any]:
    """What the rules look at besides the curves: how much was read, what the base is, general Korean.

    ``train``: what ``steps`` steps of ``batch`` blocks were taken on; ``adapter``: the folder of what came of it.
    read_tokens: of text, each counted once; read_ends: of essays, as often as they were read; is_instruct; neutral:
    bits per character of a bundled text over the trimmed vocabulary, of the base and with the adapter.
    """
    passes = steps * min(batch, len(train)) / len(train)
    ends = int((train.learnt & (train.ids == base.vocabulary.eos)).sum())
    text = [document(neutral_text())]
    return {
        "read_tokens": round(min(passes, 1.0) * int(train.predicted.sum())),
        "read_ends": round(passes * ends),
        "is_instruct": bool(getattr(base.vocabulary.tokenizer, "chat_template", None)),
        "neutral": [round(bits_per_character(base, text, folder, trimmed=True), 4) for folder in (None, adapter)],
    }


def diagnose(metrics: Metrics) -> list[str]:
    """What is wrong with the training that measured this, a line each; empty if nothing is."""
    return [said for rule in RULES if (said := rule(metrics))]


def instruct(metrics: Metrics) -> str:
    """The base was made to answer."""
    if not metrics["is_instruct"]:
        return ""
    return (
        "the base is an instruct model (its tokenizer has a chat template): here it reads plain text and no turns, so "
        "it needs more text before it writes prose, may fall back into answering, loses some of its obedience, and "
        "gains over the base look larger than they are; the pretrained model that it was made from is a better base"
    )


def few_tokens(metrics: Metrics) -> str:
    """There was too little to learn from."""
    read = metrics["read_tokens"]
    if read >= FEW_TOKENS:
        return ""
    return (
        f"only {read:,} tokens of text were read, and {FEW_TOKENS:,} are few: it learns manners, hardly a topic; take "
        "a wider query, a larger k, or more essays"
    )


def no_ends(metrics: Metrics) -> str:
    """It has not seen how essays end; one that goes on from another adapter has learnt it there."""
    ends = metrics["read_ends"]
    if metrics["goes_on"] or ends >= FEW_ENDS:
        return ""
    return (
        f"the end of an essay was read {ends} times, and {FEW_ENDS} are few: it has not learnt when to end; more "
        "essays, or longer blocks, so that fewer are cut"
    )


def rate_too_high(metrics: Metrics) -> str:
    """The loss of training itself rose, or the valid side did and training did not fall."""
    quarters = _quarters(metrics["train_history"])
    for i in range(1, len(quarters)):
        if quarters[i] > (1 + _UNSTABLE) * (low := min(quarters[:i])):
            return (
                f"the learning rate is too high: the loss of training itself rose, from {low:.3f} to "
                f"{quarters[i]:.3f}; halve learning_rate"
            )
    if rise := _rise(metrics["history"]):
        (best, low), (last, high) = rise
        if not _fell(metrics["train_history"], best, last):
            return (
                f"the learning rate may be too high: the valid side rose from {low:.3f} (step {best}) to {high:.3f} "
                f"(step {last}), and training did not fall; halve learning_rate"
            )
    return ""


def by_heart(metrics: Metrics) -> str:
    """The valid side rose while training fell."""
    if not (rise := _rise(metrics["history"])):
        return ""
    (best, low), (last, high) = rise
    if not _fell(metrics["train_history"], best, last):
        return ""
    return (
        f"the valid side rose from {low:.3f} (step {best}) to {high:.3f} (step {last}) while training fell: it began "
        f"to learn its essays by heart (of what was measured on the way, step {metrics['best_step']} is kept); fewer "
        "epochs, or more essays"
    )


def rate_too_low(metrics: Metrics) -> str:
    """Nothing moved, or the valid side falls at the end as steeply as at the beginning."""
    history: Curve = metrics["history"]
    quarters = _quarters(metrics["train_history"])
    (_, start), (last, end) = history[0], history[-1]
    moved = abs(end - start) > _MOVED * start
    if not moved and not metrics["goes_on"] and quarters and quarters[-1] > (1 - _MOVED) * quarters[0]:
        return (
            f"the learning rate is too low: nothing moved (the valid side {start:.3f} → {end:.3f}, training "
            f"{quarters[0]:.3f} → {quarters[-1]:.3f}); double learning_rate, or train for more steps"
        )
    if len(history) < 3 or end >= start or not moved:
        return ""
    first, final = (
        (before[1] - after[1]) / (after[0] - before[0]) for before, after in (history[:2], history[-2:])
    )  # nats per step
    if final < _STEEP * first or final <= 0:
        return ""
    return (
        f"the learning rate is too low, or the steps are too few: at the end (step {last}) the valid side still falls "
        "as steeply as at the beginning; raise learning_rate, or epochs"
    )


def forgot(metrics: Metrics) -> str:
    """General Korean has become harder."""
    before, after = metrics["neutral"]
    if after <= (1 + FORGOT) * before:
        return ""
    return (
        f"it has forgotten general Korean: a neutral text needs {before:.3f} → {after:.3f} bits per character, "
        f"{100 * (after / before - 1):.0f} % more ({100 * FORGOT:.0f} % are borne); a lower learning_rate, fewer "
        "epochs, or replay of other essays"
    )


def nothing_stays(metrics: Metrics) -> str:
    """The valid side chose to leave out all that this stage has learnt."""
    if metrics["share"] > 0:
        return ""
    return (
        "nothing of this stage stays: on the valid side the adapter that it began with predicts best without it, so "
        "the result is that adapter; the topic's essays may tell nothing new, or be too few, or the rate too high"
    )


RULES: tuple[Rule, ...] = (
    instruct, few_tokens, no_ends, rate_too_high, by_heart, rate_too_low, forgot, nothing_stays,
)  # fmt: skip


def _rise(history: Curve) -> tuple[tuple[int, float], tuple[int, float]] | None:
    """The lowest and the last point if the last is higher."""
    best, last = min(history, key=lambda point: point[1]), history[-1]
    return (best, last) if last[1] > (1 + _MOVED) * best[1] else None


def _fell(train: Curve, start: int, end: int) -> bool:
    """Whether training was lower between these steps than in as many before; from the beginning on, than at first."""
    within = [loss for step, loss in train if start < step <= end]
    before = [loss for step, loss in train if 2 * start - end < step <= start]
    if not before:
        first = -(-len(within) // _POINTS)
        before, within = within[:first], within[len(within) // 2 :]
    return bool(before and within) and _mean(within) < _mean(before)


def _quarters(train: Curve) -> list[float]:
    """The mean loss of each quarter of a training, in order; none of one that is too short to tell."""
    if len(train) < _POINTS:
        return []
    cuts = [round(i * len(train) / 4) for i in range(5)]
    return [_mean([loss for _, loss in train[start:end]]) for start, end in pairwise(cuts)]


def _mean(losses: Sequence[float]) -> float:
    return sum(losses) / len(losses)
