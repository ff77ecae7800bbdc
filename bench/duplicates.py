"""Near-duplicates: how many of three kinds of planted copies are dropped, and whether a distinct essay is.

Of the essays of ``GEULGAM_SHARED`` 200 are drawn for each kind (:mod:`bench.planted_copies`) and for each of two
seeds, and their copies set among all essays in any order. Of each copy and its original one is to go: recall is the
share of the pairs of which one does, and what goes is to go for an edition of the same essay. Then what is dropped
among the essays alone, every pair with its titles and what it shares, and the largest share of two that both stay.
Last the speed and the memory of the stage, in a process of its own, on a corpus made of the essays' words in any
order, of which each tenth text is another's copy.

    python -m bench.duplicates [--count 200] [--megabytes 100] [--speed | --peer]
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from bench.essays import shared_documents
from bench.planted_copies import KINDS
from corpus.copies import COPIED, copies
from corpus.deduplicate import deduplicate
from corpus.derive import derive
from corpus.document import Document, Raw, document
from corpus.duplicates import Sample, share, shingles
from corpus.imports import Imports
from corpus.keeping import Keeping, Rule
from corpus.store import Corpus

SEEDS = (11, 12)
RULES: tuple[Rule, ...] = ("longest", "earliest")


def planted(documents: Sequence[Document], kind: str, count: int, seed: int) -> dict[str, Document]:
    """Of so many of the documents, by their ids, a copy that is not the same text."""
    chance = random.Random(seed)
    words = [word for one in documents for word in one.text.split()]
    found: dict[str, Document] = {}
    for one in chance.sample(documents, len(documents)):
        copy = document(KINDS[kind](one.text, words, chance))
        if copy.id != one.id and len(found) < count:
            found[one.id] = copy
    return found


def mixed(documents: Sequence[Document], seed: int) -> list[Document]:
    """They, each text once, in any order."""
    once = list({one.id: one for one in documents}.values())
    random.Random(seed).shuffle(once)
    return once


def dropped(documents: Sequence[Document], rule: Rule) -> dict[str, str]:
    """Of each document that goes the one that stays for it, by their ids."""
    return {one.id: each.kept for each in copies(documents, rule) for one in each.dropped}


def closest(documents: Sequence[Document], gone: set[str]) -> float:
    """The largest share of shingles of two documents that both stay, among those that share any of the kept ones."""
    left = [one for one in documents if one.id not in gone]
    sample = Sample(len(left), 0.02)
    for one in left:
        sample.add(one.text)
    return max(shared(left[one], left[other]) for one, other in sample.candidates().tolist())


def shared(one: Document, other: Document) -> float:
    """Which share of the shorter one's shingles both have."""
    return share(*(np.unique(shingles(each.text)) for each in (one, other)))


def recall(documents: Sequence[Document], count: int) -> None:
    """Print how many planted pairs lose one, and how often an essay goes for another that is no edition of it."""
    works = editions(documents)
    for rule in RULES:
        for kind in KINDS:
            found, wrong = [], 0
            for seed in SEEDS:
                copied = planted(documents, kind, count, seed)
                gone = dropped(mixed([*documents, *copied.values()], seed), rule)
                found.append(sum(id_ in gone or one.id in gone for id_, one in copied.items()) / len(copied))
                work = {**works, **{one.id: works[id_] for id_, one in copied.items()}}
                wrong += sum(work[one] != work[stays] for one, stays in gone.items())
            told = ", ".join(f"{each:.3f}" for each in found)
            print(f"  {rule:9} {kind:30} recall {told}  dropped for another essay {wrong}")


def editions(documents: Sequence[Document]) -> dict[str, str]:
    """Of each document, by their ids, the first of its editions; which are editions is shown by :func:`among`."""
    first = {one.id: one.id for one in documents}
    for each in copies(documents, "longest"):
        first |= {one.id: each.kept for one in each.dropped}
    return first


def peer(documents: Sequence[Document], count: int) -> None:
    """Print the same of datatrove's MinHash with its defaults for Korean: pairs that have a bucket in common."""
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature
    from datatrove.utils.hashing import HashConfig
    from datatrove.utils.typeshelper import Languages

    with tempfile.TemporaryDirectory() as folder:
        config = MinhashConfig(hash_config=HashConfig(hash_fc="sha1"))  # xxhash is a package more
        signature = MinhashDedupSignature(folder, config, language=Languages.korean)
    signature.word_tokenizer.model_type = None  # "sbg", which it asks Kiwi for, is not in Kiwi's package any more

    def buckets(text: str) -> set[tuple[int, tuple[int, ...]]]:
        runs = signature.get_shingles(text)
        return {(place, tuple(one)) for place, one in enumerate(signature.get_signature(runs))} if len(runs) else set()

    began, size = time.process_time(), sum(len(one.text.encode()) for one in documents) / 1e6
    own = {one.id: buckets(one.text) for one in documents}
    took, works, holders = time.process_time() - began, editions(documents), dict[object, str]()
    wrong = sum(works[holders.setdefault(bucket, id_)] != works[id_] for id_, found in own.items() for bucket in found)
    for kind in KINDS:
        copied = planted(documents, kind, count, SEEDS[0])
        found = sum(bool(own[id_] & buckets(one.text)) for id_, one in copied.items())
        print(f"  datatrove {kind:30} recall {found / len(copied):.3f}")
    print(f"  datatrove buckets that distinct essays share {wrong}; signatures of {size / took:.2f} MB/s")


def among(documents: Sequence[Document]) -> None:
    """Print what is dropped of the essays as they are."""
    by_id = {one.id: one for one in documents}
    found = copies(documents, "longest")
    gone = {one.id for each in found for one in each.dropped}
    print(f"the essays alone: {len(gone)} of {len(documents):,} go, for {len(found)}")
    for each in found:
        for one in each.dropped:
            pair = by_id[one.id], by_id[each.kept]
            print(
                f"  {one.shared:.3f}  {pair[0].title} ({len(pair[0].text):,}) → {pair[1].title} ({len(pair[1].text):,})"
            )
    copied = planted(documents, "a tenth of the words changed", len(documents), SEEDS[0])
    least = min(shared(by_id[id_], one) for id_, one in copied.items())
    print(f"  with a tenth of its words changed each shares {least:.3f} or more with what it was")
    print(f"  of those that stay no two share more than {closest(documents, gone):.3f}; {COPIED} would be too much")


def many(documents: Sequence[Document], megabytes: int) -> Iterator[Raw]:
    """So many megabytes of texts made of the essays' words in any order; each tenth is a copy of the one before."""
    chance, size, line = random.Random(7), 0, 0
    words = [word for one in documents for word in one.text.split()]
    while size < megabytes * 1e6:
        for one in documents:
            text = " ".join(chance.choices(words, k=len(one.text.split())))
            rows = [text, KINDS["a tenth of the words changed"](text, words, chance)] if line % 9 == 8 else [text]
            for place, row in enumerate(rows):
                line += 1
                size += len(row.encode())
                yield Raw("made.csv", line, row, "copy" if place else "")


def stage(folder: Path) -> None:
    """In a process of its own: drop the copies of a corpus that is cleaned; print the figures as JSON."""
    imports, cleaned = Imports(folder / "imports"), Corpus(folder / "cleaned")
    before = peak()
    began, clock = time.process_time(), time.perf_counter()
    done = deduplicate(cleaned, Corpus(folder / "corpus"), imports, Keeping("longest"))
    took = time.process_time() - began, time.perf_counter() - clock
    told = {"documents": len(cleaned), "dropped": done.rejected, "cpu": took[0], "seconds": took[1]}
    told |= {"before": before, "peak": peak()}
    print(json.dumps(told))


def peak() -> int:
    """The most memory that this process has held, in kB; on Linux."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1])


def speed(documents: Sequence[Document], megabytes: int) -> None:
    """Print what the stage costs."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        imports = Imports(folder / "imports")
        imports.add(many(documents, megabytes))
        cleaned = Corpus(folder / "cleaned")
        derive(imports, cleaned)
        size = sum(len(one.text.encode()) for one in cleaned) / 1e6
        copied = sum(one.title == "copy" for one in cleaned)
        command = [sys.executable, "-m", "bench.duplicates", "--stage", temporary]
        told = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    print(
        f"{told['documents']:,} documents, {size:.0f} MB, {told['dropped']:,} of {copied:,} copies dropped: "
        f"{size / told['cpu']:.1f} MB/s of processor time ({told['seconds']:.0f} s on this machine), "
        f"memory {told['before'] / 1e3:.0f} MB before, {told['peak'] / 1e3:.0f} MB at most"
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="copies of each kind")
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--stage", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--speed", action="store_true", help="the speed alone")
    parser.add_argument("--peer", action="store_true", help="datatrove alone, on the copies of the first seed")
    given = parser.parse_args()
    if given.stage:
        stage(given.stage)
        return
    documents = shared_documents()
    if given.speed:
        speed(documents, given.megabytes)
        return
    if given.peer:
        peer(documents, given.count)
        return
    print(f"planted among {len(documents):,} real essays, {given.count} of each kind, seeds {SEEDS}:")
    recall(documents, given.count)
    among(documents)
    speed(documents, given.megabytes)


if __name__ == "__main__":
    main()
