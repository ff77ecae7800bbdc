"""One writing command at a time, the holder named, and no stale lock in the way."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from corpus.errors import GeulgamError
from geulgam.lock import exclusive

_HOLD = """
import sys
from pathlib import Path
from geulgam.lock import exclusive
sys.argv = ["/usr/bin/geulgam", "finetune", "함께"]
with exclusive(Path(sys.stdin.readline().strip())):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock in ``tmp_path`` until it reads a line."""
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


def test_a_second_process_is_told_who_holds_it(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(GeulgamError) as caught, exclusive(tmp_path):
        pass
    told = str(caught.value)
    assert "`geulgam finetune 함께`" in told and f"process {holder.pid} on {os.uname().nodename}" in told
    assert "since 20" in told


def test_it_is_free_again_when_the_holder_ends(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.communicate("\n")
    with exclusive(tmp_path):
        pass


def test_a_killed_holder_is_no_obstacle(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "holder.json").exists()  # what it left behind
    with exclusive(tmp_path):
        pass
    assert not (tmp_path / "holder.json").exists()


def test_one_process_may_take_it_again(tmp_path: Path) -> None:
    with exclusive(tmp_path):
        with exclusive(tmp_path):
            pass
        assert (tmp_path / "holder.json").exists()  # the inner one did not give it back


def test_it_is_given_back_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError), exclusive(tmp_path):
        raise ValueError
    assert not (tmp_path / "holder.json").exists()
