"""What a kill has left goes once it is old, and nothing else."""

import os
import time
from pathlib import Path

from geulgam.sweep import sweep
from geulgam.workspace import Workspace


def test_the_halves_of_files_go_once_they_are_old_and_nothing_else(tmp_path: Path) -> None:
    place = Workspace.create(tmp_path / "w").folder
    halves = [
        place / ".geulgam.toml.1a2b.part",
        place / "corpus" / ".took.json.1a2b.part",
        place / ".geulgam" / "vocabulary" / ".f00.json.1a2b.part",
        place / "topics" / "함께" / ".plan.toml.1a2b.part",
    ]
    others = [
        place / "my.part",
        place / "topics" / "함께" / "plan.toml",
        place / "topics" / "함께" / "adapter.part" / "run",
        place / "notes" / ".own.part",
    ]
    thrown_away = place / ".geulgam" / "cleaning-x" / "corpus" / "part-1"
    for path in (*halves, *others, thrown_away):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("반")
    young = place / ".young.json.1a2b.part"
    young.write_text("반")
    cleaning = place / ".geulgam" / "cleaning-y"
    cleaning.mkdir()
    os.utime(cleaning, (time.time() - 7_200, time.time() - 7_200))  # it takes its time
    then = time.time() - 90_000
    for path in (*halves, *others, thrown_away.parents[1]):
        os.utime(path, (then, then))
    sweep(Workspace(place))
    assert not [path for path in (*halves, thrown_away.parents[1]) if path.exists()]
    assert all(path.exists() for path in (*others, young, cleaning))
