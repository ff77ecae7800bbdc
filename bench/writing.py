"""Texts for a blind reading: several writers go on from beginnings of held-out essays, on the same adapters.

    python -m bench.writing FOLDER --writer default --out default.jsonl [--per-topic 9] [--beam 2] [--adapters PATTERN]

Seven topics of the real essays of ``GEULGAM_SHARED``, an adapter for each: those of ``bench.recipes`` in FOLDER whose
names are PATTERN, in which {topic} stands for the topic ("base": none); else such as are trained here, for one epoch on
the train side of its best 90 (a minute or two each; kept in FOLDER, as corpus and index are). The writers:

- ``default``: geulgam's, the best of eight by its critic;
- ``learnt``: the same, with a learnt part in the critic;
- ``plain``: the best of eight drawn at temperature 0.8, top-p 0.9, penalty 1.15, by half the likelihood plus the mutual
  information with what stands;
- ``stream``: one stream at temperature 0.9, top-k 50, top-p 0.9, penalty 1.2 over 128 tokens, geulgam's default until
  it had a critic;
- ``contest``: the loop of the winners of the third AI x Bookathon: the full vocabulary in fp32, their settings.

Prints characters per second. Begun again, it goes on behind the texts that stand in the file. ``python -m
bench.blind`` makes pairs of two files, ``bench.readers`` measures them.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from bench.blind import Passage, read_passages
from bench.essays import QUERIES
from bench.generation import contest_text
from bench.topics import CHARACTERS, Ground, excerpts, ground
from finetune.adapt import adapt
from finetune.base import BaseModel
from finetune.card import Card
from finetune.layout import essay_text
from finetune.recipe import Recipe
from generate.candidates import Candidate
from generate.critic.critic import Critic
from generate.critic.head import Head
from generate.critic.places import taught
from generate.critic.wording import Wording
from generate.decoding.sampling import PRESETS, Sampling
from generate.planning.plan import Plan
from generate.so_far import SoFar
from generate.writer import Writer
from geulgam.show import showing
from retrieval.encoder import encoder

WRITERS = ("default", "learnt", "plain", "stream", "contest")
_PLAIN = Sampling(temperature=0.8, top_p=0.9, repetition_penalty=1.15, repetition_window=128)
_SPARE = 20  # characters more than are read, so that a last sentence can be left out


class PlainCritic(Critic):
    """Half the likelihood plus the mutual information with what stands."""

    def parts(self, candidates: Sequence[Candidate], alone: Sequence[float], so_far: SoFar) -> list[dict[str, float]]:
        """One part, the sum."""
        return [
            {"information": 1.5 * candidate.likelihood - free}
            for candidate, free in zip(candidates, alone, strict=True)
        ]


def adapters(made: Ground, base: BaseModel, folder: Path, topics: Iterable[str]) -> dict[str, Path]:
    """Each topic's adapter, trained where it is not there yet."""
    found = {}
    with showing(print) as on:
        for topic in topics:
            found[topic] = folder / f"{topic}-top"
            if not found[topic].exists():
                train, valid = made.documents(topic, "train"), made.documents(topic, "valid")
                adapt(base, train, valid, Recipe(epochs=1.0, headers=False), found[topic], Card(topic), on=on)
    return found


def chosen(made: Ground, base: BaseModel, options: argparse.Namespace) -> dict[str, Path | None]:
    """Each topic's adapter by the option ``--adapters``: the one of that name, None for "base", else those above."""
    if options.adapters == "base":
        return dict.fromkeys(options.topics)
    if options.adapters:
        return {topic: options.folder / options.adapters.format(topic=topic) for topic in options.topics}
    return dict[str, Path | None](adapters(made, base, options.folder, options.topics))


def head(made: Ground, base: BaseModel, adapter: Path | None, folder: Path) -> Head:
    """The critic's learnt part, one for all topics, taught with one adapter where it is not there yet (four minutes).

    In essays that none of the adapters was trained on. One of other topics' adapters tells as well as one's own.
    """
    if not folder.exists():
        assert adapter is not None
        with showing(print) as on:
            learnt = taught(base, adapter, made.unwritten(), encoder(), on=on)
        assert learnt is not None
        print(f"the true next passage is told from the model's at {learnt.told.model:.0%} of places")
        folder.mkdir()
        learnt.save(folder)
    return Head.load(folder)


def writing(
    name: str, base: BaseModel, adapter: Path | None, critic: Critic, seed: int, beam: int = 1
) -> Callable[[Passage, int], str]:
    """What goes on from a passage's opening for about so many characters."""
    if name == "contest":
        assert adapter is not None
        return lambda passage, characters: contest_text(base, adapter, passage.topic, passage.opening, characters, seed)
    sampling = {"plain": _PLAIN, "stream": PRESETS["stream"]}.get(name, PRESETS["default"])
    writer = Writer(base, adapter, critic=critic)

    def write(passage: Passage, characters: int) -> str:
        plan = Plan.of_one_section(passage.topic, len(passage.opening) + characters, passage.opening)
        draft = writer.write(plan, sampling, seed, best_of=1 if name == "stream" else 8, beam=beam)
        return draft.text[len(passage.opening) :]

    return write


def main() -> None:
    """Write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--topics", nargs="+", default=list(QUERIES), metavar="TOPIC")
    parser.add_argument("--writer", choices=WRITERS, default="default")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--per-topic", type=int, default=9)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--beam", type=int, default=1)
    parser.add_argument("--adapters", default="", metavar="PATTERN")
    options = parser.parse_args()
    made = ground(options.folder)
    base = BaseModel.load(texts=(essay_text(document) for document in made.corpus))
    trained = chosen(made, base, options)
    wording = Wording.of(made.corpus.get(made.sides.ids("train")))
    critic: Critic = PlainCritic()
    if options.writer == "default":
        critic = Critic(encoder=encoder(), wording=wording)
    if options.writer == "learnt":
        learnt = head(made, base, next(iter(trained.values())), options.folder / "critic")
        critic = Critic(encoder=encoder(), wording=wording, head=learnt)
    if options.writer == "contest":
        base = BaseModel.load("gemma-3-270m", None, device="cpu", precision="fp32")
    there = set(read_passages(options.out)) if options.out.exists() else set()
    passages = [passage for passage in excerpts(made, options.per_topic) if passage.id not in there]
    characters, began = 0, time.perf_counter()
    with options.out.open("a", encoding="utf-8") as file:
        for topic in options.topics:
            write = writing(options.writer, base, trained[topic], critic, options.seed, options.beam)
            for passage in (passage for passage in passages if passage.topic == topic):
                text = write(passage, CHARACTERS + _SPARE)
                characters += len(text)
                file.write(json.dumps({**asdict(passage), "text": text}, ensure_ascii=False) + "\n")
                file.flush()
                print(
                    f"{topic} {passage.id}: {characters / (time.perf_counter() - began):.1f} characters/s", flush=True
                )


if __name__ == "__main__":
    main()
