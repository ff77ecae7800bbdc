"""Judging: how much of ten kinds of planted junk is refused, by which rule, and which real essays are.

Prints of each kind (:mod:`bench.planted_junk`, drawn with two seeds) how many are refused and for which reasons; what
becomes of each of a few texts written by hand (`bench/data/strange.jsonl`); and of the bundled sample, the essays and
the passages of ``GEULGAM_SHARED`` each one that is refused, with the reason. All are cleaned first, as in a corpus.

    python -m bench.junk [--count 100]
    python -m bench.junk --bits --count 10

``--bits``: instead, the bits per character that the base model finds in the beginning of each, and of ten times as many
real essays.
"""

import argparse
import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.essays import encyclopaedia, sample_documents, shared_documents
from bench.planted_junk import WRITERS, planted
from corpus.cleaning.cleaning import Cleaner, Cleaning
from corpus.document import Document, document
from corpus.judging.judging import Judge, Judging
from finetune.judging import Perplexity


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=100, help="texts of each kind")
    parser.add_argument("--bits", action="store_true")
    chosen = parser.parse_args()
    count = chosen.count
    if chosen.bits:
        perplexity(count)
        return
    cleaner, judge = Cleaner(Cleaning().steps()), Judge(Judging().rules())

    def reason(one: Document) -> str | None:
        made = judge(cleaner(one))
        return made if isinstance(made, str) else None

    for seed in (11, 12):
        print(f"planted, {count} of each kind, seed {seed}:")
        for kind in WRITERS:
            reasons = [reason(document(text)) for text in planted(kind, count, seed)]
            told = Counter(why.partition(":")[0] if why else "passes" for why in reasons)
            recall = 1 - told.pop("passes", 0) / count
            print(f"  {kind:14} recall {recall:.3f}  {', '.join(f'{n} {why}' for why, n in told.most_common())}")
    print("written by hand:")
    for line in (Path(__file__).parent / "data" / "strange.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        becomes = reason(document(row["text"])) or "passes"
        print(f"  {row['kind']:5} {' '.join(row['text'].split())[:30]}… {becomes}")
    real = shared_documents()
    texts = {
        "the sample": sample_documents(plain=True),
        "the real essays": real,
        "KorQuAD's passages": encyclopaedia(),
    }
    for name, documents in texts.items():
        refused = [(one, why) for one in documents if (why := reason(one))]
        print(f"{name}: {len(refused)} of {len(documents):,} are refused")
        for one, why in refused:
            print(f"  {one.id[:8]} {len(one.text):,} characters, {why}")
    speed(judge, real)


def perplexity(count: int) -> None:
    """Print the bits per character of the base model: of real essays, of the sample, of each kind of junk."""
    base = "gemma-3-270m"
    real = random.Random(1).sample(shared_documents(), 10 * count)
    sample = sample_documents(plain=True)[:count]
    kinds = {"real essays": [one.text for one in real], "the sample": [one.text for one in sample]}
    kinds |= {kind: planted(kind, count, 11) for kind in WRITERS}
    with tempfile.TemporaryDirectory() as folder:
        judge = Perplexity(0.0, 0.0, base, base, Path(folder))
        for kind, texts in kinds.items():
            began = time.perf_counter()
            bits = np.sort([judge.bits(text) for text in texts])
            low, middle, high = np.quantile(bits, (0.05, 0.5, 0.95))
            took = (time.perf_counter() - began) / len(texts)
            print(
                f"{kind:14} {len(texts):4} texts: {bits[0]:.2f} to {bits[-1]:.2f}, 90 % {low:.2f} to {high:.2f}, "
                f"median {middle:.2f}; {took:.1f} s a text",
                flush=True,
            )


def speed(judge: Judge, real: Sequence[Document]) -> None:
    """Megabytes of UTF-8 a second, on one core, of each rule and of all."""
    size = sum(len(one.text.encode()) for one in real) / 1e6
    rates: dict[str, float] = {}
    for name, rules in (("all", judge.steps), *((rule.name, (rule,)) for rule in judge.steps)):
        began = time.process_time()
        for one in real:
            Judge(rules)(one)
        rates[name] = size / max(1e-9, time.process_time() - began)
    print("MB/s on one core: " + ", ".join(f"{name} {rate:,.1f}" for name, rate in rates.items()))


if __name__ == "__main__":
    main()
