"""Topics trained as jobs of a Ray cluster: the same adapters, whatever dies or is cancelled on the way."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from corpus.errors import GeulgamError
from corpus.events import Begun, Event, Finished
from geulgam import cluster
from geulgam.cluster import resources
from geulgam.settings import TopicSettings
from geulgam.settings_file import template
from geulgam.stages.weights import fingerprint
from geulgam.workspace import Workspace
from tests.geulgam.conftest import Command, environment, quick_settings, started
from tests.geulgam.test_processes import INTERRUPTED, wait_for

TOPICS = (
    TopicSettings(name="함께", query="함께^3 서로^2 같이 더불어 우리"),
    TopicSettings(name="가족", query="가족^3 식구^2 어머니 아버지 동생"),
    TopicSettings(name="이웃", query="이웃^3 마을 사람 골목"),
)


def test_without_ray_it_says_what_to_install(
    geulgam: Command, small: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    said = geulgam("finetune", "--engine", "ray")
    assert said.code == 1 and "needs Ray, which is not installed" in said.err
    assert 'pip install "geulgam[ray]"' in said.err


def test_an_address_needs_the_engine(geulgam: Command, small: Workspace) -> None:
    said = geulgam("finetune", "--address", "10.0.0.1:6379")
    assert said.code == 2 and "only together with --engine ray" in said.err


def test_ray_is_imported_when_a_cluster_is_asked_for_and_not_before() -> None:
    code = (
        "import sys, geulgam.commands.write, geulgam.stages.adapter, geulgam.cluster, geulgam.cluster_job\n"
        "sys.exit('ray' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], env=environment()).returncode == 0


def test_a_job_asks_for_a_gpu_where_there_is_one_and_else_for_all_cores_of_a_node() -> None:
    of_cores, of_gpus = {"CPU": 8.0}, {"CPU": 32.0, "GPU": 4.0}
    assert resources([of_cores, of_gpus], "auto") == {"num_gpus": 1, "num_cpus": 1}
    assert resources([of_cores, {"CPU": 7.0}, {"CPU": 2.0}, {}], "auto") == {"num_cpus": 7}
    assert resources([of_gpus], "cpu") == {"num_cpus": 32}
    for nodes, device, why in (([of_cores], "cuda", "no node"), ([of_gpus], "cuda:1", "Ray"), ([{}], "auto", "a core")):
        with pytest.raises(GeulgamError, match=why):
            resources(nodes, device)


def test_tasks_of_a_dead_worker_are_ended_before_its_job_begins_again() -> None:
    told: list[Event] = []
    listener = cluster._Listener(told.append)
    for event in (Begun("job", why="on a"), Begun("training"), Begun("job", why="on b"), Finished("job", 1.0)):
        listener(event)
    ended = [(e.task, e.complete) for e in told if isinstance(e, Finished)]
    assert ended == [("training", False), ("job", False), ("job", True)]
    assert told[4] == Begun("job", why="its worker died; begun again on b") and not listener.left("")


@pytest.fixture
def three(_one_thread: None, tiny: Path, essays: list[Path], tmp_path: Path) -> Workspace:
    """A workspace with three topics, whose trainings take some seconds, and nothing made."""
    from geulgam.stages.corpus import add_documents

    more = {"finetune.max_steps": 90, "finetune.shared.max_steps": 90, "finetune.checkpoint_steps": 3}
    values = {**quick_settings(tiny), **more}
    made = Workspace.create(tmp_path / "three", template(TOPICS, values))
    add_documents(made, made.settings(), essays)
    return made


def is_trained(adapter: Path) -> bool:
    """Whether a training of the adapter is on its way, and has come to a checkpoint."""
    return any(adapter.with_name(f"{adapter.name}.part").glob("checkpoint-*/reached.json"))


def adapters(workspace: Workspace) -> dict[str, str]:
    return {topic.name: fingerprint(workspace.adapter(topic.name)) for topic in TOPICS}


@pytest.mark.slow
def test_cancelled_and_killed_the_jobs_of_three_nodes_end_with_the_same_adapters(
    address: str, three: Workspace, tmp_path: Path
) -> None:
    from geulgam.stages.adapter import finetune_topics

    alone = Workspace(Path(shutil.copytree(three.folder, tmp_path / "alone")))
    finetune_topics(alone, alone.settings(), [topic.name for topic in TOPICS])

    command = ("finetune", "--engine", "ray", "--address", address)
    with started(*command, cwd=three.folder) as run:
        wait_for(lambda: is_trained(three.shared), run, 600)
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=600)
        assert run.returncode in INTERRUPTED and err.splitlines()[-1] == "interrupted; the same command continues"
        assert "Traceback" not in err
    assert is_trained(three.shared) and not list(three.locks.glob("*.json")), "its job did not end as by Ctrl-C"

    with started(*command, cwd=three.folder) as run:
        holder = three.locks / "adapter 가족.json"
        wait_for(lambda: is_trained(three.adapter("가족")) and holder.exists(), run, 600)
        os.kill(json.loads(holder.read_text(encoding="utf-8"))["pid"], signal.SIGKILL)
        out, err = run.communicate(timeout=600)
        assert run.returncode == 0, err
    assert "adapter 가족: its worker died; begun again on" in err
    assert adapters(three) == adapters(alone)
    assert sorted(line.split(":")[0] for line in out.splitlines()) == sorted(topic.name for topic in TOPICS)
