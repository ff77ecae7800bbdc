"""`corpus clean` on a Ray cluster: the corpus that one process makes, to the byte, also when a worker is killed."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from corpus.derive import derive, in_this_process
from corpus.imports import Imports
from corpus.ranks import ROWS
from corpus.read import read
from corpus.store import Corpus
from geulgam import cluster
from geulgam.stages.corpus import steps
from geulgam.workspace import Workspace
from tests.geulgam.conftest import Command, environment, started
from tests.geulgam.test_processes import wait_for

DOCUMENTS = 5 * ROWS + 99
_SCRAPED = "<p>{}</p>\n(사진=뉴스) “{}번째” 글 #하나 #둘\n문의: 010-1234-5678"


def test_the_cluster_is_asked_for_by_its_engine_and_workers_are_of_this_machine(
    geulgam: Command, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = geulgam("corpus", "clean", "--address", "10.0.0.1:6379")
    assert said.code == 2 and "only together with --engine ray" in said.err
    said = geulgam("corpus", "clean", "--workers", 2, "--engine", "ray")
    assert said.code == 2 and "not together with --engine ray" in said.err
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    said = geulgam("corpus", "clean", "--engine", "ray")
    assert said.code == 1 and "needs Ray, which is not installed" in said.err


def test_neither_ray_nor_datatrove_is_imported_before_there_is_work_for_them() -> None:
    code = (
        "import sys, corpus.engine, geulgam.commands.cleaning, geulgam.stages.cleaning, geulgam.cluster_ranks\n"
        "sys.exit(bool({'ray', 'datatrove', 'dill', 'loguru'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], env=environment()).returncode == 0


@pytest.fixture
def scraped(workspace: Workspace, essays: list[Path], tmp_path: Path) -> Workspace:
    """A workspace with enough to clean for six ranks, of which nothing is cleaned yet."""
    texts = [json.loads(line)["text"][:300] for path in essays for line in path.read_text("utf-8").splitlines()]
    file = tmp_path / "scraped.jsonl"
    rows = [{"text": _SCRAPED.format(texts[n % len(texts)], n)} for n in range(DOCUMENTS)]
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    Imports(workspace.imports).add(read([file]))
    return workspace


def at_work() -> list[psutil.Process]:
    """The cluster's workers that are at a rank."""
    return [p for p in psutil.Process().children(recursive=True) if any("run_rank" in word for word in p.cmdline())]


@pytest.mark.slow
def test_with_a_worker_killed_in_the_middle_three_nodes_make_the_corpus_that_one_process_makes(
    address: str, scraped: Workspace, tmp_path: Path
) -> None:
    alone = Corpus(tmp_path / "alone")
    derive(Imports(scraped.imports), alone, steps(scraped, scraped.settings()), engine=in_this_process)

    with started("corpus", "clean", "--engine", "ray", "--address", address, "--json", cwd=scraped.folder) as run:
        wait_for(lambda: any(scraped.corpus.glob(".ranks/*/rank-*.dill")) and bool(at_work()), run, 240)
        killed = at_work()[0]
        os.kill(killed.pid, signal.SIGKILL)
        assert len(list(scraped.corpus.glob(".ranks/*/rank-*.dill"))) < 6
        out, err = run.communicate(timeout=240)
    assert run.returncode == 0, err
    assert json.loads(out)["tally"]["documents"] == DOCUMENTS
    made = {path.name: path.read_bytes() for path in alone.folder.iterdir()}
    assert {name: (scraped.corpus / name).read_bytes() for name in made} == made
    assert not list(scraped.corpus.glob(".ranks"))
