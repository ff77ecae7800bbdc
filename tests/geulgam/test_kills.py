"""Killed at any moment and finished by the next, a command ends as one that was never killed.

``GEULGAM_KILLS=20`` kills each command at so many moments instead of a few.
"""

import json
import os
import random
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from geulgam.settings import TopicSettings
from geulgam.settings_file import template
from geulgam.workspace import Workspace
from tests.geulgam.conftest import quick_settings, started

KILLS = int(os.environ.get("GEULGAM_KILLS", "5"))
TOPICS = (
    TopicSettings(name="함께", query="함께^3 서로^2 같이 더불어 우리"),
    TopicSettings(name="가족", query="가족^3 식구^2 어머니 아버지 동생"),
    TopicSettings(name="밥", query="밥^3 밥상^2 저녁 김치 국"),
)


def made(workspace: Workspace) -> dict[str, bytes]:
    """All that a command makes, by its name, as bytes; times and sizes of this machine aside."""
    found = {}
    for pattern in ("sides/*.parquet", "topics/*/*/*", "essays/*/*.md"):
        for path in workspace.folder.glob(pattern):
            if path.is_file() and path.name not in ("manifest.json", "metrics.json", "training.json", "README.md"):
                found[str(path.relative_to(workspace.folder))] = path.read_bytes()
    for path in workspace.folder.glob("topics/*/evaluation/metrics.json"):
        measured = json.loads(path.read_text(encoding="utf-8"))
        timed = ("seconds", "tokens_per_second")
        found[f"measured {path.parts[-3]}"] = json.dumps({k: v for k, v in measured.items() if k not in timed}).encode()
    for state in json.loads(run(workspace, "status", "--json")):
        if state["there"]:
            assert state["fresh"], state
            found[f"fingerprint of {state['name']}"] = str(state["fingerprint"]).encode()
    by_age = {"index", "vectors", "vocabulary", "drafts"}  # where what is young may be another's, in the making
    leftovers = [
        path
        for pattern in ("*.part", ".*.new", ".*.old")
        for path in workspace.folder.rglob(pattern)
        if not by_age & set(path.parts) and not path.name.startswith(".took.json.")  # swept once it is old
    ]
    assert not leftovers, leftovers
    return found


def run(workspace: Workspace, *words: str, kill_after: float | None = None, **more: str) -> str:
    """What the command prints, in a process of its own; "" if it was killed, after so many seconds."""
    with started(*words, cwd=workspace.folder, **more) as process:
        try:
            out, err = process.communicate(timeout=kill_after)
        except subprocess.TimeoutExpired:
            process.kill()
            return ""
    assert process.returncode == 0, err
    return out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "topics"),
    [("finetune", TOPICS), ("run", TOPICS[:1])],
    ids=["two stages of three topics", "from essays to an essay"],
)
def test_killed_at_any_moment_a_command_is_finished_by_the_next_to_the_same_bytes(
    command: str, topics: Sequence[TopicSettings], tiny: Path, essays: list[Path], tmp_path: Path
) -> None:
    from geulgam.stages.corpus import add_documents

    values = {**quick_settings(tiny), "finetune.max_steps": 6, "finetune.evaluations": 2}
    imported = Workspace.create(tmp_path / "imported", template(topics, values))
    add_documents(imported, imported.settings(), essays)
    shutil.rmtree(imported.corpus)  # it too is to be made again under fire

    def copied(name: str) -> Workspace:
        return Workspace(Path(shutil.copytree(imported.folder, tmp_path / "copies" / name)))

    undisturbed = copied("undisturbed")
    began = time.monotonic()
    run(undisturbed, command)
    whole = time.monotonic() - began
    shutil.rmtree(undisturbed.folder)
    undisturbed = copied("undisturbed")
    run(undisturbed, command, PYTHONHASHSEED="1")  # no order of a set comes into what is made
    wanted = made(undisturbed)
    chance = random.Random(20)

    for _ in range(KILLS):
        moment = chance.uniform(0.02, 1.1) * whole
        place = copied("killed")
        run(place, command, kill_after=moment)
        run(place, command)
        found = made(place)
        shutil.rmtree(place.folder)
        assert found.keys() == wanted.keys(), moment
        different = [name for name in wanted if found[name] != wanted[name]]
        assert not different, (moment, different)
