"""Essays of 20,000 characters: how fast, how long, whether the plan is kept, and what of the corpus they copy.

    python -m bench.long FOLDER [--topics 함께 …] [--sections 7] [--characters 20000] [--best-of 8] [--seeds 1] [--bare]
        [--adapters PATTERN]

On the adapters of ``bench.writing`` (the same FOLDER and PATTERN). Each essay is planned from its topic's train side
and written with the corpus's spans forbidden (``--bare``: nothing forbidden, to see what that costs). Prints, for each:
seconds, characters per second and against the asked length, keywords of the plan that each section names, spans of 30
letters that stand anywhere in the corpus, rep-4, diversity and sentence length of excerpts of 500 characters beside
those of held-out essays. FOLDER/long holds essays, plans and, one a section, the texts that ``bench.readers`` reads.
"""

import argparse
import json
import time
from dataclasses import asdict
from pathlib import Path
from statistics import fmean

from bench.blind import Passage
from bench.essays import QUERIES
from bench.readers import divided
from bench.topics import CHARACTERS, Ground, ground
from bench.writing import chosen
from corpus.atomic import write_text
from finetune.base import BaseModel
from finetune.layout import essay_text
from generate.critic.critic import Critic
from generate.critic.wording import Wording
from generate.decoding.sampling import PRESETS
from generate.draft import Draft
from generate.guards.guards import Guards
from generate.guards.spans import SpanIndex
from generate.korean import morphemes
from generate.planning.outline import make_plan
from generate.planning.plan import Plan
from generate.planning.plan_file import write_plan
from generate.review.repetition import diversity, repetition
from generate.sentences import sentences
from generate.writer import Writer
from geulgam.show import showing
from retrieval.analyzers import analyzer
from retrieval.encoder import encoder

_WORDS = {name: [word.partition("^")[0] for word in query.split()] for name, query in QUERIES.items()}


def named(essay: Draft) -> list[tuple[int, int]]:
    """Of each section's keywords how many it names, and how many it has."""
    terms_of = analyzer("kiwi")
    found = []
    for section, text in essay.sections():
        said = set(next(iter(terms_of([text]))))
        needed = [set(terms) for terms in terms_of(section.keywords)]
        found.append((sum(terms <= said for terms in needed), len(needed)))
    return found


def manner(texts: list[str]) -> str:
    """rep-4, diversity and sentence length of excerpts."""
    tokens = [morphemes(excerpt) for text in texts for excerpt in divided(text, CHARACTERS)]
    lengths = [len(sentence) for text in texts for sentence in sentences(text)]
    rep, div = fmean(repetition(each, 4) for each in tokens), fmean(map(diversity, tokens))
    return f"rep-4 {rep:.2f} %, diversity {div:.3f}, {fmean(lengths):.1f} characters a sentence"


def told(essay: Draft, spans: SpanIndex) -> str:
    """The figures of one essay."""
    keywords = named(essay)
    recall = sum(said for said, _ in keywords) / max(1, sum(needed for _, needed in keywords))
    lengths = [f"{len(text):,}/{section.characters:,}" for section, text in essay.sections()]
    return (
        f"{len(essay.text):,} characters ({len(essay.text) / essay.characters - 1:+.2%}) in {essay.seconds:.0f} s, "
        f"{len(essay.text) / essay.seconds:.1f} characters/s; keywords named {recall:.1%} "
        f"({', '.join(f'{said}/{needed}' for said, needed in keywords)}); sections {', '.join(lengths)}; "
        f"written again {essay.redrafted}; copied spans {len(spans.copied(essay.text))}; {manner([essay.text])}"
    )


def planned(made: Ground, topic: str, options: argparse.Namespace) -> Plan:
    """The plan of the topic's essays."""
    with showing(print) as on:
        return make_plan(
            topic,
            made.documents(topic, "train"),
            sections=options.sections,
            characters=options.characters,
            encode=encoder().encode,
            words=_WORDS[topic],
            on=on,
        )


def main() -> None:
    """Write, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--topics", nargs="+", default=list(QUERIES), metavar="TOPIC")
    parser.add_argument("--sections", type=int, default=7)
    parser.add_argument("--characters", type=int, default=20_000)
    parser.add_argument("--best-of", type=int, default=8)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument("--bare", action="store_true")
    parser.add_argument("--adapters", default="", metavar="PATTERN")
    options = parser.parse_args()
    made = ground(options.folder)
    base = BaseModel.load(texts=(essay_text(document) for document in made.corpus))
    trained = chosen(made, base, options)
    spans = SpanIndex.build(made.corpus, options.folder / "spans")
    guards = Guards() if options.bare else Guards(spans)
    human = [document.text for topic in QUERIES for document in made.documents(topic, "test")]
    print(f"held-out essays: {manner(human)}")
    out = options.folder / "long"
    out.mkdir(exist_ok=True)
    with showing(print) as on:
        wording = Wording.of(made.corpus.get(made.sides.ids("train")), on=on)
    critic = Critic(encoder=encoder(), wording=wording, terms_of=analyzer("kiwi"))
    for topic in options.topics:
        began = time.perf_counter()
        plan = planned(made, topic, options)
        writer = Writer(base, trained[topic], critic=critic, guards=guards)
        for seed in options.seeds:
            with showing(print) as on:
                essay = writer.write(plan, PRESETS["default"], seed, best_of=options.best_of, on=on)
            name = f"{topic}-{seed}{'-bare' if options.bare else ''}"
            write_text(out / f"{name}.md", f"# {essay.plan.title}\n\n{essay.text}\n")
            write_plan(out / f"{name}.toml", essay.plan)
            parts = [Passage(f"{name}-{n}", topic, "", text) for n, (_, text) in enumerate(essay.sections())]
            lines = (json.dumps(asdict(part), ensure_ascii=False) + "\n" for part in parts)
            write_text(out / f"{name}.jsonl", "".join(lines))
            print(f"{name}: {told(essay, spans)}; {time.perf_counter() - began:.0f} s in all", flush=True)
            began = time.perf_counter()


if __name__ == "__main__":
    main()
