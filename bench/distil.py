"""Does one stream come nearer to the best of eight, if the adapter learns from what the critic picked out of eight?

    python -m bench.distil FOLDER --topics 함께 --texts 40 --out distilled.jsonl [--per-topic 9]

On the corpus and adapters of bench.writing in FOLDER, for each topic: geulgam's default writer goes on, the best of
eight, from beginnings of essays that none of the topics' adapters was trained on, the nearest to the topic first; the
topic's adapter is trained on from where it stands, one epoch at half its rate, on what was written alone (self-training
on what a ranker chose: Krishna et al. 2022, 2205.09726; the beginnings are read and not learnt, nor is any end); and
one stream goes on from the beginnings of bench.topics.excerpts, with the adapter as it was and as it is now.

Four files come of ``--out distilled.jsonl``: that one and ``distilled-original.jsonl`` by the preset "default",
``distilled-stream.jsonl`` and ``distilled-stream-original.jsonl`` by the preset "stream". ``python -m bench.blind``
makes pairs of two of them. Printed are the bits per character of the topic's held-out essays, of the texts that were
learnt, and rep-4 of each file. What is there already is not made again: texts and adapters stand in FOLDER/distil.
"""

import argparse
import json
import shutil
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from peft import set_peft_model_state_dict
from safetensors.torch import load_file

from bench.blind import Passage, read_passages
from bench.essays import QUERIES
from bench.topics import CHARACTERS, Ground, beginning, excerpts, ground
from bench.writing import adapters
from corpus.atomic import replace_folder, work_folder
from corpus.document import Document
from corpus.events import On, Task
from finetune.adapt import VOCABULARY
from finetune.base import BaseModel
from finetune.blocks import Blocks, pack
from finetune.evaluate import bits_per_character
from finetune.layout import Header, essay_text, opening
from finetune.method import attach
from finetune.recipe import Recipe
from finetune.selection import save_adapter
from finetune.silence import quiet
from generate.critic.critic import Critic
from generate.critic.wording import Wording
from generate.decoding.sampling import PRESETS
from generate.korean import morphemes
from generate.planning.plan import Plan
from generate.review.repetition import repetition
from generate.writer import BEST_OF, Writer
from geulgam.show import showing
from retrieval.encoder import encoder

RECIPE = Recipe(epochs=1.0, batch=2, learning_rate=2e-4, headers=False)
_SPARE = 20  # characters more than are read, so that a last sentence can be left out


def openings(made: Ground, topic: str, count: int) -> list[Passage]:
    """Beginnings of essays that no adapter was trained on or chosen by, those that match the topic best first."""
    ranks = {document.id: rank for rank, document in enumerate(made.documents(topic, "train", deep=True))}
    found: list[Passage] = []
    for document in sorted(made.unwritten(), key=lambda document: ranks.get(document.id, len(ranks))):
        if parts := beginning(document.text, CHARACTERS):
            found.append(Passage(document.id, topic, *parts))
        if len(found) == count:
            break
    return found


def written(
    passages: Iterable[Passage], file: Path, write: Callable[[Passage], str], told: Callable[[str], None] = print
) -> dict[str, Passage]:
    """What ``write`` makes of each passage that the file has not yet; all that the file has then, by id."""
    there = set(read_passages(file)) if file.exists() else set()
    began, characters = time.perf_counter(), 0
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as out:
        for passage in (passage for passage in passages if passage.id not in there):
            made = replace(passage, text=write(passage))
            out.write(json.dumps(asdict(made), ensure_ascii=False) + "\n")
            out.flush()
            characters += len(made.text)
            told(f"{file.name}, {passage.topic}: {characters / (time.perf_counter() - began):.1f} characters/s")
    return read_passages(file)


def stream(writer: Writer, preset: str, seed: int, best_of: int = 1) -> Callable[[Passage], str]:
    """What the writer goes on with from a passage's opening."""

    def write(passage: Passage) -> str:
        plan = Plan.of_one_section(passage.topic, len(passage.opening) + CHARACTERS + _SPARE, passage.opening)
        return writer.write(plan, PRESETS[preset], seed, best_of=best_of).text[len(passage.opening) :]

    return write


def lessons(passages: Iterable[Passage], base: BaseModel) -> Blocks:
    """The texts in blocks; neither title and opening are learnt, nor the end, since a text was merely broken off."""
    heads = {passage.id: opening(passage.topic) + passage.opening for passage in passages}
    texts = [Document(passage.id, " " + passage.text) for passage in passages]
    packed = pack(texts, base.vocabulary, RECIPE.block_tokens, RECIPE.seed, lambda text: [Header(0, heads[text.id])])
    return replace(packed, learnt=packed.learnt & (packed.ids != base.vocabulary.eos))


def trained_on(base: BaseModel, adapter: Path, blocks: Blocks, folder: Path, on: On) -> list[float]:
    """Train the adapter on and put it at ``folder``; returns the loss of each step in nats per token.

    It goes on from the adapter's own weights (finetune.adapt begins with fresh ones): AdamW, cosine, as the recipe
    says.
    """
    torch.manual_seed(RECIPE.seed)
    order = torch.randperm(len(blocks)).split(RECIPE.batch)  # type: ignore[no-untyped-call]
    losses = []
    with quiet(), base.borrowed(on), Task(on, "training", len(order), "step") as task:
        try:
            model = attach(base, RECIPE)
            fits: Any = set_peft_model_state_dict(model, load_file(adapter / "adapter_model.safetensors"))
            assert not fits.unexpected_keys and not any("lora" in key for key in fits.missing_keys)
            model.train()
            weights = [weight for weight in model.parameters() if weight.requires_grad]
            optimiser = torch.optim.AdamW(weights, RECIPE.learning_rate, weight_decay=RECIPE.weight_decay)
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, len(order))
            for rows in order:
                with torch.autocast(base.device.type, dtype=base.dtype, enabled=base.dtype != torch.float32):
                    loss = model(**blocks[rows], use_cache=False).loss
                loss.backward()
                torch.nn.utils.clip_grad_norm_(weights, RECIPE.gradient_clip)
                optimiser.step()
                schedule.step()
                optimiser.zero_grad()
                losses.append(float(loss))
                task.advance()
            part = work_folder(folder)
            save_adapter(model, part)
        finally:
            base.take_off()
    shutil.copy(adapter / VOCABULARY, part)
    replace_folder(part, folder)
    return losses


def rep_4(passages: Iterable[Passage]) -> float:
    """The mean over the texts, each cut to the excerpts' length."""
    return fmean(repetition(morphemes(passage.text[:CHARACTERS]), 4) for passage in passages)


def main() -> None:
    """Write, train, write, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--topics", nargs="+", default=["함께"], choices=list(QUERIES), metavar="TOPIC")
    parser.add_argument("--texts", type=int, default=40, help="of a topic, to learn from")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--per-topic", type=int, default=9)
    parser.add_argument("--measured", type=int, help="held-out essays whose bits are measured, by default all")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    made = ground(options.folder)
    base = BaseModel.load(texts=(essay_text(document) for document in made.corpus))
    critic = Critic(encoder=encoder(), wording=Wording.of(made.corpus.get(made.sides.ids("train"))))
    asked = excerpts(made, options.per_topic)
    name = options.out.stem
    files: set[Path] = set()
    for topic, adapter in adapters(made, base, options.folder, options.topics).items():
        began = time.perf_counter()
        work = options.folder / "distil" / f"{topic}-{options.texts}"
        begun = openings(made, topic, options.texts)
        best = stream(Writer(base, adapter, critic=critic), "default", options.seed, BEST_OF)
        # One file for all numbers of texts: more of them begin with the same.
        texts = written(begun, work.with_name(f"{topic}.jsonl"), best)
        chosen = [texts[passage.id] for passage in begun]
        print(f"{topic}: {len(chosen)} texts after {time.perf_counter() - began:.0f} s", flush=True)
        with showing(print) as on:
            if not work.exists():
                losses = trained_on(base, adapter, lessons(chosen, base), work, on)
                parts = (losses[: len(losses) // 4], losses[-(len(losses) // 4) :])
                told = " → ".join(f"{fmean(part or losses):.3f}" for part in parts)
                print(f"{topic}: {len(losses)} steps, loss of the first and the last quarter {told}")
        for preset, style in (("default", ""), ("stream", "-stream")):
            for folder, suffix in ((work, ""), (adapter, "-original")):
                file = options.out.with_name(f"{name}{style}{suffix}.jsonl")
                mine = [passage for passage in asked if passage.topic == topic]
                written(mine, file, stream(Writer(base, folder, critic=critic), preset, options.seed))
                files.add(file)
        learnt = [Document(passage.id, passage.text) for passage in chosen]
        held_out = made.documents(topic, "test")[: options.measured]
        for what, documents in (("held-out essays", held_out), ("texts learnt", learnt)):
            with showing(print) as on:
                bits = [bits_per_character(base, documents, each, on=on) for each in (adapter, work)]
            told = " → ".join(f"{each:.4f}" for each in bits)
            print(f"{topic}: bits per character of {len(documents)} {what} {told}", flush=True)
        print(f"{topic}: {time.perf_counter() - began:.0f} s in all", flush=True)
    for file in sorted(files):
        print(f"{file.name}: rep-4 {rep_4(read_passages(file).values()):.2f} %")


if __name__ == "__main__":
    main()
