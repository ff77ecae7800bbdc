"""A run of two stages over three topics, killed at any moment and finished by the next, ends as one never killed."""

import json
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from geulgam.settings import TopicSettings
from geulgam.settings_file import template
from geulgam.workspace import Workspace
from tests.geulgam.conftest import arguments, environment, quick_settings

KILLS = 20
TOPICS = (
    TopicSettings(name="함께", query="함께^3 서로^2 같이 더불어 우리"),
    TopicSettings(name="가족", query="가족^3 식구^2 어머니 아버지 동생"),
    TopicSettings(name="밥", query="밥^3 밥상^2 저녁 김치 국"),
)


def made(workspace: Workspace) -> dict[str, bytes]:
    """All that a run makes, by its name, as bytes; times and sizes of this machine aside."""
    found = {}
    for pattern in ("sides/*.parquet", "topics/*/*/*", "essays/*/*.md"):
        for path in workspace.folder.glob(pattern):
            if path.is_file() and path.name not in ("manifest.json", "metrics.json", "training.json", "README.md"):
                found[str(path.relative_to(workspace.folder))] = path.read_bytes()
    for topic in TOPICS:
        measured = json.loads((workspace.evaluation(topic.name) / "metrics.json").read_text(encoding="utf-8"))
        timed = ("seconds", "tokens_per_second")
        found[f"measured {topic.name}"] = json.dumps({k: v for k, v in measured.items() if k not in timed}).encode()
    told = subprocess.run(arguments("status", "--json"), cwd=workspace.folder, env=environment(), capture_output=True)
    for state in json.loads(told.stdout):
        assert state["fresh"], state
        found[f"fingerprint of {state['name']}"] = str(state["fingerprint"]).encode()
    leftovers = [path for path in workspace.folder.rglob("*.part") if "index" not in path.parts]
    assert not leftovers, leftovers
    return found


def run(workspace: Workspace, kill_after: float | None = None) -> float:
    """`geulgam run` in a process of its own, killed after so many seconds; how long it took."""
    began = time.monotonic()
    with subprocess.Popen(
        arguments("run"), cwd=workspace.folder, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            _, said = process.communicate(timeout=kill_after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
        else:
            assert process.returncode == 0, said.decode()
    return time.monotonic() - began


@pytest.fixture(scope="module")
def imported(tiny: Path, essays: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with essays imported and nothing made."""
    from geulgam.stages.corpus import add_documents

    values = {**quick_settings(tiny), "finetune.max_steps": 8, "finetune.evaluations": 2, "generate.characters": 80}
    place = Workspace.create(tmp_path_factory.mktemp("kills") / "w", template(TOPICS, values))
    add_documents(place, place.settings(), essays)
    shutil.rmtree(place.corpus)  # it too is to be made again under fire
    return place


@pytest.mark.slow
def test_killed_at_any_moment_a_run_is_finished_by_the_next_to_the_same_bytes(
    imported: Workspace, tmp_path: Path
) -> None:
    def copied(name: str) -> Workspace:
        return Workspace(Path(shutil.copytree(imported.folder, tmp_path / name)))

    undisturbed = copied("undisturbed")
    run(undisturbed)
    shutil.rmtree(undisturbed.folder)
    undisturbed = copied("undisturbed")  # a second time, with all files of the programs in memory
    whole = run(undisturbed)
    wanted = made(undisturbed)
    chance = random.Random(20)

    def killed(number: int, moment: float) -> Mapping[str, bytes]:
        place = copied(f"killed-{number}")
        run(place, moment)
        run(place)
        found = made(place)
        shutil.rmtree(place.folder)
        return found

    # Two at a time, each then slower: moments from shortly after the first import to beyond the end.
    with ThreadPoolExecutor(2) as pool:
        moments = [chance.uniform(0.2 * whole, 1.6 * whole) for _ in range(KILLS)]
        for number, found in enumerate(pool.map(killed, range(KILLS), moments)):
            assert found.keys() == wanted.keys(), moments[number]
            different = [name for name in wanted if found[name] != wanted[name]]
            assert not different, (moments[number], different)
