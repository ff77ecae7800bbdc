"""Cleaning at scale: `geulgam corpus clean` on one core, on two, and on a Ray cluster; is it the same corpus?

Essays of ``GEULGAM_SHARED`` are varied until there are so many megabytes: in each a third of the sentences is from
others, half have what scraping leaves, three of a hundred are an earlier one with a sentence left out, and two are junk
(:mod:`bench.planted_junk`). They are imported once; then each way makes the corpus from them anew, and its seconds are
told, the processor's seconds (but of a cluster's nodes), the peak memory of all its processes together (of shared pages
each its part), and whether the files of the corpus are the same, to the byte. A cluster's memory is that of its nodes
and their head, whose object stores take 100 MB each at most. All that `corpus clean` does is measured: cleaning,
judging, and near-duplicates.

    python -m bench.clean_scale [--megabytes 160] [--workers 1 2] [--nodes 2] [--keep longest]
"""

import argparse
import hashlib
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from bench.cleaning import LEFTOVERS
from bench.essays import SENTENCE_END, shared_documents
from bench.planted_junk import WRITERS
from corpus.document import Raw
from corpus.imports import Imports
from geulgam.workspace import Workspace

SCRAPED, NEAR, JUNK, OTHERS = 0.5, 0.03, 0.02, 1 / 3  # shares; the last one of sentences


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=160)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--nodes", type=int, default=2, help="of the Ray cluster, a core each; 0: none")
    parser.add_argument("--keep", default="longest", help="of near-duplicates; all: none is looked for")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.create(Path(folder) / "workspace", f'[corpus.deduplicate]\nkeep = "{given.keep}"\n')
        began = time.monotonic()
        imported = Imports(workspace.imports).add(varied(given.megabytes))
        seconds = time.monotonic() - began
        print(f"{given.megabytes} MB in {imported.rows:,} rows, made and imported in {seconds:.0f} s", flush=True)
        made = [measured(f"{n} workers", workspace, "--workers", str(n)) for n in given.workers]
        if given.nodes:
            with nodes(given.nodes) as address:
                more = ("--engine", "ray", "--address", address)
                made.append(measured(f"Ray, {given.nodes} nodes of a core", workspace, *more))
        print(f"the same to the byte: {'yes' if all(one == made[0] for one in made) else 'NO'}")


def varied(megabytes: int) -> Iterator[Raw]:
    """So many megabytes of rows; always the same."""
    rng = random.Random(f"clean {megabytes}")
    essays = [SENTENCE_END.split(document.text) for document in shared_documents()]
    line = size = 0
    last: list[str] = []
    while size < megabytes * 1_000_000:
        chance = rng.random()
        if chance < JUNK:
            text = WRITERS[rng.choice(list(WRITERS))](rng)
        else:
            if chance < JUNK + NEAR and len(last) > 2:
                sentences = list(last)
                sentences.pop(rng.randrange(len(sentences)))
            else:
                sentences = [
                    rng.choice(rng.choice(essays)) if rng.random() < OTHERS else sentence
                    for sentence in rng.choice(essays)
                ]
            last = sentences
            text = " ".join(sentences)
            text = LEFTOVERS.replace("{}", text) if rng.random() < SCRAPED else text
        line += 1
        size += len(text.encode())
        yield Raw("varied.jsonl", line, text, f"글 {line}")


def measured(name: str, workspace: Workspace, *options: str) -> dict[str, str]:
    """The digest of each file of the corpus that the command makes, after telling what it took."""
    for made in (workspace.corpus, workspace.cleaned):
        shutil.rmtree(made, ignore_errors=True)
    command = [sys.executable, "-m", "geulgam", "corpus", "clean", "--json", *options]
    began, worked = time.monotonic(), _worked()
    with peak() as memory:
        done = subprocess.run(command, cwd=workspace.folder, env=_environment(), capture_output=True, text=True)
    seconds = time.monotonic() - began
    if done.returncode:
        sys.exit(f"{name}: {done.stderr}")
    told: dict[str, Any] = json.loads(done.stdout)
    print(
        f"{name}: {seconds:.0f} s ({_worked() - worked:.0f} s of a processor), {memory[0] / 1e6:,.0f} MB; "
        f"{told['documents']:,} documents, {told['derived']['rejected']:,} refused",
        flush=True,
    )
    files = {*workspace.corpus.glob("*.parquet"), *workspace.corpus.glob("*.jsonl")}
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return {**digests, "commit": json.loads((workspace.corpus / "commit.json").read_text("utf-8"))["fingerprint"]}


def _worked() -> float:
    """Seconds that a processor was at work for the commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[1])
    return {**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1"}


@contextmanager
def peak() -> Iterator[list[int]]:
    """The most bytes that all children of this process took together, looked at five times a second."""
    most, ended = [0], threading.Event()

    def look() -> None:
        while not ended.wait(0.2):
            most[0] = max(most[0], sum(map(_taken, psutil.Process().children(recursive=True))))

    watch = threading.Thread(target=look)
    watch.start()
    try:
        yield most
    finally:
        ended.set()
        watch.join()


def _taken(process: psutil.Process) -> int:
    try:
        told = process.memory_full_info()
        return int(getattr(told, "pss", 0) or told.uss)
    except psutil.Error:  # it has just ended
        return 0


@contextmanager
def nodes(count: int) -> Iterator[str]:
    """The address of a Ray cluster of this machine, with so many nodes of a core each."""
    os.environ.update(_environment(), RAY_USAGE_STATS_ENABLED="0")
    from ray.cluster_utils import Cluster

    node: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 100_000_000, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=node)
    try:
        for _ in range(count - 1):
            cluster.add_node(**node)
        yield str(cluster.address)
    finally:
        cluster.shutdown()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
