"""`corpus clean` by workers and on a Ray cluster: the corpus of one process, to the byte, whatever is killed."""

import json
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from corpus.derive import derive, in_this_process
from corpus.imports import Imports
from corpus.ranks import ROWS
from corpus.read import read
from corpus.store import Corpus
from geulgam import cluster
from geulgam.cluster_ranks import asking
from geulgam.stages.corpus import steps
from geulgam.workspace import Workspace
from tests.geulgam.conftest import Command, environment, started
from tests.geulgam.test_processes import INTERRUPTED, wait_for

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


def test_of_a_node_each_rank_asks_a_core_or_what_a_step_that_holds_much_leaves() -> None:
    nodes = [{"CPU": 16.0}, {"CPU": 4.0}]
    assert asking(nodes, None) == {"num_cpus": 1} and asking(nodes, 8) == {"num_cpus": 2}
    assert asking(nodes, 1) == {"num_cpus": 16} and asking([{"CPU": 4.0}], 8) == {"num_cpus": 1}


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
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if any("run_rank" in word for word in process.cmdline()):
                found.append(process)
    return found


@pytest.mark.slow
def test_ctrl_c_ends_the_workers_and_the_same_command_goes_on(scraped: Workspace, tmp_path: Path) -> None:
    record = tmp_path / "events.jsonl"
    with started("corpus", "clean", "--workers", 2, cwd=scraped.folder) as run:
        wait_for(lambda: list(scraped.corpus.glob(".ranks/*/rank-*.dill")), run, 240)
        workers = psutil.Process(run.pid).children()
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=60)
    assert run.returncode in INTERRUPTED and err.splitlines()[-1] == "interrupted; the same command continues"
    assert "Traceback" not in err and len(workers) == 2 and not any(worker.is_running() for worker in workers)

    with started("corpus", "clean", "--workers", 2, cwd=scraped.folder, GEULGAM_EVENTS=str(record)) as run:
        _, err = run.communicate(timeout=240)
    assert run.returncode == 0, err
    begun = next(e for e in map(json.loads, record.read_text("utf-8").splitlines()) if e.get("task") == "cleaning")
    assert begun["total"] == DOCUMENTS and begun["done"] >= ROWS
    assert made(scraped) == made_alone(scraped, tmp_path)


@pytest.mark.slow
def test_with_a_worker_killed_in_the_middle_three_nodes_make_the_corpus_that_one_process_makes(
    address: str, scraped: Workspace, tmp_path: Path
) -> None:
    with started("corpus", "clean", "--engine", "ray", "--address", address, "--json", cwd=scraped.folder) as run:
        killed: list[psutil.Process] = []

        def one_is_killed() -> bool:
            """One that is at a rank, once another rank is done: it is stopped, so that it cannot end meanwhile."""
            if any(scraped.corpus.glob(".ranks/*/rank-*.dill")):
                for process in at_work():
                    with suppress(psutil.NoSuchProcess):
                        process.suspend()
                        if process in at_work():
                            process.kill()
                            killed.append(process)
                            break
                        process.resume()
            return bool(killed)

        wait_for(one_is_killed, run, 240)
        assert len(list(scraped.corpus.glob(".ranks/*/rank-*.dill"))) < 6
        out, err = run.communicate(timeout=240)
    assert run.returncode == 0, err
    assert json.loads(out)["tally"]["documents"] == DOCUMENTS
    assert made(scraped) == made_alone(scraped, tmp_path)


def made(workspace: Workspace) -> dict[str, bytes]:
    """The corpus as it lies there; of the folder nothing else is left."""
    files = {path.name: path.read_bytes() for path in workspace.corpus.iterdir()}
    return {name: read for name, read in files.items() if name != "took.json"}


def made_alone(workspace: Workspace, tmp_path: Path) -> dict[str, bytes]:
    """The corpus that one process makes."""
    alone = tmp_path / "alone"
    chosen = steps(workspace, workspace.settings())
    derive(Imports(workspace.imports), Corpus(alone), chosen, engine=in_this_process)
    return {path.name: path.read_bytes() for path in alone.iterdir()}
