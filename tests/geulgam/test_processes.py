"""Two commands at a time, Ctrl-C, and a reader that leaves: real processes."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from geulgam.workspace import Workspace
from tests.geulgam.conftest import Command, arguments, environment

# CPython ends itself with the signal if Ctrl-C met it inside exec() of a text; a shell says 130 to both.
INTERRUPTED = (130, -signal.SIGINT)


@contextmanager
def started(*words: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """The command, running; killed at the end if it still is."""
    with subprocess.Popen(
        arguments(*words), cwd=cwd, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(happened: Callable[[], object], process: subprocess.Popen[str], seconds: float = 90) -> None:
    """Until it has happened; fails if the process ends before."""
    end = time.monotonic() + seconds
    while not happened():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.slow
def test_training_holds_the_lock_and_ctrl_c_loses_nothing(process: Command, small: Workspace) -> None:
    text = small.settings_file.read_text(encoding="utf-8")
    small.settings_file.write_text(text.replace("max_steps = 3", "max_steps = 40"), encoding="utf-8")
    parts = small.topic("함께") / "adapter.part"
    with started("finetune", "함께", cwd=small.folder) as training:
        wait_for(lambda: list(parts.glob("checkpoint-*/whole")), training)

        refused = process("corpus", "add", "geulgam.toml", cwd=small.folder)
        assert refused.code == 1
        assert "the workspace is in use by `geulgam finetune 함께`" in refused.err
        assert f"process {training.pid} on " in refused.err
        assert process("topic", "list", cwd=small.folder).code == 0  # looking is free

        training.send_signal(signal.SIGINT)
        _, err = training.communicate(timeout=60)
    assert training.returncode in INTERRUPTED
    assert err.splitlines()[-1] == "interrupted; the same command continues"
    assert "Traceback" not in err

    reached = max(int(path.name.rsplit("-", 1)[1]) for path in parts.glob("checkpoint-*"))
    assert process("run", "--dry-run", cwd=small.folder).out.splitlines()[0] == "adapter 함께: not finished yet"
    begun = (parts / "run").stat()
    with started("finetune", "함께", cwd=small.folder) as again:
        wait_for(lambda: (parts / f"checkpoint-{reached + 1}").exists() or not parts.exists(), again)
        assert not parts.exists() or (parts / "run").stat().st_ino == begun.st_ino  # the same run, not a new one
        out, err = again.communicate(timeout=120)
    assert again.returncode == 0, err
    assert "40 steps" in out


@pytest.mark.slow
def test_ctrl_c_while_the_index_is_built(process: Command, workspace: Workspace, sample: Path) -> None:
    text = workspace.settings_file.read_text(encoding="utf-8").replace('analyzer = "bigram"', 'analyzer = "kiwi"')
    workspace.settings_file.write_text(text, encoding="utf-8")
    assert process("corpus", "add", *sample.glob("*.jsonl"), cwd=workspace.folder).code == 0
    with started("index", "build", cwd=workspace.folder) as building:
        wait_for((workspace.folder / ".geulgam" / "holder.json").exists, building)
        time.sleep(1)
        building.send_signal(signal.SIGINT)
        _, err = building.communicate(timeout=60)
    assert building.returncode in INTERRUPTED
    assert err == "interrupted; the same command continues\n"
    assert process("index", "build", cwd=workspace.folder).code == 0


def test_a_reader_that_leaves_is_no_error(workspace: Workspace) -> None:
    line = " ".join(arguments("doctor", "--help")) + " | head -n 1"
    done = subprocess.run(line, shell=True, env=environment(), capture_output=True, text=True)
    assert "Traceback" not in done.stderr


def test_json_alone_stands_on_stdout(process: Command, indexed: Workspace) -> None:
    said = process("index", "search", "함께", "--json", cwd=indexed.folder)
    assert said.code == 0 and said.err == "" and len(said.json) == 10


def test_a_terminal_that_knows_no_hangul_is_no_obstacle(process: Command, indexed: Workspace) -> None:
    said = process("topic", "list", cwd=indexed.folder, PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert said.code == 0 and "??" in said.out
    said = process("topic", "list", "--json", cwd=indexed.folder, PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert said.json[0]["name"] == "함께"  # escaped, and read back
