"""What the machine refuses: a full disk, a read-only workspace. One clear line, and nothing that was there is lost."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from geulgam.workspace import Workspace
from tests.geulgam.conftest import Command

WRITING = {
    "corpus add": ("corpus", "add", "new.txt"),
    "index build": ("index", "build"),
    "topic add": ("topic", "add", "가족", "--query", "가족"),
    "finetune": ("finetune",),
    "evaluate": ("evaluate",),
    "generate": ("generate", "함께"),
    "run": ("run",),
}


def refusing(number: int) -> Callable[..., Any]:
    """A system call that fails so."""

    def call(*given: Any, **named: Any) -> NoReturn:
        raise OSError(number, os.strerror(number), "somewhere")

    return call


def refusing_new_files(number: int) -> Callable[..., int]:
    """os.open, which fails so where it would make a file."""
    real = os.open

    def call(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if flags & os.O_CREAT:
            raise OSError(number, os.strerror(number), str(path))
        return real(path, flags, *more, **named)

    return call


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file that is not the lock's own."""
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file() and ".geulgam" not in p.parts}


def make_stale(workspace: Workspace, sample: Path) -> None:
    """Give every command something to write."""
    (workspace.folder / "new.txt").write_text("함께 걸었다.", encoding="utf-8")
    from geulgam.stages.corpus import add_documents

    add_documents(workspace, workspace.settings(), [sample / "nature.jsonl"])
    text = workspace.settings_file.read_text(encoding="utf-8").replace("max_steps = 3", "max_steps = 2")
    workspace.settings_file.write_text(text, encoding="utf-8")
    (workspace.evaluation("함께") / "metrics.json").unlink()


@pytest.mark.parametrize("command", WRITING.values(), ids=WRITING)
def test_a_full_disk_is_one_line_and_the_old_files_stay(
    geulgam: Command, written: Workspace, sample: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    make_stale(written, sample)
    before = contents(written.folder)
    monkeypatch.setattr(os, "fsync", refusing(errno.ENOSPC))
    said = geulgam(*command)
    assert said.code == 1
    error, hint = said.err.splitlines()[-2:]
    assert error.startswith("error: ") and ("disk is full" in error or "No space left" in error)
    assert hint.startswith("hint: ")
    after = contents(written.folder)
    assert {path: after.get(path) for path in before} == before


@pytest.mark.parametrize("command", WRITING.values(), ids=WRITING)
def test_a_read_only_workspace_is_one_line(
    geulgam: Command, written: Workspace, sample: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    make_stale(written, sample)
    before = contents(written.folder)
    monkeypatch.setattr(os, "open", refusing_new_files(errno.EROFS))
    said = geulgam(*command)
    assert said.code == 1
    error, hint = said.err.splitlines()[-2:]
    assert error.startswith("error: may not write") and hint.startswith("hint: make the folder writable")
    assert contents(written.folder) == before


def test_a_read_only_workspace_can_still_be_looked_at(
    geulgam: Command, written: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("mkdir", "replace", "fsync", "unlink"):
        monkeypatch.setattr(os, name, refusing(errno.EROFS))
    monkeypatch.setattr(os, "open", refusing_new_files(errno.EROFS))
    for words in (
        ("corpus", "stats"),
        ("index", "search", "함께"),
        ("index", "status"),
        ("topic", "list"),
        ("topic", "show", "함께"),
        ("run", "--dry-run"),
        ("status",),
    ):
        said = geulgam(*words)
        assert said.code == 0, (words, said.err)


def test_a_workspace_cannot_be_made_below_a_file(geulgam: Command, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = geulgam("new", tmp_path / "file" / "below")
    assert said.code == 1 and said.err.startswith("error: not a directory")


def test_a_bug_is_not_dressed_up_as_the_users_mistake(
    geulgam: Command, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> NoReturn:
        raise ZeroDivisionError

    monkeypatch.setattr("corpus.stats.stats", broken)
    with pytest.raises(ZeroDivisionError):
        geulgam("corpus", "stats")
