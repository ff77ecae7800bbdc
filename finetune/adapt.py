"""A subset becomes an adapter: pack, train, keep the best, write it as one folder that peft alone can load."""

import hashlib
import json
import random
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from corpus.atomic import recover, replace_folder, work_folder, write_text
from corpus.document import Document
from corpus.errors import GeulgamError
from corpus.events import On, Task, silent
from finetune.alongside import TrainingOrder
from finetune.base import BaseModel
from finetune.blend import blend
from finetune.blocks import Blocks, pack
from finetune.card import Card, model_card
from finetune.checkpoints import WEIGHTS, Checkpoint, best_folder, is_of, last_checkpoint, prepare
from finetune.diagnosis import diagnose, symptoms
from finetune.execution import Execution
from finetune.goldfish import goldfish
from finetune.headers import Frequencies, Headers
from finetune.layout import Headed
from finetune.memory import enough_memory, give_back, held, stepping_down, within
from finetune.memory_plan import Shape, plan
from finetune.processes import all_training, share
from finetune.recipe import Recipe
from finetune.selection import DivergedError, Selection
from finetune.silence import quiet
from finetune.trainer import Keeper, Teller, Training, losses, train
from finetune.turns import Turn

VOCABULARY = "vocabulary.json"  # in an adapter's folder: see Vocabulary.load
_TOLD = "training.json"
_STATE = "trainer_state.json"  # in a checkpoint: what transformers has logged
_LONGEST_TOKEN = 5  # characters; in the Korean essays tokens have 1.7 as a mean

Seal = Callable[[Path, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Adapter:
    """A trained adapter: its folder (PEFT, safetensors, a model card) and what the training measured.

    ``metrics``: valid_loss_start (of the base, or of the adapter it began with) and valid_loss (nats per token over
    the trimmed vocabulary), history (step, loss), train_history (the same of what was trained on, see
    :func:`finetune.trainer.losses`), best_step, steps, planned_steps, stopped_early, share (of what was trained, in the
    blend with what it began with; 1 where it began with the base), train_documents, valid_documents, tokens, seconds,
    tokens_per_second; goes_on, and what :func:`finetune.diagnosis.symptoms` looks at; diagnosis (what is wrong, a line
    each). Seconds and tokens are those of all sessions, where a training was broken off and went on.
    """

    folder: Path
    metrics: dict[str, Any]


def adapt(
    base: BaseModel,
    train: Sequence[Document],
    valid: Sequence[Document],
    recipe: Recipe,
    folder: Path,
    card: Card,
    execution: Execution | None = None,
    *,
    start: Path | None = None,
    others: Sequence[Document] = (),
    on: On = silent,
    seal: Seal | None = None,
) -> Adapter:
    """Train an adapter on ``train``, choosing by ``valid``, and put it at ``folder``, whole or not at all.

    ``start``: an adapter to go on from, such as one of a shared stage; how much of what was learnt after it stays is
    then chosen by ``valid`` (:mod:`finetune.blend`), and the adapter stands for both. ``others``: documents of which
    some are read again between those of ``train``, as many as ``recipe.replay`` says.

    While it trains, checkpoints rest in ``<folder>.part``; killed at any moment, or ended by ``on`` between two steps,
    the same call goes on from the last whole one and ends with the same adapter (on a CPU, the same weights). A call
    with other documents, another base, recipe or precision begins anew; whatever was at ``folder`` stays until the
    new one is whole. ``seal`` is given the finished folder, before it is put there, and the metrics.

    Raises GeulgamError for too little text, a block longer than the model's context, a loss that stops being a
    number (the last good checkpoint then stays), or memory that does not suffice. Where it runs out on the way,
    training goes on with fewer blocks at once, then with gradient checkpointing, before it gives up.
    """
    execution = execution or Execution()
    execution.passes(own := share(recipe.batch, base.device))
    if recipe.block_tokens > base.context:
        raise GeulgamError(
            f"finetune.block_tokens is {recipe.block_tokens}, the context of {base.name} {base.context} tokens",
            "choose no more than the context",
        )
    doing, advice = f"training on {card.topic}", f"lower finetune.block_tokens (now {recipe.block_tokens})"
    with enough_memory(doing, advice), quiet(), base.borrowed(on), within(execution.memory_bytes, base.device):
        read = within_reach([*train, *replayed(train, others, recipe)], recipe)
        headers = Headers.of(read, recipe.seed, Frequencies.of_adapter(start), on) if recipe.headers else None
        blocks = _packed(base, read, recipe, f"the train side of {card.topic}", headers)
        valid_blocks = _packed(base, valid, recipe, f"the valid side of {card.topic}")  # as all are measured
        give_back()
        work = work_folder(folder)
        blocks = goldfish(blocks, recipe.goldfish_k, base.vocabulary)
        run = _fingerprint(base, blocks, valid_blocks, recipe, start)
        if (finished := _finished(folder, work, run)) is not None:
            return finished

        def attempt(execution: Execution) -> tuple[dict[str, Any], Path, Execution]:
            checkpoint = prepare(work, run)
            metrics = _train(base, blocks, valid_blocks, recipe, execution, work, checkpoint, card, on, start)
            made = best_folder(work, metrics["best_step"])
            if start is not None:
                tuned, made = made, work / "blend"
                turn, at_once = Turn(base.device), execution.blocks_at_once(own)
                with turn.taken(), Task(turn.passed_on(on), "blending") as task:
                    each = partial(task.advance, 0)
                    part, loss = blend(base, start, tuned, recipe, valid_blocks, at_once, made, each)
                metrics |= {"share": part, "valid_loss": round(loss, 4)}
            return metrics, made, execution

        execution = _planned(base, recipe, max(blocks.tokens, valid_blocks.tokens), execution, on)
        metrics, made, execution = stepping_down(attempt, execution, own, doing, advice, on)
        metrics |= {"train_documents": len(train), "valid_documents": len(valid)}
        metrics |= {"goes_on": start is not None, **symptoms(base, blocks, recipe.batch, metrics["steps"], made)}
        metrics["diagnosis"] = diagnose(metrics)
        told = {"recipe": asdict(recipe), "execution": asdict(execution), "metrics": metrics, "run": run}
        write_text(made / "README.md", model_card(card, base.name, recipe, metrics, [d.id for d in train]))
        write_text(made / _TOLD, json.dumps(told, indent=1))
        base.vocabulary.save(made / VOCABULARY)
        if headers is not None:
            headers.frequencies.save(made)
        if seal is not None:
            seal(made, metrics)
        replace_folder(made, folder)
    return Adapter(folder, metrics)


def is_headed(folder: Path) -> bool:
    """Whether the adapter in the folder was trained with headers, so that it is to be told them when it writes."""
    file = folder / _TOLD
    return file.exists() and bool(json.loads(file.read_text(encoding="utf-8"))["recipe"].get("headers"))


def _train(
    base: BaseModel,
    blocks: Blocks,
    valid: Blocks,
    recipe: Recipe,
    execution: Execution,
    work: Path,
    checkpoint: Checkpoint | None,
    card: Card,
    on: On,
    start: Path | None,
) -> dict[str, Any]:
    """Train to the end, from the checkpoint if there is one, and say what was measured."""
    began = time.monotonic() - (checkpoint.seconds if checkpoint else 0.0)
    steps = _steps(len(blocks), recipe)
    tokens_per_step = round(min(recipe.batch, len(blocks)) * float(blocks.used.float().mean()))  # without what fills up
    done = checkpoint.step if checkpoint else 0
    turn = Turn(base.device)
    with turn.taken(), Task(turn.passed_on(on), "training", steps, "step", done=done) as task:
        selection = Selection(
            valid=valid,
            steps=frozenset(round(steps * (i + 1) / recipe.evaluations) for i in range(recipe.evaluations)),
            patience=recipe.patience,
            at_once=execution.blocks_at_once(share(recipe.batch, base.device)),
            dtype=base.dtype,
            work=work,
            task=task,
            history=checkpoint.history if checkpoint else [],
        )
        keeper = Keeper(selection, lambda: time.monotonic() - began)
        logged = (
            json.loads((checkpoint.folder / _STATE).read_text(encoding="utf-8"))["log_history"] if checkpoint else []
        )
        came_from = checkpoint.folder if checkpoint else None
        training = Training(blocks, recipe, execution, work, steps, came_from, start)
        try:
            if not selection.is_over(done):
                callbacks = [selection, keeper, Teller(task, tokens_per_step)]
                with all_training(TrainingOrder.of(base, training, selection.steps)):
                    state = train(base, training, callbacks, selection.begin)
                done, logged = state.global_step, state.log_history
        except DivergedError as error:
            raise _advised(error, recipe, base, work, steps, card) from error
        finally:
            base.take_off()
        best_step, best_loss = selection.best
        seconds = time.monotonic() - began
        task.result = f"loss on the valid side {selection.history[0][1]:.3f} → {best_loss:.3f}"
    return {
        "valid_loss_start": round(selection.history[0][1], 4),
        "valid_loss": round(best_loss, 4),
        "history": [[step, round(loss, 4)] for step, loss in selection.history],
        "train_history": [[step, round(loss, 4)] for step, loss in losses(logged)],
        "best_step": best_step,
        "steps": done,
        "planned_steps": steps,
        "stopped_early": selection.stopped_early,
        "share": 1.0,
        "tokens": done * tokens_per_step,
        "seconds": round(seconds, 1),
        "tokens_per_second": round(done * tokens_per_step / seconds, 1),
    }


def _advised(
    error: DivergedError, recipe: Recipe, base: BaseModel, work: Path, steps: int, card: Card
) -> DivergedError:
    """The error with what it interrupted, and what to change."""
    good = last_checkpoint(work)
    return DivergedError(
        f"{error} of {steps} (topic {card.topic})" + (f"; the last good checkpoint is {good.folder}" if good else ""),
        f"lower {card.table}.learning_rate (now {recipe.learning_rate:g})"
        + (", or use precision bf16 or fp32 instead of fp16" if base.dtype == torch.float16 else "")
        + ", and run again",
    )


def _planned(base: BaseModel, recipe: Recipe, tokens: int, execution: Execution, on: On) -> Execution:
    """How blocks of so many tokens are trained on within ``execution.memory``, which is told; as it is without one."""
    if execution.memory_bytes is None:
        return execution
    now = held(base.model, base.device, base.dtype)
    recipe = replace(recipe, batch=share(recipe.batch, base.device))
    planned = plan(Shape.of(base.model.config), recipe, tokens, execution, now, execution.memory_bytes)
    with Task(on, "planning", why=str(planned)):
        return planned.execution


def _packed(
    base: BaseModel, documents: Sequence[Document], recipe: Recipe, what: str, headed: Headed | None = None
) -> Blocks:
    blocks = pack(documents, base.vocabulary, recipe.block_tokens, recipe.seed, headed)
    if not len(blocks):
        raise GeulgamError(f"{what} is empty", "take a wider query, or a larger k")
    return blocks


def within_reach(documents: Sequence[Document], recipe: Recipe) -> Sequence[Document]:
    """All of them, or a part drawn at random where ``max_steps`` come to far fewer: what is not read costs nothing.

    It has some three times the tokens that the steps read in Korean, and enough while tokens have no more than
    ``_LONGEST_TOKEN`` characters.
    """
    if recipe.max_steps is None:
        return documents
    room, drawn = recipe.max_steps * recipe.batch * recipe.block_tokens * _LONGEST_TOKEN, list[int]()
    for place in random.Random(recipe.seed).sample(range(len(documents)), len(documents)):
        if room <= 0:
            break
        room -= len(documents[place].text)
        drawn.append(place)
    return [documents[place] for place in sorted(drawn)]


def _steps(blocks: int, recipe: Recipe) -> int:
    per_epoch = -(-blocks // recipe.batch)
    steps = max(1, round(per_epoch * recipe.epochs))
    return steps if recipe.max_steps is None else min(steps, recipe.max_steps)


def replayed(train: Sequence[Document], others: Sequence[Document], recipe: Recipe) -> list[Document]:
    """Of the others as many as the recipe replays, drawn at random; none that is trained on anyway."""
    ids = {document.id for document in train}
    rest = [document for document in others if document.id not in ids]
    return random.Random(recipe.seed).sample(rest, min(len(rest), round(recipe.replay * len(train))))


def _fingerprint(base: BaseModel, train: Blocks, valid: Blocks, recipe: Recipe, start: Path | None) -> str:
    """32 hexadecimal digits of all that determines the weights: a training with other ones does not go on."""
    digest = hashlib.sha256(f"{base.fingerprint} {recipe.fingerprint} {base.dtype}".encode())
    if start is not None:
        digest.update((start / WEIGHTS).read_bytes())
    for tensor in (train.ids, train.learnt, valid.ids, valid.learnt):
        digest.update(f"{tuple(tensor.shape)}".encode() + tensor.numpy().tobytes())
    return digest.hexdigest()[:32]


def _finished(folder: Path, work: Path, run: str) -> Adapter | None:
    """The adapter of this very training if it was killed while it put it in its place."""
    begun = is_of(work, run)
    recover(folder)
    if not begun or not (folder / _TOLD).exists():
        return None
    told = json.loads((folder / _TOLD).read_text(encoding="utf-8"))
    if told.get("run") != run:
        return None
    shutil.rmtree(work, ignore_errors=True)
    return Adapter(folder, told["metrics"])
