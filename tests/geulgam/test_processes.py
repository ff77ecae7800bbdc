"""Two commands at a time, Ctrl-C, and a reader that leaves: real processes."""

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from geulgam.workspace import Workspace
from tests.geulgam.conftest import Command, arguments, environment, started

# CPython ends itself with the signal if Ctrl-C met it inside exec() of a text; a shell says 130 to both.
INTERRUPTED = (130, -signal.SIGINT)


def wait_for(happened: Callable[[], object], process: subprocess.Popen[str], seconds: float = 600) -> None:
    """Until it has happened; fails if the process ends before."""
    end = time.monotonic() + seconds
    while not happened():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.slow
def test_who_comes_second_waits_others_go_on_and_ctrl_c_loses_nothing(
    process: Command, small: Workspace, sample: Path
) -> None:
    text = small.settings_file.read_text(encoding="utf-8")
    long = text.replace("max_steps = 3", "max_steps = 800").replace("\n# epochs = 1.0", "\nepochs = 100.0", 1)
    long = long.replace("checkpoint_steps = 1", "checkpoint_steps = 10")
    small.settings_file.write_text(long, encoding="utf-8")
    parts = small.topic("함께") / "adapter.part"

    def reached() -> int:
        return max(
            (int(path.parent.name.rpartition("-")[2]) for path in parts.glob("checkpoint-*/reached.json")), default=0
        )

    with started("finetune", "함께", cwd=small.folder) as training:
        wait_for(reached, training)
        with started("finetune", "함께", cwd=small.folder) as second:
            assert second.stderr
            said = next(line for line in second.stderr if "is at work on it" in line)
            assert said.startswith(f"adapter 함께: `geulgam finetune 함께` (process {training.pid} on ")

            assert process("topic", "list", cwd=small.folder).code == 0  # looking is free
            assert process("topic", "show", "함께", cwd=small.folder).code == 0
            assert process("corpus", "add", sample / "nature.jsonl", cwd=small.folder).code == 0  # and so are others

            training.send_signal(signal.SIGINT)
            _, err = training.communicate(timeout=60)
            assert training.returncode in INTERRUPTED
            assert err.splitlines()[-1] == "interrupted; the same command continues"
            assert "Traceback" not in err
            out, err = second.communicate(timeout=240)  # which goes on where the first one stood
    assert second.returncode == 0, err
    assert "800 steps" in out
    (made,) = [state for state in process("status", "--json", cwd=small.folder).json if state["name"] == "adapter 함께"]
    assert made["there"] and not parts.exists()


@pytest.mark.slow
def test_ctrl_c_in_a_training_is_gone_on_with(process: Command, small: Workspace, tmp_path: Path) -> None:
    text = small.settings_file.read_text(encoding="utf-8")
    small.settings_file.write_text(text.replace("max_steps = 3", "max_steps = 40"), encoding="utf-8")
    parts = small.topic("함께") / "adapter.part"
    with started("finetune", "함께", cwd=small.folder) as training:
        wait_for(lambda: list(parts.glob("checkpoint-*/reached.json")), training)
        training.send_signal(signal.SIGINT)
        training.communicate(timeout=60)
    assert "adapter 함께: not finished yet" in process("run", "--dry-run", cwd=small.folder).out.splitlines()
    events = tmp_path / "events.jsonl"
    again = process("finetune", "함께", cwd=small.folder, GEULGAM_EVENTS=str(events))
    assert again.code == 0 and "40 steps" in again.out
    told = map(json.loads, events.read_text(encoding="utf-8").splitlines())
    (begun,) = [event for event in told if event["event"] == "begun" and event["task"] == "training"]
    assert begun["done"] >= 1 and begun["artifact"] == "adapter 함께"


@pytest.mark.slow
def test_ctrl_c_while_the_index_is_built(process: Command, workspace: Workspace, sample: Path) -> None:
    text = workspace.settings_file.read_text(encoding="utf-8").replace('analyzer = "bigram"', 'analyzer = "kiwi"')
    workspace.settings_file.write_text(text, encoding="utf-8")
    assert process("corpus", "add", *sample.glob("*.jsonl"), cwd=workspace.folder).code == 0
    record = workspace.folder / "events.jsonl"
    begun = '"task": "analysing"'
    with started("index", "build", cwd=workspace.folder, GEULGAM_EVENTS=str(record)) as building:
        wait_for(lambda: record.exists() and begun in record.read_text(encoding="utf-8"), building)
        building.send_signal(signal.SIGINT)
        _, err = building.communicate(timeout=60)
    assert building.returncode in INTERRUPTED
    assert err == "index: not built yet\ninterrupted; the same command continues\n"
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
