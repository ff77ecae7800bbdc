"""`geulgam finetune` in two processes of a launcher: one command, the adapters of one process."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from geulgam.settings_file import put_setting
from geulgam.workspace import Workspace
from tests.finetune.test_processes import same
from tests.geulgam.conftest import Command, environment


def launched(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command as `accelerate launch` and `torchrun` start it, in two processes."""
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "geulgam"]
    return subprocess.run([*launch, *words], cwd=cwd, env=environment(), capture_output=True, text=True, timeout=600)


def told(text: str) -> list[str]:
    """What it says but for seconds and speed, which differ."""
    return [line.split(" steps in ")[0] for line in text.splitlines()]


@pytest.mark.slow
def test_a_launched_command_makes_both_stages_as_one_process_does_and_speaks_once(
    process: Command, small: Workspace, tmp_path: Path
) -> None:
    put_setting(small.settings_file, "finetune.precision", "fp32")
    alone = Workspace(Path(shutil.copytree(small.folder, tmp_path / "alone")))
    said = process("finetune", "함께", cwd=alone.folder)
    assert said.code == 0, said.err
    two = launched("finetune", "함께", cwd=small.folder)
    assert two.returncode == 0, two.stderr
    assert told(two.stdout) == told(said.out) and told(two.stderr)[-3:] == told(said.err)[-3:]
    assert same(alone.shared, small.shared) and same(alone.adapter("함께"), small.adapter("함께"))
    states = process("status", "--json", cwd=small.folder).json
    assert all(state["fresh"] for state in states if state["name"] in ("shared-stage", "adapter 함께")), states
    assert not list(small.folder.rglob("*.part"))


@pytest.mark.slow
def test_a_launched_command_that_fails_says_so_once_and_all_processes_end(small: Workspace) -> None:
    put_setting(small.settings_file, "finetune.batch", 3)
    said = launched("finetune", "함께", cwd=small.folder)
    assert said.returncode != 0
    assert said.stderr.count("finetune.batch is 3, which 2 processes cannot share evenly") == 1
    assert said.stderr.count("error: ") == 1
