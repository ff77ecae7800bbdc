"""One at a time at each artifact, in threads and processes alike; the holder is named; no stale lock is in the way."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus.events import Begun, Cancellable, Cancelled, Event
from geulgam.lock import locked

_HOLD = """
import sys
from pathlib import Path
from geulgam.lock import locked
sys.argv = ["/usr/bin/geulgam", "finetune", "함께"]
with locked(Path(sys.stdin.readline().strip()), "adapter 함께"):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds a lock in ``tmp_path`` until it reads a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    assert process.stdin and process.stdout
    process.stdin.write(f"{tmp_path}\n")
    process.stdin.flush()
    assert process.stdout.readline() == "held\n"
    with process:
        yield process
        process.kill()


def waiting_for(
    folder: Path, name: str = "adapter 함께"
) -> tuple[threading.Thread, Cancellable, list[Event], list[str]]:
    """A thread that waits for the lock; its job, what it was told, and how it ended."""
    told: list[Event] = []
    begun = threading.Event()
    ended: list[str] = []

    def listen(event: Event) -> None:
        told.append(event)
        begun.set()

    job = Cancellable(listen)

    def work() -> None:
        try:
            with locked(folder, name, job):
                ended.append("held")
        except Cancelled:
            ended.append("cancelled")

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(10)
    return thread, job, told, ended


def test_who_waits_is_told_for_whom_and_has_it_when_the_holder_ends(
    tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    thread, _, told, ended = waiting_for(tmp_path)
    first = told[0]
    assert isinstance(first, Begun) and first.task == "waiting"
    assert "`geulgam finetune 함께`" in first.why and f"process {holder.pid} on {os.uname().nodename}" in first.why
    assert "since 20" in first.why and ended == []
    holder.communicate("\n")
    thread.join(10)
    assert ended == ["held"]


def test_waiting_can_be_cancelled(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    thread, job, _, ended = waiting_for(tmp_path)
    job.cancel()
    thread.join(10)
    assert ended == ["cancelled"]


def test_another_artifact_is_free(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with locked(tmp_path, "adapter 가족"):
        pass


def test_threads_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    with locked(tmp_path, "adapter 함께"):
        thread, _, _, ended = waiting_for(tmp_path)
        assert ended == []
    thread.join(10)
    assert ended == ["held"]


def test_a_killed_holder_is_no_obstacle(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "adapter 함께.json").exists()  # what it left behind
    with locked(tmp_path, "adapter 함께"):
        pass
    assert not (tmp_path / "adapter 함께.json").exists()


def test_it_is_given_back_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError), locked(tmp_path, "index"):
        raise ValueError
    with locked(tmp_path, "index"):
        pass
