"""Cleaning: what each step does to the real essays and to the sample, what it costs, and whose data it finds.

Prints, of the essays and passages of ``GEULGAM_SHARED`` and of the bundled sample, how many documents and characters
each step changes, with examples; every hit of a step that masks personal data, with its context; of made-up personal
data of eight kinds (:mod:`bench.planted`), how many are masked; how many look-alikes are; and megabytes a second of
each step, on one core: of the essays as they are, and with what scraping leaves in every one of them.

    python -m bench.cleaning [--examples 3] [--megabytes 20] [--with endings]
"""

import argparse
import itertools
import time
from collections.abc import Sequence

from bench.essays import encyclopaedia, sample_documents, shared_documents
from bench.planted import LOOKALIKES, WRITERS, is_masked, planted
from corpus.cleaning.cleaning import Cleaner, Cleaning
from corpus.cleaning.marks import marks
from corpus.cleaning.text_step import TextStep
from corpus.document import Document

PLANTED = 2_000  # of each kind
LEFTOVERS = (
    "<p>{}&nbsp;</p>\n(사진=연합뉴스)\n공유하기\nURL 복사 | 이웃추가\nhttps://example.org/a?b=1\n#수필 #일상\n"
    "문의: someone@example.org 010-1234-5678\nⓒ 홍길동 무단 전재 및 재배포 금지\n“정말?” ㅋㅋㅋㅋ!!!!\n"
)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--examples", type=int, default=3)
    parser.add_argument("--megabytes", type=int, default=20)
    parser.add_argument("--with", dest="also", action="append", default=[], metavar="STEP")
    given = parser.parse_args()
    cleaning = Cleaning().switched({name: "read" if name == "hanja" else True for name in given.also})
    real = shared_documents()
    effects("the sample", sample_documents(plain=True), cleaning, given.examples)
    effects("the real essays", real, cleaning, given.examples)
    passages = encyclopaedia()
    effects("KorQuAD's passages", passages, cleaning, given.examples)
    personal(real, passages)
    speed(real, cleaning, given.megabytes)


def effects(name: str, documents: Sequence[Document], cleaning: Cleaning, examples: int) -> None:
    """What each step does to them, and whether doing it again does more."""
    cleaner = Cleaner(cleaning.steps())
    shown: dict[str, list[str]] = {step.name: [] for step in cleaner.steps}
    again = 0
    for one in documents:
        changes = list(cleaner.changes(one.text))
        cleaner.tally.count(one.text, changes)
        again += bool(changes) and cleaner.clean(changes[-1][2]) != changes[-1][2]
        for step, before, after in changes:
            if len(shown[step]) < examples:
                shown[step].append(_example(step, before, after))
    told = cleaner.tally
    print(f"{name}: {told.changed:,} of {told.documents:,} documents are changed, {again} by cleaning them again")
    for step, tally in told.steps.items():
        characters = f"{tally.removed:,} gone, {tally.added:,} come, {tally.replaced:,} replaced"
        print(f"  {step:16} {tally.documents:6,} documents; characters: {characters}")
        for example in shown[step]:
            print(f"      {example}")


def _example(step: str, before: str, after: str) -> str:
    """The first of its changes, with what stands around it."""
    found = marks(before, [(step, before, after)])
    place = next(place for place, mark in enumerate(found) if mark.kind != "kept")
    signs = {"kept": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    left = found[place - 1].text[-25:] if place else ""
    rest = "".join(signs[mark.kind].format(mark.text[:60]) for mark in found[place : place + 5])
    return f"{left}{rest}".replace("\n", "⏎")[:220]


def personal(real: Sequence[Document], passages: Sequence[Document]) -> None:
    """How much of what is planted is masked, and what is masked that is no one's."""
    kinds = [step for step in Cleaning().steps() if step.name in WRITERS]
    cleaner = Cleaner(Cleaning().steps())
    print(f"personal data, {PLANTED:,} planted of each kind:")
    for kind in WRITERS:
        made = planted(kind, PLANTED)
        missed = [sentence for sentence, value in made if not is_masked(value, cleaner.clean(sentence))]
        print(f"  {kind:16} recall {1 - len(missed) / len(made):.4f}")
        for sentence in missed[:5]:
            print(f"      missed: {sentence}")
    wrong = [(text, cleaner.clean(text)) for text in LOOKALIKES]
    wrong = [(text, made) for text, made in wrong if "[" in made]
    print(f"look-alikes: {len(wrong)} of {len(LOOKALIKES)} masked {wrong}")
    hits_in("the real essays", real, kinds)
    hits_in("KorQuAD", passages, kinds)


def hits_in(name: str, texts: Sequence[Document], kinds: Sequence[TextStep]) -> None:
    """Print everything in them that is masked, to be looked at."""
    hits = 0
    for one, step in itertools.product(texts, kinds):
        masked = step.change(one.text)
        if masked != one.text:
            hits += 1
            print(f"  hit in {one.id[:8]}: {_example(step.name, one.text, masked)}")
    print(f"texts of {name} with a hit: {hits} of {len(texts):,}")


def speed(real: Sequence[Document], cleaning: Cleaning, megabytes: int) -> None:
    """Megabytes of UTF-8 a second, on one core, of each step and of all."""
    plain, size = [], 0
    for one in itertools.cycle(real):
        plain.append(one.text)
        size += len(one.text.encode())
        if size >= megabytes * 1_000_000:
            break
    scraped = [LEFTOVERS.replace("{}", text) for text in plain]
    for name, texts in (("as they are", plain), ("as scraped", scraped)):
        total = sum(len(text.encode()) for text in texts) / 1e6
        cleaner, step_seconds = Cleaner(cleaning.steps()), {}
        for step in cleaner.steps:
            began = time.process_time()
            for text in texts:
                step.change(text)
            step_seconds[step.name] = time.process_time() - began
        began = time.process_time()
        for number, text in enumerate(texts):
            cleaner(Document(f"{number:032x}", text))
        seconds = time.process_time() - began
        print(f"{total:.0f} MB {name}: {total / seconds:.1f} MB/s for all steps and their tally, one core")
        print("  " + ", ".join(f"{step} {total / max(took, 1e-9):,.0f}" for step, took in step_seconds.items()))


if __name__ == "__main__":
    main()
