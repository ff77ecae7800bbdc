"""Disks that are full, and folders that may not be written."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def on_a_small_disk(script: str, folder: Path) -> str:
    """What the script prints, run in Python with a path on a disk of a megabyte, mounted at this folder."""
    command = f'mount -t tmpfs -o size=1m tmpfs {folder} && exec {sys.executable} -c "$0" {folder}/corpus'
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    if shutil.which("unshare") is None or subprocess.run([*unshare, "sh", "-c", "true"], check=False).returncode:
        pytest.skip("needs a disk to fill: this machine does not let unshare(1) mount a small one")
    run = subprocess.run([*unshare, "sh", "-c", command, script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert run.returncode == 0, run.stderr
    return run.stdout


@contextmanager
def forbidden(folder: Path) -> Iterator[None]:
    """The folder read-only, for the time of the block; root, whom that would not stop, becomes nobody."""
    folder.chmod(0o555)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)
