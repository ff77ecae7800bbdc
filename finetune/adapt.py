"""A subset becomes an adapter: pack, train, keep the best, write it as one folder that peft alone can load."""

import hashlib
import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import PrinterCallback, TrainingArguments, set_seed

from corpus.atomic import write_text
from corpus.document import Document
from corpus.errors import GeulgamError
from finetune.base import BaseModel
from finetune.blocks import pack
from finetune.card import Card, model_card
from finetune.fused import fused
from finetune.recipe import Recipe
from finetune.silence import quiet
from finetune.trainer import AdapterTrainer, Bar, DivergedError, Guard, Selection, last_checkpoint, stack

_SCHEDULES = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}


@dataclass(frozen=True, slots=True)
class Adapter:
    """A trained adapter: its folder (PEFT, safetensors, a model card) and what the training measured.

    ``metrics``: valid_loss_base and valid_loss (nats per token over the trimmed vocabulary), history (step, loss),
    best_step, steps, stopped_early, train_documents, valid_documents, tokens, seconds, tokens_per_second.
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
    *,
    progress: bool = True,
) -> Adapter:
    """Train an adapter on ``train``, choosing by ``valid``, and put it at ``folder``, whole or not at all.

    While it trains, checkpoints rest in ``<folder>.part``; killed at any moment, the same call goes on from the
    last whole one and ends with the same adapter (on a CPU, the same weights). A call with other documents,
    another base or recipe begins anew. Raises GeulgamError for too little text, a block longer than the model's
    context, or a loss that stops being a number (the last good checkpoint then stays).
    """
    if recipe.block_tokens > base.context:
        raise GeulgamError(
            f"finetune.block_tokens is {recipe.block_tokens}, the context of {base.name} {base.context} tokens",
            "choose no more than the context",
        )
    for name, documents in (("train", train), ("valid", valid)):
        if not documents:
            raise GeulgamError(f"the {name} split of {card.topic} is empty", "take a wider query, or a larger k")
    work = folder.with_name(folder.name + ".part")
    _prepare(work, _fingerprint(base, train, valid, recipe))
    blocks = pack(train, base.vocabulary, recipe.block_tokens, recipe.seed)
    valid_blocks = pack(valid, base.vocabulary, recipe.block_tokens, recipe.seed)
    began = time.monotonic()
    with quiet():
        metrics = _train(base, blocks, valid_blocks, recipe, work, card.topic, progress)
    metrics |= {
        "train_documents": len(train),
        "valid_documents": len(valid),
        "tokens": metrics["steps"] * _tokens_per_step(blocks, recipe),
        "seconds": round(time.monotonic() - began, 1),
    }
    metrics["tokens_per_second"] = round(metrics.pop("tokens_here") / metrics["seconds"], 1)
    best = work / "best"
    write_text(best / "README.md", model_card(card, base.name, recipe, metrics, [d.id for d in train]))
    write_text(best / "training.json", json.dumps({"recipe": asdict(recipe), "metrics": metrics}, indent=1))
    if folder.exists():
        shutil.rmtree(folder)
    best.rename(folder)
    shutil.rmtree(work)
    return Adapter(folder, metrics)


def _train(
    base: BaseModel,
    blocks: torch.Tensor,
    valid: torch.Tensor,
    recipe: Recipe,
    work: Path,
    topic: str,
    progress: bool,
) -> dict[str, Any]:
    steps = _steps(len(blocks), recipe)
    set_seed(recipe.seed)
    model = attach(base, recipe)
    checkpoint = last_checkpoint(work)
    selection = Selection(
        valid=valid,
        steps=frozenset(round(steps * (i + 1) / recipe.evaluations) for i in range(recipe.evaluations)),
        patience=recipe.patience,
        batch=recipe.batch,
        dtype=base.dtype,
        folder=work,
    )
    bar = Bar(topic, _tokens_per_step(blocks, recipe)) if progress else None
    trainer = AdapterTrainer(
        model=model,
        args=_arguments(base, recipe, work, steps),
        train_dataset=list(blocks),
        data_collator=stack,
        callbacks=[Guard(), selection, *([bar] if bar else [])],
    )
    trainer.remove_callback(PrinterCallback)
    try:
        at_step = int(checkpoint.name.rsplit("-", 1)[1]) if checkpoint else 0
        with fused(model):
            selection.begin(model, at_step)
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except DivergedError as error:
        good = last_checkpoint(work)
        raise DivergedError(
            f"{error} of {steps} (topic {topic})" + (f"; the last good checkpoint is {good}" if good else ""),
            f"lower finetune.learning_rate (now {recipe.learning_rate:g})"
            + (", or use precision bf16 or fp32 instead of fp16" if base.dtype == torch.float16 else "")
            + ", and run again",
        ) from error
    finally:
        if bar:
            bar.close()
        detach(base, model)
    best_step, best_loss = selection.best
    done = trainer.state.global_step
    return {
        "valid_loss_base": round(selection.history[0][1], 4),
        "valid_loss": round(best_loss, 4),
        "history": [[step, round(loss, 4)] for step, loss in selection.history],
        "best_step": best_step,
        "steps": done,
        "stopped_early": selection.stopped_early,
        "tokens_here": (done - at_step) * _tokens_per_step(blocks, recipe),
    }


def attach(base: BaseModel, recipe: Recipe) -> Any:
    """The base with a fresh, trainable adapter of the recipe's method; undo with :func:`detach`.

    "freeze" and "full" are PEFT adapters as well: LN-tuning, which holds whole copies of the layers it trains.
    """
    from peft import LNTuningConfig, LoraConfig, get_peft_model

    config: LoraConfig | LNTuningConfig
    if recipe.method == "lora":
        config = LoraConfig(
            r=recipe.rank,
            lora_alpha=recipe.alpha,
            lora_dropout=recipe.dropout,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        )
    else:
        config = LNTuningConfig(target_modules=trained_modules(base.model, recipe), task_type="CAUSAL_LM")
    model = get_peft_model(base.model, config)
    model.peft_config["default"].base_model_name_or_path = base.model.config.name_or_path or base.name
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()  # master weights; autocast multiplies in the base's precision
    if False:
        model.enable_input_require_grads()
    return model


def detach(base: BaseModel, model: Any) -> None:
    """Take the adapter off again; the base is as it was before :func:`attach`."""
    base.model = model.unload()
    base.model.requires_grad_(False)
    base.model.eval()


def trained_modules(model: Any, recipe: Recipe) -> list[str]:
    """Names of the weight-bearing modules that "freeze" and "full" train: those of the upper layers, and the last norm.

    The layers are the model's longest list of modules, whatever its architecture calls it.
    """
    lists = [(name, m) for name, m in model.named_modules() if isinstance(m, torch.nn.ModuleList)]
    prefix, layers = max(lists, key=lambda pair: len(pair[1]))
    frozen = 0 if recipe.method == "full" else recipe.frozen_layers
    frozen = len(layers) // 2 if frozen is None else frozen
    if frozen >= len(layers):
        raise GeulgamError(
            f"finetune.frozen_layers is {frozen}, the model has {len(layers)} layers", "leave at least one to train"
        )
    trained = tuple(f"{prefix}.{i}." for i in range(frozen, len(layers)))
    last_norm = prefix.rsplit(".", 1)[0] + "."
    embeddings = {id(model.get_input_embeddings()), id(model.get_output_embeddings())}
    names = []
    for name, module in model.named_modules():
        own = list(module.parameters(recurse=False))
        above = name.startswith(trained) or (
            name.startswith(last_norm) and not name.startswith(f"{prefix}.") and all(p.dim() == 1 for p in own)
        )
        if own and above and id(module) not in embeddings:
            names.append(name)
    return names


def _arguments(base: BaseModel, recipe: Recipe, work: Path, steps: int) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(work),
        max_steps=steps,
        per_device_train_batch_size=recipe.batch,
        gradient_accumulation_steps=1,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=_SCHEDULES[recipe.schedule],
        warmup_steps=round(steps * recipe.warmup),
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.gradient_clip,
        optim="adamw_torch",
        bf16=base.dtype == torch.bfloat16,
        fp16=base.dtype == torch.float16,
        use_cpu=base.device.type == "cpu",
        gradient_checkpointing=False,
        gradient_checkpointing_kwargs={"use_reentrant": False} if False else None,
        save_steps=10,
        save_total_limit=2,
        logging_steps=1,
        logging_nan_inf_filter=False,
        seed=recipe.seed,
        data_seed=recipe.seed,
        report_to="none",
        disable_tqdm=True,
        dataloader_pin_memory=base.device.type == "cuda",
        label_names=["labels"],
        remove_unused_columns=False,
    )


def _steps(blocks: int, recipe: Recipe) -> int:
    per_epoch = max(1, -(-blocks // (recipe.batch)))
    steps = max(1, round(per_epoch * recipe.epochs))
    return steps if recipe.max_steps is None else min(steps, recipe.max_steps)


def _tokens_per_step(blocks: torch.Tensor, recipe: Recipe) -> int:
    return int(min(recipe.batch, len(blocks)) * blocks.shape[1])


def _fingerprint(base: BaseModel, train: Sequence[Document], valid: Sequence[Document], recipe: Recipe) -> str:
    parts = [base.fingerprint, recipe.fingerprint, str(base.dtype), *(d.id for d in train), "|", *(d.id for d in valid)]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:32]


def _prepare(work: Path, fingerprint: str) -> None:
    """The run's folder: what an earlier run of the very same training left, or empty."""
    noted = work / "run"
    if not noted.exists() or noted.read_text() != fingerprint:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        write_text(noted, fingerprint)
    whole = last_checkpoint(work)
    for checkpoint in work.glob("checkpoint-*"):
        if checkpoint != whole and not (checkpoint / "whole").exists():
            shutil.rmtree(checkpoint)
