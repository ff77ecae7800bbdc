"""transformers' Trainer, with what it lacks: whole checkpoints, no NaN, and events.

Why a subclass and callbacks and not a loop of our own: accumulation, precision, schedules, devices and exact
resumption are Trainer's, kept by others. What is added is small: the valid side picks the adapter
(:mod:`finetune.selection`), and here

- a checkpoint counts only once it is whole, so a kill while one is written costs nothing;
- a loss or gradient that is not a number stops before it reaches the weights;
- each step is told, after what it made is kept;
- several processes make of a step what one makes of it (:mod:`finetune.processes`).
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import (
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
    default_data_collator,
    set_seed,
)

from corpus.errors import GeulgamError
from corpus.events import Task
from finetune.base import BaseModel
from finetune.blocks import Blocks, joined
from finetune.checkpoints import History, complete, keep_best
from finetune.execution import Execution
from finetune.fused import fused, reads_joined
from finetune.memory import give_back
from finetune.method import attach
from finetune.processes import all_here, number, share, summed
from finetune.recipe import Recipe
from finetune.selection import DivergedError, Selection, save_adapter
from finetune.shares import SharedBlocks, without_empty

_SCHEDULES = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}
_STEPS_KEPT = 4  # steps after which memory that was let go is given back
_POINTS = 100  # of the curve of a training's losses


class AdapterTrainer(Trainer):
    """Trainer over :class:`finetune.blocks.Blocks`; saves the adapter alone, and refuses a loss that is no number."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        if self.args.fp16 and self.args.use_cpu:  # accelerate casts and scales the loss on GPUs alone
            self.accelerator.native_amp, self.accelerator.scaler = True, torch.amp.GradScaler("cpu")
        if number() > 1 and not self.model_accepts_loss_kwargs:
            raise GeulgamError(
                "the base's loss is a mean of its own, and tokens of several processes cannot weigh the same",
                "train it in one process",
            )

    def training_step(self, model: Any, inputs: Any, num_items_in_batch: Any = None) -> torch.Tensor:
        """One forward and backward pass; raises DivergedError before the optimizer sees a loss that is no number."""
        loss: torch.Tensor = super().training_step(model, inputs, num_items_in_batch)
        if not torch.isfinite(total := summed(loss)):  # in all processes at once
            raise DivergedError(f"the loss became {total.item()} at step {self.state.global_step + 1}")
        return loss

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        if self.args.should_save:  # Trainer calls this in each process
            save_adapter(self.model, Path(output_dir or str(self.args.output_dir)))


class _Guard(TrainerCallback):
    """Stops before a gradient that is no number is applied."""

    def on_pre_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Look at every gradient. Under fp16 the loss scaler meets overflows on purpose and skips them itself."""
        if args.fp16:
            return
        named = {name: each.grad for name, each in kwargs["model"].named_parameters() if each.grad is not None}
        if torch.isfinite(torch.nn.utils.get_total_norm(named.values())):
            return
        for name, gradient in named.items():
            if not torch.isfinite(gradient).all():
                raise DivergedError(f"the gradient of {name} became infinite at step {state.global_step + 1}")


class _GiveBack(TrainerCallback):
    """Gives memory back to the system now and then; what a process holds grows with the steps otherwise."""

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Every so many steps: what is given back has to be asked for again, which takes time too."""
        if state.global_step % _STEPS_KEPT == 0:
            give_back()


class Keeper(TrainerCallback):
    """Marks checkpoints that are whole. ``seconds``: gives those spent on the training so far."""

    def __init__(self, selection: Selection, seconds: Callable[[], float]) -> None:
        self._selection, self._seconds = selection, seconds

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Everything of the checkpoint stands on disk: say so. Of the adapters it needs the best alone."""
        all_here()
        work, history = Path(str(args.output_dir)), self._selection.history
        complete(work / f"checkpoint-{state.global_step}", self._seconds(), history)
        keep_best(work, history)


class Teller(TrainerCallback):
    """Tells the training's task of each step, with tokens per second and the loss.

    A step is told when the next begins: what it made is kept by then, should whoever listens end the work.
    """

    def __init__(self, task: Task, tokens_per_step: int) -> None:
        self._task, self._tokens_per_step = task, tokens_per_step
        self._began, self._first, self._loss = 0.0, 0, ""

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Begin to count where a resumed training stands."""
        self._began, self._first = time.monotonic(), state.global_step

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any) -> None:
        """Note the last training loss."""
        loss = (kwargs.get("logs") or {}).get("loss")
        if loss is not None:
            self._loss = f", loss {float(loss):.2f}"

    def on_step_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Tell the steps before this one."""
        self._tell(state)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Tell all of them."""
        self._tell(state)

    def _tell(self, state: TrainerState) -> None:
        here = state.global_step - self._first
        speed = here * self._tokens_per_step / max(time.monotonic() - self._began, 1e-9)
        self._task.reach(state.global_step, f"{speed:.0f} tok/s{self._loss}" if here else "")


def losses(log: Sequence[Mapping[str, Any]]) -> History:
    """The loss while training, of what Trainer has logged at each step, in nats per token; at most 100 points.

    A point is the mean of the steps since the one before, told at the last of them.
    """
    steps = [(int(entry["step"]), float(entry["loss"])) for entry in log if "loss" in entry]
    size = -(-len(steps) // _POINTS) or 1
    parts = [steps[start : start + size] for start in range(0, len(steps), size)]
    return [(part[-1][0], sum(loss for _, loss in part) / len(part)) for part in parts]


@dataclass(frozen=True, slots=True)
class Training:
    """What each process has to know of a training.

    ``steps``: in all; ``checkpoint``: from which it goes on; ``start``: the adapter that it began with.
    """

    blocks: Blocks
    recipe: Recipe
    execution: Execution
    work: Path
    steps: int
    checkpoint: Path | None
    start: Path | None


def train(
    base: BaseModel,
    training: Training,
    callbacks: Sequence[TrainerCallback],
    begin: Callable[[Any], None] = lambda model: None,
) -> TrainerState:
    """Train to the end and give Trainer's state; the adapter stays on the base. ``begin`` is given the model before.

    Of several processes each makes its share of every step, and all end with the same adapter.
    """
    recipe = training.recipe
    set_seed(recipe.seed)
    model = attach(base, recipe, training.start)
    args = arguments(base, recipe, training.execution, training.work, training.steps)
    collate: Any = joined if reads_joined(model) else default_data_collator
    blocks: Any = training.blocks
    if number() > 1:
        blocks, collate = SharedBlocks(blocks, recipe.seed, args.train_batch_size * number()), without_empty(collate)
    trainer = AdapterTrainer(
        model=model,
        args=args,
        train_dataset=blocks,
        data_collator=collate,
        callbacks=[_Guard(), _GiveBack(), *callbacks],
    )
    trainer.remove_callback(PrinterCallback)
    with fused(model):
        begin(model)
        trainer.train(resume_from_checkpoint=str(training.checkpoint) if training.checkpoint else None)
    all_here()  # none looks into the folder any more, which is then removed
    state: TrainerState = trainer.state
    return state


def arguments(base: BaseModel, recipe: Recipe, execution: Execution, work: Path, steps: int) -> TrainingArguments:
    """What transformers' Trainer is told of a training of so many steps, which keeps its checkpoints in ``work``."""
    own = share(recipe.batch, base.device)
    args = TrainingArguments(
        output_dir=str(work),
        max_steps=steps,
        per_device_train_batch_size=execution.blocks_at_once(own),
        gradient_accumulation_steps=execution.passes(own),
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=_SCHEDULES[recipe.schedule],
        warmup_steps=round(steps * recipe.warmup),
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.gradient_clip,
        optim="adamw_torch",
        bf16=base.dtype == torch.bfloat16,
        fp16=base.dtype == torch.float16,
        use_cpu=base.device.type == "cpu",
        activation_checkpointing=execution.gradient_checkpointing,
        activation_checkpointing_kwargs={"use_reentrant": False} if execution.gradient_checkpointing else None,
        save_steps=execution.checkpoint_steps,
        save_total_limit=2,
        logging_steps=1,
        logging_nan_inf_filter=False,
        seed=recipe.seed,
        data_seed=recipe.seed,
        report_to="none",
        disable_tqdm=True,
        dataloader_num_workers=execution.workers,
        dataloader_pin_memory=base.device.type == "cuda",
        label_names=["labels"],
        remove_unused_columns=False,
        train_sampling_strategy="sequential" if number() > 1 else "random",  # SharedBlocks are in their order
        average_tokens_across_devices=True,
        ddp_find_unused_parameters=False,
        ddp_broadcast_buffers=False,
    )
    if base.device.type == "cuda":
        _keep_to(base.device, args)
    return args


def _keep_to(device: torch.device, args: Any) -> None:
    """Train on the base's GPU alone: transformers takes the first one, and copies the model to all that there are."""
    args._n_gpu = 1
    if device.index is not None:
        torch.cuda.set_device(device)
        vars(args)["_setup_devices"] = args.distributed_state.device = device
